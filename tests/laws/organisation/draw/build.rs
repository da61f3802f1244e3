//! Brings a draft's numbers into range and makes the organisation of them. Never throws a draft away; what would
//! be an error is bent into something that is none.

use super::super::{
    Group, Kind, Member, Membership, ModuleSet, Organisation, RightPattern, Role, Rule, Target, User, repair,
};
use super::shapes::{Shape, focused, own_rights, shapes};
use super::{Draft, MemberDraw, RuleDraw, UserDraw};

/// Names of users and groups alike, in no order; as many as a prime, so that every step visits all of them.
const PEOPLE: [&str; 19] = [
    "lars",
    "sales",
    "Anna",
    "jörg",
    "team@oslo",
    "007",
    "k.ito",
    "management",
    "no",
    "inside-sales",
    "m_berg",
    "2026-01-01",
    "Øst",
    "eva",
    "night.shift",
    "Bo",
    "anna",
    "1.0",
    "karin-2",
];

/// Names of modules and module sets alike, in no order.
const MODULES: [&str; 7] = ["mail", "field-sales", "contacts", "Calendar", "2", "accounting", "sales_desk"];

/// Names of attachment classes, in no order.
const CLASSES: [&str; 3] = ["programs", "archives", "scripts.v2"];

/// Names of roles, in no order.
const ROLES: [&str; 2] = ["visitor", "accountant"];

/// Reasons that test the quoting; the first places are without one.
const REASONS: [Option<&str>; 12] = [
    None,
    None,
    None,
    None,
    None,
    None,
    Some("substitutes for Lars"),
    Some("a \"trial\", see CRM-142"),
    Some("path C:\\share\\: read # only"),
    Some("it's the year's end, until 2026-12-31"),
    Some("{braces} [brackets] & *stars*"),
    Some("ends in a backslash \\"),
];

/// Most module sets; more are drawn than made, so that this many are frequent.
const MOST_SETS: usize = 2;

impl Draft {
    /// The organisation of this draft, sound already.
    pub(super) fn build(self) -> Organisation {
        let names = self.names();
        let mut org = Organisation {
            modules: self.module_names(),
            attachments: CLASSES[..self.classes].iter().map(|&name| name.to_owned()).collect(),
            own_rights: own_rights(self.own),
            spelling: self.spelling,
            ..Organisation::default()
        };
        org.module_sets = self.module_sets(&org.modules);
        let shapes = focused(shapes(&org.own_rights), usize::from(self.focus));
        let counts = Counts::of(&self, &org);
        let ruled = |draws: &[RuleDraw]| draws.iter().flat_map(|draw| counts.rules(draw, &shapes)).collect();
        org.users = (self.users.iter().zip(&names))
            .map(|(draw, name)| User {
                name: name.clone(),
                active: draw.active != 6,
                role: self.role_of(draw, names.iter().filter(|other| *other == name).count()),
                rules: ruled(&draw.rules),
            })
            .collect();
        org.groups = (self.groups.iter().zip(&names[self.users.len()..]).enumerate())
            .map(|(group, ((members, rules), name))| Group {
                name: name.clone(),
                members: counts.members(group, members),
                rules: ruled(rules),
            })
            .collect();
        org.roles = (self.roles.iter().enumerate())
            .map(|(role, rules)| Role { name: self.role_name(role, &names), rules: ruled(rules) })
            .collect();
        repair::without_contradictions(org)
    }

    /// The names of all users, then of all groups; at times the first group is called as the last user is.
    fn names(&self) -> Vec<String> {
        let (start, step, shared) = (usize::from(self.names.0), usize::from(self.names.1), self.names.2);
        let mut names: Vec<String> = (0..self.users.len() + self.groups.len())
            .map(|place| PEOPLE[(start + place * step) % PEOPLE.len()].to_owned())
            .collect();
        if shared >= 26 && !self.groups.is_empty() {
            names[self.users.len()] = names[self.users.len() - 1].clone();
        }
        names
    }

    /// A role has a name of its own, or at times that of the last group.
    fn role_name(&self, role: usize, names: &[String]) -> String {
        match names[self.users.len()..].last() {
            Some(name) if role == 0 && self.names.2 % 8 == 7 => name.clone(),
            _ => ROLES[role].to_owned(),
        }
    }

