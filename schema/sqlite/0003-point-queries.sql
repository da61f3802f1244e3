-- The CRM database, version 3, for SQLite: a question about one target looks up the rules that can speak about it, and not
-- all rules on the right. The answers are the same. schema/README.md explains it and has ready queries.

-- What a rule is over, as one text: its kind, and the name if it has one.
CREATE INDEX rules_by_group_target ON rules
  (group_id, right_id,
   (target_kind || ':' || coalesce(target_user_id, target_group_id, target_module_id, target_module_set_id,
                                   target_attachment_class_id, '')));

DROP VIEW effective_scoped_right;

-- May a user do a scoped right over a person, module or attachment class today? One row for each of them.
--
-- A rule speaks about a target if it is over the target itself, over a group or module set that contains it, or over all.
-- What it says is a number: the smallest of a subject is its stance, and an odd one allows. The tens are the tier:
-- 10 the target itself, 20 what contains it, 30 all. In the tier of groups an allow comes before a deny; in the others
-- both can stand by mistake only, and deny comes first. The rules on the user are those without a group, and come first;
-- of the groups' stances one that allows is enough.
CREATE VIEW effective_scoped_right (user_id, right_id, target_kind, target_id, allowed, step) AS
SELECT user_id, right_id, target_kind, target_id, substr(answer, 1, 1) = '+', substr(answer, 2)
FROM (
  SELECT users.id AS user_id, rights.id AS right_id, target.kind AS target_kind, target.id AS target_id,
    CASE
      WHEN users.active = 0 THEN '-inactive'
      WHEN rights.own_data_allowed = 1 AND target.id = users.id THEN '+own-data'
      ELSE (
        SELECT coalesce(
          CASE min(stance) FILTER (WHERE group_id IS NULL) % 2 WHEN 1 THEN '+user' WHEN 0 THEN '-user' END,
          CASE max(stance % 2) FILTER (WHERE group_id IS NOT NULL)
            WHEN 1 THEN '+group-allow' WHEN 0 THEN '-group-deny' END,
          '-default')
        FROM (
          SELECT group_id,
            min(CASE
              WHEN target_kind IN ('user', 'module', 'attachment') THEN CASE effect WHEN 'deny' THEN 10 ELSE 11 END
              WHEN target_kind IN ('group', 'module-set') THEN CASE effect WHEN 'deny' THEN 22 ELSE 21 END
              ELSE CASE effect WHEN 'deny' THEN 30 ELSE 31 END
            END) AS stance
          FROM (
            SELECT group_id, target_kind, effect FROM rules
            WHERE rules.user_id = users.id AND rules.right_id = rights.id
              AND target_kind || ':' || coalesce(target_user_id, target_group_id, target_module_id,
                                                 target_module_set_id, target_attachment_class_id, '')
                IN (SELECT value FROM json_each(spoken_of.value))
              AND date('now') BETWEEN valid_from AND valid_until
            UNION ALL
            SELECT rules.group_id, rules.target_kind, rules.effect
            FROM json_each(own_groups.value) AS own CROSS JOIN json_each(spoken_of.value) AS spoken
            CROSS JOIN rules ON rules.group_id = own.value
            WHERE rules.right_id = rights.id
              AND target_kind || ':' || coalesce(target_user_id, target_group_id, target_module_id,
                                                 target_module_set_id, target_attachment_class_id, '') = spoken.value
              AND date('now') BETWEEN valid_from AND valid_until
          )
          GROUP BY group_id
        )
      )
    END AS answer
  FROM users
  CROSS JOIN json_each(json_array(
    (SELECT json_group_array(group_id) FROM user_group WHERE user_group.user_id = users.id)
  )) AS own_groups
  CROSS JOIN rights
  CROSS JOIN (
    SELECT 'people' AS scope, 'user' AS kind, id,
      (SELECT json_group_array(key) FROM (
        SELECT 'user:' || users.id AS key UNION ALL SELECT 'everyone:'
        UNION ALL SELECT 'group:' || group_id FROM user_group WHERE user_group.user_id = users.id)) AS keys
    FROM users
    UNION ALL
    SELECT 'modules', 'module', id,
      (SELECT json_group_array(key) FROM (
        SELECT 'module:' || modules.id AS key UNION ALL SELECT 'everything:'
        UNION ALL SELECT 'module-set:' || module_set_id FROM module_set_modules WHERE module_id = modules.id))
    FROM modules
    UNION ALL
    SELECT 'attachments', 'attachment', id, json_array('attachment:' || id, 'everything:') FROM attachment_classes
  ) AS target ON target.scope = rights.scope
  CROSS JOIN json_each(json_array(json(target.keys))) AS spoken_of
);
