//! Everything by which a change weakens its own review: what held it before and would not after it.
//!
//! Takes both repositories and a day, gives values with the places where each is written. What a change adds or tightens
//! is none. Companies that do not compile on either side are not asked.

mod expectations;
mod settings;
mod words;

use crate::check;
use crate::date::Date;
use crate::diag::{Code, Diagnostic, Level};
use crate::name::{Name, RightName};
use crate::repository::{Company, Repository};
use crate::syntax::settings::{Approver, Guard, Limit, Settings};
use crate::text::Place;

/// Something that the change weakens, and in which companies; in none in particular, if there is but one or it is
/// about all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakening {
    /// The companies, in order.
    pub companies: Vec<Name>,
    /// What is weakened.
    pub what: Weakened,
}

/// What is weakened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weakened {
    /// A company is gone, so nothing of it is reviewed.
    CompanyGone {
        /// Its name; none, if there was but one, and the settings name several now.
        company: Option<Name>,
        /// Where the base has it.
        base: Option<Place>,
    },
    /// Something is no longer expected.
    ExpectationGone {
        /// The words of it.
        text: Box<str>,
        /// Where the base has it.
        base: Place,
    },
    /// Something is expected for another day only.
    ExpectationDated {
        /// The words of it.
        text: Box<str>,
        /// The only day for which it was expected, if there was one.
        before: Option<Date>,
        /// The only day for which it is expected now.
        after: Date,
        /// Where the base has it.
        base: Place,
        /// Where the head has it.
        head: Place,
    },
    /// What the base expects names something that the head does not have.
    ExpectationUnaskable {
        /// The words of it.
        text: Box<str>,
        /// The finding: its place is the base's, its message says what is missing.
        finding: Diagnostic,
    },
    /// What the base expects does not hold on the head.
    ExpectationFails {
        /// The words of it.
        text: Box<str>,
        /// The finding: its first place is the base's, where it is expected; all others are the head's, of the rules
        /// and memberships that decide.
        finding: Diagnostic,
        /// Whether it failed on the base already.
        before: bool,
    },
    /// Rights are no longer sensitive.
    Sensitive {
        /// The words by which they were.
        pattern: String,
        /// The rights, in order.
        rights: Vec<RightName>,
        /// Where the base has the words.
        base: Place,
    },
    /// A guard is gone, is looser, or counts otherwise.
    Guard {
        /// Which one.
        guard: Guard,
        /// The limit before, unless it was the default.
        before: Option<Limit>,
        /// The limit now, unless it is the default.
        after: Option<Limit>,
        /// Where the base has it.
        base: Option<Place>,
        /// Where the head has it.
        head: Option<Place>,
    },
    /// Somebody who runs the program has another account of the CRM, or none.
    Operator {
        /// What the operating system calls them.
        os_user: Box<str>,
        /// The account before.
        before: Name,
        /// The account now.
        after: Option<Name>,
        /// Where the base has it.
        base: Place,
        /// Where the head has it.
        head: Option<Place>,
    },
    /// The head of the audit is kept in another file than before, or in none that the settings name.
    AuditHead {
        /// The file before.
        before: Box<str>,
        /// The file now.
        after: Option<Box<str>>,
        /// Where the base names it.
        base: Place,
        /// Where the head names it.
        head: Option<Place>,
    },
    /// A company has another database than before, or none. What its URL is stands nowhere here: it may hold a password.
    Database {
        /// The company; none, if it has no name.
        company: Option<Name>,
        /// Whether the settings name another one.
        has_another: bool,
        /// Where the base has it, unless it was the default.
        base: Option<Place>,
        /// Where the head has it, if it does.
        head: Option<Place>,
    },
    /// Findings of a code weigh less.
    Level {
        /// The code.
        code: Code,
        /// The level before, the code's own included.
        before: Level,
        /// The level now.
        after: Level,
        /// Where the base sets it, if it does.
        base: Option<Place>,
        /// Where the head sets it, if it does.
        head: Option<Place>,
    },
    /// A gate is gone, or lets more through.
    Gate {
        /// The words of it.
        before: String,
        /// What is left of it.
        after: Option<String>,
        /// Where the base has it.
        base: Place,
        /// Where the head has what is left of it.
        head: Option<Place>,
    },
    /// Others approve, or nobody has to.
    Reviewers {
        /// What somebody gains.
        object: String,
        /// Who had to approve, in order of names.
        before: Vec<Approver>,
        /// Who has to now, in order of names; nobody, if the entry is gone.
        after: Vec<Approver>,
        /// Where the base has the entry.
        base: Place,
        /// Where the head has it.
        head: Option<Place>,
    },
    /// By the levels of the base this is an error of the head, by its own it is none. The places are the head's.
    Silenced {
        /// The finding, as the base would weigh it.
        finding: Diagnostic,
    },
}

