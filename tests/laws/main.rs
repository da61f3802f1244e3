//! Laws that hold for every organisation: what the program says is compared with a naive reading of the language,
//! written independently of it, and with itself over many random organisations.

#[path = "../server/asked.rs"]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]
mod asked;
mod catalogue;
mod causes;
mod database;
mod decisions;
mod differences;
mod expectations;
mod findings;
mod guards;
mod history;
mod holders;
mod naive;
mod organisation;
mod plans;
#[path = "../server/postgres.rs"]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]
mod postgres;
mod pull;
mod readings;
mod repairs;
mod reviews;
mod robustness;
mod rows;
mod server;
mod subject;
mod variety;
