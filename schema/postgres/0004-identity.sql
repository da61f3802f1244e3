-- The CRM database, version 4, for PostgreSQL: what tells it from every other database, whatever it is called and wherever
-- it runs. A copy is the same database.

CREATE TABLE identity (
  id       integer NOT NULL PRIMARY KEY CHECK (id = 1),
  database text NOT NULL CHECK (database ~ '^[0-9a-f]{32}$')
);
INSERT INTO identity (id, database) VALUES (1, replace(gen_random_uuid()::text, '-', ''));
