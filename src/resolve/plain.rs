//! Decisions about plain rights for everybody at once: a few words of bits for each user, one bit for each right.
//!
//! Gives the same answers as [`decide`](super::decide); a law holds the two equal.

use crate::model::{Effect, GroupId, Id, Member, RightId, Subject, UserId};

use super::{Bits, Decision, InForce, Step};

/// Who may do which plain rights on a day, worked out for very many questions.
#[derive(Debug)]
pub struct Plain {
    /// Who is active.
    active: Bits,
    /// The plain rights, in order.
    rights: Vec<RightId>,
    /// Where each right stands among them, by the index of its id.
    positions: Vec<Option<u32>>,
    /// How many words a mask has.
    words: usize,
    /// The masks of each user, one behind the other.
    users: Vec<u64>,
}

/// The masks of a user: what own rules give and take, and what groups do.
const OWN_ALLOW: usize = 0;
const OWN_DENY: usize = 1;
const GIVEN: usize = 2;
const TAKEN: usize = 3;
const MASKS: usize = 4;

impl Plain {
    /// Works everybody's answers out.
    pub fn new(in_force: &InForce<'_>) -> Self {
        let policy = in_force.policy;
        let is_plain = |right: &RightId| policy.rights.get(*right).scope.is_none();
        let rights: Vec<RightId> = policy.rights.ids().filter(is_plain).collect();
        let mut positions = vec![None; policy.rights.len()];
        for (position, right) in (0..).zip(&rights) {
            positions[right.index()] = Some(position);
        }
        let words = rights.len().div_ceil(64).max(1);
        let mut own = vec![0; policy.users.len() * MASKS * words];
        let mut said = vec![0; policy.groups.len() * 2 * words];
        for rule in policy.rules.iter().filter(|rule| rule.target.is_none() && rule.validity.holds(in_force.on)) {
            let Some(position) = positions[rule.right.index()] else { continue };
            let (word, bit) = split(position);
            let effect = usize::from(rule.effect == Effect::Deny);
            match rule.subject {
                Subject::User(user) => own[(user.index() * MASKS + effect) * words + word] |= bit,
                Subject::Group(group) => said[(group.index() * 2 + effect) * words + word] |= bit,
            }
        }
        // Where a subject says both, which only a foreign database can, taking wins.
        for masks in own.chunks_exact_mut(MASKS * words) {
            let (allow, deny) = masks.split_at_mut(words);
            allow.iter_mut().zip(deny).for_each(|(allow, deny)| *allow &= !*deny);
        }
        for masks in said.chunks_exact_mut(2 * words) {
            let (allow, deny) = masks.split_at_mut(words);
            allow.iter_mut().zip(deny).for_each(|(allow, deny)| *allow &= !*deny);
        }
        let around: Vec<u64> =
            policy.groups.ids().flat_map(|group| joined(in_force.outer_groups(group), &said, 2 * words)).collect();
        let of_everyone = joined(in_force.groups_of_everyone(), &said, 2 * words);
        let mut users = own;
        for (user, masks) in policy.users.ids().zip(users.chunks_exact_mut(MASKS * words)) {
            let through = &mut masks[GIVEN * words..];
            through.copy_from_slice(&of_everyone);
            let direct = policy.memberships_of(Member::User(user));
            for (_, membership) in direct.filter(|(_, membership)| membership.validity.holds(in_force.on)) {
                join(through, &around, membership.group);
            }
        }
        let mut active = Bits::with_capacity(policy.users.len());
        policy.users.iter().for_each(|(id, _, user)| active.set(id.index(), user.active));
        Self { active, rights, positions, words, users }
    }

    /// The plain rights, in order.
    pub fn rights(&self) -> &[RightId] {
        &self.rights
    }

    /// Decides whether a user may do a plain right; `None` for a right that has targets.
    pub fn decide(&self, user: UserId, right: RightId) -> Option<Decision> {
        let position = self.positions[right.index()]?;
        Some(self.decide_at(user, (position / 64) as usize, position % 64))
    }

    /// Every user's decision about every plain right, user by user.
    pub fn decisions(&self) -> impl Iterator<Item = (UserId, RightId, Decision)> + '_ {
        (0..self.active.len()).flat_map(move |user| {
            let answers = self.answers(user);
            // The masks of 64 rights are looked up once: that takes half the time of asking for each.
            self.rights.chunks(64).enumerate().flat_map(move |(word, rights)| {
                let masks = self.masks(user, word);
                let decided =
                    move |(at, right): (u32, &RightId)| (UserId::from_index(user), *right, answers[said(masks, at)]);
                (0..).zip(rights).map(decided)
            })
        })
    }

    fn decide_at(&self, user: UserId, word: usize, at: u32) -> Decision {
        self.answers(user.index())[said(self.masks(user.index(), word), at)]
    }

    /// One word of each mask of a user.
    fn masks(&self, user: usize, word: usize) -> [u64; MASKS] {
        let masks = &self.users[user * MASKS * self.words..][..MASKS * self.words];
        std::array::from_fn(|mask| masks[mask * self.words + word])
    }

    /// What becomes of whatever is said about a user.
    fn answers(&self, user: usize) -> &'static [Decision; 1 << MASKS] {
        if self.active.contains(user) { &DECIDED } else { &REFUSED }
    }
}

/// What all masks say about a right, as a number: a bit for each.
fn said(masks: [u64; MASKS], at: u32) -> usize {
    let bit = |mask: usize| ((masks[mask] >> at) & 1) << mask;
    (bit(OWN_ALLOW) | bit(OWN_DENY) | bit(GIVEN) | bit(TAKEN)) as usize
}

/// The answer to whatever the masks can say.
const DECIDED: [Decision; 1 << MASKS] = {
    let mut all = REFUSED;
    let mut said = 0;
    while said < all.len() {
        let (allowed, step) = if said & 1 << OWN_ALLOW != 0 {
            (true, Step::User)
        } else if said & 1 << OWN_DENY != 0 {
            (false, Step::User)
        } else if said & 1 << GIVEN != 0 {
            (true, Step::GroupAllow)
        } else if said & 1 << TAKEN != 0 {
            (false, Step::GroupDeny)
        } else {
            (false, Step::Default)
        };
        all[said] = Decision { allowed, step };
        said += 1;
    }
    all
};

/// The answer to somebody whose account is out of use.
const REFUSED: [Decision; 1 << MASKS] = [Decision { allowed: false, step: Step::Inactive }; 1 << MASKS];

fn split(position: u32) -> (usize, u64) {
    ((position / 64) as usize, 1 << (position % 64))
}

/// What several groups say together.
fn joined(groups: &[GroupId], said: &[u64], words: usize) -> Vec<u64> {
    let mut all = vec![0; words];
    groups.iter().for_each(|group| join(&mut all, said, *group));
    all
}

fn join(into: &mut [u64], said: &[u64], group: GroupId) {
    let words = into.len();
    into.iter_mut().zip(&said[group.index() * words..][..words]).for_each(|(into, said)| *into |= said);
}
