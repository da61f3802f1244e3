//! Section `gates`: what no change may do.

use crate::say;
use crate::syntax::expectation::Spans;
use crate::syntax::fields::Reader;
use crate::syntax::gate::{Gate, Object};
use crate::syntax::grammar::parse_gate;
use crate::syntax::rules::items;
use crate::syntax::yaml::Node;

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<Gate> {
    let nodes = items(reader, node, say!("gates"), &[]);
    nodes.into_iter().filter_map(|node| gate(reader, node)).collect()
}

fn gate(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Gate> {
    let (text, style) = reader.scalar(node, say!("a gate"))?;
    match parse_gate(&text) {
        Ok(kind) => {
            let bytes = kind.object().map(Object::bytes).unwrap_or_default();
            let spans = Spans::new(reader, node, style, &text, bytes);
            Some(Gate { text: text.trim().into(), kind, span: node.span, spans })
        }
        Err(error) => {
            reader.grammar_error(node, &text, style, error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::findings;

    const FIRM: &str = "
//- policies/a.yaml
users: { lars: { superuser: true }, anna: }
groups:
  sales: { members: [lars], allow: [calendar.see of everyone, program.start] }
  desk: { members: [lars], allow: [data.export] }
modules: { contacts: , desk: }
";

    fn in_gates(gates: &str) -> String {
        let found = findings(&format!("//- rightful.yaml\ngates:\n{gates}{FIRM}"));
        found.lines().filter(|line| line.contains("rightful.yaml")).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn gates_about_what_there_is_are_fine() {
        assert_eq!(
            in_gates(
                "
  - nobody gains data.export
  - at most 5 users gain sensitive
  - nobody gains access to group:sales
  - nobody gains access to group:desk
  - nobody gains group:sales
  - nobody loses program.start
  - nobody gains calendar.see
  - nobody gains calendar.*
  - nobody gains calendar.see+edit of sales
  - 'nobody gains modules.use of module:desk'
  - nobody gains access to everything
  - expectations hold
  - nothing is weakened
  - no-change
"
            ),
            ""
        );
    }

    #[test]
    fn what_is_wrong_with_a_gate_is_found_where_it_stands() {
        insta::assert_snapshot!(in_gates("
  - nobdy gains data.export
  - nobody gain data.export
  - at most five users gain data.export
  - { nobody: gains }
"), @r#"
        rule-syntax rightful.yaml:3:5 "nobdy" `nobdy` cannot stand here | expected `nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`
        rule-syntax rightful.yaml:4:12 "gain" `gain` cannot stand here | expected `gains` or `loses`
        rule-syntax rightful.yaml:5:13 "five" `five` cannot stand here | expected a number
        wrong-type rightful.yaml:6:5 "{ nobody: gains }" a gate is expected here, not a mapping | write one text here
        "#);
        insta::assert_snapshot!(in_gates("
  - nobody gains data.exprot
  - \"nobody gains   data.exprot+import\"
  - nobody gains dta.*
  - nobody gains calendar.see of grop
  - nobody gains calendar.see of group:slaes
  - nobody gains access to group:slaes
  - nobody gains access to kairn
  - nobody gains access to desk
  - nobody gains group:slaes
  - nobody loses role:accountant
  - nobody gains data.export of lars
  - nobody gains calendar.see of contacts
"), @r#"
        unknown-right rightful.yaml:3:18 "data.exprot" there is no right `data.exprot` | did you mean `data.export`?
        unknown-right rightful.yaml:4:21 "data.exprot+import" there is no right `data.exprot` | did you mean `data.export`?
        unknown-right rightful.yaml:5:18 "dta.*" there is no right `dta.*` | did you mean `data.*`?
        unknown-target rightful.yaml:6:34 "grop" there is no user or group called `grop` | declare it in the section `users` or `groups`, or correct the name
        unknown-target rightful.yaml:7:34 "group:slaes" there is no group called `slaes` | did you mean `group:sales`?
        unknown-target rightful.yaml:8:28 "group:slaes" there is no group called `slaes` | did you mean `group:sales`?
        unknown-target rightful.yaml:9:28 "kairn" there is nothing called `kairn` | name a user, a group, a role, a module, a module set or an attachment class
        ambiguous-name rightful.yaml:10:28 "desk" `desk` means several things: group and module | say which one: `group:desk` or `module:desk`
        unknown-group rightful.yaml:11:18 "group:slaes" there is no group `slaes` | did you mean `group:sales`?
        unknown-role rightful.yaml:12:18 "role:accountant" there is no role `accountant` | declare it in the section `roles`, or correct the name
        unexpected-target rightful.yaml:13:33 "lars" `data.export` is a plain right and takes no target | take out the part after `of`
        unknown-target rightful.yaml:14:34 "contacts" `contacts` is a module, which `calendar.see` cannot be over | name a user or group
        "#);
        insta::assert_snapshot!(findings(&format!("//- rightful.yaml\ngates: nobody gains data.export{FIRM}")), @r#"wrong-type rightful.yaml:1:8 "nobody gains data.export" this is a list of gates, not `nobody gains data.export` | write `- item` lines, or [item, item]"#);
        insta::assert_snapshot!(findings(&format!("//- rightful.yaml\ngates: []{FIRM}")), @r#"wrong-type rightful.yaml:1:8 "[]" the list is empty | take the field out: an empty list is too easily a mistake"#);
    }

    #[test]
    fn a_name_need_exist_in_one_company_only() {
        insta::assert_snapshot!(findings("
//- rightful.yaml
companies:
  nord: { policies: [policies/nord], database: \"sqlite:n.db\" }
  sued: { policies: [policies/sued], database: \"sqlite:s.db\" }
gates:
  - nobody gains group:north
  - nobody gains access to south
  - nobody gains invoices.approve
  - nobody gains calendar.see of group:north
  - nobody gains calendar.see of both
  - nobody gains group:west
reviewers:
  access to both: [anna]
//- policies/nord/a.yaml
users: { lars: { superuser: true } }
groups: { north: { members: [lars], allow: [program.start] }, both: { members: [lars], allow: [sms.send] } }
rights: { invoices.approve: }
//- policies/sued/a.yaml
users: { both: { superuser: true } }
groups: { south: { members: [user:both], allow: [program.start] }, both: { members: [user:both], allow: [sms.send] } }
"), @r#"
        superuser-without-employee nord/a.yaml:1:10 "lars" [nord] the superuser `lars` is not linked to an employee | add `employee:`, or take `superuser: true` out
        superuser-without-employee sued/a.yaml:1:10 "both" [sued] the superuser `both` is not linked to an employee | add `employee:`, or take `superuser: true` out
        ambiguous-name rightful.yaml:9:34 "both" `both` means several things: user and group | say which one: `user:both` or `group:both`
        unknown-group rightful.yaml:10:18 "group:west" there is no group `west` | declare it in the section `groups`, or correct the name
        ambiguous-name rightful.yaml:12:13 "both" `both` means several things: user and group | say which one: `user:both` or `group:both`
        "#);
    }
}
