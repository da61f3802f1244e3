//! Hand-written organisations, each of which pins one sentence of section 6: the oracle has to agree with what a
//! person reads there, before anything is held against it.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use super::naive::{
    Subject, Tier, contradictions, decide, decide_many, deciding_rules, groups_of, membership_cycle, stance,
};
use super::organisation::{
    Effect, Group, Kind, Member, Membership, ModuleSet, Organisation, OwnData, OwnRight, Role, Rule, SingleTarget,
    Target, User, Validity,
};

const TODAY: Date = date(2026, 11, 20);
const TOMORROW: Date = date(2026, 11, 21);
const YESTERDAY: Date = date(2026, 11, 19);

const ANNA: usize = 0;
const LARS: usize = 1;
const KARIN: usize = 2;
const SALES: usize = 0;
const INSIDE: usize = 1;

const OF_ANNA: SingleTarget = SingleTarget::User(ANNA);
const OF_LARS: SingleTarget = SingleTarget::User(LARS);
const OF_KARIN: SingleTarget = SingleTarget::User(KARIN);

fn allow(right: &str) -> Rule {
    Rule::new(Effect::Allow, right, None)
}

fn deny(right: &str) -> Rule {
    Rule::new(Effect::Deny, right, None)
}

fn allow_of(right: &str, target: Target) -> Rule {
    Rule::new(Effect::Allow, right, Some(target))
}

fn deny_of(right: &str, target: Target) -> Rule {
    Rule::new(Effect::Deny, right, Some(target))
}

/// Anna, Lars and Karin, active and without rules; the groups `sales` and `inside`, without members and rules.
fn company() -> Organisation {
    let user = |name: &str| User { name: name.to_owned(), active: true, role: None, rules: Vec::new() };
    let group = |name: &str| Group { name: name.to_owned(), members: Vec::new(), rules: Vec::new() };
    Organisation {
        users: vec![user("anna"), user("lars"), user("karin")],
        groups: vec![group("sales"), group("inside")],
        ..Organisation::default()
    }
}

fn member(user: usize) -> Membership {
    Membership::new(Member::User(user))
}

/// The verdict in one word: `yes` or `no`, and the step.
fn answer(org: &Organisation, user: usize, right: &str, target: Option<SingleTarget>) -> String {
    answer_on(org, user, right, target, TODAY)
}

fn answer_on(org: &Organisation, user: usize, right: &str, target: Option<SingleTarget>, on: Date) -> String {
    let verdict = decide(org, user, right, target.as_ref(), on);
    format!("{} {}", if verdict.allowed { "yes" } else { "no" }, verdict.step)
}

/// The same for a target that stands for several, followed by the names of those refused.
fn wide_answer(org: &Organisation, user: usize, right: &str, target: Target) -> String {
    let verdict = decide_many(org, user, right, &target, TODAY);
    let names: Vec<&str> = verdict.refused.iter().map(|single| single.name(org)).collect();
    format!("{} {} [{}]", if verdict.allowed { "yes" } else { "no" }, verdict.step, names.join(" "))
}

#[test]
fn nothing_said_is_a_refusal_by_default() {
    let org = company();
    assert_eq!(OF_ANNA.key(&org), "user:anna");
    assert_eq!(answer(&org, LARS, "data.export", None), "no default");
    assert_eq!(answer(&org, LARS, "opportunities.see", Some(OF_ANNA)), "no default");
}

#[test]
fn inactive_comes_before_own_data_and_own_rules() {
    let mut org = company();
    org.users[LARS].active = false;
    org.users[LARS].rules = vec![allow("data.export"), allow_of("calendar.see", Target::Everyone)];
    assert_eq!(answer(&org, LARS, "data.export", None), "no inactive");
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_LARS)), "no inactive");
    assert_eq!(wide_answer(&org, LARS, "calendar.see", Target::Everyone), "no inactive [anna karin lars]");
}

#[test]
fn own_data_comes_before_an_own_deny() {
    let mut org = company();
    org.users[LARS].rules = vec![deny_of("calendar.see", Target::User(LARS))];
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_LARS)), "yes own-data");
    assert_eq!(answer(&org, LARS, "opportunities.delete", Some(OF_LARS)), "yes own-data");
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_ANNA)), "no default");
}

#[test]
fn an_own_right_says_itself_whether_own_data_is_free() {
    let mut org = company();
    let own = |right: &str, own_data| OwnRight { right: right.to_owned(), kind: Kind::People, own_data };
    org.own_rights = vec![own("documents.see", OwnData::Allow), own("documents.edit", OwnData::Rules)];
    assert_eq!(answer(&org, LARS, "documents.see", Some(OF_LARS)), "yes own-data");
    assert_eq!(answer(&org, LARS, "documents.edit", Some(OF_LARS)), "no default");
    org.users[LARS].rules = vec![allow_of("documents.*", Target::Everyone)];
    assert_eq!(answer(&org, LARS, "documents.edit", Some(OF_LARS)), "yes user");
}

