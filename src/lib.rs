//! Rightful: access policy as code for CRM systems.
//!
//! The modules in reading order; each imports only from those above it. ARCHITECTURE.md tells why.

pub mod check;
pub mod cli;
pub mod date;
pub mod diag;
pub mod diff;
pub mod model;
pub mod name;
pub mod plan;
pub mod question;
pub mod report;
pub mod repository;
pub mod resolve;
pub mod state;
pub mod syntax;
pub mod target;
pub mod text;
pub mod tree;
pub mod wire;

#[cfg(test)]
mod testing;
