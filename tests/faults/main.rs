//! Servers that stop, connections that break, disks that are full, programs that are killed: each for real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod embedded;
mod exclusive;
mod firm;
mod harness;
mod interrupted;
mod lease;
mod lists;
mod neighbours;
mod proposed;
mod proxy;
mod refused;
#[path = "../cli/repository.rs"]
mod repository;
#[path = "../server/postgres.rs"]
mod server;
mod service;
mod sync;
mod together;
mod told;
mod versions;
