//! Numbers of things, in words that every language can bend.

use crate::language::Text;
use crate::say;

/// `12,345`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 user`, `2 users`.
pub fn users(number: usize) -> Text {
    match number {
        1 => say!("1 user"),
        _ => say!("{count} users", count = thousands(number)),
    }
}

/// `1 group`, `2 groups`.
pub fn groups(number: usize) -> Text {
    match number {
        1 => say!("1 group"),
        _ => say!("{count} groups", count = thousands(number)),
    }
}

/// `1 rule`, `2 rules`.
pub fn rules(number: usize) -> Text {
    match number {
        1 => say!("1 rule"),
        _ => say!("{count} rules", count = thousands(number)),
    }
}

/// `1 right`, `2 rights`.
pub fn rights(number: usize) -> Text {
    match number {
        1 => say!("1 right"),
        _ => say!("{count} rights", count = thousands(number)),
    }
}

/// `1 file`, `2 files`.
pub fn files(number: usize) -> Text {
    match number {
        1 => say!("1 file"),
        _ => say!("{count} files", count = thousands(number)),
    }
}

/// `1 change`, `2 changes`.
pub fn changes(number: usize) -> Text {
    match number {
        1 => say!("1 change"),
        _ => say!("{count} changes", count = thousands(number)),
    }
}

/// `1 error`, `2 errors`.
pub fn errors(number: usize) -> Text {
    match number {
        1 => say!("1 error"),
        _ => say!("{count} errors", count = thousands(number)),
    }
}

/// `1 warning`, `2 warnings`.
pub fn warnings(number: usize) -> Text {
    match number {
        1 => say!("1 warning"),
        _ => say!("{count} warnings", count = thousands(number)),
    }
}

/// `1 expectation`, `2 expectations`.
pub fn expectations(number: usize) -> Text {
    match number {
        1 => say!("1 expectation"),
        _ => say!("{count} expectations", count = thousands(number)),
    }
}

/// `1 company`, `2 companies`.
pub fn companies(number: usize) -> Text {
    match number {
        1 => say!("1 company"),
        _ => say!("{count} companies", count = thousands(number)),
    }
}
