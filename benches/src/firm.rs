//! Organisations of any size, made up: a number gives the same one forever, on every machine.
//!
//! Takes a size, gives who is in which group and what the rules say, as numbers for whoever measures, and as policy files.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// How large an organisation is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// What it is called.
    pub name: &'static str,
    /// How many users.
    pub users: usize,
    /// How many groups, beside the one in which everyone is.
    pub groups: usize,
}

/// The sizes, smallest first.
pub const SIZES: [Size; 4] = [
    Size { name: "S", users: 100, groups: 20 },
    Size { name: "M", users: 10_000, groups: 500 },
    Size { name: "L", users: 100_000, groups: 2_000 },
    Size { name: "XL", users: 1_000_000, groups: 10_000 },
];

/// The plain rights: those of the catalogue and eight of the organisation's own.
pub const PLAIN: [&str; 25] = [
    "program.start",
    "modules.arrange",
    "data.import",
    "data.export",
    "lists.print",
    "serial_letters.create",
    "templates.manage",
    "territories.manage",
    "mail_accounts.manage",
    "sms.send",
    "mail.delete_public",
    "mail.mark_confidential",
    "mail.send_immediately",
    "campaigns.create",
    "campaigns.evaluate",
    "articles.create",
    "article_groups.create",
    "invoices.approve",
    "invoices.cancel",
    "contracts.sign",
    "contracts.archive",
    "stock.count",
    "stock.order",
    "travel.book",
    "travel.approve",
];

/// The rights over people.
pub const OVER_PEOPLE: [&str; 5] =
    ["calendar.see", "calendar.edit", "opportunities.see", "opportunities.edit", "opportunities.delete"];

/// How many modules there are; the first [`DESK`] of them are everybody's module set.
pub const MODULES: usize = 16;
/// How many of the modules everybody has.
pub const DESK: usize = 6;
/// How many classes of attachments there are.
pub const CLASSES: usize = 4;
/// How many scoped rules each group has.
const SCOPED: usize = 6;
/// How many users, and how many groups, stand in one file.
const USERS_A_FILE: usize = 200;
const GROUPS_A_FILE: usize = 20;
/// How many groups can lie around a group, itself counted.
const NESTING: usize = 4;

const FIRST_NAMES: [&str; 12] =
    ["Anna", "Lars", "Karin", "Jürgen", "Ole", "Marit", "Sanne", "Pieter", "Ines", "Tom", "Yara", "Uwe"];
const LAST_NAMES: [&str; 10] =
    ["Kaufmann", "Berg", "de Vries", "Hansen", "Schmidt", "Bakker", "Lund", "Özdemir", "Weber", "Nilsen"];

/// What a rule is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// One user.
    User(usize),
    /// The members of a group.
    Group(usize),
    /// All users.
    Everyone,
    /// One module.
    Module(usize),
    /// One class of attachments.
    Class(usize),
}

/// Something given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is given, else taken.
    pub allow: bool,
    /// The name of the right.
    pub right: &'static str,
    /// Over whom or what; nothing for plain rights.
    pub over: Option<Over>,
}

/// A group, called `g` and its number.
#[derive(Debug)]
pub struct Group {
    /// The group in which it lies.
    pub inside: Option<usize>,
    /// The users in it, directly, in order.
    pub members: Vec<usize>,
    /// Its rules, the plain ones first.
    pub rules: Vec<Rule>,
}

/// An organisation. Its users are called `u` and their number, with zeros before it; everyone may start the program.
#[derive(Debug)]
pub struct Firm {
    /// How many users there are.
    pub users: usize,
    /// The groups.
    pub groups: Vec<Group>,
    /// The own rules of users who have any, in order of users.
    pub own: Vec<(usize, Rule)>,
}

/// Numbers that look random, the same ones forever (splitmix64).
pub struct Numbers(u64);

