//! What an error of the server or of the way to it means for whoever runs the program. No text of a URL is ever in it.

use postgres::error::SqlState;

use crate::target::TargetError;

/// What an error means that a database of this name gave.
pub(super) fn failure(name: &str, error: &postgres::Error) -> TargetError {
    let name = name.to_owned();
    let Some(server) = error.as_db_error() else {
        // Nothing was said by the server, so nothing was finished.
        return if error.is_closed() || std::error::Error::source(error).is_some_and(is_io) {
            TargetError::Lost(name)
        } else {
            TargetError::Engine(innermost(error))
        };
    };
    let said = server.message().to_owned();
    match server.code() {
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => TargetError::Raced,
        &SqlState::LOCK_NOT_AVAILABLE => TargetError::Locked { holder: None },
        &SqlState::INSUFFICIENT_PRIVILEGE => TargetError::Denied { database: name, what: said },
        &SqlState::READ_ONLY_SQL_TRANSACTION => TargetError::ReadOnly(name),
        &SqlState::DISK_FULL => TargetError::Full(name),
        // The server could not write one of its files, which a limit on their size does as well as a full disk.
        &SqlState::IO_ERROR
        | &SqlState::SYSTEM_ERROR
        | &SqlState::OUT_OF_MEMORY
        | &SqlState::INSUFFICIENT_RESOURCES => TargetError::Unable { database: name, what: said },
        &SqlState::INVALID_PASSWORD => TargetError::Credentials(name),
        &SqlState::INVALID_CATALOG_NAME => TargetError::NoSuchDatabase(name),
        // A value that stands there already is one that somebody added after we looked, or that a rule of theirs wants
        // to be unique.
        &SqlState::QUERY_CANCELED | &SqlState::UNIQUE_VIOLATION | &SqlState::INVALID_SCHEMA_NAME => {
            TargetError::Unable { database: name, what: said }
        }
        // The server lets nobody in this way: without TLS, from this machine, or into this database.
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | &SqlState::TOO_MANY_CONNECTIONS
        | &SqlState::CANNOT_CONNECT_NOW => TargetError::Unreachable { database: name, reason: said },
        // Our own tables are written in an order in which no reference of theirs breaks.
        &SqlState::FOREIGN_KEY_VIOLATION | &SqlState::RESTRICT_VIOLATION => TargetError::InUse,
        // The server ended the connection, the last two since we were silent for too long.
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | &SqlState::IDLE_SESSION_TIMEOUT => TargetError::Lost(name),
        &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN => {
            TargetError::Altered { database: name, what: format!("schema ({said})") }
        }
        _ => TargetError::Engine(said),
    }
}

/// What an error means while the first tables are made: two that do so at the same time find them made, or the server's
/// own record of them, and the slower one may simply begin anew.
pub(super) fn failure_of_making(name: &str, error: &postgres::Error) -> TargetError {
    let made_meanwhile = [
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
        SqlState::DUPLICATE_FUNCTION,
        SqlState::UNIQUE_VIOLATION,
    ];
    match error.code() {
        Some(code) if made_meanwhile.contains(code) => TargetError::Raced,
        _ => failure(name, error),
    }
}

fn is_io(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<std::io::Error>() || error.source().is_some_and(is_io)
}

/// What is behind an error, without what only says that something is.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