    /// Only active users of an unshared name get access, so that the file needs no prefix in a place without one.
    fn role_of(&self, draw: &UserDraw, bearers: usize) -> Option<usize> {
        let eligible = self.online >= 4 && draw.active != 6 && bearers == 1;
        (0..self.roles.len()).find(|role| eligible && usize::from(draw.role) == role + 1)
    }

    fn module_names(&self) -> Vec<String> {
        let start = usize::from(self.names.0);
        (0..self.modules).map(|place| MODULES[(start + place) % MODULES.len()].to_owned()).collect()
    }

    /// At times the first set is called as the last module is, which then is in none of the sets.
    fn module_sets(&self, modules: &[String]) -> Vec<ModuleSet> {
        let shares = self.names.2 % 7 == 6 && modules.len() > 1;
        let listable = modules.len() - usize::from(shares);
        let start = usize::from(self.names.0) + modules.len();
        (self.sets.iter().take(MOST_SETS).enumerate())
            .map(|(place, bits)| {
                let name = match modules.last() {
                    Some(name) if shares && place == 0 => name.as_str(),
                    _ => MODULES[(start + place) % MODULES.len()],
                };
                let listed: Vec<usize> = (0..listable).filter(|module| bits >> module & 1 == 1).collect();
                let modules = if listed.is_empty() { vec![0] } else { listed };
                ModuleSet { name: name.to_owned(), modules }
            })
            .collect()
    }
}

/// How many there are of everything that a reference can point at.
struct Counts {
    users: usize,
    groups: usize,
    modules: usize,
    module_sets: usize,
    attachments: usize,
}

impl Counts {
    fn of(draft: &Draft, org: &Organisation) -> Self {
        Self {
            users: draft.users.len(),
            groups: draft.groups.len(),
            modules: org.modules.len(),
            module_sets: org.module_sets.len(),
            attachments: org.attachments.len(),
        }
    }

    /// One rule, or at times the same one twice.
    fn rules(&self, draw: &RuleDraw, shapes: &[Shape]) -> Vec<Rule> {
        let (kind, right) = shapes[usize::from(draw.shape) % shapes.len()];
        let rule = Rule {
            effect: draw.effect,
            right: RightPattern::new(right),
            target: self.target(kind, draw.target, usize::from(draw.place)),
            validity: draw.validity,
            because: REASONS[usize::from(draw.extra % 12)],
        };
        vec![rule; if draw.extra >= 33 { 2 } else { 1 }]
    }

    fn target(&self, kind: Kind, choice: u8, place: usize) -> Option<Target> {
        let among = |count: usize| place % count.max(1);
        match (kind, choice) {
            (Kind::Plain, _) => None,
            (Kind::People, 15..) => Some(Target::Everyone),
            (Kind::People, 6..) if self.groups > 0 => Some(Target::Group(among(self.groups))),
            (Kind::People, _) => Some(Target::User(among(self.users))),
            (Kind::Modules, 15..) => Some(Target::Everything),
            (Kind::Modules, 6..) if self.module_sets > 0 => Some(Target::ModuleSet(among(self.module_sets))),
            (Kind::Modules, _) => Some(Target::Module(among(self.modules))),
            (Kind::Attachments, ..12) if self.attachments > 0 => Some(Target::Attachment(among(self.attachments))),
            (Kind::Attachments, _) => Some(Target::Everything),
        }
    }

    /// The members of one group, in which only later groups may stand; no line comes twice.
    fn members(&self, group: usize, draws: &[MemberDraw]) -> Vec<Membership> {
        let mut members: Vec<Membership> = Vec::new();
        for draw in draws {
            let (place, later) = (usize::from(draw.place), self.groups - group - 1);
            let member = match draw.kind {
                11 => Member::Everyone,
                7..=10 if later > 0 => Member::Group(group + 1 + place % later),
                _ => Member::User(place % self.users),
            };
            for validity in [Some(draw.validity), draw.again].into_iter().flatten() {
                let twice = members.iter().any(|other| other.member == member && other.validity == validity);
                if !twice {
                    members.push(Membership { member, validity, because: REASONS[usize::from(draw.reason)] });
                }
            }
        }
        members
    }
}
