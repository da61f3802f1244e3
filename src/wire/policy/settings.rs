//! The settings file `rightful.yaml`.
//!
//! Describes; the comments of the fields are what editors show. The fields are those of `syntax/settings`.

#![expect(dead_code, reason = "these types describe what files hold; their values are never made")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::diag::{Code, Level};
use crate::syntax::rule::MAX_TEXT_BYTES;
use crate::syntax::settings::{MAX_APPROVER_BYTES, MAX_OS_USER_BYTES};

use super::rule::RightWords;
use super::value::{Declarations, List, Name, Text, values};
use super::{may_be_empty, patterns};

/// The settings of a policy repository. Everything has a sound default, and the file itself may be left out.
#[derive(JsonSchema)]
#[schemars(title = "Rightful settings", deny_unknown_fields, transform = may_be_empty)]
pub struct Settings {
    /// The version of the policy language.
    version: Version,
    /// The language of labels and messages.
    #[schemars(extend("default" = "en"))]
    language: Language,
    /// Several companies, each with a database of its own; leave out for one.
    companies: Declarations<Name, Company>,
    /// Rights that every review points out.
    sensitive: List<RightWords>,
    /// What no change may do. `rightful diff` holds every change to the gates of the revision that it starts from.
    gates: List<Gate>,
    /// Who must approve when somebody gains something: a right, `sensitive` ones, access to somebody's data, or a
    /// group. One of the approvers is enough.
    reviewers: Declarations<Object, Approvers>,
    /// What a plan may not go past unless it is confirmed.
    guards: Guards,
    /// Which account of the CRM somebody has who runs `rightful apply`, by the name that `id -un` shows to them. Nobody
    /// takes the own access away by accident.
    operators: Declarations<OsUser, Name>,
    /// How the record of all runs is kept safe.
    audit: Audit,
    /// How invitations to online access go out.
    mail: Mail,
    /// From where `rightful sync` takes the policy, and what becomes of what somebody changed in the database.
    sync: Sync,
    /// The levels of findings that shall differ from their own.
    lints: Lints,
}

