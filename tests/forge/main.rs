//! What runs at the forges: the scripts that put a rights diff into a comment, against a forge that lives in this
//! process, and the pipelines around them.
//!
//! Needs what a runner has: bash, curl, jq and unzip.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod archive;
mod github;
mod gitlab;
mod pipelines;
mod server;
mod shell;
