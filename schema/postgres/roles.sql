-- Four roles for PostgreSQL, each with as little as it needs. Run it once as the owner of the tables, after the first
-- apply has made them; whoever runs it must be allowed to create roles.
--
-- Give them to the accounts that log in: GRANT rightful_apply TO ci_deploy. The first apply, and the first one of a
-- newer version of the program, migrates the tables and needs their owner. With a company in a schema of its own, set the
-- search path to it before, name it below in place of public, and give the roles the company's name as well.

CREATE ROLE rightful_apply NOLOGIN;
CREATE ROLE rightful_plan NOLOGIN;
CREATE ROLE rightful_crm NOLOGIN;
CREATE ROLE rightful_web NOLOGIN;

GRANT USAGE ON SCHEMA public TO rightful_apply, rightful_plan, rightful_crm, rightful_web;

-- `rightful apply`: writes what policies declare, takes the lock row, and adds to the audit, which it can never change.
GRANT SELECT, INSERT, UPDATE, DELETE ON rights, modules, module_sets, module_set_modules, attachment_classes,
  attachment_patterns, employees, groups, members, access, rules, last_applied, company, licence, licence_services,
  connection, sessions, invitations, logins, online_limits, online_services TO rightful_apply;
-- An account is never deleted: whoever leaves becomes inactive.
GRANT SELECT, INSERT, UPDATE ON users TO rightful_apply;
GRANT SELECT, UPDATE ON lock TO rightful_apply;
GRANT SELECT, INSERT ON audit TO rightful_apply;
-- `rightful sync`: the lease, which machines are there, and the log.
GRANT SELECT, UPDATE ON service TO rightful_apply;
GRANT SELECT, INSERT, UPDATE, DELETE ON machines, sync_runs TO rightful_apply;
GRANT SELECT ON identity, schema_version, schema_parts, today, user_group, group_user, effective_right,
  effective_scoped_right, login_state TO rightful_apply;

-- `rightful plan`, `audit` and `history`: read.
GRANT SELECT ON rights, modules, module_sets, module_set_modules, attachment_classes, attachment_patterns, employees,
  groups, users, members, access, rules, last_applied, lock, audit, company, licence, licence_services, connection,
  sessions, invitations, logins, online_limits, online_services, login_state, identity, schema_version,
  schema_parts, today, user_group, group_user, effective_right, effective_scoped_right TO rightful_plan;

GRANT SELECT ON service, machines, sync_runs TO rightful_plan;

-- The CRM: what it shows, and the answers. The rules and memberships behind them are not its business, nor the audit.
GRANT SELECT ON rights, modules, module_sets, module_set_modules, attachment_classes, attachment_patterns, employees,
  groups, users, company, licence, licence_services, today, user_group, group_user, effective_right,
  effective_scoped_right TO rightful_crm;

-- The web side: who may log in, and what it has to keep to. It counts failed logins, and can neither lock nor unlock by
-- hand, nor make a login; tokens and invitations are not its business.
GRANT SELECT ON logins, login_state, online_limits, online_services TO rightful_web;
GRANT UPDATE (failed_logins) ON logins TO rightful_web;

-- Whoever works registers a session, and waits for a company that is just being connected. The id of the connection is
-- always 1, so that nothing can be changed by the right to set it, which waiting takes.
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO rightful_crm, rightful_web;
GRANT SELECT, UPDATE (id) ON connection TO rightful_crm, rightful_web;
