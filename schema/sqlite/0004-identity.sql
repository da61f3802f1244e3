-- The CRM database, version 4, for SQLite: what tells it from every other database, whatever it is called and wherever it
-- lies. A copy of the file is the same database.

CREATE TABLE identity (
  id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  database TEXT NOT NULL CHECK (length(database) = 32 AND database NOT GLOB '*[^0-9a-f]*')
) STRICT;
INSERT INTO identity (id, database) VALUES (1, lower(hex(randomblob(16))));
