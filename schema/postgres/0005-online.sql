-- The CRM database, version 5, for PostgreSQL 15 and later: online access, who connected and who was invited.
-- schema/README.md explains it and has ready queries.
--
-- Times are UTC, as YYYY-MM-DDTHH:MM:SS.sssZ, by the database's clock. What belongs to a user outlives the user's row,
-- since who had access is kept when a company is disconnected; so nothing here refers to `users`.
-- What needs a trigger is in 0005-online-triggers.sql.

-- The company that the database belongs to, and its licence, as the policy says them: a row each, if it does. They stay
-- when the company is disconnected. A licence without company_databases lets one be connected.
CREATE TABLE company (
  id                  text NOT NULL PRIMARY KEY CHECK (id = 'company'),
  name                text,
  street              text,
  postal_code         text,
  city                text,
  country             text,
  phone               text,
  email               text,
  organisation_number text
);

CREATE TABLE licence (
  id                text NOT NULL PRIMARY KEY CHECK (id = 'licence'),
  name              text,
  contact           text,
  phone             text,
  company_databases bigint CHECK (company_databases >= 0),
  invitations       bigint CHECK (invitations >= 0)
);

CREATE TABLE licence_services (
  licence_id text NOT NULL CHECK (licence_id = 'licence') REFERENCES licence (id) ON DELETE CASCADE,
  position   bigint NOT NULL CHECK (position > 0),
  service    text NOT NULL,
  PRIMARY KEY (licence_id, position)
);

-- Whether the company is connected. Only the responsible user may disconnect it and connect it again. Until
-- exclusive_until nobody may register a session: a first synchronisation is going on.
CREATE TABLE connection (
  id              bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  state           text NOT NULL CHECK (state IN ('never', 'connected', 'disconnected')),
  responsible     text,
  since           text,
  exclusive_until text,
  CHECK (state = 'never' OR (responsible IS NOT NULL AND since IS NOT NULL))
);
INSERT INTO connection (id, state) VALUES (1, 'never');

-- Who works with the database right now: people at the CRM, and programs at its interfaces. Each registers itself and
-- moves `until` on while it works; a row whose `until` has passed counts as gone.
CREATE TABLE sessions (
  id    text NOT NULL PRIMARY KEY CHECK (id <> ''),
  kind  text NOT NULL CHECK (kind IN ('user', 'api')),
  who   text NOT NULL CHECK (who <> ''),
  since text NOT NULL,
  until text NOT NULL
);

-- Who was invited. An invitation is expired if it is `invited` and expires_at has passed. The token itself stands
-- nowhere; whoever presents one is compared by its hash.
CREATE TABLE invitations (
  user_id     text NOT NULL PRIMARY KEY CHECK (user_id <> ''),
  email       text NOT NULL CHECK (email <> ''),
  status      text NOT NULL CHECK (status IN ('invited', 'active', 'revoked')),
  message_id  text NOT NULL,
  token_hash  text,
  invited_at  text NOT NULL,
  expires_at  text NOT NULL,
  answered_at text,
  mail        text NOT NULL CHECK (mail IN ('due', 'sent')),
  attempts    bigint NOT NULL CHECK (attempts >= 0),
  next_at     text,
  mail_error  text
);

-- The logins of people online. The web side adds to failed_logins, sets it back to 0 when somebody comes in, and lets
-- nobody in whom the view login_state calls locked. The e-mail address of a login is its name and never changes.
CREATE TABLE logins (
  user_id       text NOT NULL PRIMARY KEY CHECK (user_id <> ''),
  email         text NOT NULL UNIQUE CHECK (email <> ''),
  since         text NOT NULL,
  failed_logins bigint NOT NULL DEFAULT 0 CHECK (failed_logins >= 0),
  locked_at     text,
  closed_at     text
);

-- What the web side has to keep to, as the policy says it: after how many seconds without activity one must log in
-- again, and after how many failed logins nobody comes in any more. One row.
CREATE TABLE online_limits (
  id                  bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  idle_logout_seconds bigint NOT NULL CHECK (idle_logout_seconds > 0),
  failed_logins       bigint NOT NULL CHECK (failed_logins > 0)
);
INSERT INTO online_limits (id, idle_logout_seconds, failed_logins) VALUES (1, 1200, 5);

-- Which services of the licence somebody may use online.
CREATE TABLE online_services (
  user_id text NOT NULL CHECK (user_id <> ''),
  service text NOT NULL,
  PRIMARY KEY (user_id, service)
);

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
