//! Numbers of things, in words that every language can bend.

use crate::language::{Text, Word};
use crate::say;

/// `1 user`, `2 users`.
pub fn users(number: usize) -> Text {
    match number {
        1 => say!("1 user"),
        _ => say!("{count} users", count = Word::Number(number)),
    }
}

/// `1 person`, `2 people`.
pub fn people(number: usize) -> Text {
    match number {
        1 => say!("1 person"),
        _ => say!("{count} people", count = Word::Number(number)),
    }
}

/// `1 group`, `2 groups`.
pub fn groups(number: usize) -> Text {
    match number {
        1 => say!("1 group"),
        _ => say!("{count} groups", count = Word::Number(number)),
    }
}

/// `1 rule`, `2 rules`.
pub fn rules(number: usize) -> Text {
    match number {
        1 => say!("1 rule"),
        _ => say!("{count} rules", count = Word::Number(number)),
    }
}

/// `1 right`, `2 rights`.
pub fn rights(number: usize) -> Text {
    match number {
        1 => say!("1 right"),
        _ => say!("{count} rights", count = Word::Number(number)),
    }
}

/// `1 file`, `2 files`.
pub fn files(number: usize) -> Text {
    match number {
        1 => say!("1 file"),
        _ => say!("{count} files", count = Word::Number(number)),
    }
}

/// `1 change`, `2 changes`.
pub fn changes(number: usize) -> Text {
    match number {
        1 => say!("1 change"),
        _ => say!("{count} changes", count = Word::Number(number)),
    }
}

/// `1 conflict`, `2 conflicts`.
pub fn conflicts(number: usize) -> Text {
    match number {
        1 => say!("1 conflict"),
        _ => say!("{count} conflicts", count = Word::Number(number)),
    }
}

/// `1 run`, `2 runs`.
pub fn runs(number: usize) -> Text {
    match number {
        1 => say!("1 run"),
        _ => say!("{count} runs", count = Word::Number(number)),
    }
}

/// `1 entry`, `2 entries`.
pub fn entries(number: usize) -> Text {
    match number {
        1 => say!("1 entry"),
        _ => say!("{count} entries", count = Word::Number(number)),
    }
}

/// `1 error`, `2 errors`.
pub fn errors(number: usize) -> Text {
    match number {
        1 => say!("1 error"),
        _ => say!("{count} errors", count = Word::Number(number)),
    }
}

/// `1 warning`, `2 warnings`.
pub fn warnings(number: usize) -> Text {
    match number {
        1 => say!("1 warning"),
        _ => say!("{count} warnings", count = Word::Number(number)),
    }
}

/// `1 expectation`, `2 expectations`.
pub fn expectations(number: usize) -> Text {
    match number {
        1 => say!("1 expectation"),
        _ => say!("{count} expectations", count = Word::Number(number)),
    }
}

/// `1 company`, `2 companies`.
pub fn companies(number: usize) -> Text {
    match number {
        1 => say!("1 company"),
        _ => say!("{count} companies", count = Word::Number(number)),
    }
}

/// `1 commit`, `2 commits`.
pub fn commits(number: usize) -> Text {
    match number {
        1 => say!("1 commit"),
        _ => say!("{count} commits", count = Word::Number(number)),
    }
}
