-- The CRM database, version 1, for SQLite. schema/README.md explains it and has ready queries.
--
-- Keys are the names of the policy files. A role is a group whose id begins with `role:`, since it counts as one.
-- Periods include both days; an open side is 0000-01-01 or 9999-12-31, so that a plain BETWEEN works.

CREATE TABLE rights (
  id               TEXT NOT NULL PRIMARY KEY CHECK (id LIKE '_%._%'),
  scope            TEXT NOT NULL CHECK (scope IN ('plain', 'people', 'modules', 'attachments')),
  own_data_allowed INTEGER NOT NULL CHECK (own_data_allowed IN (0, 1)),
  builtin          INTEGER NOT NULL CHECK (builtin IN (0, 1)),
  name_en TEXT, name_de TEXT, name_nb TEXT, name_nl TEXT,
  meaning TEXT,
  CHECK (own_data_allowed = 0 OR scope = 'people')
) STRICT, WITHOUT ROWID;

CREATE TABLE modules (
  id   TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  name TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE module_sets (
  id TEXT NOT NULL PRIMARY KEY CHECK (id <> '')
) STRICT, WITHOUT ROWID;

-- What the module bar shows, in the order of the positions.
CREATE TABLE module_set_modules (
  module_set_id TEXT NOT NULL REFERENCES module_sets ON UPDATE CASCADE ON DELETE CASCADE,
  position      INTEGER NOT NULL CHECK (position > 0),
  module_id     TEXT NOT NULL REFERENCES modules ON UPDATE CASCADE ON DELETE CASCADE,
  PRIMARY KEY (module_set_id, position),
  UNIQUE (module_set_id, module_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX module_set_modules_by_module ON module_set_modules (module_id);

CREATE TABLE attachment_classes (
  id TEXT NOT NULL PRIMARY KEY CHECK (id <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_patterns (
  attachment_class_id TEXT NOT NULL REFERENCES attachment_classes ON UPDATE CASCADE ON DELETE CASCADE,
  position            INTEGER NOT NULL CHECK (position > 0),
  pattern             TEXT NOT NULL CHECK (pattern <> ''),
  PRIMARY KEY (attachment_class_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE employees (
  id         TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  name       TEXT,
  email      TEXT,
  phone      TEXT,
  department TEXT,
  language   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
  id            TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  name          TEXT,
  module_set_id TEXT REFERENCES module_sets ON UPDATE CASCADE ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_by_module_set ON groups (module_set_id);

-- Whoever leaves the policy becomes inactive and stays: other people's rights over the data left behind do not end.
CREATE TABLE users (
  id            TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
  employee_id   TEXT UNIQUE REFERENCES employees ON UPDATE CASCADE ON DELETE SET NULL,
  name          TEXT,
  superuser     INTEGER NOT NULL DEFAULT 0 CHECK (superuser IN (0, 1)),
  active        INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  module_set_id TEXT REFERENCES module_sets ON UPDATE CASCADE ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_module_set ON users (module_set_id);

-- Exactly one of user_id and member_group_id is set, or neither, which stands for everyone.
CREATE TABLE members (
  id              INTEGER PRIMARY KEY,
  group_id        TEXT NOT NULL REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE,
  user_id         TEXT REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE,
  member_group_id TEXT REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE,
  valid_from      TEXT NOT NULL DEFAULT '0000-01-01' CHECK (valid_from IS date(valid_from)),
  valid_until     TEXT NOT NULL DEFAULT '9999-12-31' CHECK (valid_until IS date(valid_until)),
  because         TEXT,
  CHECK (user_id IS NULL OR member_group_id IS NULL),
  CHECK (group_id NOT LIKE 'role:%' AND ifnull(member_group_id, '') NOT LIKE 'role:%'),
  CHECK (valid_from <= valid_until)
) STRICT;
CREATE UNIQUE INDEX members_key ON members
  (group_id, coalesce(user_id, ''), coalesce(member_group_id, ''), valid_from, valid_until);
CREATE INDEX members_by_user ON members (user_id, group_id);
CREATE INDEX members_by_group ON members (member_group_id, group_id);

-- The role that online access gives to a user.
CREATE TABLE access (
  user_id  TEXT NOT NULL PRIMARY KEY REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE,
  group_id TEXT NOT NULL REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE CHECK (group_id LIKE 'role:%')
) STRICT, WITHOUT ROWID;
CREATE INDEX access_by_group ON access (group_id);

-- A rule is on a user or on a group. Its target is one of the columns that begin with target_, all of a scope
-- ('everyone', 'everything'), or nothing for a plain right.
CREATE TABLE rules (
  id                         INTEGER PRIMARY KEY,
  user_id                    TEXT REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE,
  group_id                   TEXT REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE,
  right_id                   TEXT NOT NULL REFERENCES rights ON UPDATE CASCADE ON DELETE CASCADE,
  effect                     TEXT NOT NULL CHECK (effect IN ('allow', 'deny')),
  target_kind                TEXT NOT NULL DEFAULT 'none' CHECK (target_kind IN
                               ('none', 'user', 'group', 'module', 'module-set', 'attachment', 'everyone', 'everything')),
  target_user_id             TEXT REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE,
  target_group_id            TEXT REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE,
  target_module_id           TEXT REFERENCES modules ON UPDATE CASCADE ON DELETE CASCADE,
  target_module_set_id       TEXT REFERENCES module_sets ON UPDATE CASCADE ON DELETE CASCADE,
  target_attachment_class_id TEXT REFERENCES attachment_classes ON UPDATE CASCADE ON DELETE CASCADE,
  valid_from                 TEXT NOT NULL DEFAULT '0000-01-01' CHECK (valid_from IS date(valid_from)),
  valid_until                TEXT NOT NULL DEFAULT '9999-12-31' CHECK (valid_until IS date(valid_until)),
  because                    TEXT,
  CHECK ((user_id IS NULL) <> (group_id IS NULL)),
  CHECK ((target_kind = 'user') = (target_user_id IS NOT NULL)),
  CHECK ((target_kind = 'group') = (target_group_id IS NOT NULL)),
  CHECK ((target_kind = 'module') = (target_module_id IS NOT NULL)),
  CHECK ((target_kind = 'module-set') = (target_module_set_id IS NOT NULL)),
  CHECK ((target_kind = 'attachment') = (target_attachment_class_id IS NOT NULL)),
  CHECK (valid_from <= valid_until)
) STRICT;
CREATE UNIQUE INDEX rules_key ON rules
  (coalesce(user_id, ''), coalesce(group_id, ''), right_id, effect, target_kind,
   coalesce(target_user_id, target_group_id, target_module_id, target_module_set_id, target_attachment_class_id, ''),
   valid_from, valid_until);
CREATE INDEX rules_by_user ON rules (user_id, right_id);
CREATE INDEX rules_by_group ON rules (group_id, right_id);
CREATE INDEX rules_by_target_user ON rules (target_user_id);
CREATE INDEX rules_by_target_group ON rules (target_group_id);
CREATE INDEX rules_by_target_module ON rules (target_module_id);
CREATE INDEX rules_by_target_module_set ON rules (target_module_set_id);
CREATE INDEX rules_by_target_attachment_class ON rules (target_attachment_class_id);

-- What the last apply wrote, to tell a change of the policy from a change that somebody made in the database.
CREATE TABLE last_applied (
  kind   TEXT NOT NULL,
  key    TEXT NOT NULL,
  fields TEXT NOT NULL CHECK (json_valid(fields)),
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- One row for each apply that wrote something, and what it wrote.
CREATE TABLE runs (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  applied_at  TEXT NOT NULL,
  os_user     TEXT,
  revision    TEXT,
  fingerprint TEXT NOT NULL,
  gains       INTEGER NOT NULL,
  losses      INTEGER NOT NULL
) STRICT;

CREATE TABLE run_changes (
  run_id   INTEGER NOT NULL REFERENCES runs,
  position INTEGER NOT NULL,
  action   TEXT NOT NULL CHECK (action IN ('create', 'update', 'delete')),
  kind     TEXT NOT NULL,
  key      TEXT NOT NULL,
  field    TEXT,
  before   TEXT CHECK (before IS NULL OR json_valid(before)),
  after    TEXT CHECK (after IS NULL OR json_valid(after)),
  origin   TEXT NOT NULL CHECK (origin IN ('policy', 'drift', 'conflict')),
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- The groups around each group, itself among them, by memberships in force today (UTC).
CREATE VIEW group_closure (group_id, outer_id) AS
WITH RECURSIVE closure (group_id, outer_id) AS (
  SELECT id, id FROM groups
  UNION
  SELECT closure.group_id, members.group_id
  FROM closure JOIN members ON members.member_group_id = closure.outer_id
  WHERE date('now') BETWEEN members.valid_from AND members.valid_until
)
SELECT group_id, outer_id FROM closure;

-- All groups of each user today: direct ones, those of everyone, roles, and the groups around all of these.
CREATE VIEW user_group (user_id, group_id) AS
SELECT members.user_id, group_closure.outer_id
FROM members JOIN group_closure ON group_closure.group_id = members.group_id
WHERE members.user_id IS NOT NULL AND date('now') BETWEEN members.valid_from AND members.valid_until
UNION
SELECT users.id, group_closure.outer_id
FROM users JOIN members ON members.user_id IS NULL AND members.member_group_id IS NULL
JOIN group_closure ON group_closure.group_id = members.group_id
WHERE date('now') BETWEEN members.valid_from AND members.valid_until
UNION
SELECT access.user_id, group_closure.outer_id
FROM access JOIN group_closure ON group_closure.group_id = access.group_id;

-- May a user do a plain right today? One row for each user and plain right.
CREATE VIEW effective_right (user_id, right_id, allowed, step) AS
WITH
rule_today AS (
  SELECT * FROM rules
  WHERE target_kind = 'none' AND date('now') BETWEEN valid_from AND valid_until
),
own (user_id, right_id, effect) AS (
  -- The greater word is deny: of two that contradict each other, taking wins.
  SELECT user_id, right_id, max(effect) FROM rule_today WHERE user_id IS NOT NULL GROUP BY user_id, right_id
),
group_stance (group_id, right_id, effect) AS (
  SELECT group_id, right_id, max(effect) FROM rule_today WHERE group_id IS NOT NULL GROUP BY group_id, right_id
),
by_group (user_id, right_id, effect) AS (
  SELECT user_group.user_id, group_stance.right_id, min(group_stance.effect)
  FROM user_group JOIN group_stance USING (group_id)
  GROUP BY user_group.user_id, group_stance.right_id
),
answer AS (
  SELECT users.id AS user_id, rights.id AS right_id,
    CASE
      WHEN users.active = 0 THEN 'inactive'
      WHEN own.effect IS NOT NULL THEN 'user'
      WHEN by_group.effect = 'allow' THEN 'group-allow'
      WHEN by_group.effect = 'deny' THEN 'group-deny'
      ELSE 'default'
    END AS step,
    own.effect AS own_effect
  FROM users JOIN rights ON rights.scope = 'plain'
  LEFT JOIN own ON own.user_id = users.id AND own.right_id = rights.id
  LEFT JOIN by_group ON by_group.user_id = users.id AND by_group.right_id = rights.id
)
SELECT user_id, right_id, step = 'group-allow' OR step = 'user' AND own_effect = 'allow', step FROM answer;

-- May a user do a scoped right over a person, module or attachment class today? One row for each of them.
CREATE VIEW effective_scoped_right (user_id, right_id, target_kind, target_id, allowed, step) AS
WITH
rule_today AS (
  SELECT * FROM rules
  WHERE target_kind <> 'none' AND date('now') BETWEEN valid_from AND valid_until
),
-- What a rule speaks about, and in which tier: 1 itself, 2 a group or module set that contains it, 3 all.
speaks (user_id, group_id, right_id, effect, target_kind, target_id, tier) AS (
  SELECT user_id, group_id, right_id, effect, target_kind,
         coalesce(target_user_id, target_module_id, target_attachment_class_id), 1
  FROM rule_today WHERE target_kind IN ('user', 'module', 'attachment')
  UNION ALL
  SELECT rule_today.user_id, rule_today.group_id, right_id, effect, 'user', user_group.user_id, 2
  FROM rule_today JOIN user_group ON user_group.group_id = rule_today.target_group_id
  UNION ALL
  SELECT user_id, group_id, right_id, effect, 'module', module_id, 2
  FROM rule_today JOIN module_set_modules ON module_set_id = target_module_set_id
  UNION ALL
  SELECT user_id, group_id, right_id, effect, 'user', users.id, 3
  FROM rule_today JOIN users ON target_kind = 'everyone'
  UNION ALL
  SELECT user_id, group_id, right_id, effect, 'module', modules.id, 3
  FROM rule_today JOIN rights ON rights.id = right_id AND rights.scope = 'modules'
  JOIN modules ON target_kind = 'everything'
  UNION ALL
  SELECT user_id, group_id, right_id, effect, 'attachment', attachment_classes.id, 3
  FROM rule_today JOIN rights ON rights.id = right_id AND rights.scope = 'attachments'
  JOIN attachment_classes ON target_kind = 'everything'
),
-- In the tier of groups giving wins; in the others both can only stand by mistake, and taking wins.
tier_stance AS (
  SELECT user_id, group_id, right_id, target_kind, target_id, tier,
         CASE WHEN tier = 2 THEN min(effect) ELSE max(effect) END AS effect
  FROM speaks GROUP BY user_id, group_id, right_id, target_kind, target_id, tier
),
-- The closest tier that speaks decides for its subject; SQLite takes the other columns from the row of the minimum.
stance AS (
  SELECT user_id, group_id, right_id, target_kind, target_id, effect, min(tier)
  FROM tier_stance GROUP BY user_id, group_id, right_id, target_kind, target_id
),
by_group (user_id, right_id, target_kind, target_id, effect) AS (
  SELECT user_group.user_id, stance.right_id, stance.target_kind, stance.target_id, min(stance.effect)
  FROM user_group JOIN stance ON stance.group_id = user_group.group_id
  GROUP BY user_group.user_id, stance.right_id, stance.target_kind, stance.target_id
),
target (scope, kind, id) AS (
  SELECT 'people', 'user', id FROM users
  UNION ALL SELECT 'modules', 'module', id FROM modules
  UNION ALL SELECT 'attachments', 'attachment', id FROM attachment_classes
),
answer AS (
  SELECT users.id AS user_id, rights.id AS right_id, target.kind AS target_kind, target.id AS target_id,
    CASE
      WHEN users.active = 0 THEN 'inactive'
      WHEN rights.own_data_allowed = 1 AND target.id = users.id THEN 'own-data'
      WHEN own.effect IS NOT NULL THEN 'user'
      WHEN by_group.effect = 'allow' THEN 'group-allow'
      WHEN by_group.effect = 'deny' THEN 'group-deny'
      ELSE 'default'
    END AS step,
    own.effect AS own_effect
  FROM users JOIN rights ON rights.scope <> 'plain'
  JOIN target ON target.scope = rights.scope
  LEFT JOIN stance AS own ON own.user_id = users.id AND own.right_id = rights.id
    AND own.target_kind = target.kind AND own.target_id = target.id
  LEFT JOIN by_group ON by_group.user_id = users.id AND by_group.right_id = rights.id
    AND by_group.target_kind = target.kind AND by_group.target_id = target.id
)
SELECT user_id, right_id, target_kind, target_id,
       step IN ('own-data', 'group-allow') OR step = 'user' AND own_effect = 'allow', step
FROM answer;