/// Everything by which the head is reviewed less than the base would have it, in the order of [`Weakened`].
pub fn weakenings(base: &Repository, head: &Repository, on: Date) -> Vec<Weakening> {
    let mut found = Vec::new();
    found.extend(settings::companies_gone(base, head).into_iter().map(of_all));
    let mut of_companies: Vec<Weakening> = Vec::new();
    for (before, after) in pairs(base, head).into_iter().filter(|(before, after)| before.compiles() && after.compiles())
    {
        for what in expectations::weakened(&before.policy, &after.policy, on) {
            // Companies that share folders share their expectations.
            match of_companies.iter_mut().find(|known| known.what == what) {
                Some(known) => known.companies.extend(after.name.clone()),
                None => of_companies.push(Weakening { companies: after.name.clone().into_iter().collect(), what }),
            }
        }
    }
    of_companies.sort_by_key(|weakening| words::order(&weakening.what));
    found.extend(of_companies);
    found.extend(settings::weakened(base, head).into_iter().map(of_all));
    found.extend(silenced(base, head, on));
    found
}

fn of_all(what: Weakened) -> Weakening {
    Weakening { companies: Vec::new(), what }
}

/// The companies of the base with their counterparts: those of the same name, or the only ones there are.
fn pairs<'r>(base: &'r Repository, head: &'r Repository) -> Vec<(&'r Company, &'r Company)> {
    if let ([before], [after]) = (base.companies.as_slice(), head.companies.as_slice()) {
        return vec![(before, after)];
    }
    let counterpart = |before: &'r Company| {
        let after = head.companies.iter().find(|after| after.name == before.name)?;
        Some((before, after))
    };
    base.companies.iter().filter_map(counterpart).collect()
}

