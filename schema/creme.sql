-- What of a policy was written into CremeCRM, and for whom; beside the tables that every database of ours has.
-- One row: the CRM, and the day whose rights it has. What a policy lets begin or end later is there after the next apply.
CREATE TABLE crm_projection (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    crm TEXT NOT NULL,
    day TEXT NOT NULL
);
-- The accounts that were there then: only they can be named as owners of records.
CREATE TABLE crm_accounts (
    login TEXT PRIMARY KEY
);
-- Superusers of the CRM that no policy named then. They look after it; one who comes later is told and put out of use.
CREATE TABLE crm_superusers (
    login TEXT PRIMARY KEY
);
