//! Documents of which most were lowered before become the next policy: only what the others say is looked up.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::key::GroupKey;
use crate::model::{Attachment, Id, Module, ModuleSet, Parts, Policy, Table, contradiction, graph};
use crate::syntax::{Declared, Document};
use crate::text::{FileId, Place};

use super::lines::Lines;
use super::{Lowering, group_of, user_of};

/// Documents that were lowered without a finding, and what became of them.
#[derive(Debug)]
pub struct Lowered {
    /// The documents, in the order of their files.
    pub documents: Vec<Arc<Document>>,
    /// The policy.
    pub policy: Arc<Policy>,
}

impl Lowered {
    /// The policy of documents of which those that are the very same as before are not looked at again. `None` if the
    /// others declare other names, or anything of which there are but few, or if there are findings: then all of them have
    /// to be lowered.
    pub fn again(&self, documents: &[Arc<Document>]) -> Option<Arc<Policy>> {
        if documents.len() != self.documents.len() {
            return None;
        }
        let pairs = self.documents.iter().zip(documents).filter(|(old, new)| !Arc::ptr_eq(old, new));
        let pairs: Vec<(&Document, &Document)> = pairs.map(|(old, new)| (&**old, &**new)).collect();
        if pairs.is_empty() {
            return Some(self.policy.clone());
        }
        if !pairs.iter().all(|(old, new)| declares_the_same(old, new)) {
            return None;
        }
        let files: BTreeSet<FileId> = pairs.iter().map(|(_, new)| new.file).collect();
        let mut lowering = Lowering { parts: self.without(&files), diagnostics: Vec::new() };
        for (old, new) in &pairs {
            lowering.bodies(old, new);
        }
        for (_, new) in &pairs {
            lowering.links(new);
        }
        for (_, new) in &pairs {
            let Lines { memberships, rules, diagnostics, .. } = Lines::of(&lowering.parts, new);
            lowering.diagnostics.extend(diagnostics);
            lowering.parts.memberships.extend(memberships);
            lowering.parts.rules.extend(rules);
        }
        if !lowering.diagnostics.is_empty() || !graph::cycles(&lowering.parts).is_empty() {
            return None;
        }
        let policy = Policy::assemble(lowering.parts);
        contradiction::contradictions(&policy).is_empty().then(|| Arc::new(policy))
    }

    /// The parts of the policy without the lines of some files. Tables are shared.
    fn without(&self, files: &BTreeSet<FileId>) -> Parts {
        let parts: &Parts = &self.policy;
        let stays = |place: Option<Place>| place.is_none_or(|place| !files.contains(&place.file));
        Parts {
            employees: parts.employees.clone(),
            users: parts.users.clone(),
            groups: parts.groups.clone(),
            modules: parts.modules.clone(),
            module_sets: parts.module_sets.clone(),
            attachments: parts.attachments.clone(),
            rights: parts.rights.clone(),
            memberships: parts.memberships.iter().filter(|membership| stays(membership.place)).cloned().collect(),
            rules: parts.rules.iter().filter(|rule| stays(rule.place)).cloned().collect(),
            company: parts.company.clone(),
            licence: parts.licence.clone(),
            online: parts.online.clone(),
            expectations: parts.expectations.clone(),
            ..Parts::default()
        }
    }
}

/// Whether two documents of one file declare the same names, in the same order, and none of what concerns everybody.
fn declares_the_same(old: &Document, new: &Document) -> bool {
    fn names<T>(old: &[Declared<T>], new: &[Declared<T>]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.name.value == new.name.value)
    }
    let concerns_few = |document: &Document| {
        let (rights, roles) = (document.rights.is_empty(), document.roles.is_empty());
        let single = document.company.is_none() && document.licence.is_none() && document.online.is_none();
        rights && roles && single && document.expect.is_empty() && !document.incomplete
    };
    old.file == new.file
        && concerns_few(old)
        && concerns_few(new)
        && names(&old.employees, &new.employees)
        && names(&old.users, &new.users)
        && names(&old.groups, &new.groups)
        && names(&old.modules, &new.modules)
        && names(&old.module_sets, &new.module_sets)
        && names(&old.attachments, &new.attachments)
}

impl Lowering {
    /// What a document says now of the names that it has always declared.
    fn bodies(&mut self, old: &Document, new: &Document) {
        let file = new.file;
        let parts = &mut self.parts;
        let employees = old.employees.iter().zip(&new.employees).filter(|(old, new)| old.body != new.body);
        for (_, declared) in employees {
            put(&mut parts.employees, &declared.name.value, declared.body.clone());
        }
        for declared in &new.users {
            put(&mut parts.users, &declared.name.value, user_of(declared, Place { file, span: declared.name.span }));
        }
        for declared in &new.groups {
            let key = GroupKey::group(declared.name.value.clone());
            put(&mut parts.groups, &key, group_of(&declared.body.name, Place { file, span: declared.name.span }));
        }
        for declared in &new.modules {
            put(&mut parts.modules, &declared.name.value, Module { name: declared.body.name.clone() });
        }
        for declared in &new.module_sets {
            let place = Some(Place { file, span: declared.name.span });
            put(&mut parts.module_sets, &declared.name.value, ModuleSet { modules: Vec::new(), place });
        }
        for declared in &new.attachments {
            let class = Attachment { patterns: declared.body.patterns.clone() };
            put(&mut parts.attachments, &declared.name.value, class);
        }
    }
}

