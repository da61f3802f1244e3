//! A small organisation as plain data: vectors, and indices into them. Takes nothing, knows no file and no YAML;
//! `draw` makes random ones, `repair` keeps them free of contradictions, `render` writes them as policy text.

mod draw;
mod render;
mod repair;

use jiff::civil::{Date, date};

pub use draw::organisation;

/// Everything that a decision can depend on, and one number that varies only the spelling of the files.
#[derive(Clone, Debug, Default)]
pub struct Organisation {
    /// The accounts.
    pub users: Vec<User>,
    /// The groups, each of which contains later ones only if it was drawn.
    pub groups: Vec<Group>,
    /// The roles, used or not.
    pub roles: Vec<Role>,
    /// The names of the modules.
    pub modules: Vec<String>,
    /// The module sets.
    pub module_sets: Vec<ModuleSet>,
    /// The names of the attachment classes.
    pub attachments: Vec<String>,
    /// The rights beside the catalogue.
    pub own_rights: Vec<OwnRight>,
    /// Seed of all choices that change no meaning (prefixes, quoting, files, order); 0 is the plainest spelling.
    pub spelling: u64,
}

/// An account of the CRM.
#[derive(Clone, Debug)]
pub struct User {
    /// As declared.
    pub name: String,
    /// Whether the account is in use.
    pub active: bool,
    /// The role that `online.access` gives, as an index into `Organisation::roles`.
    pub role: Option<usize>,
    /// Its own rules, allowing and denying ones mixed.
    pub rules: Vec<Rule>,
}

/// A group of users and of other groups.
#[derive(Clone, Debug)]
pub struct Group {
    /// As declared.
    pub name: String,
    /// The lines of the member list; one member may have several.
    pub members: Vec<Membership>,
    /// Its own rules, allowing and denying ones mixed.
    pub rules: Vec<Rule>,
}

/// A role of the online service, which counts as a group of whoever has it.
#[derive(Clone, Debug)]
pub struct Role {
    /// As declared.
    pub name: String,
    /// Its own rules, allowing and denying ones mixed.
    pub rules: Vec<Rule>,
}

/// A named list of modules, as indices into `Organisation::modules`; never empty.
#[derive(Clone, Debug)]
pub struct ModuleSet {
    /// As declared.
    pub name: String,
    /// What is in it.
    pub modules: Vec<usize>,
}

/// A right that the organisation declares beside the catalogue.
#[derive(Clone, Debug)]
pub struct OwnRight {
    /// `area.action`.
    pub right: String,
    /// What it is over, if anything.
    pub kind: Kind,
    /// What holds for oneself.
    pub own_data: OwnData,
}

/// What a right is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing but the company as a whole.
    Plain,
    /// Users and their data.
    People,
    /// The modules of the program.
    Modules,
    /// Classes of attachments.
    Attachments,
}

/// What holds for one's own data under a right over people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnData {
    /// One always may.
    Allow,
    /// One needs a rule, as for anybody else's data.
    Rules,
}

/// One line of a member list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who it is.
    pub member: Member,
    /// On which days it counts.
    pub validity: Validity,
    /// The reason given, which changes nothing.
    pub because: Option<&'static str>,
}

/// Who is listed as a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// Every declared user.
    Everyone,
    /// One user.
    User(usize),
    /// All members of a group.
    Group(usize),
}

/// One line of an `allow` or `deny` list, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// In which of the two lists it stands.
    pub effect: Effect,
    /// What it is about.
    pub right: RightPattern,
    /// Over whom or what; plain rights have none.
    pub target: Option<Target>,
    /// On which days it counts.
    pub validity: Validity,
    /// The reason given, which changes nothing.
    pub because: Option<&'static str>,
}

/// The two effects of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Gives the right.
    Allow,
    /// Takes it.
    Deny,
}

/// The right of a rule as written: `area.x`, `area.x+y` or `area.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightPattern {
    /// What stands before the dot.
    pub area: String,
    /// The actions in the order written; `None` is the star.
    pub actions: Option<Vec<String>>,
}

/// The target of a rule or of a question, each index into the vector of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One user.
    User(usize),
    /// The members of a group.
    Group(usize),
    /// One module.
    Module(usize),
    /// The modules of a set.
    ModuleSet(usize),
    /// One class of attachments.
    Attachment(usize),
    /// All users.
    Everyone,
    /// All modules, or all classes of attachments.
    Everything,
}

