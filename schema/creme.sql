-- Beside our tables in the database of a CremeCRM: for which CRM they are, and the day by which its roles were written.
CREATE TABLE crm_projection (
  id  INTEGER PRIMARY KEY CHECK (id = 1),
  crm TEXT NOT NULL,
  day TEXT NOT NULL
);
