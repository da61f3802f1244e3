//! The smallest edits that would turn an answer: for a no those that allow, for a yes those that take away.
//!
//! An edit is one line that is added to a policy, taken out, or dated otherwise. All edits that can matter to the
//! question are tried, alone and in pairs, and of those that turn the answer the best of each [`Kind`] is kept: the
//! fewest edits, then the fewest other answers that change. A law holds this to trying out all lines there could be.

mod candidates;
mod near;
mod write;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::date::Validity;
use crate::model::{
    Effect, GroupId, Id, Member, Membership, MembershipId, Parts, Policy, RightId, Rule, RuleId, Single, Subject,
    Target, UserId,
};
use crate::question::Answer;
use crate::resolve::{Actual, Aim, Population, Request, Set, Shift, Step, Supposition, decide_for, position};

use candidates::{Move, new_rule};
pub use near::{Near, near};
pub use write::{Hunk, Written, anchor, item, write};

/// What sort of line an edit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A membership by which the person comes to a group.
    Membership,
    /// A rule of a group, other than about the target alone.
    GroupRule,
    /// What concerns the target alone: a group's rule that names it, or a membership of the target.
    Target,
    /// The first or last day of a rule or membership.
    Date,
    /// The person's own rule.
    OwnRule,
    /// Whether the account is in use.
    Account,
}

impl Kind {
    /// Every kind, as they are preferred where all else is equal.
    pub const ALL: [Self; 6] =
        [Self::Membership, Self::GroupRule, Self::Target, Self::Date, Self::OwnRule, Self::Account];

    /// The word for it in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Membership => "membership",
            Self::GroupRule => "group-rule",
            Self::Target => "target",
            Self::Date => "date",
            Self::OwnRule => "own-rule",
            Self::Account => "account",
        }
    }
}

/// One line that is otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Somebody is put into a group.
    AddMember(Member, GroupId),
    /// Somebody is taken out of a group.
    RemoveMember(MembershipId),
    /// A rule is written.
    AddRule {
        /// On whom.
        subject: Subject,
        /// Whether it gives or takes.
        effect: Effect,
        /// Which rights, all of one area.
        rights: Vec<RightId>,
        /// Over whom or what.
        target: Option<Target>,
    },
    /// The line of these rules is taken out.
    RemoveRule(Vec<RuleId>),
    /// A membership gets another period.
    DateMember(MembershipId, Validity),
    /// The line of these rules gets another period.
    DateRule(Vec<RuleId>, Validity),
    /// An account is put into use, or out of it.
    SetActive(UserId, bool),
}

/// Edits that together turn an answer, and what else they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The edits: one, or two that both are needed.
    pub edits: Vec<Edit>,
    /// The kinds of which this is the best.
    pub kinds: BTreeSet<Kind>,
    /// Whose other answers change, exactly.
    pub shifts: Vec<Shift>,
}

impl Repair {
    /// The blast radius: how many single answers change beside those that were asked about.
    pub fn radius(&self) -> usize {
        self.shifts.iter().map(Shift::count).sum()
    }
}

/// How many requests are asked one by one rather than as a set.
const MOST_SINGLES: usize = 16;

/// How many people an edit may concern without being asked about beforehand.
const NARROW: usize = 32;

/// What an answer rests on, for finding out what would turn it.
struct Problem<'a, 'p> {
    actual: &'a Actual<'p>,
    user: UserId,
    /// Whether the answer is no and shall be yes.
    allow: bool,
    /// All that was asked.
    asked: Vec<Request>,
    /// What has to change: of a no everything that is refused; of a yes everything but the own data.
    turning: Vec<Request>,
}

/// Finds the best edits of each kind that turn an answer about a user, ordered by their number and their radius. For a
/// yes about several targets they take all of it away. Nothing if the answer is about a group, or about nobody.
pub fn repairs(population: &Population<'_>, answer: &Answer) -> Vec<Repair> {
    let own = |step: Step| step == Step::OwnData;
    let turning = answer.asked.iter().filter(|(_, d)| if answer.allowed { !own(d.step) } else { !d.allowed });
    let Some(Subject::User(user)) = answer.asked.first().map(|(request, _)| request.subject) else { return Vec::new() };
    let actual = Actual::new(population);
    let problem = Problem {
        actual: &actual,
        user,
        allow: !answer.allowed,
        asked: answer.asked.iter().map(|(request, _)| *request).collect(),
        turning: turning.map(|(request, _)| *request).collect(),
    };
    problem.solve()
}

