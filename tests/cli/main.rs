//! The commands as people and scripts run them: output, exit codes, and how they meet a bad world.

mod answers;
mod bad_input;
mod checking;
mod database;
mod repository;
mod terminal;
