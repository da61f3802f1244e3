//! The reference of the findings: what each means, why it matters, a wrong example and a right one.
//!
//! The pages are data. Tests compile every example, and hold the pages complete.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Code;
use crate::language::Text;

/// The page of one code, in English.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// What it says, in a few sentences.
    pub means: Box<str>,
    /// What harm it does.
    pub why: Box<str>,
    /// A policy that has it. Several files stand after lines of the form `//- PATH`.
    pub wrong: Box<str>,
    /// The same, mended.
    pub right: Box<str>,
}

static PAGES: LazyLock<BTreeMap<String, Page>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("pages.yaml")).unwrap_or_default());

static NONE: LazyLock<Page> = LazyLock::new(Page::default);

impl Page {
    /// What it says, in whatever language.
    pub fn means(&'static self) -> Text {
        Text::new(&self.means, Vec::new())
    }

    /// What harm it does, in whatever language.
    pub fn why(&'static self) -> Text {
        Text::new(&self.why, Vec::new())
    }
}

impl Code {
    /// The page of the reference about this code.
    pub fn page(self) -> &'static Page {
        PAGES.get(self.as_str()).unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::codes;

    #[test]
    fn there_is_a_page_for_every_code_and_for_nothing_else() {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let unknown: Vec<_> = PAGES.keys().filter(|code| !known.contains(&code.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for code in Code::ALL {
            let page = code.page();
            assert!(![&page.means, &page.why, &page.wrong, &page.right].iter().any(|text| text.is_empty()), "{code}");
        }
    }

    #[test]
    fn every_wrong_example_is_wrong_and_every_right_one_right() {
        for code in Code::ALL {
            let page = code.page();
            let (wrong, right) = (codes(&page.wrong), codes(&page.right));
            assert!(wrong.iter().any(|(found, _)| found == code), "{code} is not found: {wrong:?}");
            let bad: Vec<_> = right.iter().filter(|(found, is_error)| found == code || *is_error).collect();
            assert!(bad.is_empty(), "{code}, right: {bad:?}");
        }
    }
}
