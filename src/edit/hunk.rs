//! A file with its new text, and the lines of it that are otherwise, as people read a change.

use std::ops::Range;

use crate::text::{SourceFile, Span};

use super::{Splice, spliced};

/// A file with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path.
    pub path: String,
    /// The text that was read; `None` if there is no such file yet.
    pub before: Option<String>,
    /// The text to write.
    pub after: String,
    /// What is otherwise.
    pub hunks: Vec<Hunk>,
}

/// Lines that stand beside each other and are otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first of the lines in the new text, from 1.
    pub line: usize,
    /// What stood there.
    pub removed: Vec<String>,
    /// What stands there.
    pub added: Vec<String>,
}

/// The lines that splices touch, before and after.
pub fn hunks(source: &SourceFile, splices: &[Splice]) -> Vec<Hunk> {
    let text = source.text();
    let line = |at: usize| source.line_of(Span::new(at..at).start);
    // Stretches of old lines, each with the splices in it.
    let mut stretches: Vec<(Range<usize>, Vec<Splice>)> = Vec::new();
    for splice in splices {
        let end = splice.at + splice.removed;
        let (first, last) = (line(splice.at), line(end));
        let whole = source.line_range(last).start == end && end > splice.at;
        let lines = first..if whole { last.max(first + 1) } else { last + 1 };
        match stretches.last_mut() {
            Some((before, known)) if lines.start <= before.end => {
                before.end = before.end.max(lines.end);
                known.push(splice.clone());
            }
            _ => stretches.push((lines, vec![splice.clone()])),
        }
    }
    let mut shift = 0isize;
    let mut hunks = Vec::new();
    for (lines, splices) in stretches {
        let from = source.line_range(lines.start).start;
        let to =
            source.line_range(lines.end).start.max(splices.iter().map(|one| one.at + one.removed).max().unwrap_or(0));
        let local: Vec<Splice> = splices.into_iter().map(|one| Splice { at: one.at - from, ..one }).collect();
        let new = spliced(&text[from..to], &local);
        let (old, new): (Vec<&str>, Vec<&str>) = (text[from..to].lines().collect(), new.lines().collect());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = (old.len() - same).min(new.len() - same);
        let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let cut = |all: &[&str]| all[same..all.len() - tail].iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (removed, added) = (cut(&old), cut(&new));
        let first = isize::try_from(lines.start + same + 1).unwrap_or(isize::MAX) + shift;
        shift += isize::try_from(added.len()).unwrap_or(0) - isize::try_from(removed.len()).unwrap_or(0);
        if !(removed.is_empty() && added.is_empty()) {
            hunks.push(Hunk { line: usize::try_from(first).unwrap_or(1), removed, added });
        }
    }
    hunks
}
