//! What a database is called: `sqlite:PATH`, `postgres://...`, or `env:NAME`; before the first two stands the CRM whose
//! database it is, as in `creme+sqlite:PATH`.

/// The database where nothing else is said.
pub const DATABASE: &str = "sqlite:crm.db";

/// A database as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(Box<str>),
    /// A server.
    Postgres(Box<str>),
    /// The URL is in this environment variable.
    Environment(Box<str>),
    /// A CRM's own, which is a file or a server.
    Crm(Crm, Box<Self>),
}

/// A CRM whose own database can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crm {
    /// CremeCRM.
    Creme,
}

impl Crm {
    /// All of them.
    const ALL: [Self; 1] = [Self::Creme];

    /// What stands before the address of its database.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Creme => "creme+",
        }
    }
}

/// Why a text names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDatabase {
    /// It has none of the three forms.
    Form,
    /// What stands before the last `@` has a character that would end it, or the host, for others.
    Unescaped,
    /// A variable that policies may not read.
    Variable,
}

impl DatabaseUrl {
    /// Reads a text.
    ///
    /// # Errors
    /// If it has none of the forms, or names a variable other than `RIGHTFUL_*` and `*_DATABASE_URL`.
    pub fn parse(text: &str) -> Result<Self, BadDatabase> {
        if let Some((crm, rest)) = Crm::ALL.into_iter().find_map(|crm| Some((crm, text.strip_prefix(crm.prefix())?))) {
            return match Self::parse(rest)? {
                database @ (Self::Sqlite(_) | Self::Postgres(_)) => Ok(Self::Crm(crm, Box::new(database))),
                Self::Environment(_) | Self::Crm(..) => Err(BadDatabase::Form),
            };
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            // What looks like the address of a server is one, and would be shown with its password as the name of a file.
            let fits =
                !path.is_empty() && !path.contains("://") && !path.starts_with("//") && !path.starts_with(":memory:");
            return if fits { Ok(Self::Sqlite(path.into())) } else { Err(BadDatabase::Form) };
        }
        if let Some(name) = text.strip_prefix("env:") {
            return if is_readable(name) { Ok(Self::Environment(name.into())) } else { Err(BadDatabase::Variable) };
        }
        let server = ["postgres://", "postgresql://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
        match server {
            // Part of a password would be taken for the host, and be shown as one.
            Some(rest) if credentials(rest).is_some_and(|said| said.contains(['@', '/', '?', '#'])) => {
                Err(BadDatabase::Unescaped)
            }
            Some(rest) if !rest.is_empty() => Ok(Self::Postgres(text.into())),
            _ => Err(BadDatabase::Form),
        }
    }

    /// Where it is, whoever else uses it.
    pub fn place(&self) -> &Self {
        match self {
            Self::Crm(_, database) => database,
            database => database,
        }
    }

    /// Whether a password stands in it.
    pub fn has_password(&self) -> bool {
        let Self::Postgres(url) = self.place() else { return false };
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let in_user =
            credentials(rest).and_then(|said| said.split_once(':')).is_some_and(|(_, password)| !password.is_empty());
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        in_user || query.split('&').any(|pair| pair.starts_with("password=") && pair.len() > "password=".len())
    }
}

/// Whether policies may name this variable of the environment.
pub fn is_readable(name: &str) -> bool {
    let shaped = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    shaped && (name.starts_with("RIGHTFUL_") || name.ends_with("_DATABASE_URL"))
}

/// The user and password of what follows `://`.
fn credentials(rest: &str) -> Option<&str> {
    rest.rsplit_once('@').map(|(said, _)| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_have_three_forms() {
        assert_eq!(DatabaseUrl::parse("sqlite:crm.db"), Ok(DatabaseUrl::Sqlite("crm.db".into())));
        assert!(matches!(DatabaseUrl::parse("postgres://h/db"), Ok(DatabaseUrl::Postgres(_))));
        assert!(matches!(DatabaseUrl::parse("env:SUEDWIND_DATABASE_URL"), Ok(DatabaseUrl::Environment(_))));
        assert!(DatabaseUrl::parse("env:RIGHTFUL_X").is_ok());
        assert_eq!(DatabaseUrl::parse("env:HOME"), Err(BadDatabase::Variable));
        for bad in [
            "crm.db",
            "sqlite:",
            "sqlite://x",
            "sqlite::memory:",
            "sqlite:postgres://x",
            "mysql://x",
            "postgres://",
            "",
        ] {
            assert_eq!(DatabaseUrl::parse(bad), Err(BadDatabase::Form), "{bad}");
        }
    }

    #[test]
    fn a_crm_stands_before_a_file_or_a_server() {
        let file = DatabaseUrl::parse("creme+sqlite:creme.db").unwrap();
        assert_eq!(file, DatabaseUrl::Crm(Crm::Creme, Box::new(DatabaseUrl::Sqlite("creme.db".into()))));
        assert_eq!(file.place(), &DatabaseUrl::parse("sqlite:creme.db").unwrap());
        for server in ["creme+postgres://h/db", "creme+postgresql://h/db"] {
            assert!(matches!(DatabaseUrl::parse(server).unwrap().place(), DatabaseUrl::Postgres(_)), "{server}");
        }
        assert!(DatabaseUrl::parse("creme+postgres://u:secret@h/db").unwrap().has_password());
        assert_eq!(DatabaseUrl::parse("creme+postgres://u:p@ss@h/db"), Err(BadDatabase::Unescaped));
        assert_eq!(DatabaseUrl::parse("creme+env:HOME"), Err(BadDatabase::Variable));
        for bad in ["creme+", "creme+env:RIGHTFUL_X", "creme+creme+sqlite:a", "creme:a", "CREME+sqlite:a", "x+sqlite:a"]
        {
            assert_eq!(DatabaseUrl::parse(bad), Err(BadDatabase::Form), "{bad}");
        }
    }

    #[test]
    fn what_would_end_a_password_too_early_is_refused() {
        for url in ["crm:p@ss@db/crm", "crm:se/cret@db/crm", "crm:se?cret@db", "crm:#1@db/crm", "db/crm?password=a@b"] {
            assert_eq!(DatabaseUrl::parse(&format!("postgres://{url}")), Err(BadDatabase::Unescaped), "{url}");
        }
        let escaped = DatabaseUrl::parse("postgres://crm:p%40s%2Fs:%23@db/crm").unwrap();
        assert!(escaped.has_password());
    }

    #[test]
    fn a_password_is_seen_wherever_it_stands() {
        let has = |url| DatabaseUrl::parse(url).unwrap().has_password();
        assert!(has("postgres://crm:secret@db/crm") && has("postgresql://db/crm?password=x&sslmode=require"));
        assert!(
            !has("postgres://crm@db:5432/crm") && !has("postgres://db/crm?passfile=x") && !has("postgres://u:@db/c")
        );
    }
}
