//! The tables of the CRM database, as every engine has them: names, columns, and what tells two rows apart.
//!
//! The SQL that makes them is in `schema/`; what stands here is what the program reads and writes of them.

mod cell;
mod register;

pub use cell::{Cell, Holds, MOST_COLUMNS, Row, Seen};
pub use register::{REGISTER, SERVICE, SYNC_RUNS};

/// One part of what tells rows apart.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// A column that is never null.
    Column(&'static str),
    /// The first of these columns that is not null, else ''. There is an index on this very expression.
    FirstOf(&'static [&'static str]),
}

impl Part {
    fn columns(&self) -> &[&'static str] {
        match self {
            Self::Column(column) => std::slice::from_ref(column),
            Self::FirstOf(columns) => columns,
        }
    }
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, without numbers that the engine gives to rows by itself.
    pub columns: &'static [(&'static str, Holds)],
    /// What tells two rows apart. Of the items of a list it is the list: they come and go together, whatever numbers
    /// somebody gave them.
    pub key: &'static [Part],
    /// The version of the schema that it came with.
    pub since: usize,
    /// A column that no two rows may share, which is emptied before rows of the table change.
    pub loose: Option<&'static str>,
    /// The columns by which rows are read, if their order means something.
    pub order: Option<&'static str>,
}

impl Table {
    /// Where a column stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| *column == name)
    }

    /// The names of the columns with commas between.
    pub fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The query for all rows.
    pub fn query(&self) -> String {
        let order = self.order.map(|columns| format!(" ORDER BY {columns}")).unwrap_or_default();
        format!("SELECT {} FROM {}{order}", self.names(), self.name)
    }

    /// The statement that deletes the rows with some keys. `value` is how an engine names the values of a statement, from 0
    /// on, and `from` where it takes them from, if that must be said.
    pub fn delete(&self, from: &str, value: impl Fn(usize) -> String) -> String {
        let from = if from.is_empty() { String::new() } else { format!(" USING {from}") };
        format!("DELETE FROM {}{from} WHERE {}", self.name, self.picks(value))
    }

    /// The statement that empties a column of the rows with some keys.
    pub fn empty(&self, column: &str, from: &str, value: impl Fn(usize) -> String) -> String {
        format!("UPDATE {} SET {column} = NULL{} WHERE {}", self.name, from_clause(from), self.picks(value))
    }

    /// The statement that changes rows: first the values of all columns, then those of the key.
    pub fn update(&self, from: &str, value: impl Fn(usize) -> String) -> String {
        let set = (0..).zip(self.columns).map(|(place, (name, _))| format!("{name} = {}", value(place)));
        let set = set.collect::<Vec<_>>().join(", ");
        let picks = self.picks(|part| value(self.columns.len() + part));
        format!("UPDATE {} SET {set}{} WHERE {picks}", self.name, from_clause(from))
    }

    /// The values of such a statement.
    pub fn values_of_update(&self, row: &[Cell]) -> Row {
        row.iter().cloned().chain(self.key_of(row)).collect()
    }

    /// The condition that picks the rows whose key `value` gives, part by part.
    fn picks(&self, value: impl Fn(usize) -> String) -> String {
        let part = |(number, part): (usize, &Part)| {
            let columns: Vec<String> = part.columns().iter().map(|column| format!("{}.{column}", self.name)).collect();
            match part {
                Part::Column(_) => format!("{} = {}", columns.concat(), value(number)),
                Part::FirstOf(_) => format!("coalesce({}, '') = {}", columns.join(", "), value(number)),
            }
        };
        self.key.iter().enumerate().map(part).collect::<Vec<_>>().join(" AND ")
    }

    /// The key of a row, part by part.
    pub fn key_of(&self, row: &[Cell]) -> Row {
        let cell = |column: &&str| self.column(column).and_then(|position| row.get(position));
        let part = |part: &Part| {
            let said = part.columns().iter().filter_map(cell).find(|cell| **cell != Cell::Null);
            said.cloned().unwrap_or_else(|| Cell::Text(String::new()))
        };
        self.key.iter().map(part).collect()
    }

    /// What each part of the key holds.
    pub fn key_holds(&self) -> Vec<Holds> {
        let holds = |part: &Part| {
            let first = part.columns().first().and_then(|column| self.column(column));
            first.map_or(Holds::Text, |position| self.columns[position].1)
        };
        self.key.iter().map(holds).collect()
    }
}

