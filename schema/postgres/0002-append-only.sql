-- The audit is append-only, whoever writes: part of the first migration, for every engine that has triggers.
--
-- A trigger needs a function, and a function of its own language; both are in this file so that 0002-first.sql stays
-- plain. Without it the roles of roles.sql still forbid the same to everybody but the owner.

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only: no entry is changed or deleted';
END
$$;

CREATE TRIGGER audit_update BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

-- Some engines know triggers of rows only. There this statement is left out, and the roles say the same.
CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
