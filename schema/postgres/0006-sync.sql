-- The CRM database, version 6, for PostgreSQL 15 and later: the service that synchronises. schema/README.md
-- explains it and has ready queries.
--
-- Times are UTC, as YYYY-MM-DDTHH:MM:SS.sssZ, by the database's clock.

-- Which machine synchronises: one row. The fence rises whenever the lease is taken; whoever writes for the service finds
-- its own number here, in the very transaction that writes, or writes nothing. `until` is moved on as long as the machine
-- is there. The revision is the last one that it applied, `by_hand` one that somebody applied since; only what descends from
-- both is applied next, or what somebody accepted. `kept` is a digest of what the newest recorded run left of changes made in the database, if it left any.
CREATE TABLE service (
  id       bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  fence    bigint NOT NULL,
  machine  text,
  process  text,
  since    text,
  until    text,
  next_at  text,
  revision text,
  accepted text,
  by_hand  text,
  kept     text
);
INSERT INTO service (id, fence) VALUES (1, 0);

-- The machines that are ready to synchronise, and when each was last there.
CREATE TABLE machines (
  name    text NOT NULL PRIMARY KEY CHECK (name <> ''),
  seen_at text NOT NULL
);

-- The log of the service: a line for each run, of which the newest 2000 are kept. `help` says what to do about an error.
-- Of changes that somebody made in the database, `waiting` counts those that were left as they are until they are
-- reviewed, on `branch`; `alarm` says what of it must not wait.
CREATE TABLE sync_runs (
  number    bigint NOT NULL PRIMARY KEY,
  at        text NOT NULL,
  machine   text NOT NULL,
  outcome   text NOT NULL CHECK (outcome IN ('ok', 'error')),
  error     text,
  changes   bigint NOT NULL CHECK (changes >= 0),
  conflicts bigint NOT NULL CHECK (conflicts >= 0),
  revision  text,
  help      text,
  waiting   bigint NOT NULL CHECK (waiting >= 0),
  branch    text,
  alarm     text,
  CHECK (outcome = 'error' OR (error IS NULL AND help IS NULL)),
  CHECK (waiting > 0 OR (branch IS NULL AND alarm IS NULL))
);