#[test]
fn the_own_setting_beats_every_group() {
    let mut org = company();
    org.groups[SALES].members = vec![Membership::new(Member::Everyone)];
    org.groups[SALES].rules = vec![allow("data.export"), deny("sms.send")];
    org.users[LARS].rules = vec![deny("data.export"), allow("sms.send")];
    assert_eq!(answer(&org, LARS, "data.export", None), "no user");
    assert_eq!(answer(&org, LARS, "sms.send", None), "yes user");
    assert_eq!(answer(&org, ANNA, "data.export", None), "yes group-allow");
    assert_eq!(answer(&org, ANNA, "sms.send", None), "no group-deny");
}

#[test]
fn an_own_rule_about_everyone_beats_a_group_rule_that_names_the_person() {
    let mut org = company();
    org.groups[SALES].members = vec![member(LARS)];
    org.groups[SALES].rules = vec![allow_of("calendar.see", Target::User(ANNA))];
    org.users[LARS].rules = vec![deny_of("calendar.see", Target::Everyone)];
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_ANNA)), "no user");
}

#[test]
fn one_group_that_allows_beats_another_that_denies_at_any_distance() {
    let mut org = company();
    org.groups[INSIDE].members = vec![member(LARS)];
    org.groups[INSIDE].rules = vec![deny("data.export"), deny_of("calendar.see", Target::User(ANNA))];
    org.groups[SALES].members = vec![Membership::new(Member::Group(INSIDE))];
    org.groups[SALES].rules = vec![allow("data.export"), allow_of("calendar.see", Target::Everyone)];
    assert_eq!(answer(&org, LARS, "data.export", None), "yes group-allow");
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_ANNA)), "yes group-allow");
}

#[test]
fn the_first_tier_that_speaks_decides_within_one_subject() {
    let mut org = company();
    org.groups[SALES].members = vec![member(ANNA), member(KARIN)];
    org.users[LARS].rules = vec![
        allow_of("opportunities.see", Target::Everyone),
        deny_of("opportunities.see", Target::Group(SALES)),
        allow_of("opportunities.see", Target::User(ANNA)),
    ];
    let tier = |target| {
        let stance = stance(&org, Subject::User(LARS), "opportunities.see", Some(&target), TODAY);
        stance.map(|stance| (stance.tier, stance.effect))
    };
    assert_eq!(tier(OF_ANNA), Some((Tier::Named, Effect::Allow)));
    assert_eq!(tier(OF_KARIN), Some((Tier::Containing, Effect::Deny)));
    assert_eq!(tier(OF_LARS), Some((Tier::All, Effect::Allow)));
}

#[test]
fn everyone_except_a_group_but_one_of_them_yes_takes_three_rules_of_one_group() {
    let mut org = company();
    org.groups[INSIDE].members = vec![member(ANNA), member(KARIN)];
    org.groups[SALES].members = vec![member(LARS)];
    org.groups[SALES].rules = vec![
        allow_of("opportunities.see", Target::Everyone),
        deny_of("opportunities.see", Target::Group(INSIDE)),
        allow_of("opportunities.see", Target::User(ANNA)),
    ];
    assert_eq!(answer(&org, LARS, "opportunities.see", Some(OF_ANNA)), "yes group-allow");
    assert_eq!(answer(&org, LARS, "opportunities.see", Some(OF_KARIN)), "no group-deny");
    assert_eq!(wide_answer(&org, LARS, "opportunities.see", Target::Group(INSIDE)), "no group-deny [karin]");
}

#[test]
fn in_the_second_tier_any_allow_beats_any_deny() {
    let mut org = company();
    org.groups[SALES].members = vec![member(ANNA)];
    org.groups[INSIDE].members = vec![member(ANNA)];
    org.users[LARS].rules =
        vec![deny_of("calendar.see", Target::Group(SALES)), allow_of("calendar.see", Target::Group(INSIDE))];
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_ANNA)), "yes user");
    org.users[LARS].rules.pop();
    assert_eq!(answer(&org, LARS, "calendar.see", Some(OF_ANNA)), "no user");
}

#[test]
fn the_second_tier_sees_only_memberships_in_force() {
    let mut org = company();
    org.groups[INSIDE].members = vec![member(ANNA)];
    org.groups[SALES].members = vec![Membership::new(Member::Group(INSIDE)).during(Validity::from(TODAY))];
    org.users[LARS].rules = vec![allow_of("calendar.see", Target::Group(SALES))];
    assert_eq!(answer_on(&org, LARS, "calendar.see", Some(OF_ANNA), YESTERDAY), "no default");
    assert_eq!(answer_on(&org, LARS, "calendar.see", Some(OF_ANNA), TODAY), "yes user");
}

