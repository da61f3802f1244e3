//! The tables of the CRM database, as every engine has them: names, columns, and what tells two rows apart.
//!
//! The SQL that makes them is in `schema/`; what stands here is what the program reads and writes of them.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A text, or nothing.
    Text,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
}

/// What one row says in one column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
}

impl Cell {
    /// A text, or nothing.
    pub fn of(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_string()))
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The cells of one row, in the order of the table's columns.
pub type Row = Vec<Cell>;

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, without numbers that the engine gives to rows by itself.
    pub columns: &'static [(&'static str, Holds)],
    /// What tells two rows apart: each part is one column, or the first of several that is not null, else ''. There is
    /// a unique index on these very expressions.
    pub key: &'static [&'static [&'static str]],
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

    /// The condition that picks the row whose key `value` gives, part by part.
    pub fn picks(&self, value: impl Fn(usize) -> String) -> String {
        let part = |(number, columns): (usize, &&[&str])| match columns {
            [column] if !self.is_optional(column) => format!("{}.{column} = {}", self.name, value(number)),
            columns => {
                let columns: Vec<String> = columns.iter().map(|column| format!("{}.{column}", self.name)).collect();
                format!("coalesce({}, '') = {}", columns.join(", "), value(number))
            }
        };
        self.key.iter().enumerate().map(part).collect::<Vec<_>>().join(" AND ")
    }

    /// The key of a row, part by part.
    pub fn key_of(&self, row: &[Cell]) -> Row {
        let cell = |column: &&str| self.column(column).and_then(|position| row.get(position));
        let part = |columns: &&[&str]| {
            let said = columns.iter().filter_map(cell).find(|cell| **cell != Cell::Null);
            said.cloned().unwrap_or_else(|| Cell::Text(String::new()))
        };
        self.key.iter().map(part).collect()
    }

    /// What each part of the key holds.
    pub fn key_holds(&self) -> Vec<Holds> {
        let holds = |columns: &&[&str]| {
            let first = columns.first().and_then(|column| self.column(column));
            first.map_or(Holds::Text, |position| self.columns[position].1)
        };
        self.key.iter().map(holds).collect()
    }

    /// Whether a column of the key may be null: then its index is on an expression.
    fn is_optional(&self, column: &str) -> bool {
        matches!((self.name, column), ("members" | "rules", "user_id" | "member_group_id"))
            || (self.name == "rules" && column == "group_id")
    }
}

use Holds::{Flag, Number, Text};

const fn table(
    name: &'static str,
    columns: &'static [(&'static str, Holds)],
    key: &'static [&'static [&'static str]],
) -> Table {
    Table { name, columns, key, loose: None, order: None }
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
}

impl Declares {
    /// All of them.
    pub const ALL: [Self; 12] = [
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
    &[&["id"]],
);

static MODULES: Table = table("modules", &[("id", Text), ("name", Text)], &[&["id"]]);

static MODULE_SETS: Table = table("module_sets", &[("id", Text)], &[&["id"]]);

static MODULE_SET_MODULES: Table = Table {
    order: Some("module_set_id, position"),
    ..table(
        "module_set_modules",
        &[("module_set_id", Text), ("position", Number), ("module_id", Text)],
        &[&["module_set_id"], &["position"]],
    )
};

static ATTACHMENT_CLASSES: Table = table("attachment_classes", &[("id", Text)], &[&["id"]]);

static ATTACHMENT_PATTERNS: Table = Table {
    order: Some("attachment_class_id, position"),
    ..table(
        "attachment_patterns",
        &[("attachment_class_id", Text), ("position", Number), ("pattern", Text)],
        &[&["attachment_class_id"], &["position"]],
    )
};

static EMPLOYEES: Table = table(
    "employees",
    &[("id", Text), ("name", Text), ("email", Text), ("phone", Text), ("department", Text), ("language", Text)],
    &[&["id"]],
);

static GROUPS: Table = table("groups", &[("id", Text), ("name", Text), ("module_set_id", Text)], &[&["id"]]);

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
        &[&["id"]],
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
    &[&["group_id"], &["user_id"], &["member_group_id"], &["valid_from"], &["valid_until"]],
);

static ACCESS: Table = table("access", &[("user_id", Text), ("group_id", Text)], &[&["user_id"]]);

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
        &["user_id"],
        &["group_id"],
        &["right_id"],
        &["effect"],
        &["target_kind"],
        &[
            "target_user_id",
            "target_group_id",
            "target_module_id",
            "target_module_set_id",
            "target_attachment_class_id",
        ],
        &["valid_from"],
        &["valid_until"],
    ],
);

/// What the last apply wrote: one row for each fact, its fields as JSON.
pub static LAST_APPLIED: Table =
    table("last_applied", &[("kind", Text), ("key", Text), ("fields", Text)], &[&["kind"], &["key"]]);

/// The record of all runs, which only grows.
pub static AUDIT: Table = Table {
    order: Some("seq"),
    ..table("audit", &[("seq", Number), ("run", Number), ("part", Text), ("body", Text), ("hash", Text)], &[&["seq"]])
};