impl Numbers {
    /// Begins with a number.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % limit.max(1) as u64).unwrap_or_default()
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// The name of a user.
pub fn user(number: usize) -> String {
    format!("u{number:06}")
}

/// The name of a group.
pub fn group(number: usize) -> String {
    format!("g{number:04}")
}

impl Firm {
    /// Makes an organisation up: users in one to five groups, groups inside each other up to four deep, each group with
    /// rules about 30 % of the plain rights and with six scoped ones, own rules at 5 % of the users, and three allows to
    /// each deny.
    pub fn new(size: Size) -> Self {
        let mut numbers = Numbers::new(size.users as u64);
        let starts = level_starts(size.groups);
        let mut groups: Vec<Group> = Vec::with_capacity(size.groups);
        for number in 0..size.groups {
            let level = starts.iter().rposition(|start| *start <= number).unwrap_or_default();
            let around = level.checked_sub(1).map(|outer| starts[outer]..starts[level]);
            let inside = around.map(|around| around.start + numbers.below(around.len()));
            let rules = group_rules(&mut numbers, size);
            groups.push(Group { inside, members: Vec::new(), rules });
        }
        let mut own = Vec::new();
        for user in 0..size.users {
            let mut chosen: Vec<usize> = (0..=numbers.below(5)).map(|_| numbers.below(size.groups)).collect();
            chosen.sort_unstable();
            chosen.dedup();
            chosen.into_iter().for_each(|group| groups[group].members.push(user));
            if numbers.percent(5) {
                let right = PLAIN[1 + numbers.below(PLAIN.len() - 1)];
                own.push((user, Rule { allow: !numbers.percent(25), right, over: None }));
            }
        }
        Self { users: size.users, groups, own }
    }

    /// Writes the organisation as a policy repository below a folder; gives the number of bytes.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<usize> {
        let policies = folder.join("policies");
        fs::create_dir_all(policies.join("users"))?;
        fs::create_dir_all(policies.join("groups"))?;
        let mut bytes = 0;
        let mut put = |path: &Path, text: &str| {
            bytes += text.len();
            fs::write(path, text)
        };
        put(&folder.join("rightful.yaml"), SETTINGS)?;
        put(&policies.join("common.yaml"), &common())?;
        let mut own = self.own.iter().peekable();
        for first in (0..self.users).step_by(USERS_A_FILE) {
            let mut text = String::from("users:\n");
            for number in first..self.users.min(first + USERS_A_FILE) {
                let (name, last) = (FIRST_NAMES[number % FIRST_NAMES.len()], LAST_NAMES[number % LAST_NAMES.len()]);
                let _ = write!(text, "  {}: {{ name: {name} {last} {number}", user(number));
                while let Some((_, rule)) = own.next_if(|(user, _)| *user == number) {
                    let _ = write!(text, ", {}: [{}]", effect(rule), said(rule));
                }
                text.push_str(" }\n");
            }
            put(&policies.join(format!("users/{:05}.yaml", first / USERS_A_FILE)), &text)?;
        }
        let inner = self.inner();
        for first in (0..self.groups.len()).step_by(GROUPS_A_FILE) {
            let mut text = String::from("groups:\n");
            for (number, inner) in inner.iter().enumerate().skip(first).take(GROUPS_A_FILE) {
                self.write_group(&mut text, number, inner);
            }
            put(&policies.join(format!("groups/{:05}.yaml", first / GROUPS_A_FILE)), &text)?;
        }
        Ok(bytes)
    }

    /// The groups directly inside of each group.
    fn inner(&self) -> Vec<Vec<usize>> {
        let mut inner = vec![Vec::new(); self.groups.len()];
        for (number, group) in self.groups.iter().enumerate() {
            if let Some(outer) = group.inside {
                inner[outer].push(number);
            }
        }
        inner
    }