/// Moves that together turn the answer.
struct Solution<'m> {
    moves: Vec<&'m Move>,
    /// About how many people they concern: a guess, to try narrow ones first.
    width: usize,
}

/// The best repair of a kind so far.
struct Best {
    order: (usize, usize, Vec<(u8, Edit)>),
    shifts: Vec<Shift>,
}

impl Problem<'_, '_> {
    fn policy(&self) -> &Policy {
        self.actual.population().in_force().policy
    }

    fn solve(&self) -> Vec<Repair> {
        let moves = self.moves();
        let (single, rest): (Vec<&Move>, Vec<&Move>) = moves.iter().partition(|one| self.turns(&[one]));
        let beyond = self.beyond_obstacles(&rest);
        let pairs: Vec<Vec<&Move>> = if self.allow {
            beyond.iter().flat_map(|(obstacle, others)| others.iter().map(|other| vec![*obstacle, other])).collect()
        } else {
            let later = rest.iter().enumerate().map(|(index, first)| (first, &rest[index + 1..]));
            later.flat_map(|(first, others)| others.iter().map(|other| vec![*first, *other])).collect()
        };
        let pairs = pairs.into_iter().filter(|pair| self.turns(pair));
        let solutions = single.into_iter().map(|one| vec![one]).chain(pairs);
        let mut solutions: Vec<Solution<'_>> =
            solutions.map(|moves| Solution { width: moves.iter().map(|one| one.width).sum(), moves }).collect();
        solutions.sort_by_key(|solution| (solution.moves.len(), solution.width));
        self.best(&solutions)
    }

