//! The commands as people and scripts run them: output, exit codes, and how they meet a bad world.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod answers;
mod audit;
mod bad_input;
mod cache;
mod charge;
mod checking;
mod companies;
mod copies;
mod crms;
mod database;
mod diff;
mod diff_formats;
mod groups;
mod guards;
mod history;
mod hostile;
mod letters;
mod machines;
mod matrix;
mod merging;
mod online;
mod plans;
mod pull;
mod repairs;
mod repository;
mod reviewing;
#[path = "../server/smtp.rs"]
mod smtp;
mod terminal;
mod upcoming;
mod versus;
mod who;
mod writing;