values! {
    /// The version of the policy language.
    Version: { "title": "Version", "enum": [1, "1"], "default": 1 }
    /// A folder of policies.
    Folder: {
        "title": "Folder",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::folder(),
        "patternErrorMessage": "A folder is a path from here that stays below this file, such as `policies/nordwind`.",
        "minimum": 0,
        "examples": ["policies/common"],
    }
    /// A file for the heads of the audit.
    HeadFile: {
        "title": "File of heads",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::plain_file(),
        "patternErrorMessage": "A path from here that stays below this file and is no YAML file, such as `audit.heads`.",
        "minimum": 0,
        "examples": ["audit.heads"],
    }
    /// Where letters go.
    MailServer: {
        "title": "Mail server",
        "type": "string",
        "pattern": patterns::mail_server(),
        "patternErrorMessage": "A mail server is `smtps://...`, `smtp://...`, `env:NAME` with a variable named \
            `RIGHTFUL_*`, or `maildir:PATH` below this file.",
        "examples": ["smtps://mail.example", "env:RIGHTFUL_MAIL_URL", "maildir:outbox"],
    }
    /// The address that accepts an invitation.
    Link: {
        "title": "Address",
        "type": "string",
        "pattern": r"^https?://[\s\S]*\{token\}",
        "patternErrorMessage": "The address begins with `https://` and has `{token}` in it.",
        "maxLength": MAX_TEXT_BYTES,
        "examples": ["https://crm.example/accept?token={token}"],
    }
    /// A name of git.
    GitName: {
        "title": "Name of git",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::git_name(),
        "patternErrorMessage": "Write the name of a remote or a branch alone, such as `origin` or `main`.",
        "minimum": 0,
        "maxLength": 200,
        "examples": ["origin", "main"],
    }
    /// A database.
    Database: {
        "title": "Database",
        "type": "string",
        "pattern": patterns::database(),
        "patternErrorMessage": "A database is `sqlite:PATH` below this file, `postgres://...`, or `env:NAME` with \
            a variable named `RIGHTFUL_*` or `*_DATABASE_URL`; before the first two can stand `creme+`.",
        "examples": ["sqlite:crm.db", "env:CRM_DATABASE_URL"],
    }
    /// Something that no change may do.
    Gate: {
        "title": "Gate",
        "description": "nobody gains or loses something, at most so many users gain or lose it, no change, \
            expectations hold, or nothing is weakened",
        "type": "string",
        "pattern": patterns::gate(),
        "patternErrorMessage": "A gate is `nobody gains X` or `nobody loses X`, `at most 5 users gain X` (or `lose`), \
            `no change`, `expectations hold` or `nothing is weakened`. X is a right, perhaps with `of` and a target, \
            `anything`, `sensitive`, `access to` a target, or a group such as `group:management`.",
        "maxLength": MAX_TEXT_BYTES,
        "examples": [
            "nobody gains data.export",
            "at most 5 users gain sensitive",
            "nobody gains access to group:management",
            "nobody gains group:administration",
            "nobody loses program.start",
            "no change",
            "expectations hold",
            "nothing is weakened",
        ],
    }
    /// What somebody gains.
    Object: {
        "title": "What somebody gains",
        "type": "string",
        "pattern": patterns::object(),
        "patternErrorMessage": "Write a right, perhaps with `of` and a target, `anything`, `sensitive`, `access to` a \
            target, or a group such as `group:management`.",
        "maxLength": MAX_TEXT_BYTES,
    }
    /// Somebody who approves, as the forge knows them.
    Approver: {
        "title": "Approver",
        "type": ["string", "number", "boolean"],
        "pattern": patterns::approver(),
        "patternErrorMessage": "An approver is a user or a team as the forge knows them, such as `anna` or \
            `@nordwind/security`: letters, digits, `.`, `-`, `_`, `/` and `@`.",
        "minimum": 0,
        "maxLength": MAX_APPROVER_BYTES,
    }
    /// How much is too much.
    Limit: {
        "title": "Limit",
        "type": ["string", "integer"],
        "pattern": patterns::limit(),
        "patternErrorMessage": "A limit is a share, such as `10%`, a number, such as `5`, or `off`.",
        "minimum": 0,
        "maximum": u32::MAX,
        "examples": ["10%", 5, "off"],
    }
    /// How much more is too much.
    Gain: {
        "title": "Limit of what is gained",
        "type": ["string", "integer"],
        "pattern": patterns::gain(),
        "patternErrorMessage": "A limit is a share, such as `300%`, a number, such as `5`, or `off`.",
        "minimum": 0,
        "maximum": u32::MAX,
        "examples": ["300%", 5, "off"],
    }
    /// How many are too many.
    Number: {
        "title": "Number",
        "type": ["string", "integer"],
        "pattern": "^(?:[0-9]+|off)$",
        "patternErrorMessage": "This is a number, such as `2`, or `off`.",
        "minimum": 0,
        "maximum": u32::MAX,
        "examples": [2, "off"],
    }
    /// A user of the operating system.
    OsUser: {
        "title": "User of the operating system",
        "type": "string",
        "pattern": patterns::os_user(),
        "patternErrorMessage": "Write the name that `id -un` shows to them.",
        "maxLength": MAX_OS_USER_BYTES,
    }
}

/// Who must approve: one of them.
struct Approvers;

impl JsonSchema for Approvers {
    fn schema_name() -> Cow<'static, str> {
        "Approvers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, list) = (generator.subschema_for::<Approver>(), generator.subschema_for::<DistinctApprovers>());
        json_schema!({ "title": "Approvers", "anyOf": [one, list] })
    }
}

/// A list of approvers, none of whom stands there twice.
struct DistinctApprovers;

impl JsonSchema for DistinctApprovers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DistinctApprovers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<Approver>();
        json_schema!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": items })
    }
}

/// The language of labels and messages.
#[derive(JsonSchema)]
#[schemars(title = "Language", rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
    /// Norwegian (bokmål).
    Nb,
    /// Dutch.
    Nl,
}

/// A company with a database of its own.
#[derive(JsonSchema)]
#[schemars(title = "Company", deny_unknown_fields, extend("required" = ["policies"]))]
struct Company {
    /// The folders of its policies, below this file. Companies may share folders.
    policies: List<Folder>,
    /// Its database: `sqlite:PATH`, `postgres://...`, or `env:NAME` for a URL in a variable; `creme+` stands before the
    /// first two for the database of a CremeCRM. Passwords do not belong into this file.
    database: Database,
}

