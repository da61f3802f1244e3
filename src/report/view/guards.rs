//! Guards that trip: which, over what, by which limit, and who is concerned.

use crate::language::Text;
use crate::plan::guard::Tripped;
use crate::report::block::{Line, Page, Tone};
use crate::say;
use crate::syntax::settings::{Guard, Limit};
use crate::text::Sources;

/// How many of one guard's subjects, and of the people concerned, are named.
const MOST: usize = 10;

/// Everything that trips, guard by guard.
pub fn guards(tripped: &[Tripped], sources: &Sources) -> Page {
    let mut page = Page::default();
    if tripped.is_empty() {
        return page;
    }
    page.heading(say!("guards: apply will refuse this unless each is overridden by its name"));
    let mut rows = Vec::new();
    for guard in Guard::ALL {
        let of_guard: Vec<&Tripped> = tripped.iter().filter(|tripped| tripped.guard == guard).collect();
        let Some(first) = of_guard.first() else { continue };
        rows.push(vec![
            Line::new().then(Tone::No, "!"),
            Line::new().then(Tone::Strong, guard.as_str()),
            Line::new().then(Tone::Quiet, limit(first, sources)),
        ]);
        rows.extend(of_guard.iter().take(MOST).map(|tripped| vec![Line::new(), Line::new(), row(tripped)]));
        if of_guard.len() > MOST {
            let more = of_guard.len() - MOST;
            let more = say!("and {more} more, which `rightful plan --format json` lists", more);
            rows.push(vec![Line::new(), Line::new(), Line::from(more)]);
        }
    }
    page.table(2, rows);
    page
}

/// What it is, and the first of those concerned.
fn row(tripped: &Tripped) -> Line {
    let line = Line::new().then(Tone::Plain, tripped.message());
    if tripped.users.is_empty() {
        return line;
    }
    let names: Vec<&str> = tripped.users.iter().take(MOST).map(crate::name::Name::as_str).collect();
    let line = line.then(Tone::Plain, format!(": {}", names.join(", ")));
    match tripped.users.len() - names.len() {
        0 => line,
        more => line.then(Tone::Plain, " ").then(Tone::Plain, say!("and {more} more", more)),
    }
}

fn limit(tripped: &Tripped, sources: &Sources) -> Text {
    let (limit, people) = (tripped.limit, tripped.people);
    match tripped.place {
        Some(place) => say!("limit {limit}, {place}", limit, place = super::place(sources, Some(place))),
        None if limit == Limit::On => say!("on by default"),
        None if people == 0 => say!("limit {limit} by default", limit),
        None => say!("limit {limit} and {people} people by default", limit, people),
    }
}

/// Which guards somebody put aside for this run.
pub fn overridden(tripped: &[Tripped]) -> Page {
    let mut page = Page::default();
    for tripped in tripped {
        let message = tripped.message();
        page.text(say!("overridden: `{guard}`, {message}", guard = tripped.guard, message));
    }
    page
}