/// A target that is one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SingleTarget {
    /// One user.
    User(usize),
    /// One module.
    Module(usize),
    /// One class of attachments.
    Attachment(usize),
}

/// A period of whole days, open where `None`; both ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// The first day on which a drawn period may begin or end.
const FIRST_DAY: Date = date(2026, 11, 16);

/// How many days a drawn period may begin or end on.
const DAY_COUNT: u16 = 13;

/// Every day worth asking about: those on which drawn periods begin and end, and one more on either side.
pub fn days() -> Vec<Date> {
    let before = FIRST_DAY.yesterday();
    let count = usize::from(DAY_COUNT) + 2;
    before.into_iter().flat_map(|day| day.series(jiff::Span::new().days(1))).take(count).collect()
}

impl Organisation {
    /// The policy files that say exactly this, as pairs of a path and its text.
    pub fn to_files(&self) -> Vec<(String, String)> {
        render::files(self)
    }
}

impl Rule {
    /// A rule for `right`, written `area.x`, `area.x+y` or `area.*`, in force always.
    pub fn new(effect: Effect, right: &str, target: Option<Target>) -> Self {
        Self { effect, right: RightPattern::new(right), target, validity: Validity::default(), because: None }
    }

    /// The same rule, in force in another period.
    #[must_use]
    pub fn during(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }
}

impl Membership {
    /// A membership that is in force always.
    pub fn new(member: Member) -> Self {
        Self { member, validity: Validity::default(), because: None }
    }

    /// The same membership, in force in another period.
    #[must_use]
    pub fn during(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }
}

impl RightPattern {
    /// Takes apart `area.x`, `area.x+y` or `area.*`.
    pub fn new(text: &str) -> Self {
        let (area, actions) = text.split_once('.').unwrap_or((text, "*"));
        let actions = (actions != "*").then(|| actions.split('+').map(str::to_owned).collect());
        Self { area: area.to_owned(), actions }
    }
}

impl Effect {
    /// The field under which rules of this effect are written.
    pub fn key(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl Target {
    /// The key of machine output: `user:NAME`, `everyone`, and so on.
    pub fn key(self, org: &Organisation) -> String {
        match self {
            Self::User(user) => format!("user:{}", org.users[user].name),
            Self::Group(group) => format!("group:{}", org.groups[group].name),
            Self::Module(module) => format!("module:{}", org.modules[module]),
            Self::ModuleSet(set) => format!("module-set:{}", org.module_sets[set].name),
            Self::Attachment(class) => format!("attachment:{}", org.attachments[class]),
            Self::Everyone => "everyone".to_owned(),
            Self::Everything => "everything".to_owned(),
        }
    }
}

impl SingleTarget {
    /// The name without its prefix.
    pub fn name(self, org: &Organisation) -> &str {
        match self {
            Self::User(user) => &org.users[user].name,
            Self::Module(module) => &org.modules[module],
            Self::Attachment(class) => &org.attachments[class],
        }
    }

    /// The key of machine output.
    pub fn key(self, org: &Organisation) -> String {
        Target::from(self).key(org)
    }
}

impl From<SingleTarget> for Target {
    fn from(single: SingleTarget) -> Self {
        match single {
            SingleTarget::User(user) => Self::User(user),
            SingleTarget::Module(module) => Self::Module(module),
            SingleTarget::Attachment(class) => Self::Attachment(class),
        }
    }
}

impl Validity {
    /// From this day on, this day included.
    pub fn from(day: Date) -> Self {
        Self { from: Some(day), until: None }
    }

    /// Up to this day, this day included.
    pub fn until(day: Date) -> Self {
        Self { from: None, until: Some(day) }
    }

    /// Between these days, both included.
    pub fn between(from: Date, until: Date) -> Self {
        Self { from: Some(from), until: Some(until) }
    }

    /// Whether it is in force on this day.
    pub fn covers(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Whether some day lies in both.
    pub fn overlaps(self, other: Self) -> bool {
        let begins_in_time = |early: Option<Date>, late: Option<Date>| match (early, late) {
            (Some(from), Some(until)) => from <= until,
            _ => true,
        };
        begins_in_time(self.from, other.until) && begins_in_time(other.from, self.until)
    }
}
