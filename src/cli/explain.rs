//! `rightful explain`

use clap::Args;

use crate::diag::Code;
use crate::name::nearest;
use crate::report::{text, view};
use crate::say;
use crate::wire;

use super::session::Failure;
use super::{Context, Format, Outcome};

/// Explain a finding, with a wrong example and a right one
///
/// Says what it means and why it matters. Without a code lists all of them.
///
/// Examples:
///   rightful explain inert-rule
///   rightful explain
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Explain {
    /// The code of a finding
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub fn run(command: &Explain, context: &Context) -> Result<Outcome, Failure> {
    let codes = match &command.code {
        None => Code::ALL.to_vec(),
        Some(text) => vec![Code::of(text).ok_or_else(|| unknown(text))?],
    };
    let out = match (command.format, codes.as_slice()) {
        (Format::Json, codes) => wire::to_text(&wire::explain(codes, context.out.language)),
        (Format::Text, [code]) => text::print(&view::explained(*code), context.out),
        (Format::Text, codes) => text::print(&view::codes(codes), context.out),
    };
    Ok(Outcome::new(out, 0))
}

fn unknown(text: &str) -> Failure {
    let failure = Failure::world(say!("no finding has the code `{code}`", code = text));
    match nearest(text, Code::ALL.iter().map(|code| code.as_str())) {
        Some(near) => failure.help(say!("did you mean `{near}`?", near)),
        None => failure.help(say!("`rightful explain` lists all codes")),
    }
}
