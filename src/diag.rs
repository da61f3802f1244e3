//! What is wrong in the files of a user: findings, each with a code, a place and a help.
//!
//! Findings are values that are gathered; what is wrong with the outside world is an error of the function that met it.

pub mod code;
pub mod page;

pub use code::Code;
pub use page::Page;

use crate::language::{NAMED, Text};
use crate::name::Name;
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

/// At which weight findings of a code are reported, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As errors.
    Error,
    /// As warnings.
    Warning,
    /// Not at all.
    Off,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Off];

    /// The word for it in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Off => "off",
        }
    }
}

/// A place of a finding, with what is to be seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A few words; may be empty.
    pub text: Text,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// Its weight in this run.
    pub severity: Severity,
    /// The fact: lower case, no final period, the user's words in backticks.
    pub message: Text,
    /// What to do about it; may be empty.
    pub help: Text,
    /// The places, the most important first.
    pub labels: Vec<Label>,
    /// Whether what stands at its places is not shown, since it may be a secret.
    pub concealed: bool,
    /// In which companies it was found; empty where there is but one, or where it is about none in particular.
    pub companies: Vec<Name>,
}

impl Diagnostic {
    /// A finding at one place, with the severity of its code and no help yet.
    pub fn new(code: Code, place: Place, message: Text) -> Self {
        Self {
            code,
            severity: code.severity(),
            message,
            help: Text::default(),
            labels: vec![Label { place, text: Text::default() }],
            concealed: false,
            companies: Vec::new(),
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: Text) -> Self {
        self.help = help;
        self
    }

    /// Keeps what stands at the places out of every output.
    #[must_use]
    pub fn concealed(mut self) -> Self {
        self.concealed = true;
        self
    }

    /// Says what is to be seen at the first place.
    #[must_use]
    pub fn label(mut self, text: Text) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text;
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, place: Place, text: Text) -> Self {
        self.labels.push(Label { place, text });
        self
    }

    /// The most important place.
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }

    /// Leaves names out of every list that is too long to be read.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.message.fold(NAMED);
        self.help.fold(NAMED);
        self.labels.iter_mut().for_each(|label| {
            label.text.fold(NAMED);
        });
        self
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.code == other.code
            && self.message == other.message
            && self.help == other.help
            && self.labels == other.labels
    }

    /// Whether the finding fails a run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts findings into the order in which they are shown: by file and place, then by code. Equal ones are joined, with
/// the companies in which each was found.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let key = |finding: &Diagnostic| (finding.place(), finding.code);
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for finding in diagnostics.drain(..) {
        match kept.last_mut().filter(|last| last.says_the_same(&finding)) {
            Some(last) => {
                last.companies.extend(finding.companies);
                last.companies.sort();
                last.companies.dedup();
            }
            None => kept.push(finding),
        }
    }
    *diagnostics = kept;
}