fn put<I: Id, K: Ord + std::hash::Hash, T: Clone>(table: &mut Table<I, K, T>, key: &K, item: T) {
    if let Some(id) = table.find(key) {
        *table.get_mut(id) = item;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::{Library, compile_with};
    use crate::tree::memory::Memory;

    const PEOPLE: &str =
        "employees: { e: { name: E } }\nusers:\n  anna: { employee: e }\n  karin: { allow: [sms.send] }\n";
    const GROUPS: &str = "groups:\n  sales: { members: [anna, karin], allow: [calendar.see of group:all] }\n  all:\n    \
                          members: [group:sales]\n    modules: desk\n";
    const SETS: &str = "modules: { mail: , bank: }\nmodule_sets: { desk: [mail] }\nattachments: { p: ['*.exe'] }\n\
                        expect: [anna cannot sms.send]\n";

    /// What a policy says, with the place of everything.
    fn said(policy: &Policy) -> String {
        let tables =
            format!("{:?}", (policy.employees.iter().collect::<Vec<_>>(), policy.users.iter().collect::<Vec<_>>()));
        let groups =
            format!("{:?}", (policy.groups.iter().collect::<Vec<_>>(), policy.modules.iter().collect::<Vec<_>>()));
        let sets = format!(
            "{:?}",
            (policy.module_sets.iter().collect::<Vec<_>>(), policy.attachments.iter().collect::<Vec<_>>())
        );
        let ranges = policy.users.ids().map(|id| policy.memberships_of(crate::model::Member::User(id)).count());
        let ranges: Vec<usize> = ranges.collect();
        format!(
            "{tables}\n{groups}\n{sets}\n{ranges:?}\n{:#?}\n{:#?}\n{:?}",
            policy.memberships, policy.rules, policy.expectations
        )
    }

    #[test]
    fn the_second_policy_is_as_if_it_were_the_first() {
        let tree = |files: [(&str, &str); 3]| Memory::new(files.map(|(path, text)| (format!("policies/{path}"), text)));
        let first = [("a.yaml", PEOPLE), ("b.yaml", GROUPS), ("c.yaml", SETS)];
        let changes = [
            ("b.yaml", "[anna, karin]", "[karin until 2027-01-01]"),
            ("b.yaml", "  all:", "  # a line more\n  all:"),
            ("b.yaml", "modules: desk", "name: X"),
            ("b.yaml", "[group:sales]", "[everyone]\n    deny: [data.*, sms.send]"),
            ("a.yaml", "name: E", "name: F"),
            ("a.yaml", "{ employee: e }", "{ superuser: true, modules: desk, renamed_from: x }"),
            ("a.yaml", "[sms.send]", "[sms.send, 'calendar.see of anna because \"x\"']"),
            ("c.yaml", "[mail]", "[bank, mail]"),
            ("c.yaml", "*.exe", "*.bat"),
            // What cannot be taken over, and what is wrong.
            ("a.yaml", "karin:", "other:"),
            ("b.yaml", "[anna, karin]", "[anna, nobody-known]"),
            ("b.yaml", "[anna, karin]", "[anna, group:all]"),
            ("b.yaml", "[calendar.see of group:all]", "[data.export]\n    deny: [data.export]"),
            ("c.yaml", "anna cannot", "karin can"),
            ("a.yaml", "{ employee: e }", "{ employee: nobody }"),
        ];
        for (path, old, new) in changes {
            let files =
                first.map(|(name, text)| (name, if name == path { text.replace(old, new) } else { text.to_owned() }));
            assert!(files.each_ref().map(|(name, text)| (*name, text.as_str())) != first, "{old}");
            let next = tree(files.each_ref().map(|(name, text)| (*name, text.as_str())));
            let mut library = Library::default();
            compile_with(&mut library, &tree(first)).unwrap();
            let after = compile_with(&mut library, &next).unwrap();
            let alone = compile_with(&mut Library::default(), &next).unwrap();
            let [after, alone] = [&after, &alone].map(|repository| &repository.companies[0]);
            assert_eq!(after.diagnostics, alone.diagnostics, "{new}");
            assert_eq!(said(&after.policy), said(&alone.policy), "{new}");
            assert_eq!(after.policy.parts.online.is_some(), alone.policy.parts.online.is_some());
        }
    }

    #[test]
    fn the_same_documents_are_the_same_policy() {
        let tree = Memory::new([("policies/a.yaml", PEOPLE), ("policies/b.yaml", GROUPS), ("policies/c.yaml", SETS)]);
        let mut library = Library::default();
        let [first, second] = [0; 2].map(|_| compile_with(&mut library, &tree).unwrap());
        assert!(Arc::ptr_eq(&first.companies[0].policy, &second.companies[0].policy));
    }
}
