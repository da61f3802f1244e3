//! Members and rules: the many lines of a policy, looked up one by one, by several threads where they are many.

use crate::diag::Diagnostic;
use crate::model::key::{GroupKey, GroupName};
use crate::model::rules::{Meaningless, Part, rights_of_pattern, subject_named};
use crate::model::{GroupId, Member, Membership, Parts, Patience, Rule, Subject, roles};
use crate::name::Name;
use crate::syntax::Document;
use crate::syntax::group::MemberDecl;
use crate::syntax::rule::Prefix;
use crate::syntax::rules::RuleDecl;
use crate::text::{FileId, Place, Span};
use crate::workers;

use super::Lowering;

/// From how many users on the lines are shared by several threads.
const WORTH_SHARING: usize = 1_000;

/// What the lines of one document say.
pub(super) struct Lines<'p> {
    parts: &'p Parts,
    file: FileId,
    pub(super) memberships: Vec<Membership>,
    pub(super) rules: Vec<Rule>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Lowering {
    /// Looks up the members and rules of all documents, once everything that has a name has its id.
    pub(super) fn lines(&mut self, documents: &[&Document]) {
        let read = |parts: &Parts, document: &Document| {
            let Lines { memberships, rules, diagnostics, .. } = Lines::of(parts, document);
            (memberships, rules, diagnostics)
        };
        let all = if self.parts.users.len() < WORTH_SHARING {
            documents.iter().map(|document| read(&self.parts, document)).collect()
        } else {
            // What a misspelt name was meant to be is looked for afterwards, in the order of the documents: what is found
            // must not depend on which thread was faster.
            let patience = std::mem::replace(&mut self.parts.patience, Patience::of(0));
            let mut all: Vec<_> = workers::each(documents, |document| read(&self.parts, document));
            self.parts.patience = patience;
            for ((.., diagnostics), document) in
                all.iter_mut().zip(documents).filter(|((.., found), _)| !found.is_empty())
            {
                *diagnostics = Lines::of(&self.parts, document).diagnostics;
            }
            all
        };
        self.parts.memberships.reserve_exact(all.iter().map(|(memberships, ..)| memberships.len()).sum());
        for (memberships, rules, diagnostics) in all {
            self.parts.memberships.extend(memberships);
            self.parts.rules.extend(rules);
            self.diagnostics.extend(diagnostics);
        }
    }
}

impl<'p> Lines<'p> {
    pub(super) fn of(parts: &'p Parts, document: &Document) -> Self {
        let (memberships, rules, diagnostics) = (Vec::new(), Vec::new(), Vec::new());
        let mut lines = Self { parts, file: document.file, memberships, rules, diagnostics };
        for declared in document.users.iter().filter(|declared| !declared.body.rules.is_empty()) {
            if let Some(id) = parts.users.find(&declared.name.value) {
                lines.rules(Subject::User(id), &declared.body.rules);
            }
        }
        for declared in &document.groups {
            let Some(id) = parts.groups.find(&GroupKey::group(declared.name.value.clone())) else { continue };
            lines.rules(Subject::Group(id), &declared.body.rules);
            lines.members(id, &declared.body.members);
        }
        for declared in document.roles.iter().filter(|role| !roles::predefined().contains_key(&role.name.value)) {
            if let Some(id) = parts.groups.find(&GroupKey::role(declared.name.value.clone())) {
                lines.rules(Subject::Group(id), &declared.body.rules);
            }
        }
        lines
    }

    fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    fn members(&mut self, group: GroupId, declared: &[MemberDecl]) {
        let names: Vec<&Name> = declared.iter().filter_map(|member| Some(&member.named()?.name)).collect();
        let keys: Vec<GroupName<'_>> = names.iter().map(|name| GroupName::group(name)).collect();
        let users = self.parts.users.find_each(&names, |known, name| known == *name);
        let groups = self.parts.groups.find_each(&keys, |known, key| key.names(known));
        let mut found = users.into_iter().zip(groups);
        self.memberships.reserve_exact(declared.len());
        for member in declared {
            let known = member.named().and_then(|reference| Some((reference.prefix, found.next()?)));
            let known = match known {
                None => Some(Member::Everyone),
                Some((None, (Some(user), None)) | (Some(Prefix::User), (Some(user), _))) => Some(Member::User(user)),
                Some((None, (None, Some(group))) | (Some(Prefix::Group), (_, Some(group)))) => {
                    Some(Member::Group(group))
                }
                _ => self.member(member),
            };
            self.memberships.extend(known.map(|known| Membership {
                member: known,
                group,
                validity: member.validity,
                because: member.because.clone(),
                place: Some(self.place(member.span)),
            }));
        }
    }

    /// Looks one member up, and says what is wrong with it.
    fn member(&mut self, declared: &MemberDecl) -> Option<Member> {
        let reference = declared.named()?;
        let place = self.place(declared.span);
        let wrong = |wrong: Meaningless| Diagnostic::new(wrong.code, place, wrong.message).help(wrong.help);
        match subject_named(self.parts, reference, &[Prefix::User, Prefix::Group]) {
            Ok(Subject::User(id)) => Some(Member::User(id)),
            Ok(Subject::Group(id)) => Some(Member::Group(id)),
            Err(meaningless) => {
                self.diagnostics.push(wrong(meaningless));
                None
            }
        }
    }

    fn rules(&mut self, subject: Subject, declared: &[RuleDecl]) {
        for rule in declared {
            let target = rule.target.as_ref().map(|target| &target.value);
            match rights_of_pattern(self.parts, &rule.right.value, target) {
                Ok(meant) => {
                    let place = Some(self.place(rule.span));
                    self.rules.extend(meant.rights.into_iter().map(|right| Rule {
                        subject,
                        right,
                        target: meant.target,
                        effect: rule.effect,
                        validity: rule.validity,
                        because: rule.because.clone(),
                        place,
                    }));
                }
                Err(wrong) => {
                    let file = self.file;
                    self.diagnostics.extend(wrong.into_iter().map(|wrong| {
                        let span = match (wrong.part, &rule.target) {
                            (Part::Target, Some(target)) => target.span,
                            _ => rule.right.span,
                        };
                        Diagnostic::new(wrong.code, Place { file, span }, wrong.message).help(wrong.help)
                    }));
                }
            }
        }
    }
}
