//! Rightful: access policy as code for CRM systems.
//!
//! The modules in reading order, from the ground up; each uses only those above it. ARCHITECTURE.md tells why.

// What is said, in four languages.
pub mod language;

// The words that everything is written in.
pub mod date;
pub mod name;
pub mod text;
pub mod workers;

// What can be wrong in files, and where files come from.
pub mod cache;
pub mod diag;
pub mod tree;

// One file's text becomes a document.
pub mod syntax;

// All documents become a policy.
pub mod model;

// A policy and a request become a decision.
pub mod resolve;

// What stands on decisions.
pub mod question;
pub mod repository;
pub mod state;

// What is wrong or doubtful in a policy that compiles.
pub mod check;

// Policy files are changed without touching anything else.
pub mod edit;

// Two policies become a difference.
pub mod diff;
pub mod repair;

// Many revisions become the story of an answer.
pub mod history;

// Two branches become what neither has alone; what a change means to those who review it.
pub mod merge;
pub mod review;

// Three states become a plan; what is remembered of online access becomes what shall be.
pub mod online;
pub mod plan;

// What a run did, in a chain that shows whether somebody rewrote it.
pub mod audit;

// What was done in the database goes into the policy files.
pub mod pull;

// A plan becomes the world, and letters go out into it.
pub mod post;
pub mod target;

// Values become bytes.
pub mod report;
pub mod wire;

// Arguments become all of this.
pub mod cli;

#[cfg(test)]
mod testing;
