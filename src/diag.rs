//! What is wrong in the files of a user: findings, each with a code, a place and a help.
//!
//! Findings are values that are gathered; what is wrong with the outside world is an error of the function that met it.

pub mod code;

pub use code::Code;

use crate::text::Place;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; fails a run only when warnings shall count.
    Warning,
    /// Fails the run.
    Error,
}

impl Severity {
    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place of a finding, with what is to be seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A few words; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// Its weight in this run.
    pub severity: Severity,
    /// The fact: lower case, no final period, the user's words in backticks.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// The places, the most important first.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    /// A finding at one place, with the severity of its code and no help yet.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            help: String::new(),
            labels: vec![Label { place, text: String::new() }],
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Says what is to be seen at the first place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// The most important place.
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }

    /// Whether the finding fails a run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts findings into the order in which they are shown: by file and place, then by code; equal ones once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let key = |finding: &Diagnostic| (finding.place(), finding.code);
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    diagnostics.dedup();
}
