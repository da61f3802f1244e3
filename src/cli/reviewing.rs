//! What `diff` and `reviewers` share: comparing all companies, and judging the change by the settings of its base.

use crate::date::Date;
use crate::model::Policy;
use crate::repository::{rights_named, unknown_names};
use crate::review::{Compared, Judged, Proved, Sensitive, Weakening, judge, weakenings};
use crate::say;
use crate::syntax::gate::Gate;

use super::Context;
use super::session::Failure;
use super::sides::{Pair, Sides};

/// Compares every company that was asked for. One that is new or gone is compared with `nothing`. With `since` the head
/// is compared with itself on that day.
pub fn compared<'s>(
    sides: &'s Sides,
    nothing: &'s Policy,
    since: Option<Date>,
    context: &Context,
) -> Vec<Compared<'s>> {
    let compare = |pair: Pair<'s>| {
        let policies = [pair.base, pair.head].map(|company| company.map_or(nothing, |company| &company.policy));
        match since {
            Some(since) => Compared::between(pair.name, [policies[1]; 2], [since, context.on]),
            None if context.on_was_said => Compared::on(pair.name, policies, context.on),
            None => Compared::on(pair.name, policies, context.on).and_later(context.on),
        }
    };
    sides.companies().into_iter().map(compare).collect()
}

/// The rights of either side that are sensitive by the settings that judge, by name.
pub fn sensitive_by_judge(sides: &Sides, companies: &[Compared<'_>]) -> Sensitive {
    let patterns = &sides.judge.settings.sensitive;
    let policies = companies.iter().flat_map(|company| company.policies);
    let named = policies
        .flat_map(|policy| rights_named(policy, patterns).into_iter().map(|right| policy.rights.key(right).clone()));
    named.collect()
}

/// The rights that anybody calls sensitive, by name.
pub fn sensitive_by_any(sides: &Sides, companies: &[Compared<'_>]) -> Sensitive {
    let mut found = sensitive_by_judge(sides, companies);
    for (index, side) in [&sides.base, &sides.head].into_iter().enumerate() {
        for policy in companies.iter().map(|company| company.policies[index]) {
            let named = rights_named(policy, &side.repository.settings.sensitive);
            found.extend(named.into_iter().map(|right| policy.rights.key(right).clone()));
        }
    }
    found
}

/// By what a change weakens its own review.
pub fn weakened(sides: &Sides, context: &Context) -> Vec<Weakening> {
    weakenings(&sides.base.repository, &sides.head.repository, context.on)
}

/// The gates of the command line. A name in them that neither side has is wrong, not a gate that everything passes.
pub fn asked(words: &[String], companies: &[Compared<'_>]) -> Result<Vec<Gate>, Failure> {
    let policies: Vec<&Policy> = companies.iter().flat_map(|company| company.policies).collect();
    let gate = |text: &String| {
        let gate = Gate::from_words(text).map_err(|error| {
            Failure::world(say!("`{text}` is no gate: {error}", text, error = error.message)).help(error.help)
        })?;
        match gate.kind.object().map(|object| unknown_names(&policies, object)).unwrap_or_default().into_iter().next() {
            Some(wrong) => Err(Failure::world(wrong.message).help(wrong.help)),
            None => Ok(gate),
        }
    };
    words.iter().map(gate).collect()
}

/// Judges a change by the gates of the settings that judge, and by those of the command line.
pub fn judged<'c>(
    sides: &Sides,
    companies: &'c [Compared<'c>],
    weakenings: &[Weakening],
    asked: &[Gate],
    by_settings: ByBase,
) -> Vec<Judged<'c>> {
    let sensitive = sensitive_by_judge(sides, companies);
    let proved = Proved {
        expectations: !weakenings.iter().any(Weakening::breaks_expectation),
        unweakened: !weakenings.iter().any(Weakening::is_of_change),
    };
    let settings = &sides.judge.settings;
    let of_base = settings.gates.iter().filter(|_| by_settings == ByBase::Yes);
    let of_base = of_base.map(|gate| (gate, Some(settings.place(gate.span))));
    let all: Vec<_> = of_base.chain(asked.iter().map(|gate| (gate, None))).collect();
    judge(&all, companies, &sensitive, proved)
}

/// Whether the gates of the base count. Where one policy is compared on two days, nobody changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByBase {
    /// They do.
    Yes,
    /// They do not.
    No,
}