    /// A no is turned by two edits only if one of them clears an obstacle away, for else the first would be but a part
    /// of something new. So for each obstacle: what could turn what is refused without it, other than on its own.
    fn beyond_obstacles<'m>(&self, rest: &[&'m Move]) -> Vec<(&'m Move, Vec<Move>)> {
        let obstacles = rest.iter().filter(|one| self.allow && one.is_obstacle);
        let beyond = obstacles.map(|obstacle| {
            let allowed = self.allowed(&obstacle.supposition);
            let refused = self.turning.iter().filter(|request| !allowed(request)).copied().collect();
            let without = Problem { turning: refused, asked: self.asked.clone(), ..*self };
            let mut others = without.moves();
            others.retain(|other| !self.turns(&[other]));
            (*obstacle, others)
        });
        beyond.collect()
    }

    /// What would be allowed to the person.
    fn allowed<'s>(&'s self, supposition: &'s Supposition) -> impl Fn(&Request) -> bool + 's {
        let supposed = self.actual.suppose(supposition);
        let person = supposed.person(self.user);
        let held: RefCell<BTreeMap<RightId, Rc<Set>>> = RefCell::default();
        let active = supposition.active.map_or(self.policy().users.get(self.user).active, |(_, active)| active);
        move |request| {
            // A few targets are asked about one by one, many as a set.
            if self.asked.len() <= MOST_SINGLES {
                let aim = request.target.map(|target| supposed.aim(target));
                return supposed.allows(&person, request.right, aim.as_ref());
            }
            if active && self.is_own(request) {
                return true;
            }
            let mut held = held.borrow_mut();
            let held = held.entry(request.right).or_insert_with(|| supposed.held(self.user, request.right));
            held.contains(position(request.target))
        }
    }

    /// Whether at least so many other people would get another answer to the first request, as far as that can be told
    /// by asking for each of them. Tells early that an edit which concerns many cannot be the best.
    fn reaches_more_than(&self, most: usize, moves: &[&Move], supposition: &Supposition) -> bool {
        let Some(request) = self.turning.first() else { return false };
        let population = self.actual.population();
        let supposed = self.actual.suppose(supposition);
        let aims = [
            request.target.map(|target| Aim::new(population.in_force(), target)),
            request.target.map(|target| supposed.aim(target)),
        ];
        let mut found = 0;
        for user in moves.iter().flat_map(|one| self.concerned(one)).filter(|user| *user != self.user) {
            let before = decide_for(population.in_force(), population.person(user), request.right, aims[0].as_ref());
            let after = supposed.allows(&supposed.person(user), request.right, aims[1].as_ref());
            found += usize::from(before.allowed != after);
            if found > most * moves.len() {
                return true;
            }
        }
        false
    }

    /// The people whom a move concerns first of all.
    fn concerned(&self, one: &Move) -> Box<dyn Iterator<Item = UserId> + '_> {
        let population = self.actual.population();
        let of = |group: GroupId| population.members(group).iter().copied();
        match one.people {
            Member::User(user) => Box::new(std::iter::once(user)),
            Member::Group(group) => Box::new(of(group)),
            Member::Everyone => Box::new(self.policy().users.ids()),
        }
    }

    /// Whether a request is about the own data, and these need no right.
    fn is_own(&self, request: &Request) -> bool {
        request.target == Some(Single::User(self.user)) && self.policy().rights.get(request.right).own_data_allowed
    }

    /// Whether some moves compile and turn the answer.
    fn turns(&self, moves: &[&Move]) -> bool {
        // A line that is taken out stands in the way of nothing, so if this does not compile, nothing does.
        if !self.compiles(&moves.iter().filter_map(|one| one.ways.first()).collect::<Vec<_>>()) {
            return false;
        }
        let supposition = joined(moves);
        let allowed = self.allowed(&supposition);
        if self.allow {
            return self.turning.iter().chain(&self.asked).all(allowed);
        }
        // Own data alone can be taken away by nothing but taking the account out of use.
        let others = if self.turning.is_empty() { &self.asked } else { &self.turning };
        !others.iter().any(allowed)
    }

    fn best(&self, solutions: &[Solution<'_>]) -> Vec<Repair> {
        let mut best: BTreeMap<Kind, Best> = BTreeMap::new();
        for solution in solutions {
            let number = solution.moves.len();
            let kinds: BTreeSet<Kind> =
                solution.moves.iter().flat_map(|one| one.ways.iter().map(|way| self.kind(way))).collect();
            // Fewer edits come first, so a kind that has some needs no more of them.
            let open: Vec<Kind> =
                kinds.into_iter().filter(|kind| best.get(kind).is_none_or(|known| known.order.0 == number)).collect();
            let Some(most) = open.iter().map(|kind| best.get(kind).map_or(usize::MAX, |known| known.order.1)).max()
            else {
                continue;
            };
            let supposition = joined(&solution.moves);
            let is_wide = solution.width > NARROW && most < usize::MAX;
            if is_wide && self.reaches_more_than(most, &solution.moves, &supposition) {
                continue;
            }
            let Some(shifts) = self.actual.suppose(&supposition).shifts(&self.turning, most) else { continue };
            let radius = shifts.iter().map(Shift::count).sum();
            for kind in open {
                let Some(edits) = self.written(&solution.moves, kind) else { continue };
                let order = (number, radius, edits.into_iter().map(|edit| (breadth(edit), edit.clone())).collect());
                if best.get(&kind).is_none_or(|known| order < known.order) {
                    best.insert(kind, Best { order, shifts: shifts.clone() });
                }
            }
        }
        let mut repairs: Vec<Repair> = Vec::new();
        for (kind, Best { order: (_, _, edits), shifts }) in best {
            let edits: Vec<Edit> = edits.into_iter().map(|(_, edit)| edit).collect();
            match repairs.iter_mut().find(|repair| repair.edits == edits) {
                Some(same) => {
                    same.kinds.insert(kind);
                }
                None => repairs.push(Repair { edits, kinds: BTreeSet::from([kind]), shifts }),
            }
        }
        repairs.sort_by_key(|repair| (repair.edits.len(), repair.radius()));
        repairs
    }

    /// The edits by which moves are made, at least one of a kind and as many as can be; `None` if that cannot be.
    fn written<'m>(&self, moves: &[&'m Move], kind: Kind) -> Option<Vec<&'m Edit>> {
        let mut all: Vec<Vec<&Edit>> = vec![Vec::new()];
        for one in moves {
            let mut ways: Vec<&Edit> = one.ways.iter().collect();
            ways.sort_by_key(|way| self.kind(way) != kind);
            let longer =
                |begun: &Vec<&'m Edit>| ways.iter().map(|way| [begun.as_slice(), &[*way]].concat()).collect::<Vec<_>>();
            all = all.iter().flat_map(longer).collect();
        }
        all.into_iter().find(|edits| edits.iter().any(|edit| self.kind(edit) == kind) && self.compiles(edits))
    }

    fn kind(&self, edit: &Edit) -> Kind {
        let policy = self.policy();
        let of_rule = |subject: Subject, target: Option<Target>| match (subject, target) {
            (Subject::User(_), _) => Kind::OwnRule,
            (_, Some(Target::User(_) | Target::Module(_) | Target::Attachment(_))) => Kind::Target,
            _ => Kind::GroupRule,
        };
        let of_member = |member: Member| {
            let concerns = match member {
                Member::Everyone => true,
                Member::User(user) => user == self.user,
                Member::Group(group) => self.groups().binary_search(&group).is_ok(),
            };
            if concerns { Kind::Membership } else { Kind::Target }
        };
        match edit {
            Edit::AddMember(member, _) => of_member(*member),
            Edit::RemoveMember(id) => of_member(policy.membership(*id).member),
            Edit::AddRule { subject, target, .. } => of_rule(*subject, *target),
            Edit::RemoveRule(line) => line.first().map_or(Kind::OwnRule, |id| {
                let rule = policy.rule(*id);
                of_rule(rule.subject, rule.target)
            }),
            Edit::DateMember(..) | Edit::DateRule(..) => Kind::Date,
            Edit::SetActive(..) => Kind::Account,
        }
    }

    fn groups(&self) -> &[GroupId] {
        &self.actual.population().person(self.user).groups
    }
}

