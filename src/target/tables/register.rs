//! The tables of online access, apart from what the policy declares.

use super::Holds::{Number, Text};
use super::Part::Column;
use super::{Table, table};

static CONNECTION: Table = table(
    "connection",
    &[("id", Number), ("state", Text), ("responsible", Text), ("since", Text), ("exclusive_until", Text)],
    &[Column("id")],
);

static SESSIONS: Table = table(
    "sessions",
    &[("id", Text), ("kind", Text), ("who", Text), ("since", Text), ("until", Text)],
    &[Column("id")],
);

static INVITATIONS: Table = table(
    "invitations",
    &[
        ("user_id", Text),
        ("email", Text),
        ("status", Text),
        ("message_id", Text),
        ("token_hash", Text),
        ("invited_at", Text),
        ("expires_at", Text),
        ("answered_at", Text),
        ("mail", Text),
        ("attempts", Number),
        ("next_at", Text),
        ("mail_error", Text),
    ],
    &[Column("user_id")],
);

static LOGINS: Table = table(
    "logins",
    &[
        ("user_id", Text),
        ("email", Text),
        ("since", Text),
        ("failed_logins", Number),
        ("locked_at", Text),
        ("closed_at", Text),
    ],
    &[Column("user_id")],
);

static ONLINE_LIMITS: Table = table(
    "online_limits",
    &[("id", Number), ("idle_logout_seconds", Number), ("failed_logins", Number)],
    &[Column("id")],
);

static ONLINE_SERVICES: Table =
    table("online_services", &[("user_id", Text), ("service", Text)], &[Column("user_id"), Column("service")]);

/// Which machine synchronises: one row.
pub static SERVICE: Table = Table {
    since: 6,
    ..table(
        "service",
        &[
            ("id", Number),
            ("fence", Number),
            ("machine", Text),
            ("process", Text),
            ("since", Text),
            ("until", Text),
            ("next_at", Text),
            ("revision", Text),
            ("accepted", Text),
            ("by_hand", Text),
            ("kept", Text),
        ],
        &[Column("id")],
    )
};

static MACHINES: Table =
    Table { since: 6, ..table("machines", &[("name", Text), ("seen_at", Text)], &[Column("name")]) };

/// The log of the service.
pub static SYNC_RUNS: Table = Table {
    since: 6,
    ..table(
        "sync_runs",
        &[
            ("number", Number),
            ("at", Text),
            ("machine", Text),
            ("outcome", Text),
            ("error", Text),
            ("changes", Number),
            ("conflicts", Number),
            ("revision", Text),
            ("help", Text),
            ("waiting", Number),
            ("branch", Text),
            ("alarm", Text),
        ],
        &[Column("number")],
    )
};

/// What is remembered of online access: the register.
pub const REGISTER: [&Table; 9] =
    [&CONNECTION, &SESSIONS, &INVITATIONS, &LOGINS, &ONLINE_LIMITS, &ONLINE_SERVICES, &SERVICE, &MACHINES, &SYNC_RUNS];