#[test]
fn both_days_of_a_period_are_in_it() {
    let mut org = company();
    org.users[LARS].rules = vec![allow("data.export").during(Validity::between(TODAY, TOMORROW))];
    let answers: Vec<String> = [YESTERDAY, TODAY, TOMORROW, date(2026, 11, 22)]
        .into_iter()
        .map(|day| answer_on(&org, LARS, "data.export", None, day))
        .collect();
    assert_eq!(answers, ["no default", "yes user", "yes user", "no default"]);
}

#[test]
fn every_link_of_a_nested_membership_must_be_in_force() {
    let mut org = company();
    org.groups[INSIDE].members = vec![member(LARS).during(Validity::until(TODAY))];
    org.groups[SALES].members = vec![Membership::new(Member::Group(INSIDE)).during(Validity::from(TODAY))];
    org.groups[SALES].rules = vec![allow("data.export")];
    let answers: Vec<String> =
        [YESTERDAY, TODAY, TOMORROW].into_iter().map(|day| answer_on(&org, LARS, "data.export", None, day)).collect();
    assert_eq!(answers, ["no default", "yes group-allow", "no default"]);
}

#[test]
fn a_member_listed_twice_is_one_in_either_period() {
    let mut org = company();
    org.groups[SALES].members =
        vec![member(LARS).during(Validity::until(YESTERDAY)), member(LARS).during(Validity::from(TOMORROW))];
    let in_sales = |day| groups_of(&org, LARS, day) == [Subject::Group(SALES)];
    assert_eq!([YESTERDAY, TODAY, TOMORROW].map(in_sales), [true, false, true]);
}

#[test]
fn a_role_counts_as_one_more_group() {
    let mut org = company();
    org.roles = vec![Role { name: "sales".to_owned(), rules: vec![allow("data.export"), deny("sms.send")] }];
    org.users[LARS].role = Some(0);
    org.groups[SALES].members = vec![member(LARS)];
    org.groups[SALES].rules = vec![allow("sms.send"), deny("data.export")];
    assert_eq!(answer(&org, LARS, "data.export", None), "yes group-allow");
    assert_eq!(answer(&org, LARS, "sms.send", None), "yes group-allow");
    let rules = deciding_rules(&org, LARS, "data.export", None, TODAY);
    assert_eq!(rules, BTreeSet::from([("role:sales".to_owned(), Effect::Allow, "data.export".to_owned(), None)]));
}

#[test]
fn a_star_means_the_plain_rights_or_else_those_over_the_kind_of_its_target() {
    let mut org = company();
    org.modules = vec!["mail".to_owned()];
    org.users[LARS].rules = vec![allow("modules.*"), deny_of("modules.*", Target::Everything), allow("data.*")];
    assert_eq!(answer(&org, LARS, "modules.arrange", None), "yes user");
    assert_eq!(answer(&org, LARS, "modules.use", Some(SingleTarget::Module(0))), "no user");
    assert_eq!(answer(&org, LARS, "data.import", None), "yes user");
}

#[test]
fn a_module_set_speaks_in_the_second_tier() {
    let mut org = company();
    org.modules = vec!["mail".to_owned(), "contacts".to_owned()];
    org.module_sets = vec![ModuleSet { name: "desk".to_owned(), modules: vec![0] }];
    org.users[LARS].rules = vec![
        allow_of("modules.use", Target::Everything),
        deny_of("modules.use", Target::ModuleSet(0)),
        allow_of("modules.use", Target::Module(0)),
    ];
    assert_eq!(answer(&org, LARS, "modules.use", Some(SingleTarget::Module(0))), "yes user");
    org.users[LARS].rules.pop();
    assert_eq!(answer(&org, LARS, "modules.use", Some(SingleTarget::Module(0))), "no user");
    assert_eq!(wide_answer(&org, LARS, "modules.use", Target::Everything), "no user [mail]");
}

#[test]
fn attachment_classes_know_themselves_and_everything() {
    let mut org = company();
    org.attachments = vec!["programs".to_owned(), "archives".to_owned()];
    org.users[LARS].rules =
        vec![allow_of("attachments.open", Target::Everything), deny_of("attachments.open", Target::Attachment(0))];
    assert_eq!(wide_answer(&org, LARS, "attachments.open", Target::Everything), "no user [programs]");
}