/// The errors of the head by the levels of the base that are none by its own.
fn silenced(base: &Repository, head: &Repository, on: Date) -> Vec<Weakening> {
    let lowered = |code: &&Code| base.settings.level(**code) < head.settings.level(**code);
    if !Code::ALL.iter().any(|code| lowered(&code)) {
        return Vec::new();
    }
    let settings = Settings { lints: base.settings.lints.clone(), ..head.settings.clone() };
    let found = check::repository_by(&settings, head, on, None).findings.into_iter();
    let errors = found.filter(|finding| finding.is_error() && head.settings.level(finding.code) != Level::Error);
    errors
        .map(|finding| Weakening { companies: finding.companies.clone(), what: Weakened::Silenced { finding } })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Side;
    use crate::testing::{day, repository};

    /// Every weakening: its kind, what, companies, places and words.
    fn found(base: &str, head: &str) -> String {
        let (base, head) = (repository(base), repository(head));
        let lines = weakenings(&base, &head, day("2026-11-22")).into_iter().map(|weakening| {
            let places = weakening.places().into_iter().map(|(side, place)| {
                let sources = if side == Side::Base { &base.sources } else { &head.sources };
                let file = sources.file(place.file);
                let line = file.position(place.span.start).line;
                format!("{} {}:{line} {:?}", side.as_str(), file.path(), file.slice(place.span))
            });
            let places: Vec<String> = places.collect();
            let companies: Vec<&str> = weakening.companies.iter().map(Name::as_str).collect();
            let companies = if companies.is_empty() { String::new() } else { format!("{companies:?} ") };
            let (kind, what, message) = (weakening.kind(), weakening.what(), weakening.message().english());
            format!("{kind} ({what}) {companies}{} | {message}\n", places.join(" + "))
        });
        lines.collect()
    }

    const POLICY: &str = r#"
//- policies/a.yaml
users: { lars: , anna: , karin: { allow: [data.export] } }
groups: { sales: { members: [lars], allow: [program.start] }, management: { members: [karin] } }
rights: { invoices.approve: }
"#;

    fn with_settings(settings: &str) -> String {
        format!("//- rightful.yaml\n{settings}{POLICY}")
    }

    fn in_settings(base: &str, head: &str) -> String {
        found(&with_settings(base), &with_settings(head))
    }

    #[test]
    fn what_stays_or_is_tightened_is_no_weakening() {
        let base = "
sensitive: [data.export]
gates:
  - at most 5 users gain data.export
  - nobody gains access to management
  - expectations hold
reviewers: { data.export: [anna, karin], access to management: anna }
guards: { remove_users: 10%, lose_rights: 5, empty_section: 2, operator: on, gain_rights: off }
operators: { root: anna }
lints: { inert-rule: error, unused-group: off }";
        assert_eq!(in_settings(base, base), "");
        let head = "
sensitive: [data.*, sms.send]
gates:
  - expectations   hold
  - nobody gains access to group:management
  - at most 3 users gain data.export+import
  - nobody loses program.start
reviewers: { data.*: [karin, anna], access to group:management: [anna], sms.send: lars }
guards: { remove_users: 5%, lose_rights: 0 }
operators: { deploy: lars, root: anna }
lints: { inert-rule: error }";
        assert_eq!(in_settings(base, head), "");
        assert_eq!(in_settings("language: de", head), "");
        assert_eq!(in_settings("gates: [nobody gains access to management]", "gates: [no change]"), "");
        assert_eq!(in_settings("gates: [nobody loses data.export of karin]", "gates: [nobody loses anything]"), "");
    }

    #[test]
    fn a_gate_that_lets_more_through_is_named_with_what_became_of_it() {
        let check = |base: &str, head: &str, expected: &str| {
            let found = in_settings(&format!("gates: [{base}]"), &format!("gates: [{head}]"));
            assert_eq!(found.split_once(" | ").map_or("", |(_, message)| message.trim_end()), expected);
        };
        let message = "the gate `at most 5 users gain data.export` has become `at most 9 users gain data.export`";
        check("at most 5 users gain data.export", "at most 9 users gain data.export", message);
        let message = "the gate `nobody gains calendar.see` is gone";
        check("nobody gains calendar.see", "nobody gains calendar.see of karin", message);
        check("nobody gains calendar.see", "nobody loses calendar.see", message);
        check("nobody gains group:sales", "no change", "the gate `nobody gains group:sales` is gone");
        check(
            "nobody gains group:sales",
            "nobody gains group:management",
            "the gate `nobody gains group:sales` is gone",
        );
        check(
            "nobody gains access to karin",
            "nobody gains access to sales",
            "the gate `nobody gains access to karin` is gone",
        );
    }

    #[test]
    fn settings_that_go_or_loosen_are_found() {
        let base = "
sensitive: [data.*, sms.send, invoices.approve]
gates:
  - at most 5 users gain data.export
  - nobody gains data.*
  - nobody loses sensitive
  - nothing is weakened
  - no change
reviewers: { data.export: [anna, karin], sms.send: anna, data.import: [anna], lists.print: [karin, lars] }
guards: { remove_users: 10%, lose_rights: 5, gain_rights: 5% }
operators: { root: anna, deploy: lars }
lints: { inert-rule: error, unused-group: error, redundant-rule: warning }";
        insta::assert_snapshot!(in_settings(base, "
sensitive: [data.import]
gates:
  - at most 9 users gain data.export
  - nobody gains data.export
  - nobody gains sensitive
reviewers: { data.export: [anna, karin, lars], sms.send: [karin], data.import: anna, lists.print: lars }
guards: { remove_users: 5, lose_rights: 6, gain_rights: off, last_superuser: off, empty_section: 3 }
operators: { root: karin }
lints: { unused-group: warning, cannot-start: off }"), @r#"
        sensitive (data.*) base rightful.yaml:2 "data.*" | no longer sensitive: `data.export`
        sensitive (sms.send) base rightful.yaml:2 "sms.send" | no longer sensitive: `sms.send`
        sensitive (invoices.approve) base rightful.yaml:2 "invoices.approve" | no longer sensitive: `invoices.approve`
        guard (remove_users) head rightful.yaml:8 "5" + base rightful.yaml:10 "10%" | the guard `remove_users` was 10% and is 5
        guard (lose_rights) head rightful.yaml:8 "6" + base rightful.yaml:10 "5" | the guard `lose_rights` was 5 and is 6
        guard (gain_rights) head rightful.yaml:8 "off" + base rightful.yaml:10 "5%" | the guard `gain_rights` was 5% and is off
        guard (empty_section) head rightful.yaml:8 "3" | the guard `empty_section` was 2, its default, and is 3
        guard (last_superuser) head rightful.yaml:8 "off" | the guard `last_superuser` was on, its default, and is off
        operator (root) head rightful.yaml:9 "karin" + base rightful.yaml:11 "anna" | the operator `root` was `anna` and is `karin`
        operator (deploy) base rightful.yaml:11 "lars" | the operator `deploy` is gone, who was `lars`
        level (inert-rule) base rightful.yaml:12 "error" | the level of `inert-rule` was `error` and is `warning`
        level (unused-group) head rightful.yaml:10 "warning" + base rightful.yaml:12 "error" | the level of `unused-group` was `error` and is `warning`
        level (cannot-start) head rightful.yaml:10 "off" | the level of `cannot-start` was `warning` and is `off`
        level (redundant-rule) base rightful.yaml:12 "warning" | the level of `redundant-rule` was `warning` and is `off`
        gate (nobody gains data.*) base rightful.yaml:5 "nobody gains data.*" | the gate `nobody gains data.*` is gone
        gate (nobody loses sensitive) base rightful.yaml:6 "nobody loses sensitive" | the gate `nobody loses sensitive` is gone
        gate (nothing is weakened) base rightful.yaml:7 "nothing is weakened" | the gate `nothing is weakened` is gone
        gate (no change) base rightful.yaml:8 "no change" | the gate `no change` is gone
        reviewers (data.export) head rightful.yaml:7 "data.export" + base rightful.yaml:9 "data.export" | whoever approves `data.export` was `anna` or `karin` and is `anna`, `karin` or `lars`
        reviewers (sms.send) head rightful.yaml:7 "sms.send" + base rightful.yaml:9 "sms.send" | whoever approves `sms.send` was `anna` and is `karin`
        reviewers (lists.print) head rightful.yaml:7 "lists.print" + base rightful.yaml:9 "lists.print" | whoever approves `lists.print` was `karin` or `lars` and is `lars`
        silenced (unused-group) head policies/a.yaml:2 "management" | by the levels before the change this is an error: the group `management` gives and takes nothing
        "#);
        insta::assert_snapshot!(in_settings(base, "language: en"), @r#"
        sensitive (data.*) base rightful.yaml:2 "data.*" | no longer sensitive: `data.export` and `data.import`
        sensitive (sms.send) base rightful.yaml:2 "sms.send" | no longer sensitive: `sms.send`
        sensitive (invoices.approve) base rightful.yaml:2 "invoices.approve" | no longer sensitive: `invoices.approve`
        guard (remove_users) base rightful.yaml:10 "10%" | the guard `remove_users` is gone, which was 10%
        guard (lose_rights) base rightful.yaml:10 "5" | the guard `lose_rights` is gone, which was 5
        guard (gain_rights) base rightful.yaml:10 "5%" | the guard `gain_rights` is gone, which was 5%
        operator (root) base rightful.yaml:11 "anna" | the operator `root` is gone, who was `anna`
        operator (deploy) base rightful.yaml:11 "lars" | the operator `deploy` is gone, who was `lars`
        level (inert-rule) base rightful.yaml:12 "error" | the level of `inert-rule` was `error` and is `warning`
        level (unused-group) base rightful.yaml:12 "error" | the level of `unused-group` was `error` and is `warning`
        level (redundant-rule) base rightful.yaml:12 "warning" | the level of `redundant-rule` was `warning` and is `off`
        gate (at most 5 users gain data.export) base rightful.yaml:4 "at most 5 users gain data.export" | the gate `at most 5 users gain data.export` is gone
        gate (nobody gains data.*) base rightful.yaml:5 "nobody gains data.*" | the gate `nobody gains data.*` is gone
        gate (nobody loses sensitive) base rightful.yaml:6 "nobody loses sensitive" | the gate `nobody loses sensitive` is gone
        gate (nothing is weakened) base rightful.yaml:7 "nothing is weakened" | the gate `nothing is weakened` is gone
        gate (no change) base rightful.yaml:8 "no change" | the gate `no change` is gone
        reviewers (data.export) base rightful.yaml:9 "data.export" | nobody has to approve `data.export` any more; it was `anna` or `karin`
        reviewers (sms.send) base rightful.yaml:9 "sms.send" | nobody has to approve `sms.send` any more; it was `anna`
        reviewers (data.import) base rightful.yaml:9 "data.import" | nobody has to approve `data.import` any more; it was `anna`
        reviewers (lists.print) base rightful.yaml:9 "lists.print" | nobody has to approve `lists.print` any more; it was `karin` or `lars`
        silenced (unused-group) head policies/a.yaml:2 "management" | by the levels before the change this is an error: the group `management` gives and takes nothing
        "#);
    }

    #[test]
    fn what_proves_the_audit_from_outside_is_watched() {
        let settings = |audit: &str, database: &str| {
            format!(
                "//- rightful.yaml\n{audit}companies: {{ nord: {{ policies: [policies]{database} }} }}\n//- policies/a.yaml\nusers: {{ lars: }}\n"
            )
        };
        let kept = "audit: { head: kept/heads }\n";
        let base = settings(kept, ", database: \"postgres://crm:hunter2@db/crm\"");
        assert_eq!(found(&base, &base), "");
        insta::assert_snapshot!(found(&base, &settings("", "")), @r#"
        audit-head (kept/heads) base rightful.yaml:1 "kept/heads" | the head of the audit is no longer kept in `kept/heads`
        database (nord) base rightful.yaml:2 "\"postgres://crm:hunter2@db/crm\"" | the settings name no database for `nord` any more
        "#);
        insta::assert_snapshot!(found(&base, &settings("audit: { head: heads }\n", ", database: \"env:NORD_DATABASE_URL\"")), @r#"
        audit-head (kept/heads) head rightful.yaml:1 "heads" + base rightful.yaml:1 "kept/heads" | the head of the audit was kept in `kept/heads` and is kept in `heads`
        database (nord) head rightful.yaml:2 "\"env:NORD_DATABASE_URL\"" + base rightful.yaml:2 "\"postgres://crm:hunter2@db/crm\"" | the company `nord` has another database than before
        "#);
        // What is kept or named for the first time takes nothing away.
        assert_eq!(found(&settings("", ""), &base), "");
        let alone = "users: { lars: }\n";
        assert_eq!(found(alone, &settings("", ", database: \"sqlite:crm.db\"")), "");
        insta::assert_snapshot!(found(alone, &settings("", ", database: \"sqlite:x.db\"")), @r#"database (nord) head rightful.yaml:1 "\"sqlite:x.db\"" | the company `nord` has another database than before"#);
        let gone = found(&settings("", ", database: \"sqlite:x.db\""), alone);
        insta::assert_snapshot!(gone, @r#"company (nord) base rightful.yaml:1 "nord" | the company `nord` is gone"#);
    }

    #[test]
    fn findings_that_lower_levels_hide_are_named() {
        let base = "lints: { inert-rule: error, unused-group: error }\n";
        let policy = "//- policies/a.yaml\nusers: { lars: }\ngroups: { sales: { members: [lars], deny: [data.export] }, empty: }\n";
        let base = format!("//- rightful.yaml\n{base}{policy}");
        let head = base.replace("unused-group: error", "unused-group: off");
        insta::assert_snapshot!(found(&base, &head), @r#"
        level (unused-group) head rightful.yaml:1 "off" + base rightful.yaml:1 "error" | the level of `unused-group` was `error` and is `off`
        silenced (unused-group) head policies/a.yaml:2 "empty" | by the levels before the change this is an error: nobody is in the group `empty`
        "#);
    }

    #[test]
    fn expectations_of_the_base_are_kept_by_meaning_and_hold() {
        let policy = |expect: &str| {
            format!("users: {{ lars: , anna: }}\ngroups: {{ sales: {{ members: [lars] }} }}\nexpect:\n{expect}")
        };
        let base = policy(
            "  - group:sales, anna cannot data.export\n  - at most 2 users can data.import\n  - at least 0 users can sms.send\n  - nobody can data.import+export\n",
        );
        let same = policy("  - nobody can data.*\n  - { that: \"anna, sales   cannot data.export\", because: x }\n");
        let head = format!(
            "{same}//- policies/b.yaml\nexpect: [at most 1 user can data.import, exactly 0 users can sms.send]\n"
        );
        assert_eq!(found(&base, &base), "");
        assert_eq!(found(&base, &head), "");
        insta::assert_snapshot!(found(&base, &policy("  - at most 3 users can data.import\n  - { that: nobody can data.import+export, on: 2027-01-01 }\n")), @r#"
        expectation-gone (group:sales, anna cannot data.export) base policies/a.yaml:4 "group:sales, anna cannot data.export" | `group:sales, anna cannot data.export` is no longer expected
        expectation-gone (at most 2 users can data.import) base policies/a.yaml:5 "at most 2 users can data.import" | `at most 2 users can data.import` is no longer expected
        expectation-gone (at least 0 users can sms.send) base policies/a.yaml:6 "at least 0 users can sms.send" | `at least 0 users can sms.send` is no longer expected
        expectation-dated (nobody can data.import+export) head policies/a.yaml:5 "nobody can data.import+export" + base policies/a.yaml:7 "nobody can data.import+export" | `nobody can data.import+export` is expected on 2027-01-01 only, no longer on every day
        "#);
    }

    #[test]
    fn expectations_of_the_base_are_proved_on_the_head() {
        let base = r#"
users: { lars: , anna: { allow: [sms.send] }, old: }
groups: { sales: { members: [lars] } }
expect:
  - sales cannot data.export
  - old cannot data.export
  - nobody can sms.send
  - group:sales can program.start
"#;
        let head = r#"
users: { lars: , anna: { allow: [sms.send] }, new: { renamed_from: old } }
groups: { desk: { members: [lars], allow: [data.export] } }
"#;
        insta::assert_snapshot!(found(base, head), @r#"
        expectation-gone (sales cannot data.export) base policies/a.yaml:5 "sales cannot data.export" | `sales cannot data.export` is no longer expected
        expectation-gone (old cannot data.export) base policies/a.yaml:6 "old cannot data.export" | `old cannot data.export` is no longer expected
        expectation-gone (nobody can sms.send) base policies/a.yaml:7 "nobody can sms.send" | `nobody can sms.send` is no longer expected
        expectation-gone (group:sales can program.start) base policies/a.yaml:8 "group:sales can program.start" | `group:sales can program.start` is no longer expected
        expectation-unaskable (sales cannot data.export) base policies/a.yaml:5 "sales cannot data.export" | `sales cannot data.export` can no longer be asked: there is no user or group `sales`
        expectation-unaskable (group:sales can program.start) base policies/a.yaml:8 "group:sales can program.start" | `group:sales can program.start` can no longer be asked: there is no group `sales`
        expectation-fails (nobody can sms.send) base policies/a.yaml:7 "nobody can sms.send" + head policies/a.yaml:2 "sms.send" | `nobody can sms.send` does not hold: anna can; it did not hold before either
        "#);
        insta::assert_snapshot!(found(base, &head.replace("desk", "sales")), @r#"
        expectation-gone (sales cannot data.export) base policies/a.yaml:5 "sales cannot data.export" | `sales cannot data.export` is no longer expected
        expectation-gone (old cannot data.export) base policies/a.yaml:6 "old cannot data.export" | `old cannot data.export` is no longer expected
        expectation-gone (nobody can sms.send) base policies/a.yaml:7 "nobody can sms.send" | `nobody can sms.send` is no longer expected
        expectation-gone (group:sales can program.start) base policies/a.yaml:8 "group:sales can program.start" | `group:sales can program.start` is no longer expected
        expectation-fails (sales cannot data.export) base policies/a.yaml:5 "sales cannot data.export" + head policies/a.yaml:3 "data.export" | `sales cannot data.export` does not hold: lars can
        expectation-fails (nobody can sms.send) base policies/a.yaml:7 "nobody can sms.send" + head policies/a.yaml:2 "sms.send" | `nobody can sms.send` does not hold: anna can; it did not hold before either
        expectation-fails (group:sales can program.start) base policies/a.yaml:8 "group:sales can program.start" | `group:sales can program.start` does not hold: lars cannot; it did not hold before either
        "#);
        // Without a word about it in the head, the account goes on under another name.
        assert_eq!(
            found(
                "users: { old: }\nexpect: [old cannot data.export]",
                "users: { new: { renamed_from: old } }\nexpect: [new cannot data.export]"
            ),
            ""
        );
    }

    #[test]
    fn companies_are_compared_by_their_names() {
        let base = "
//- rightful.yaml
companies:
  nord: { policies: [policies/common, policies/nord], database: \"sqlite:n.db\" }
  sued: { policies: [policies/common], database: \"sqlite:s.db\" }
  west: { policies: [policies/common] }
//- policies/common/a.yaml
users: { lars: , anna: }
expect: [lars cannot data.export]
//- policies/nord/a.yaml
expect: [anna cannot data.import]
";
        assert_eq!(found(base, base), "");
        insta::assert_snapshot!(found(base, "
//- rightful.yaml
companies:
  nord: { policies: [policies/common, policies/nord], database: \"sqlite:n.db\" }
  sued: { policies: [policies/common], database: \"sqlite:s.db\" }
//- policies/common/a.yaml
users: { lars: { allow: [data.export] }, anna: }
//- policies/nord/a.yaml
groups: { sales: { members: [anna], allow: [data.import] } }
"), @r#"
        company (west) base rightful.yaml:4 "west" | the company `west` is gone
        expectation-gone (lars cannot data.export) ["nord", "sued"] base policies/common/a.yaml:2 "lars cannot data.export" | `lars cannot data.export` is no longer expected
        expectation-gone (anna cannot data.import) ["nord"] base policies/nord/a.yaml:1 "anna cannot data.import" | `anna cannot data.import` is no longer expected
        expectation-fails (lars cannot data.export) ["nord", "sued"] base policies/common/a.yaml:2 "lars cannot data.export" + head policies/common/a.yaml:1 "data.export" | `lars cannot data.export` does not hold: lars can
        expectation-fails (anna cannot data.import) ["nord"] base policies/nord/a.yaml:1 "anna cannot data.import" + head policies/nord/a.yaml:1 "data.import" | `anna cannot data.import` does not hold: anna can
        "#);
        // What belonged to no company in particular belongs to none of them now.
        let alone = "users: { lars: }\nexpect: [lars cannot data.export]\n";
        let named = "//- rightful.yaml\ncompanies: { nord: { policies: [policies] }, sued: { policies: [policies], database: \"sqlite:s.db\" } }\n//- policies/a.yaml\nusers: { lars: }\n";
        insta::assert_snapshot!(found(alone, named), @"company ()  | there are several companies now, so nothing that was expected before can be asked of them");
        let one =
            "//- rightful.yaml\ncompanies: { nord: { policies: [policies] } }\n//- policies/a.yaml\nusers: { lars: }\n";
        insta::assert_snapshot!(found(alone, one), @r#"
        expectation-gone (lars cannot data.export) ["nord"] base policies/a.yaml:2 "lars cannot data.export" | `lars cannot data.export` is no longer expected
        database (nord)  | the settings name no database for `nord` any more
        "#);
    }
}
