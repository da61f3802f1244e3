//! Where a server is and how it is talked to, from a URL. Whatever a URL holds beside host, port and database stays here.

use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::config::Host;
use postgres::{Client, Config};

use crate::syntax::database::DatabaseUrl;
use crate::target::TargetError;
use crate::target::relational::LEASE_SECONDS;

use super::failure::{failure, innermost};
use super::tls::{self, Mode};

/// How long the other end may be silent before the connection counts as broken.
const SILENCE: Duration = Duration::from_secs(LEASE_SECONDS as u64);

/// A server's database, and the way to it.
pub(super) struct Address {
    config: Config,
    mode: Mode,
    database: String,
    host: String,
    name: String,
}

impl Address {
    /// Takes a URL apart. What TLS is asked for is read here, since the driver does not know all of it.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        // The driver would take what follows the first `@` of a password for the host.
        if !matches!(DatabaseUrl::parse(url), Ok(DatabaseUrl::Postgres(_))) {
            return Err(TargetError::BadUrl);
        }
        let (rest, query) = url.split_once('?').map_or((url, None), |(rest, query)| (rest, Some(query)));
        let (mut mode, mut certificate) = (None, None);
        let mut others = Vec::new();
        for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => {
                    let path = percent_decode_str(value).decode_utf8().map_err(|_| TargetError::BadUrl)?;
                    certificate = Some(path.into_owned());
                }
                _ => others.push(pair),
            }
        }
        let mode = Mode::of(mode.as_deref(), certificate.as_deref()).ok_or(TargetError::BadTls)?;
        let separator = if others.is_empty() { "" } else { "?" };
        let mut config =
            Config::from_str(&format!("{rest}{separator}{}", others.join("&"))).map_err(|_| TargetError::BadUrl)?;
        config.application_name("rightful").ssl_mode(mode.negotiation());
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        // A network that swallows everything is noticed before the server lets others in.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if !others.iter().any(|pair| pair.starts_with("keepalives")) {
            config.keepalives_idle(SILENCE / 3).keepalives_interval(SILENCE / 6).keepalives_retries(3);
        }
        let (database, host) = whereabouts(&config);
        let name = format!("{database} on {host}");
        Ok(Self { config, mode, database, host, name })
    }

    /// The database and its host, as people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes up which schema the tables are in, which tells apart what several companies keep in one database. Only the
    /// server knows it: a role can have a search path of its own.
    pub fn is_of_schema(&mut self, schema: &str) {
        let schema = if schema == "public" { String::new() } else { format!(".{schema}") };
        self.name = format!("{}{schema} on {}", self.database, self.host);
    }

    pub fn connect(&self) -> Result<Client, TargetError> {
        let tls = tls::connector(&self.mode)?;
        self.config.connect(tls).map_err(|error| match (error.as_db_error(), tls::refused(&error)) {
            (Some(_), _) => failure(&self.name, &error),
            (None, Some(certificate)) => TargetError::Certificate(certificate),
            // The driver says what is missing in the URL, such as a user, without repeating it.
            (None, None) => TargetError::Unreachable { database: self.name.clone(), reason: innermost(&error) },
        })
    }
}

/// The database and its host.
fn whereabouts(config: &Config) -> (String, String) {
    let host = config.get_hosts().first().map_or_else(
        || "localhost".to_owned(),
        |host| match host {
            // Case means nothing in a host's name.
            Host::Tcp(host) => host.to_ascii_lowercase(),
            Host::Unix(path) => path.display().to_string(),
        },
    );
    let port = config.get_ports().first().filter(|port| **port != 5432).map(|port| format!(":{port}"));
    let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    (database.to_owned(), format!("{host}{}", port.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_the_database_is_and_nothing_secret() {
        let name = |url| Address::parse(url).map(|address| address.name().to_owned()).unwrap();
        assert_eq!(name("postgres://crm:s3cret@db.example/crm?sslmode=verify-full"), "crm on db.example");
        assert_eq!(name("postgresql://crm@db:6000/nordwind?application_name=x"), "nordwind on db:6000");
        assert_eq!(name("postgres://crm@%2Frun%2Fpg/crm"), "crm on /run/pg");
        assert_eq!(name("postgres://crm@DB.example/crm"), name("postgres://db.example/crm?user=crm"));
    }

    #[test]
    fn companies_that_share_a_database_by_its_schemas_have_a_name_each() {
        let mut address = Address::parse("postgres://crm@db.example/crm").unwrap();
        address.is_of_schema("nord wind");
        assert_eq!(address.name(), "crm.nord wind on db.example");
        address.is_of_schema("public");
        assert_eq!(address.name(), "crm on db.example");
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        for url in ["postgres://h:x/db", "postgres://h/db?nonsense=s3cret", "postgres://h/db?sslrootcert=%ff"] {
            let error = Address::parse(url).err().unwrap();
            assert!(matches!(error, TargetError::BadUrl) && !error.to_string().contains("s3cret"), "{url}");
        }
        let refused = |query: &str| Address::parse(&format!("postgres://h/db?{query}")).err().unwrap();
        assert!(matches!(refused("sslmode=always"), TargetError::BadTls));
        assert!(matches!(refused("sslmode=disable&sslrootcert=ca.pem"), TargetError::BadTls));
    }
}