/// What some moves suppose together.
fn joined(moves: &[&Move]) -> Supposition {
    let mut all = Supposition::default();
    for Supposition { rules_out, rules_in, members_out, members_in, active, modules: _ } in
        moves.iter().map(|one| &one.supposition)
    {
        all.rules_out.extend(rules_out);
        all.rules_in.extend(rules_in.iter().cloned());
        all.members_out.extend(members_out);
        all.members_in.extend(members_in);
        all.active = all.active.or(*active);
    }
    all
}

/// How far an edit reaches by its words: of two with the same radius the narrower one is wiser.
fn breadth(edit: &Edit) -> u8 {
    match edit {
        Edit::AddMember(Member::Everyone, _) => 2,
        Edit::AddMember(Member::Group(_), _) => 1,
        Edit::AddRule { target: Some(Target::Everyone | Target::Everything), .. } => 2,
        Edit::AddRule { target: Some(Target::Group(_) | Target::ModuleSet(_)), .. } => 1,
        _ => 0,
    }
}

/// The policy with some edits carried out.
pub fn carried_out(policy: &Policy, edits: &[Edit]) -> Policy {
    let mut parts: Parts = (**policy).clone();
    let (mut members_out, mut rules_out) = (BTreeSet::<MembershipId>::new(), BTreeSet::<RuleId>::new());
    let (mut members_in, mut rules_in) = (Vec::new(), Vec::new());
    for edit in edits {
        match edit {
            Edit::AddMember(member, group) => members_in.push(Membership {
                member: *member,
                group: *group,
                validity: Validity::ALWAYS,
                because: None,
                place: None,
            }),
            Edit::RemoveMember(id) => {
                members_out.insert(*id);
            }
            Edit::AddRule { subject, effect, rights, target } => {
                rules_in.extend(rights.iter().map(|right| new_rule(*subject, *effect, *right, *target)));
            }
            Edit::RemoveRule(line) => rules_out.extend(line),
            Edit::DateMember(id, validity) => {
                members_out.insert(*id);
                members_in.push(Membership { validity: *validity, ..policy.membership(*id).clone() });
            }
            Edit::DateRule(line, validity) => {
                rules_out.extend(line);
                rules_in.extend(line.iter().map(|id| Rule { validity: *validity, ..policy.rule(*id).clone() }));
            }
            Edit::SetActive(user, active) => parts.users.get_mut(*user).active = *active,
        }
    }
    parts.memberships = without(parts.memberships, &members_out);
    parts.rules = without(parts.rules, &rules_out);
    parts.memberships.extend(members_in);
    parts.rules.extend(rules_in);
    Policy::assemble(parts)
}

/// What is left of a list, of whose items each has the id of its index.
fn without<T, I: Id>(items: Vec<T>, out: &BTreeSet<I>) -> Vec<T> {
    let kept = items.into_iter().enumerate().filter(|(index, _)| !out.contains(&I::from_index(*index)));
    kept.map(|(_, item)| item).collect()
}
