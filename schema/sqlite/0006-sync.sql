-- The CRM database, version 6, for SQLite: the service that synchronises. schema/README.md explains it and has ready
-- queries.
--
-- Times are UTC, as YYYY-MM-DDTHH:MM:SS.sssZ, by the database's clock.

-- Which machine synchronises: one row. The fence rises whenever the lease is taken; whoever writes for the service finds
-- its own number here, in the very transaction that writes, or writes nothing. `until` is moved on as long as the machine
-- is there. The revision is the last one that was applied; only what descends from it is applied next.
CREATE TABLE service (
  id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  fence    INTEGER NOT NULL,
  machine  TEXT,
  process  TEXT,
  since    TEXT,
  until    TEXT,
  next_at  TEXT,
  revision TEXT
) STRICT;
INSERT INTO service (id, fence) VALUES (1, 0);

-- The machines that are ready to synchronise, and when each was last there.
CREATE TABLE machines (
  name    TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
  seen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The log of the service: a line for each run, of which the newest 2000 are kept.
CREATE TABLE sync_runs (
  number    INTEGER NOT NULL PRIMARY KEY,
  at        TEXT NOT NULL,
  machine   TEXT NOT NULL,
  outcome   TEXT NOT NULL CHECK (outcome IN ('ok', 'error')),
  error     TEXT,
  changes   INTEGER NOT NULL CHECK (changes >= 0),
  conflicts INTEGER NOT NULL CHECK (conflicts >= 0),
  revision  TEXT,
  CHECK (outcome = 'error' OR error IS NULL)
) STRICT;
