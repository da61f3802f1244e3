-- The CRM database, version 3, for PostgreSQL: a question about one target looks up the rules that can speak about it,
-- and not all rules on the right. The answers are the same. schema/README.md explains it and has ready queries.

-- What a rule is over, as one text: its kind, and the name if it has one.
CREATE INDEX rules_by_group_target ON rules
  (group_id, right_id,
   (target_kind || ':' || coalesce(target_user_id, target_group_id, target_module_id, target_module_set_id,
                                   target_attachment_class_id, '')));

-- May a user do a scoped right over a person, module or attachment class today? One row for each of them.
--
-- A rule speaks about a target if it is over the target itself, over a group or module set that contains it, or over all.
-- What it says is a number: the smallest of a subject is its stance, and an odd one allows. The tens are the tier:
-- 10 the target itself, 20 what contains it, 30 all. In the tier of groups an allow comes before a deny; in the others
-- both can stand by mistake only, and deny comes first. The rules on the user are those without a group, and come first;
-- of the groups' stances one that allows is enough.
CREATE OR REPLACE VIEW effective_scoped_right (user_id, right_id, target_kind, target_id, allowed, step) AS
SELECT users.id, rights.id, target.kind, target.id, substr(found.answer, 1, 1) = '+', substr(found.answer, 2)
FROM users
CROSS JOIN LATERAL (
  SELECT ARRAY(SELECT group_id FROM user_group WHERE user_group.user_id = users.id) AS ids OFFSET 0
) AS own_groups
CROSS JOIN rights
JOIN (
  SELECT 'people' AS scope, 'user' AS kind, 'everyone' AS all_kind, id FROM users
  UNION ALL
  SELECT 'modules', 'module', 'everything', id FROM modules
  UNION ALL
  SELECT 'attachments', 'attachment', 'everything', id FROM attachment_classes
) AS target ON target.scope = rights.scope
CROSS JOIN LATERAL (
  SELECT ARRAY(
    SELECT target.kind || ':' || target.id
    UNION ALL
    SELECT target.all_kind || ':'
    UNION ALL
    SELECT 'group:' || group_id FROM user_group WHERE target.kind = 'user' AND user_group.user_id = target.id
    UNION ALL
    SELECT 'module-set:' || module_set_id FROM module_set_modules
    WHERE target.kind = 'module' AND module_id = target.id
  ) AS keys OFFSET 0
) AS spoken_of
CROSS JOIN LATERAL (
  SELECT CASE
    WHEN NOT users.active THEN '-inactive'
    WHEN rights.own_data_allowed AND target.id = users.id THEN '+own-data'
    ELSE (
      SELECT coalesce(
        CASE min(stance) FILTER (WHERE group_id IS NULL) % 2 WHEN 1 THEN '+user' WHEN 0 THEN '-user' END,
        CASE max(stance % 2) FILTER (WHERE group_id IS NOT NULL) WHEN 1 THEN '+group-allow' WHEN 0 THEN '-group-deny' END,
        '-default')
      FROM (
        SELECT group_id,
          min(CASE
            WHEN target_kind IN ('user', 'module', 'attachment') THEN CASE effect WHEN 'deny' THEN 10 ELSE 11 END
            WHEN target_kind IN ('group', 'module-set') THEN CASE effect WHEN 'deny' THEN 22 ELSE 21 END
            ELSE CASE effect WHEN 'deny' THEN 30 ELSE 31 END
          END) AS stance
        FROM rules
        WHERE (rules.user_id = users.id OR rules.group_id = ANY (own_groups.ids)) AND rules.right_id = rights.id
          AND target_kind || ':' || coalesce(target_user_id, target_group_id, target_module_id, target_module_set_id,
                                             target_attachment_class_id, '') = ANY (spoken_of.keys)
          AND (SELECT day FROM today) BETWEEN valid_from AND valid_until
        GROUP BY group_id
      ) AS stances
    )
  END AS answer
  OFFSET 0
) AS found
WHERE rights.scope <> 'plain';
