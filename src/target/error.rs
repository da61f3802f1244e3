//! What can be wrong with a target: whose fault it is, and what somebody can do about it.

use std::path::PathBuf;

use thiserror::Error;

use super::Holder;

/// Why a target could not be read or written. Databases are named as people call them, never by a URL.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The text is no address of a database.
    #[error("this is no database address that the program knows")]
    BadUrl,
    /// The address is in a variable that policies may not read.
    #[error("a database address cannot stand in this variable")]
    BadVariable,
    /// The parameters about TLS make no sense.
    #[error("`sslmode` and `sslrootcert` of the database address make no sense together")]
    BadTls,
    /// What a server's certificate is held against cannot be used.
    #[error("the certificates for the database cannot be used: {0}")]
    Certificate(String),
    /// The path of the embedded database leads out of the repository.
    #[error("the database `{}` lies outside of the repository", .0.display())]
    Outside(PathBuf),
    /// The file cannot be opened or made, or the server not be reached.
    #[error("cannot open the database `{database}`: {reason}")]
    Unreachable {
        /// The database.
        database: String,
        /// The engine's reason.
        reason: String,
    },
    /// The server does not let this user in.
    #[error("the server of the database `{0}` refused the user name or the password")]
    Credentials(String),
    /// The server has no such database.
    #[error("there is no database `{0}`")]
    NoSuchDatabase(String),
    /// The database role may not do this.
    #[error("the database `{database}` did not permit it: {what}")]
    Denied {
        /// The database.
        database: String,
        /// What the engine said.
        what: String,
    },
    /// The file is not a database of the engine.
    #[error("`{0}` is not an SQLite database")]
    NotADatabase(String),
    /// The database belongs to another program.
    #[error("the database `{0}` was not made by this program")]
    Foreign(String),
    /// The database was made by a newer version.
    #[error("the database has schema version {found}, and this program knows {known}")]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// Somebody put something on our tables.
    #[error("this program did not make the {what} in the database `{database}`")]
    Stranger {
        /// The database.
        database: String,
        /// The kind and name of what is there.
        what: String,
    },
    /// The database may only be read.
    #[error("the database `{0}` is read-only")]
    ReadOnly(String),
    /// No room is left.
    #[error("there is no room left for the database `{0}`; nothing was changed")]
    Full(String),
    /// The engine could not do its work, for want of room, memory or time.
    #[error("the database `{database}` could not do it: {what}; nothing was changed")]
    Unable {
        /// The database.
        database: String,
        /// What the engine said.
        what: String,
    },
    /// What an interrupted run left behind must be rolled back first, which this user may not do.
    #[error("the database `{0}` holds what an interrupted run left, and cannot be read before that is rolled back")]
    Interrupted(String),
    /// Something beside the rows was changed.
    #[error("the {what} of the database `{database}` is not the one that this program made")]
    Altered {
        /// The database.
        database: String,
        /// The kind and name of what differs.
        what: String,
    },
    /// Somebody else has it for longer than a run waits.
    #[error("the database is locked{}", .holder.as_ref().map(ToString::to_string).unwrap_or_default())]
    Locked {
        /// Who, where that can be seen.
        holder: Option<Holder>,
    },
    /// The lease ended before the run did, and somebody else took it.
    #[error("another run took over, since this one had stopped for too long; it wrote nothing")]
    Overtaken,
    /// Somebody else was in the way time and again.
    #[error("other changes to the database were in the way time and again; nothing was changed")]
    Raced,
    /// The connection broke before anything was finished.
    #[error("the connection to the database `{0}` was lost; nothing was changed")]
    Lost(String),
    /// The connection broke while the changes were being confirmed.
    #[error("the connection to the database `{0}` was lost while the changes were being confirmed")]
    Unconfirmed(String),
    /// What the plan saw is no longer so.
    #[error("the plan is stale: the database was changed since the plan was made")]
    Stale,
    /// A row that makes no sense.
    #[error("the database holds {0}")]
    Senseless(String),
    /// The result would not have been what the plan said, so it was taken back.
    #[error("the result differs from the plan in {0}; nothing was changed")]
    Unfaithful(String),
    /// Copies of a database on a server are made by the server's own means.
    #[error("`{0}` is on a server, which makes and reads copies by its own means")]
    ByServer(String),
    /// Copies of a CRM's database are made by the CRM's own means.
    #[error("`{0}` is a CRM's database, of which the CRM's own means make and read copies")]
    ByCrm(String),
    /// A CRM's database was named as one of our own.
    #[error("the database `{0}` is a CRM's own, and its address does not say so")]
    SharedWithCrm(String),
    /// A database was named as a CRM's, and is not.
    #[error("the database `{database}` is not the CRM's that the address names: it has no table `{table}`")]
    NotTheCrm {
        /// The database.
        database: String,
        /// The table that is missing.
        table: &'static str,
    },
    /// The CRM has not the tables that this program knows of it.
    #[error("the CRM of the database `{database}` is of a version that this program does not know: {what}")]
    OtherCrm {
        /// The database.
        database: String,
        /// What the engine said.
        what: String,
    },
    /// There is no copy in the file.
    #[error("`{0}` holds no copy of a database")]
    NoCopy(String),
    /// The copy is one of another database than the one in whose place it shall stand.
    #[error("`{0}` is a copy of another database")]
    OtherDatabase(String),
    /// The file for a copy is there.
    #[error("`{0}` is there already")]
    Taken(String),
    /// The company is connected, and nothing may be restored.
    #[error("the company is connected, and nothing is restored below people who work online")]
    Connected,
    /// People work with the database, or programs.
    #[error("others are at work, and this needs the database alone: {0}")]
    AtWork(String),
    /// Somebody who may everything in a CRM is an ordinary user in the policy.
    #[error("`{0}` is a superuser of the CRM, and none in the policy; nothing was changed")]
    CrmSuperuser(String),
    /// A CRM would be left without anybody who may everything.
    #[error("the CRM would be left without an active superuser; nothing was changed")]
    NoCrmSuperuser,
    /// A table of somebody else refers to what would go away or get another name.
    #[error("something beside our tables refers to what would be deleted or renamed; nothing was changed")]
    InUse,
    /// The engine failed otherwise.
    #[error("the database failed: {0}")]
    Engine(String),
}

