//! The question on the terminal before something is written, and what whoever is asked has to see first.

use std::io::{IsTerminal, Write};

use crate::language::Text;
use crate::report::block::Page;
use crate::report::harmless;
use crate::report::text::{self, Look};

use super::Format;

/// Whether what goes to the standard output is seen by whoever is asked.
pub fn sees_output(format: Format) -> bool {
    format == Format::Text && std::io::stdout().is_terminal()
}

/// Shows on the error output what went elsewhere: nobody shall be asked about what cannot be seen.
pub fn show_unseen(page: &Page, format: Format, look: Look) {
    if !sees_output(format) {
        super::write_err(&text::print(page, look));
    }
}

/// Asks on the terminal.
pub fn says_yes(question: &Text, look: Look) -> bool {
    super::write_err(&format!("\n{} ", harmless(&question.to(look.language))));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && is_yes(&answer)
}

/// Whether an answer is a yes, in any of the languages.
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "j" | "ja")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_one_in_every_language_and_nothing_else_is() {
        for yes in ["y", "Y", "yes", "YES\n", "j", "J\r\n", "ja", "Ja", " JA "] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "nein", "nei", "yep", "jaja", "y y"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
