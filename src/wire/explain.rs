//! Codes of findings with their pages.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::Code;
use crate::language::Language;

use super::VERSION;

/// The page of a code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PageOut {
    /// The code.
    pub code: &'static str,
    /// Its level unless the settings say otherwise: `error`, `warning` or `off`.
    pub level: &'static str,
    /// Whether a policy with such a finding still compiles.
    pub compiles: bool,
    /// What it means, in one line.
    pub meaning: String,
    /// What it means, in a few sentences.
    pub means: String,
    /// Why it matters.
    pub why: String,
    /// A policy that has it. Several files stand after lines of the form `//- PATH`.
    pub wrong: String,
    /// The same, mended.
    pub right: String,
}

/// `rightful explain [CODE] --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainOut {
    /// The version of this format.
    pub version: u32,
    /// The codes that were asked for.
    pub codes: Vec<PageOut>,
}

/// The pages of some codes.
pub fn explain(codes: &[Code], language: Language) -> ExplainOut {
    let page = |code: &Code| {
        let page = code.page();
        PageOut {
            code: code.as_str(),
            level: code.level().as_str(),
            compiles: code.compiles(),
            meaning: language.translate(code.meaning()).unwrap_or(code.meaning()).to_owned(),
            means: page.means().to(language),
            why: page.why().to(language),
            wrong: page.wrong.to_string(),
            right: page.right.to_string(),
        }
    };
    ExplainOut { version: VERSION, codes: codes.iter().map(page).collect() }
}
