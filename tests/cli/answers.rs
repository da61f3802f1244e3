//! `why`, `can`, `what`, `matrix`, `rights`.

use serde_json::json;

use super::repository::Repository;

const FIRM: &str = "
users:
  lars:
  anna: { deny: [sms.send] }
  rolf: { active: false }
groups:
  all: { members: [everyone], allow: [program.start, calendar.see of everyone], deny: [calendar.see of heads] }
  sales: { members: [group:inside], allow: [data.export until 2026-12-31 because \"year-end\"], deny: [sms.send] }
  inside: { members: [lars] }
  heads: { members: [anna, rolf] }
";

#[test]
fn why_shows_the_rule_its_place_and_the_path() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("why lars can data.export --on 2026-12-31"), @r#"
    exit 0
    yes  lars can data.export on 2026-12-31

      step  group-allow: a group gives it
      rule  group:sales allows data.export until 2026-12-31
            policies/a.yaml:8
            because "year-end"
      path  lars > inside > sales

    note  what decided here is in force until 2026-12-31 only; from 2027-01-01 on it
          is refused

    what would take it away
      1  take lars out of group:inside
         policies/a.yaml:9  - lars
         nothing else changes for anybody on that day
      2  no longer allow group:sales data.export until 2026-12-31
         policies/a.yaml:8  - data.export until 2026-12-31
         nothing else changes for anybody on that day
      3  have lars in group:inside only until 2026-12-30
         policies/a.yaml:9  ~ lars until 2026-12-30
         nothing else changes for anybody on that day
      4  deny user:lars data.export
         policies/a.yaml:3  + deny: data.export
         nothing else changes for anybody on that day
      5  take the account lars out of use
         policies/a.yaml:3  ~ active: false
         lars also loses program.start

    `--fix NUMBER` writes one of them into the files
    "#);
    insta::assert_snapshot!(firm.run("why lars data.export on 2027-01-01"), @"
    exit 1
    no  lars cannot data.export on 2027-01-01

      step  default: no rule speaks about it, and what nobody gives is refused

    note  it was allowed until 2026-12-31: ask `on 2026-12-31` to see by what

    what is missing
      group:sales allowed it until 2026-12-31
        policies/a.yaml:8

    what would allow it
      1  allow group:inside data.export
         policies/a.yaml:9  + allow: data.export
         nothing else changes for anybody on that day
      2  extend: allow group:sales data.export until 2027-01-01
         policies/a.yaml:8  ~ data.export until 2027-01-01
         nothing else changes for anybody on that day
      3  allow user:lars data.export
         policies/a.yaml:3  + allow: data.export
         nothing else changes for anybody on that day

    `--fix NUMBER` writes one of them into the files
    ");
    insta::assert_snapshot!(firm.run("why lars calendar.see of everyone --on 2026-11-22"), @"
    exit 1
    no  lars cannot calendar.see of everyone on 2026-11-22

      allowed  1 of 3 asked about; not for the other 2
      refused  anna, rolf
      shown    the first of them: anna
      step     group-deny: a group takes it, and no other group gives it
      rule     group:all denies calendar.see of group:heads
               policies/a.yaml:7
      path     lars > all

    overruled
      rule  group:all allows calendar.see of everyone
            policies/a.yaml:7
      path  lars > all

    what would allow it
      1  allow group:inside calendar.see of group:all
         policies/a.yaml:9  + allow: calendar.see of group:all
         nothing else changes for anybody on that day
      2  allow user:lars calendar.see of group:all
         policies/a.yaml:3  + allow: calendar.see of group:all
         nothing else changes for anybody on that day
      3  end: deny group:all calendar.see of group:heads until 2026-11-21
         policies/a.yaml:7  ~ calendar.see of group:heads until 2026-11-21
         anna also gains calendar.see of rolf

    `--fix NUMBER` writes one of them into the files
    ");
    insta::assert_snapshot!(firm.run("why rolf data.export --on 2026-11-22"), @"
    exit 1
    no  rolf cannot data.export on 2026-11-22

      step  inactive: the user is not active

    note  rolf is not active, so every answer is no

    what is missing
      group:sales allows it
        policies/a.yaml:8

    what would allow it
      1  put the account rolf into use
         policies/a.yaml:5  ~ active: true
         put rolf into group:inside
         policies/a.yaml:9  + members: rolf
         rolf also gains calendar.see of lars, program.start
      2  put the account rolf into use
         policies/a.yaml:5  ~ active: true
         allow user:rolf data.export
         policies/a.yaml:5  + allow: data.export
         rolf also gains calendar.see of lars, program.start
      3  put the account rolf into use
         policies/a.yaml:5  ~ active: true
         allow group:all data.export
         policies/a.yaml:7  + allow: data.export
         anna also gains data.export
         rolf also gains calendar.see of lars, program.start

    `--fix NUMBER` writes one of them into the files
    ");
}

#[test]
fn why_as_json_has_the_keys_of_the_contract() {
    let firm = Repository::of(FIRM);
    let (code, mut value) = firm.json("why lars calendar.see of heads --on 2026-11-22");
    assert_eq!(code, 1);
    // What is missing and what would turn it have tests of their own.
    let more = value.as_object_mut().unwrap();
    assert_eq!(more.remove("missing").map(|missing| missing.is_array()), Some(true));
    assert_eq!(more.remove("repairs").map(|repairs| repairs.is_array()), Some(true));
    let rule = |effect: &str, target: &str| {
        json!({
            "subject": "group:all", "effect": effect, "right": "calendar.see", "target": target, "file": "policies/a.yaml",
            "line": 7, "because": null, "path": ["user:lars", "group:all"],
        })
    };
    let expected = json!({
        "version": 1,
        "question": { "user": "lars", "right": "calendar.see", "target": "group:heads", "on": "2026-11-22" },
        "allowed": false,
        "step": "group-deny",
        "refused": ["user:anna", "user:rolf"],
        "rules": [rule("deny", "group:heads")],
        "overruled": [rule("allow", "everyone")],
        "notes": [],
        "members": null,
    });
    assert_eq!(value, expected);
}

#[test]
fn can_answers_by_its_exit_code() {
    let firm = Repository::of(FIRM);
    assert_eq!(firm.run("can lars program.start"), "exit 0\nyes  group-allow\n");
    assert_eq!(firm.run("can anna sms.send"), "exit 1\nno  user\n");
    assert_eq!(firm.json("can anna sms.send").1, json!({ "version": 1, "allowed": false, "step": "user" }));
}

#[test]
fn what_cannot_be_answered_suggests_what_was_meant() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("why lasr data.export --on 2026-11-22"), @"
    exit 2
    -- stderr
    error: there is no user `lasr`
     help: did you mean `lars`?
    ");
    insta::assert_snapshot!(firm.run("can lars data.exprot"), @"
    exit 2
    -- stderr
    error: there is no right `data.exprot`
     help: did you mean `data.export`?
    ");
    insta::assert_snapshot!(firm.run("can lars calendar.see"), @"
    exit 2
    -- stderr
    error: `calendar.see` needs a target: over whose data?
     help: write `calendar.see of NAME` or `calendar.see of everyone`
    ");
    insta::assert_snapshot!(firm.run("can lars"), @"
    exit 2
    -- stderr
    error: this is no question: the text ends too early
     help: expected `can` or a right such as `data.export`; ask as in `lars
           calendar.see of anna on 2026-12-01`
    ");
    insta::assert_snapshot!(firm.run("can sales data.export"), @"
    exit 2
    -- stderr
    error: `sales` is a group, not a user
     help: ask about the group as `group:sales`
    ");
    insta::assert_snapshot!(firm.run("can lars data.export on 2026-01-01 --on 2026-01-02"), @"
    exit 2
    -- stderr
    error: the question says 2026-01-01, and --on says 2026-01-02
     help: name the day once
    ");
    insta::assert_snapshot!(firm.run("what nobody_here"), @"
    exit 2
    -- stderr
    error: there is no user `nobody_here`
     help: `rightful matrix` lists all users; names are those of the section `users`
    ");
}

#[test]
fn what_lists_rights_for_users_and_groups() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("what lars --on 2026-12-01"), @"
    exit 0
    lars on 2026-12-01

    article_groups
      no   article_groups.create  default
    articles
      no   articles.create  default
    calendar
      no   calendar.edit of anybody  default
      no   calendar.see of anybody  group-deny
           deny of group:heads (2)  lars > all  policies/a.yaml:7
    campaigns
      no   campaigns.create  default
      no   campaigns.evaluate  default
    data
      yes  data.export
           allow  lars > inside > sales, until 2026-12-31  policies/a.yaml:8
      no   data.import  default
    lists
      no   lists.print  default
    mail
      no   mail.delete_public  default
      no   mail.mark_confidential  default
      no   mail.send_immediately  default
    mail_accounts
      no   mail_accounts.manage  default
    modules
      no   modules.arrange  default
    opportunities
      no   opportunities.delete of anybody  default
      no   opportunities.edit of anybody  default
      no   opportunities.see of anybody  default
    program
      yes  program.start
           allow  lars > all  policies/a.yaml:7
    serial_letters
      no   serial_letters.create  default
    sms
      no   sms.send  group-deny
           deny  lars > inside > sales  policies/a.yaml:8
    templates
      no   templates.manage  default
    territories
      no   territories.manage  default

    2 rights held, 20 not (2 group-deny, 18 default)
    own data  always allowed: calendar.edit, calendar.see, opportunities.delete,
              opportunities.edit and opportunities.see
    ");
    insta::assert_snapshot!(firm.run("what group:sales --on 2026-12-01"), @"
    exit 0
    whoever is in group:sales on 2026-12-01

    article_groups
      no   article_groups.create  default
    articles
      no   articles.create  default
    calendar
      no   calendar.edit of anybody  default
      yes  calendar.see  of lars (1 of 3)
           allow of everyone (1)    sales > all  policies/a.yaml:7
           deny of group:heads (2)  sales > all  policies/a.yaml:7
    campaigns
      no   campaigns.create  default
      no   campaigns.evaluate  default
    data
      yes  data.export
           allow  sales, until 2026-12-31  policies/a.yaml:8
      no   data.import  default
    lists
      no   lists.print  default
    mail
      no   mail.delete_public  default
      no   mail.mark_confidential  default
      no   mail.send_immediately  default
    mail_accounts
      no   mail_accounts.manage  default
    modules
      no   modules.arrange  default
    opportunities
      no   opportunities.delete of anybody  default
      no   opportunities.edit of anybody  default
      no   opportunities.see of anybody  default
    program
      yes  program.start
           allow  sales > all  policies/a.yaml:7
    serial_letters
      no   serial_letters.create  default
    sms
      no   sms.send  group-deny
           deny  sales  policies/a.yaml:8
    templates
      no   templates.manage  default
    territories
      no   territories.manage  default

    3 rights held, 19 not (1 group-deny, 18 default)
    ");
    let (_, value) = firm.json("what lars --on 2026-12-01");
    let row = |right: &str, target: serde_json::Value| {
        value["rights"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["right"] == right && row["target"] == target)
            .unwrap()
            .clone()
    };
    assert_eq!(row("data.export", json!(null))["step"], "group-allow");
    assert_eq!(row("calendar.see", json!("user:lars"))["step"], "own-data");
    assert_eq!(row("calendar.see", json!("user:anna"))["allowed"], false);
}

#[test]
fn the_matrix_has_every_user_by_every_right() {
    let firm = Repository::of(FIRM);
    insta::assert_snapshot!(firm.run("matrix --on 2026-12-01"), @"
    exit 0
    a  article_groups.create
    b  articles.create
    c  campaigns.create
    d  campaigns.evaluate
    e  data.export
    f  data.import
    g  lists.print
    h  mail.delete_public
    i  mail.mark_confidential
    j  mail.send_immediately
    k  mail_accounts.manage
    l  modules.arrange
    m  program.start
    n  serial_letters.create
    o  sms.send
    p  templates.manage
    q  territories.manage

         a b c d e f g h i j k l m n o p q
    anna . . . . . . . . . . . . + . u . .
    lars . . . . + . . . . . . . + . d . .
    rolf x x x x x x x x x x x x x x x x x

    +  allowed by a group
    U  allowed by the own rule
    .  refused, no rule speaks
    d  refused, a group denies it
    u  denied by the own rule
    x  not active

    3 users
    ");
    let rows = |arguments: &str| firm.json(arguments).1["rows"].as_array().unwrap().len();
    assert_eq!(rows("matrix"), 3 * 17);
    assert_eq!(rows("matrix --scoped"), 3 * (17 + 5 * 3));
}

#[test]
fn the_catalogue_is_listed() {
    let firm = Repository::of(FIRM);
    assert!(firm.run("rights").contains("data.export"));
    assert_eq!(firm.json("rights").1["rights"].as_array().unwrap().len(), 24);
}

#[test]
fn a_refusal_says_when_it_was_and_will_be_otherwise() {
    let firm = Repository::of(
        "
users: { lars: { deny: [data.export from 2026-06-01 until 2026-06-30] } }
groups:
  sales: { members: [lars until 2026-12-31], allow: [data.export] }
",
    );
    insta::assert_snapshot!(firm.run("why lars data.export on 2026-06-15"), @"
    exit 1
    no  lars cannot data.export on 2026-06-15

      step  user: the user's own rule takes it, and decides before any group
      rule  user:lars denies data.export from 2026-06-01 until 2026-06-30
            policies/a.yaml:2

    overruled
      rule  group:sales allows data.export
            policies/a.yaml:4
      path  lars > sales
            in sales until 2026-12-31

    note  lars may not start the program (program.start), so nothing else can be
          used
    note  what decided here is in force until 2026-06-30 only
    note  it was allowed until 2026-05-31: ask `on 2026-05-31` to see by what
    note  it will be allowed from 2026-07-01 on: ask `on 2026-07-01` to see by what

    what would allow it
      1  end: deny user:lars data.export from 2026-06-01 until 2026-06-14
         policies/a.yaml:2  ~ data.export from 2026-06-01 until 2026-06-14
         nothing else changes for anybody on that day
      2  no longer deny user:lars data.export from 2026-06-01 until 2026-06-30
         policies/a.yaml:2  - data.export from 2026-06-01 until 2026-06-30
         nothing else changes for anybody on that day

    `--fix NUMBER` writes one of them into the files
    ");
    insta::assert_snapshot!(firm.run("why lars data.export on 2027-01-15"), @"
    exit 1
    no  lars cannot data.export on 2027-01-15

      step  default: no rule speaks about it, and what nobody gives is refused

    note  lars may not start the program (program.start), so nothing else can be
          used
    note  it was allowed until 2026-12-31: ask `on 2026-12-31` to see by what

    what is missing
      group:sales allows it; lars left it on 2026-12-31
        policies/a.yaml:4

    what would allow it
      1  put lars into group:sales
         policies/a.yaml:4  + members: lars
         nothing else changes for anybody on that day
      2  keep lars in group:sales until 2027-01-15
         policies/a.yaml:4  ~ lars until 2027-01-15
         nothing else changes for anybody on that day
      3  no longer deny user:lars data.export from 2026-06-01 until 2026-06-30
         policies/a.yaml:2  - data.export from 2026-06-01 until 2026-06-30
         allow user:lars data.export
         policies/a.yaml:2  + allow: data.export
         nothing else changes for anybody on that day

    `--fix NUMBER` writes one of them into the files
    ");
}
