//! Whether a database says after an apply what the plan says: the reading that was made of it goes in, the first difference
//! comes out.

use crate::plan::{Base, Plan, Reading};

/// What differs, in the words of a message; what is wanted before what is too much.
pub(super) fn first_difference(result: &Reading, plan: &Plan, base: &Base) -> Option<String> {
    let beside = plan.after.beside(&result.actual);
    let differing = beside.filter(|(_, [wanted, got])| wanted != got).map(|(key, [wanted, _])| (wanted.is_none(), key));
    // What is wanted is told before what is too much.
    let differs = differing.min_by_key(|(is_too_much, _)| *is_too_much).map(|(_, key)| key);
    let differs = differs.or_else(|| result.strays.keys().next());
    let differs = differs.map(|key| format!("{} `{key}`", key.kind().as_str()));
    let differs =
        differs.or_else(|| (result.base.as_ref() != Some(base)).then(|| "what the last apply wrote".to_owned()));
    differs.or_else(|| {
        result
            .beside
            .first()
            .map(|aside| format!("{} `{}` in the CRM: {}", aside.key.kind().as_str(), aside.key, aside.says))
    })
}
