//! Servers that stop, connections that break, programs that are killed: each for real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod harness;
#[path = "../server/postgres.rs"]
mod postgres;
