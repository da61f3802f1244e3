-- Who may not register while a first synchronisation goes on, and what of a login never changes: part of version 5, for
-- every engine that has triggers. Where there are none, the CRM keeps to it by itself; schema/README.md says how.

CREATE FUNCTION sessions_are_kept_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Waits for whoever is just beginning one.
  PERFORM 1 FROM connection WHERE id = 1 FOR SHARE;
  IF EXISTS (
    SELECT 1 FROM connection
    WHERE exclusive_until > to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  ) THEN
    RAISE EXCEPTION 'the first synchronisation is going on: nobody else may work';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER sessions_insert BEFORE INSERT ON sessions
  FOR EACH ROW EXECUTE FUNCTION sessions_are_kept_out();

-- Nor may whoever has ended come back.
CREATE TRIGGER sessions_update BEFORE UPDATE ON sessions
  FOR EACH ROW EXECUTE FUNCTION sessions_are_kept_out();

CREATE FUNCTION login_email_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.email <> OLD.email THEN
    RAISE EXCEPTION 'the e-mail address of a login never changes';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER logins_email BEFORE UPDATE ON logins
  FOR EACH ROW EXECUTE FUNCTION login_email_never_changes();
