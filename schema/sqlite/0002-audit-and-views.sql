-- The CRM database, version 2, for SQLite: one apply at a time, an audit that nobody edits, and views that answer one
-- question without looking at everybody else. schema/README.md explains it and has ready queries.

-- Whoever applies takes this row for a while: it says who and since when. The fence rises with every taking, and every
-- transaction that writes checks that it still has the fence it took, so that whoever was believed dead writes nothing.
-- Times are UTC, as YYYY-MM-DDTHH:MM:SS.sssZ.
CREATE TABLE lock (
  id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  fence  INTEGER NOT NULL,
  holder TEXT,
  since  TEXT,
  until  TEXT
) STRICT;
INSERT INTO lock (id, fence) VALUES (1, 0);

-- What every run did, in the order in which it was written. The hash is that of the previous entry's hash and this
-- entry; what version 1 recorded has none.
CREATE TABLE audit (
  seq  INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL,
  part TEXT NOT NULL CHECK (part IN ('run', 'change', 'conflict', 'kept', 'gain', 'loss', 'override')),
  body TEXT NOT NULL CHECK (json_valid(body)),
  hash TEXT
) STRICT;
CREATE INDEX audit_by_run ON audit (run);

INSERT INTO audit (seq, run, part, body)
SELECT row_number() OVER (ORDER BY run, position), run, part, body
FROM (
  SELECT id AS run, 0 AS position, 'run' AS part,
         json_object('applied_at', applied_at, 'outcome', 'ok', 'os_user', os_user, 'revision', revision,
                     'fingerprint', fingerprint, 'gains', gains, 'losses', losses) AS body
  FROM runs
  UNION ALL
  SELECT run_id, position, 'change',
         json_object('action', action, 'kind', kind, 'key', key, 'field', field,
                     'before', json(before), 'after', json(after), 'origin', origin)
  FROM run_changes
);
DROP TABLE run_changes;
DROP TABLE runs;

-- An INSERT OR REPLACE deletes without asking the trigger of DELETE, so a number that is taken is refused as well.
CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
BEGIN SELECT raise(ABORT, 'the audit is append-only: this entry is there already'); END;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only: no entry is changed'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only: no entry is deleted'); END;

-- Few rows among many members, and everybody's groups begin with them. The views name this index, since without
-- statistics SQLite takes another one, which has all members of one kind in the way.
CREATE INDEX members_everyone ON members (group_id) WHERE user_id IS NULL AND member_group_id IS NULL;

DROP VIEW effective_scoped_right;
DROP VIEW effective_right;
DROP VIEW user_group;
DROP VIEW group_closure;

-- All groups of each user today (UTC): direct ones, those of everyone, the role, and the groups around all of these.
-- It begins with the user, so that a question about one user looks at that user's groups only.
CREATE VIEW user_group (user_id, group_id) AS
SELECT users.id, groups.id
FROM users JOIN groups ON groups.id IN (
  WITH RECURSIVE around (group_id) AS (
    SELECT group_id FROM members
    WHERE user_id = users.id AND date('now') BETWEEN valid_from AND valid_until
    UNION ALL
    SELECT group_id FROM members INDEXED BY members_everyone
    WHERE user_id IS NULL AND member_group_id IS NULL AND date('now') BETWEEN valid_from AND valid_until
    UNION ALL
    SELECT group_id FROM access WHERE user_id = users.id
    UNION
    SELECT members.group_id FROM around CROSS JOIN members ON members.member_group_id = around.group_id
    WHERE date('now') BETWEEN valid_from AND valid_until
  )
  SELECT group_id FROM around
);

-- The same pairs, for those who ask about one group: it begins with the group and looks inside.
CREATE VIEW group_user (group_id, user_id) AS
SELECT groups.id, users.id
FROM groups JOIN users ON users.id IN (
  WITH RECURSIVE inside (group_id) AS (
    SELECT groups.id
    UNION
    SELECT members.member_group_id FROM inside CROSS JOIN members ON members.group_id = inside.group_id
    WHERE member_group_id IS NOT NULL AND date('now') BETWEEN valid_from AND valid_until
  )
  SELECT members.user_id FROM inside CROSS JOIN members ON members.group_id = inside.group_id
  WHERE user_id IS NOT NULL AND date('now') BETWEEN valid_from AND valid_until
  UNION ALL
  SELECT access.user_id FROM inside CROSS JOIN access ON access.group_id = inside.group_id
  UNION ALL
  SELECT everyone.id FROM inside CROSS JOIN members INDEXED BY members_everyone ON members.group_id = inside.group_id
  CROSS JOIN users AS everyone
  WHERE user_id IS NULL AND member_group_id IS NULL AND date('now') BETWEEN valid_from AND valid_until
);

