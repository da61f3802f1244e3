-- The CRM database, version 5, for SQLite: online access, who connected and who was invited. schema/README.md explains
-- it and has ready queries.
--
-- Times are UTC, as YYYY-MM-DDTHH:MM:SS.sssZ, by the database's clock. What belongs to a user outlives the user's row,
-- since who had access is kept when a company is disconnected; so nothing here refers to `users`.

-- The company that the database belongs to, and its licence, as the policy says them: a row each, if it does. They stay
-- when the company is disconnected. A licence without company_databases lets one be connected.
CREATE TABLE company (
  id                  TEXT NOT NULL PRIMARY KEY CHECK (id = 'company'),
  name                TEXT,
  street              TEXT,
  postal_code         TEXT,
  city                TEXT,
  country             TEXT,
  phone               TEXT,
  email               TEXT,
  organisation_number TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE licence (
  id                TEXT NOT NULL PRIMARY KEY CHECK (id = 'licence'),
  name              TEXT,
  contact           TEXT,
  phone             TEXT,
  company_databases INTEGER CHECK (company_databases >= 0),
  invitations       INTEGER CHECK (invitations >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE licence_services (
  licence_id TEXT NOT NULL CHECK (licence_id = 'licence') REFERENCES licence (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL CHECK (position > 0),
  service    TEXT NOT NULL,
  PRIMARY KEY (licence_id, position)
) STRICT, WITHOUT ROWID;

-- Whether the company is connected. Only the responsible user may disconnect it and connect it again. Until
-- exclusive_until nobody may register a session: a first synchronisation is going on.
CREATE TABLE connection (
  id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  state           TEXT NOT NULL CHECK (state IN ('never', 'connected', 'disconnected')),
  responsible     TEXT,
  since           TEXT,
  exclusive_until TEXT,
  CHECK (state = 'never' OR (responsible IS NOT NULL AND since IS NOT NULL))
) STRICT;
INSERT INTO connection (id, state) VALUES (1, 'never');

-- Who works with the database right now: people at the CRM, and programs at its interfaces. Each registers itself and
-- moves `until` on while it works; a row whose `until` has passed counts as gone.
CREATE TABLE sessions (
  id    TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  kind  TEXT NOT NULL CHECK (kind IN ('user', 'api')),
  who   TEXT NOT NULL CHECK (who <> ''),
  since TEXT NOT NULL,
  until TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER sessions_insert BEFORE INSERT ON sessions
WHEN EXISTS (SELECT 1 FROM connection WHERE exclusive_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
BEGIN SELECT raise(ABORT, 'the first synchronisation is going on: nobody else may work'); END;

-- Nor may whoever has ended come back.
CREATE TRIGGER sessions_update BEFORE UPDATE ON sessions
WHEN EXISTS (SELECT 1 FROM connection WHERE exclusive_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
BEGIN SELECT raise(ABORT, 'the first synchronisation is going on: nobody else may work'); END;

-- Who was invited. An invitation is expired if it is `invited` and expires_at has passed. The token itself stands
-- nowhere; whoever presents one is compared by its hash.
CREATE TABLE invitations (
  user_id     TEXT NOT NULL PRIMARY KEY CHECK (user_id <> ''),
  email       TEXT NOT NULL CHECK (email <> ''),
  status      TEXT NOT NULL CHECK (status IN ('invited', 'active', 'revoked')),
  message_id  TEXT NOT NULL,
  token_hash  TEXT,
  invited_at  TEXT NOT NULL,
  expires_at  TEXT NOT NULL,
  answered_at TEXT,
  mail        TEXT NOT NULL CHECK (mail IN ('due', 'sent')),
  attempts    INTEGER NOT NULL CHECK (attempts >= 0),
  next_at     TEXT,
  mail_error  TEXT
) STRICT, WITHOUT ROWID;

-- The logins of people online. The web side adds to failed_logins, sets it back to 0 when somebody comes in, and lets
-- nobody in whom the view login_state calls locked. The e-mail address of a login is its name and never changes.
CREATE TABLE logins (
  user_id       TEXT NOT NULL PRIMARY KEY CHECK (user_id <> ''),
  email         TEXT NOT NULL UNIQUE CHECK (email <> ''),
  since         TEXT NOT NULL,
  failed_logins INTEGER NOT NULL DEFAULT 0 CHECK (failed_logins >= 0),
  locked_at     TEXT,
  closed_at     TEXT
) STRICT, WITHOUT ROWID;

CREATE TRIGGER logins_email BEFORE UPDATE OF email ON logins WHEN NEW.email <> OLD.email
BEGIN SELECT raise(ABORT, 'the e-mail address of a login never changes'); END;

-- What the web side has to keep to, as the policy says it: after how many seconds without activity one must log in
-- again, and after how many failed logins nobody comes in any more. One row.
CREATE TABLE online_limits (
  id                  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  idle_logout_seconds INTEGER NOT NULL CHECK (idle_logout_seconds > 0),
  failed_logins       INTEGER NOT NULL CHECK (failed_logins > 0)
) STRICT;
INSERT INTO online_limits (id, idle_logout_seconds, failed_logins) VALUES (1, 1200, 5);

-- Which services of the licence somebody may use online.
CREATE TABLE online_services (
  user_id TEXT NOT NULL CHECK (user_id <> ''),
  service TEXT NOT NULL,
  PRIMARY KEY (user_id, service)
) STRICT, WITHOUT ROWID;

-- Who may log in online now. A login is open, locked, or closed: by the end of the company's connection or of the user's
-- own access, or since the account is out of use.
CREATE VIEW login_state (user_id, email, state) AS
SELECT logins.user_id, logins.email,
  CASE
    WHEN connection.state <> 'connected' OR logins.closed_at IS NOT NULL THEN 'closed'
    WHEN NOT EXISTS (SELECT 1 FROM users WHERE users.id = logins.user_id AND users.active) THEN 'closed'
    WHEN logins.locked_at IS NOT NULL OR logins.failed_logins >= online_limits.failed_logins THEN 'locked'
    ELSE 'open'
  END
FROM logins CROSS JOIN connection CROSS JOIN online_limits;