fn from_clause(from: &str) -> String {
    if from.is_empty() { String::new() } else { format!(" FROM {from}") }
}

use Holds::{Flag, Number, Text};
use Part::{Column, FirstOf};

const fn table(name: &'static str, columns: &'static [(&'static str, Holds)], key: &'static [Part]) -> Table {
    Table { name, columns, key, since: 1, loose: None, order: None }
}

/// What the policy declares, in the order in which rows can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Declares {
    /// Rights.
    Rights,
    /// Modules.
    Modules,
    /// Module sets.
    ModuleSets,
    /// What is in which module set.
    ModuleSetModules,
    /// Classes of attachments.
    AttachmentClasses,
    /// What is in which class.
    AttachmentPatterns,
    /// The staff register.
    Employees,
    /// Groups and roles.
    Groups,
    /// Accounts.
    Users,
    /// Who is in which group.
    Members,
    /// Online access.
    Access,
    /// Rules.
    Rules,
    /// The company.
    Company,
    /// Its licence.
    Licence,
    /// Which services the licence has.
    LicenceServices,
}

impl Declares {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Rights,
        Self::Modules,
        Self::ModuleSets,
        Self::ModuleSetModules,
        Self::AttachmentClasses,
        Self::AttachmentPatterns,
        Self::Employees,
        Self::Groups,
        Self::Users,
        Self::Members,
        Self::Access,
        Self::Rules,
        Self::Company,
        Self::Licence,
        Self::LicenceServices,
    ];

    /// Its table.
    pub fn table(self) -> &'static Table {
        match self {
            Self::Rights => &RIGHTS,
            Self::Modules => &MODULES,
            Self::ModuleSets => &MODULE_SETS,
            Self::ModuleSetModules => &MODULE_SET_MODULES,
            Self::AttachmentClasses => &ATTACHMENT_CLASSES,
            Self::AttachmentPatterns => &ATTACHMENT_PATTERNS,
            Self::Employees => &EMPLOYEES,
            Self::Groups => &GROUPS,
            Self::Users => &USERS,
            Self::Members => &MEMBERS,
            Self::Access => &ACCESS,
            Self::Rules => &RULES,
            Self::Company => &COMPANY,
            Self::Licence => &LICENCE,
            Self::LicenceServices => &LICENCE_SERVICES,
        }
    }
}

static RIGHTS: Table = table(
    "rights",
    &[
        ("id", Text),
        ("scope", Text),
        ("own_data_allowed", Flag),
        ("builtin", Flag),
        ("meaning", Text),
        ("name_en", Text),
        ("name_de", Text),
        ("name_nb", Text),
        ("name_nl", Text),
    ],
    &[Column("id")],
);

static MODULES: Table = table("modules", &[("id", Text), ("name", Text)], &[Column("id")]);

static MODULE_SETS: Table = table("module_sets", &[("id", Text)], &[Column("id")]);

static MODULE_SET_MODULES: Table = Table {
    order: Some("module_set_id, position"),
    ..table(
        "module_set_modules",
        &[("module_set_id", Text), ("position", Number), ("module_id", Text)],
        &[Column("module_set_id")],
    )
};

static ATTACHMENT_CLASSES: Table = table("attachment_classes", &[("id", Text)], &[Column("id")]);