#[test]
fn a_group_asked_about_is_its_members_without_the_asker_but_with_leavers() {
    let mut org = company();
    org.users[KARIN].active = false;
    org.groups[SALES].members = vec![Membership::new(Member::Everyone)];
    org.users[LARS].rules = vec![allow_of("calendar.see", Target::User(ANNA))];
    assert_eq!(wide_answer(&org, LARS, "calendar.see", Target::Group(SALES)), "no default [karin]");
    assert_eq!(wide_answer(&org, ANNA, "calendar.see", Target::Group(SALES)), "no default [karin lars]");
}

#[test]
fn the_step_is_that_of_the_first_refused_by_name_else_of_the_first() {
    let mut org = company();
    org.groups[SALES].members = vec![member(LARS), member(ANNA), member(KARIN)];
    org.groups[INSIDE].members = vec![member(LARS)];
    org.groups[INSIDE].rules = vec![allow_of("calendar.see", Target::User(ANNA))];
    org.users[LARS].rules = vec![allow_of("calendar.see", Target::User(KARIN))];
    assert_eq!(wide_answer(&org, LARS, "calendar.see", Target::Group(SALES)), "yes group-allow []");
    org.users[LARS].rules = vec![deny_of("calendar.see", Target::User(KARIN))];
    assert_eq!(wide_answer(&org, LARS, "calendar.see", Target::Group(SALES)), "no user [karin]");
}

#[test]
fn with_nobody_to_ask_about_the_answer_is_no() {
    let mut org = company();
    org.groups[SALES].members = vec![member(LARS)];
    org.users[LARS].rules = vec![allow_of("calendar.see", Target::Everyone)];
    assert_eq!(wide_answer(&org, LARS, "calendar.see", Target::Group(SALES)), "no default []");
    assert_eq!(wide_answer(&org, LARS, "attachments.open", Target::Everything), "no default []");
}

#[test]
fn everyone_asked_about_has_the_asker_in_it() {
    let mut org = company();
    let right = || "documents.see".to_owned();
    org.own_rights = vec![OwnRight { right: right(), kind: Kind::People, own_data: OwnData::Rules }];
    org.users[ANNA].rules =
        vec![allow_of("documents.see", Target::User(LARS)), allow_of("documents.see", Target::User(KARIN))];
    assert_eq!(wide_answer(&org, ANNA, "documents.see", Target::Everyone), "no default [anna]");
}

#[test]
fn only_the_speaking_tier_of_each_group_on_the_winning_side_is_the_reason() {
    let mut org = company();
    let everyone = || vec![Membership::new(Member::Everyone)];
    org.groups[SALES].members = everyone();
    org.groups[SALES].rules = vec![
        allow_of("calendar.see+edit", Target::User(ANNA)),
        allow_of("calendar.*", Target::User(ANNA)),
        allow_of("calendar.see", Target::Everyone),
    ];
    org.groups[INSIDE].members = everyone();
    org.groups[INSIDE].rules = vec![
        deny_of("calendar.see", Target::Everyone),
        deny_of("calendar.see", Target::Group(SALES)),
        allow_of("calendar.see", Target::Group(INSIDE)),
    ];
    let keys = |effect: Effect, subject: &str, target: &str| {
        (subject.to_owned(), effect, "calendar.see".to_owned(), Some(target.to_owned()))
    };
    assert_eq!(
        deciding_rules(&org, LARS, "calendar.see", Some(&OF_ANNA), TODAY),
        BTreeSet::from([
            keys(Effect::Allow, "group:sales", "user:anna"),
            keys(Effect::Allow, "group:inside", "group:inside"),
        ])
    );
    assert!(deciding_rules(&org, LARS, "calendar.see", Some(&OF_LARS), TODAY).is_empty());
}

#[test]
fn rules_contradict_on_the_same_right_target_and_day_only() {
    let mut org = company();
    org.users[LARS].rules = vec![
        allow("data.*").during(Validity::until(TODAY)),
        deny("data.export").during(Validity::from(TOMORROW)),
        allow_of("calendar.see", Target::Group(SALES)),
        deny_of("calendar.see", Target::Group(INSIDE)),
    ];
    assert_eq!(contradictions(&org), []);
    org.users[LARS].rules[1].validity = Validity::from(TODAY);
    assert_eq!(contradictions(&org).len(), 1);
}

#[test]
fn a_cycle_is_one_whatever_the_dates() {
    let mut org = company();
    org.groups[SALES].members = vec![Membership::new(Member::Group(INSIDE)).during(Validity::until(YESTERDAY))];
    assert_eq!(membership_cycle(&org), None);
    org.groups[INSIDE].members = vec![Membership::new(Member::Group(SALES)).during(Validity::from(TODAY))];
    assert_eq!(membership_cycle(&org), Some(vec![SALES, INSIDE]));
}