    fn write_group(&self, text: &mut String, number: usize, inner: &[usize]) {
        let found = &self.groups[number];
        let _ = writeln!(text, "  {}:\n    name: Team {number}", group(number));
        if !found.members.is_empty() || !inner.is_empty() {
            text.push_str("    members:\n");
            for member in inner {
                let _ = writeln!(text, "      - group:{}", group(*member));
            }
            for member in &found.members {
                let _ = writeln!(text, "      - {}", user(*member));
            }
        }
        for allow in [true, false] {
            let mut rules = found.rules.iter().filter(|rule| rule.allow == allow).peekable();
            if let Some(first) = rules.peek() {
                let _ = writeln!(text, "    {}:", effect(first));
            }
            for rule in rules {
                let _ = writeln!(text, "      - {}", said(rule));
            }
        }
    }
}

/// Where the groups of each level begin, the outermost first.
fn level_starts(groups: usize) -> [usize; NESTING] {
    [0, groups / 10, groups * 3 / 10, groups * 6 / 10]
}

fn group_rules(numbers: &mut Numbers, size: Size) -> Vec<Rule> {
    let mut rules = Vec::new();
    for right in PLAIN {
        if numbers.percent(30) {
            rules.push(Rule { allow: !numbers.percent(25), right, over: None });
        }
    }
    let plain = rules.len();
    while rules.len() < plain + SCOPED {
        let people = OVER_PEOPLE[numbers.below(OVER_PEOPLE.len())];
        let (right, over) = match numbers.below(20) {
            0..9 => (people, Over::Group(numbers.below(size.groups))),
            9..14 => (people, Over::User(numbers.below(size.users))),
            14 => (people, Over::Everyone),
            15..18 => ("modules.use", Over::Module(DESK + numbers.below(MODULES - DESK))),
            _ => ("attachments.open", Over::Class(numbers.below(CLASSES))),
        };
        let allow = !numbers.percent(25);
        // Once about the same: twice would be a finding.
        if rules.iter().all(|rule| (rule.right, rule.over) != (right, Some(over))) {
            rules.push(Rule { allow, right, over: Some(over) });
        }
    }
    rules
}

fn effect(rule: &Rule) -> &'static str {
    if rule.allow { "allow" } else { "deny" }
}

/// The rule as it is written in a policy file.
pub fn said(rule: &Rule) -> String {
    let Some(over) = rule.over else { return rule.right.to_owned() };
    let target = match over {
        Over::User(number) => user(number),
        Over::Group(number) => format!("group:{}", group(number)),
        Over::Everyone => "everyone".to_owned(),
        Over::Module(number) => format!("m{number}"),
        Over::Class(number) => format!("c{number}"),
    };
    format!("{} of {target}", rule.right)
}

/// A group that denies a plain right takes it from nobody, which is worth a word, but not tens of thousands.
const SETTINGS: &str = "version: 1\nsensitive: [data.export]\nlints: { inert-rule: off, unused-group: off }\n";

/// What everybody shares: modules, classes of attachments, own rights, the staff, and what must hold.
fn common() -> String {
    let mut text = String::from("modules:\n");
    (0..MODULES).for_each(|number| text.push_str(&format!("  m{number}: {{ name: Module {number} }}\n")));
    text.push_str("module_sets:\n  desk: [");
    text.push_str(&(0..DESK).map(|number| format!("m{number}")).collect::<Vec<_>>().join(", "));
    text.push_str("]\nattachments:\n");
    (0..CLASSES).for_each(|number| text.push_str(&format!("  c{number}: [\"*.x{number}\"]\n")));
    text.push_str("rights:\n");
    for right in &PLAIN[PLAIN.len() - 8..] {
        let _ = writeln!(text, "  {right}: {{ name: {{ en: {right} }} }}");
    }
    text.push_str("groups:\n  staff:\n    members: [everyone]\n    modules: desk\n    allow:\n");
    text.push_str("      - program.start\n      - modules.use of desk\n");
    text.push_str("expect:\n  - everyone can program.start\n  - everyone can modules.use of desk\n");
    text.push_str("  - at least 10 users can data.export\n");
    text
}