/// What a plan may not go past unless it is confirmed.
#[derive(JsonSchema)]
#[schemars(title = "Guards", deny_unknown_fields, transform = may_be_empty)]
struct Guards {
    /// The most active accounts that may go out of use, as a share of all or as a number. Without it 10%, and three
    /// accounts in any case.
    remove_users: Limit,
    /// How much of a right the people who hold it now may lose, and how much of their rights the members of a group, as
    /// a share or as a number. Without it 25%, and five people in any case.
    lose_rights: Limit,
    /// How much may be gained of a right beside what is held now, and by the members of a group, as a share or as a
    /// number. Without it 100%, and twenty people in any case.
    gain_rights: Gain,
    /// Of how many things of a kind (groups, members, rules, ...) nothing may be left. Without it 2. Active users may
    /// never all be gone.
    empty_section: Number,
    /// Whether an active superuser must be left.
    last_superuser: Switch,
    /// Whether those who run the program keep the own account, the start of the program, and being a superuser; see
    /// `operators`.
    operator: Switch,
}

/// On or off.
#[derive(JsonSchema)]
#[schemars(title = "On or off", rename_all = "lowercase", extend("default" = "on"))]
pub enum Switch {
    /// It holds.
    On,
    /// It does not.
    Off,
}

/// How the record of all runs is kept safe.
#[derive(JsonSchema)]
#[schemars(title = "Audit", deny_unknown_fields, transform = may_be_empty)]
struct Audit {
    /// A file below this one to which every apply adds the head of the audit, so that `rightful audit verify` finds out
    /// if somebody wrote the whole record anew. Without it the head is kept as a git note.
    head: HeadFile,
}

/// How invitations to online access go out.
#[derive(JsonSchema)]
#[schemars(title = "Mail", deny_unknown_fields, transform = may_be_empty)]
struct Mail {
    /// Where letters go: `smtps://HOST`, `smtp://HOST`, `env:RIGHTFUL_...` for a URL in a variable, or
    /// `maildir:PATH` for a folder below this file. Without it the folder `outbox`. Passwords do not belong into this
    /// file.
    server: MailServer,
    /// Who sends them.
    #[schemars(extend("examples" = ["CRM <crm@nordwind.example>"]))]
    from: Text,
    /// The address that accepts an invitation, with `{token}` in it. Without it the letter holds the token alone.
    link: Link,
}

/// From where `rightful sync` takes the policy, and what becomes of drift.
#[derive(JsonSchema)]
#[schemars(title = "Synchronisation", deny_unknown_fields, transform = may_be_empty)]
struct Sync {
    /// The remote repository, by the name that git has for it. It is fetched before every synchronisation, by the git
    /// that is installed. Without it the checkout is taken as it is.
    remote: GitName,
    /// The branch. Without it the one that is checked out.
    branch: GitName,
    /// Whether what somebody changed in the database is taken back, or stays and is proposed as a commit on a branch
    /// `rightful/drift-DATE`.
    drift: OnDrift,
}

/// What becomes of drift.
#[derive(JsonSchema)]
#[schemars(title = "Drift", rename_all = "lowercase", extend("default" = "revert"))]
pub enum OnDrift {
    /// It is taken back.
    Revert,
    /// It stays, and is proposed as a commit.
    Pull,
}

/// The levels of findings.
struct Lints;

impl JsonSchema for Lints {
    fn schema_name() -> Cow<'static, str> {
        "Lints".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Map<String, Value> =
            Code::ALL.iter().map(|code| (code.as_str().to_owned(), levels(*code))).collect();
        json_schema!({
            "title": "Levels of findings",
            "type": "object",
            "properties": codes,
            "additionalProperties": false,
        })
    }
}

/// The levels that a finding can be given: what is an error stays one.
fn levels(code: Code) -> Value {
    let levels: &[Level] = if code.level() == Level::Error { &[Level::Error] } else { &Level::ALL };
    let levels: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
    json!({ "description": code.meaning(), "enum": levels, "default": code.level().as_str() })
}