-- May a user do a plain right today? One row for each user and plain right.
--
-- An answer is a sign, + or -, and the step that decided. Of an allow and a deny on one subject, which can both stand
-- by mistake only, the greater word wins, which is deny; of the groups' stances the smaller, which is allow. A list that
-- is used for more than one row is handed on as one JSON value, since SQLite would find it anew for each of them.
CREATE VIEW effective_right (user_id, right_id, allowed, step) AS
SELECT user_id, right_id, substr(answer, 1, 1) = '+', substr(answer, 2)
FROM (
  SELECT users.id AS user_id, rights.id AS right_id,
    CASE WHEN users.active = 0 THEN '-inactive' ELSE coalesce(
      (
        SELECT CASE max(effect) WHEN 'allow' THEN '+user' WHEN 'deny' THEN '-user' END
        FROM rules
        WHERE rules.user_id = users.id AND rules.right_id = rights.id AND target_kind = 'none'
          AND date('now') BETWEEN valid_from AND valid_until
      ),
      (
        SELECT CASE min(stance) WHEN 'allow' THEN '+group-allow' WHEN 'deny' THEN '-group-deny' END
        FROM (
          SELECT max(effect) AS stance
          FROM json_each(own_groups.value) AS own CROSS JOIN rules ON rules.group_id = own.value
          WHERE rules.right_id = rights.id AND target_kind = 'none'
            AND date('now') BETWEEN valid_from AND valid_until
          GROUP BY rules.group_id
        )
      ),
      '-default'
    ) END AS answer
  FROM users
  CROSS JOIN json_each(json_array(
    (SELECT json_group_array(group_id) FROM user_group WHERE user_group.user_id = users.id)
  )) AS own_groups
  CROSS JOIN rights ON rights.scope = 'plain'
);

-- May a user do a scoped right over a person, module or attachment class today? One row for each of them.
--
-- What a rule says is a number: the smallest of a subject is its stance, and an odd one allows. The tens are the tier:
-- 10 the target itself, 20 a group or module set that contains it, 30 all. In the tier of groups an allow comes before a
-- deny; in the others both can stand by mistake only, and deny comes first. To look for a word in a text is quick, and
-- only where it is found the list is read.
CREATE VIEW effective_scoped_right (user_id, right_id, target_kind, target_id, allowed, step) AS
SELECT user_id, right_id, target_kind, target_id, substr(answer, 1, 1) = '+', substr(answer, 2)
FROM (
  SELECT users.id AS user_id, rights.id AS right_id, target.kind AS target_kind, target.id AS target_id,
    CASE
      WHEN users.active = 0 THEN '-inactive'
      WHEN rights.own_data_allowed = 1 AND target.id = users.id THEN '+own-data'
      ELSE coalesce(
        (
          SELECT CASE min(
            CASE
              WHEN target_kind = target.kind THEN
                CASE WHEN coalesce(target_user_id, target_module_id, target_attachment_class_id) = target.id THEN
                  CASE effect WHEN 'deny' THEN 10 ELSE 11 END
                END
              WHEN target_kind = target.containing_kind THEN
                CASE WHEN instr(containing.value, json_quote(coalesce(target_group_id, target_module_set_id)))
                    AND coalesce(target_group_id, target_module_set_id)
                      IN (SELECT value FROM json_each(containing.value)) THEN
                  CASE effect WHEN 'deny' THEN 22 ELSE 21 END
                END
              WHEN target_kind = target.all_kind THEN
                CASE effect WHEN 'deny' THEN 30 ELSE 31 END
            END) % 2 WHEN 1 THEN '+user' WHEN 0 THEN '-user' END
          FROM rules
          WHERE rules.user_id = users.id AND rules.right_id = rights.id
            AND date('now') BETWEEN valid_from AND valid_until
        ),
        (
          SELECT CASE max(stance % 2) WHEN 1 THEN '+group-allow' WHEN 0 THEN '-group-deny' END
          FROM (
            SELECT min(
              CASE
                WHEN target_kind = target.kind THEN
                  CASE WHEN coalesce(target_user_id, target_module_id, target_attachment_class_id) = target.id THEN
                    CASE effect WHEN 'deny' THEN 10 ELSE 11 END
                  END
                WHEN target_kind = target.containing_kind THEN
                  CASE WHEN instr(containing.value, json_quote(coalesce(target_group_id, target_module_set_id)))
                      AND coalesce(target_group_id, target_module_set_id)
                        IN (SELECT value FROM json_each(containing.value)) THEN
                    CASE effect WHEN 'deny' THEN 22 ELSE 21 END
                  END
                WHEN target_kind = target.all_kind THEN
                  CASE effect WHEN 'deny' THEN 30 ELSE 31 END
              END) AS stance
            FROM json_each(own_groups.value) AS own CROSS JOIN rules ON rules.group_id = own.value
            WHERE rules.right_id = rights.id AND date('now') BETWEEN valid_from AND valid_until
            GROUP BY rules.group_id
          )
        ),
        '-default'
      )
    END AS answer
  FROM users
  CROSS JOIN json_each(json_array(
    (SELECT json_group_array(group_id) FROM user_group WHERE user_group.user_id = users.id)
  )) AS own_groups
  CROSS JOIN rights
  CROSS JOIN (
    SELECT 'people' AS scope, 'user' AS kind, 'group' AS containing_kind, 'everyone' AS all_kind, id,
      (SELECT json_group_array(group_id) FROM user_group WHERE user_group.user_id = users.id) AS containing
    FROM users
    UNION ALL
    SELECT 'modules', 'module', 'module-set', 'everything', id,
      (SELECT json_group_array(module_set_id) FROM module_set_modules WHERE module_id = modules.id)
    FROM modules
    UNION ALL
    SELECT 'attachments', 'attachment', NULL, 'everything', id, '[]' FROM attachment_classes
  ) AS target ON target.scope = rights.scope
  CROSS JOIN json_each(json_array(target.containing)) AS containing
);
