//! What a change weakens of its own review, in rows: where, and what is said of it.

use crate::report::block::{Line, Tone};
use crate::review::{Side, Weakening};
use crate::text::{Place, Sources};

/// One row for each: the place to look at, and the words, which wrap. A place of the base is of a file that may be gone,
/// and is said to be the base's.
pub fn weakenings<'w>(found: impl Iterator<Item = &'w Weakening>, base: &Sources, head: &Sources) -> Vec<Vec<Line>> {
    let row = |weakening: &Weakening| {
        let places = weakening.places();
        let place = places.first().map(|(side, place)| shown(*side, *place, base, head)).unwrap_or_default();
        let mut words = Line::new().then(Tone::Plain, weakening.message());
        let companies: Vec<&str> = weakening.companies.iter().map(crate::name::Name::as_str).collect();
        if !companies.is_empty() {
            words = words.then(Tone::Quiet, format!(" [{}]", companies.join(", ")));
        }
        vec![Line::new().then(Tone::Quiet, place), words]
    };
    found.map(row).collect()
}

/// `rightful.yaml:4`, or `base rightful.yaml:4`.
fn shown(side: Side, place: Place, base: &Sources, head: &Sources) -> String {
    match side {
        Side::Base => format!("{} {}", side.as_str(), super::place(base, Some(place))),
        Side::Head => super::place(head, Some(place)),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::block::Page;
    use crate::report::text::{Look, print};
    use crate::review::weakenings;
    use crate::testing::{day, repository};

    const BASE: &str = r#"
//- rightful.yaml
gates: [nobody gains data.export]
reviewers: { data.export: [anna, "@nordwind/security"] }
//- policies/expectations/people.yaml
expect: [group:management cannot data.export]
//- policies/a.yaml
users: { lars: }
groups: { management: { members: [lars] } }
"#;
    const HEAD: &str = r#"
//- rightful.yaml
reviewers: { data.export: [anna, lars] }
//- policies/a.yaml
users: { lars: }
groups: { management: { members: [lars], allow: [data.export] } }
"#;

    #[test]
    fn weakenings_fit_into_eighty_columns() {
        let (base, head) = (repository(BASE), repository(HEAD));
        let found = weakenings(&base, &head, day("2026-11-22"));
        let mut page = Page::default();
        page.table(2, super::weakenings(found.iter(), &base.sources, &head.sources));
        insta::assert_snapshot!(print(&page, Look::PLAIN), @"
        base policies/expectations/people.yaml:1  `group:management cannot
                                                  data.export` is no longer expected
        base policies/expectations/people.yaml:1  `group:management cannot
                                                  data.export` does not hold: lars can
        base rightful.yaml:1                      the gate `nobody gains data.export`
                                                  is gone
        rightful.yaml:1                           whoever approves `data.export` was
                                                  `@nordwind/security` or `anna` and
                                                  is `anna` or `lars`
        ");
    }
}