impl TargetError {
    /// What somebody can do about it; may be empty.
    pub fn help(&self) -> &'static str {
        match self {
            Self::BadUrl => {
                "write it as sqlite:PATH or postgres://USER@HOST/DATABASE, or env:NAME of a variable with it; for a CremeCRM \
                 write creme+ before the first two; in a user name or password write @ as %40, / as %2F, ? as %3F and # as %23"
            }
            Self::BadVariable => "name it RIGHTFUL_... or ..._DATABASE_URL; no other variable is read",
            Self::BadTls => {
                "sslmode is disable, prefer, require, verify-ca or verify-full; sslrootcert goes with the last three"
            }
            Self::Certificate(_) => "sslrootcert names a file with the authority's certificate in PEM",
            Self::Outside(_) => "keep it below the repository's root, or name it with --database",
            Self::Unreachable { .. } => "check that it is there, that it can be reached, and that you may use it",
            Self::Credentials(_) => "correct the user or the password in the variable that holds the URL",
            Self::NoSuchDatabase(_) => "let an administrator of the server make it, empty; `rightful apply` fills it",
            Self::Denied { .. } => "schema/README.md says which database role may do what",
            Self::NotADatabase(_) => "name another file with --database; this one was left as it is",
            Self::Foreign(_) => "name one of its own with --database; this one was left as it is",
            Self::NewerSchema { .. } => "use the newer version of the program",
            Self::ReadOnly(_) => "`plan` works on it; for `apply` make it writable",
            Self::Interrupted(_) => "run `rightful plan` once as a user who may write to the file and its folder",
            Self::Stranger { .. } => "drop it: what stands on these tables changes what the CRM is told",
            Self::Altered { .. } => "put it back as the folder schema has it; the CRM relies on it",
            Self::Full(_) => "make room and apply again",
            Self::Unable { .. } => "look at the server, or at the disk of the file, then apply again",
            Self::Locked { .. } => "wait until it is done, then try again; the lock of a run that died ends by itself",
            Self::Overtaken => "look at the new plan with `rightful plan`, then apply again",
            Self::Raced => "apply again when there is less going on",
            Self::Lost(_) => "apply again when the server is back",
            Self::Unconfirmed(_) => "`rightful plan` says whether they arrived",
            Self::Stale => "look at the new plan with `rightful plan`, then apply again",
            Self::Senseless(_) => "correct the row in the database",
            Self::ByServer(_) => {
                "disconnect first, then use pg_dump for a backup and pg_restore for a restore; schema/README.md shows how"
            }
            Self::ByCrm(_) => "copy it as the manual of the CRM says: our tables are in it",
            Self::SharedWithCrm(_) => {
                "for CremeCRM write creme+sqlite:PATH or creme+postgres://USER@HOST/DATABASE: then it is read and \
                 written together with the CRM's own tables"
            }
            Self::NotTheCrm { .. } => {
                "name the database that the CRM itself uses, after it has made its tables; for a database of this program \
                 leave `creme+` out"
            }
            Self::OtherCrm { .. } => "use a version of this program that knows it",
            Self::NoCopy(_) => "name a file that `rightful backup` wrote",
            Self::OtherDatabase(_) => {
                "look whether the company and the file belong together; to put the copy in this place all the same, move \
                 the file of the database away first"
            }
            Self::Taken(_) => "name another file; this one was left as it is",
            Self::Connected => "`rightful disconnect` disconnects it, at a time when nobody works",
            Self::CrmSuperuser(_) => {
                "write `superuser: true` in the policy, or make it an ordinary user in the CRM first"
            }
            Self::NoCrmSuperuser => "make somebody else a superuser in the CRM, and write it in the policy, first",
            Self::AtWork(_) => "ask them to log out and stop the programs at the interfaces, then try again",
            Self::InUse => "take that reference out in the CRM, or keep in the policy what it is about",
            Self::Unfaithful(_) | Self::Engine(_) => "please report this with the output of `rightful plan`",
        }
    }

    /// Whether the run was refused rather than failed.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::Overtaken
                | Self::Raced
                | Self::Stale
                | Self::Connected
                | Self::OtherDatabase(_)
                | Self::AtWork(_)
                | Self::CrmSuperuser(_)
                | Self::NoCrmSuperuser
        )
    }
}
