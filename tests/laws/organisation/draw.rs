//! The random organisation: small ranges drawn by proptest, then built into an organisation without throwing any
//! draw away. Every choice is made so that 0 is the simplest, which is where shrinking leads.

mod build;
mod shapes;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{DAY_COUNT, Effect, FIRST_DAY, Organisation, Validity};

/// How many places an index is drawn from; every small count divides it.
const PLACES: u8 = 60;

/// Most rules on a user, on a group and on a role.
const MOST_RULES: [usize; 3] = [4, 6, 4];

/// A random small organisation: no cycle, no contradiction, and every reference good.
pub fn organisation() -> impl Strategy<Value = Organisation> {
    let people = (vec(user(), 1..=5), vec(group(), 0..=5), vec(rules(MOST_RULES[2]), 0..=2));
    let things = (1usize..=3, vec(1u8..8, 0..=4), 0usize..=2);
    let names = (0u8..19, 1u8..19, 0u8..32);
    let frame = (0u8..12, 0u8..10, any::<u8>(), any::<u64>());
    (people, things, names, frame).prop_map(|(people, things, names, (own, online, focus, spelling))| {
        let ((users, groups, roles), (modules, sets, classes)) = (people, things);
        Draft { users, groups, roles, modules, sets, classes, names, own, online, focus, spelling }.build()
    })
}

/// Everything drawn, before indices are brought into range.
struct Draft {
    users: Vec<UserDraw>,
    groups: Vec<(Vec<MemberDraw>, Vec<RuleDraw>)>,
    roles: Vec<Vec<RuleDraw>>,
    modules: usize,
    sets: Vec<u8>,
    classes: usize,
    names: (u8, u8, u8),
    own: u8,
    online: u8,
    focus: u8,
    spelling: u64,
}

#[derive(Clone, Debug)]
struct UserDraw {
    active: u8,
    role: u8,
    rules: Vec<RuleDraw>,
}

#[derive(Clone, Debug)]
struct RuleDraw {
    effect: Effect,
    shape: u8,
    target: u8,
    place: u8,
    validity: Validity,
    extra: u8,
}

#[derive(Clone, Debug)]
struct MemberDraw {
    kind: u8,
    place: u8,
    validity: Validity,
    again: Option<Validity>,
    reason: u8,
}

fn user() -> impl Strategy<Value = UserDraw> {
    (0u8..7, 0u8..3, rules(MOST_RULES[0])).prop_map(|(active, role, rules)| UserDraw { active, role, rules })
}

fn group() -> impl Strategy<Value = (Vec<MemberDraw>, Vec<RuleDraw>)> {
    (vec(member(), 0..=5), rules(MOST_RULES[1]))
}

fn rules(most: usize) -> impl Strategy<Value = Vec<RuleDraw>> {
    let effect = (0u8..2).prop_map(|side| if side == 0 { Effect::Allow } else { Effect::Deny });
    let rule = (effect, any::<u8>(), 0u8..20, 0..PLACES, validity(), 0u8..36).prop_map(
        |(effect, shape, target, place, validity, extra)| RuleDraw { effect, shape, target, place, validity, extra },
    );
    vec(rule, 0..=most)
}

fn member() -> impl Strategy<Value = MemberDraw> {
    (0u8..12, 0..PLACES, validity(), 0u8..5, validity(), 0u8..12).prop_map(
        |(kind, place, validity, twice, second, reason)| {
            let again = (twice == 4).then_some(second);
            MemberDraw { kind, place, validity, again, reason }
        },
    )
}

/// Most periods are open on both sides; the others begin, end, or do both within the window.
fn validity() -> impl Strategy<Value = Validity> {
    let days = DAY_COUNT * DAY_COUNT;
    (0..8 * days).prop_map(move |number| {
        let (one, other) = (number % days / DAY_COUNT, number % DAY_COUNT);
        let day = |offset: u16| FIRST_DAY + jiff::Span::new().days(i32::from(offset));
        match number / days {
            5 => Validity::from(day(one)),
            6 => Validity::until(day(one)),
            7 => Validity::between(day(one.min(other)), day(one.max(other))),
            _ => Validity::default(),
        }
    })
}