static ATTACHMENT_PATTERNS: Table = Table {
    order: Some("attachment_class_id, position"),
    ..table(
        "attachment_patterns",
        &[("attachment_class_id", Text), ("position", Number), ("pattern", Text)],
        &[Column("attachment_class_id")],
    )
};

static EMPLOYEES: Table = table(
    "employees",
    &[("id", Text), ("name", Text), ("email", Text), ("phone", Text), ("department", Text), ("language", Text)],
    &[Column("id")],
);

static GROUPS: Table = table("groups", &[("id", Text), ("name", Text), ("module_set_id", Text)], &[Column("id")]);

static USERS: Table = Table {
    loose: Some("employee_id"),
    ..table(
        "users",
        &[
            ("id", Text),
            ("employee_id", Text),
            ("name", Text),
            ("superuser", Flag),
            ("active", Flag),
            ("module_set_id", Text),
        ],
        &[Column("id")],
    )
};

static MEMBERS: Table = table(
    "members",
    &[
        ("group_id", Text),
        ("user_id", Text),
        ("member_group_id", Text),
        ("valid_from", Text),
        ("valid_until", Text),
        ("because", Text),
    ],
    &[
        Column("group_id"),
        FirstOf(&["user_id"]),
        FirstOf(&["member_group_id"]),
        Column("valid_from"),
        Column("valid_until"),
    ],
);

static ACCESS: Table = table("access", &[("user_id", Text), ("group_id", Text)], &[Column("user_id")]);

static RULES: Table = table(
    "rules",
    &[
        ("user_id", Text),
        ("group_id", Text),
        ("right_id", Text),
        ("effect", Text),
        ("target_kind", Text),
        ("target_user_id", Text),
        ("target_group_id", Text),
        ("target_module_id", Text),
        ("target_module_set_id", Text),
        ("target_attachment_class_id", Text),
        ("valid_from", Text),
        ("valid_until", Text),
        ("because", Text),
    ],
    &[
        FirstOf(&["user_id"]),
        FirstOf(&["group_id"]),
        Column("right_id"),
        Column("effect"),
        Column("target_kind"),
        FirstOf(&[
            "target_user_id",
            "target_group_id",
            "target_module_id",
            "target_module_set_id",
            "target_attachment_class_id",
        ]),
        Column("valid_from"),
        Column("valid_until"),
    ],
);

static COMPANY: Table = Table {
    since: 5,
    ..table(
        "company",
        &[
            ("id", Text),
            ("name", Text),
            ("street", Text),
            ("postal_code", Text),
            ("city", Text),
            ("country", Text),
            ("phone", Text),
            ("email", Text),
            ("organisation_number", Text),
        ],
        &[Column("id")],
    )
};

static LICENCE: Table = Table {
    since: 5,
    ..table(
        "licence",
        &[
            ("id", Text),
            ("name", Text),
            ("contact", Text),
            ("phone", Text),
            ("company_databases", Number),
            ("invitations", Number),
        ],
        &[Column("id")],
    )
};

static LICENCE_SERVICES: Table = Table {
    since: 5,
    order: Some("licence_id, position"),
    ..table(
        "licence_services",
        &[("licence_id", Text), ("position", Number), ("service", Text)],
        &[Column("licence_id")],
    )
};

/// What the last apply wrote: one row for each fact, its fields as JSON.
pub static LAST_APPLIED: Table =
    table("last_applied", &[("kind", Text), ("key", Text), ("fields", Text)], &[Column("kind"), Column("key")]);

/// What tells the database from every other one.
pub static IDENTITY: Table = Table { since: 4, ..table("identity", &[("database", Text)], &[Column("database")]) };

/// The record of all runs, which only grows.
pub static AUDIT: Table = Table {
    since: 2,
    order: Some("seq"),
    ..table(
        "audit",
        &[("seq", Number), ("run", Number), ("part", Text), ("body", Text), ("hash", Text)],
        &[Column("seq")],
    )
};
