//! The sections that stand once: company, licence and online access.

use crate::diag::{Code, Diagnostic};
use crate::model::key::GroupKey;
use crate::model::online::{Access, Online, Placed};
use crate::model::{Member, Membership, UserId};
use crate::say;
use crate::syntax::rule::Prefix;
use crate::syntax::{Declared, Document, online};
use crate::text::{FileId, Place, Span, Spanned};

use super::Lowering;
use crate::model::roles;
use crate::name::{Name, nearest};

impl Lowering {
    /// Takes each section from the document that has it; a second one is a finding.
    pub(super) fn single_sections(&mut self, documents: &[&Document]) {
        for document in documents {
            let at = |span: Span| Place { file: document.file, span };
            if let Some(company) = &document.company {
                let place = at(company.span);
                let first = self.parts.company.as_ref().and_then(|first| first.place);
                if self.stands_once("company", place, first) {
                    self.parts.company = Some(Placed { body: company.body.clone(), place: Some(place) });
                }
            }
            if let Some(licence) = &document.licence {
                let place = at(licence.span);
                let first = self.parts.licence.as_ref().and_then(|first| first.place);
                if self.stands_once("licence", place, first) {
                    self.parts.licence = Some(Placed { body: licence.body.clone(), place: Some(place) });
                }
            }
            if let Some(section) = &document.online {
                let place = at(section.span);
                let first = self.parts.online.as_ref().map(|first| first.place);
                if self.stands_once("online", place, first) {
                    self.online(document.file, section, place);
                }
            }
        }
    }

    fn stands_once(&mut self, section: &str, place: Place, first: Option<Place>) -> bool {
        let Some(first) = first else { return true };
        let message = say!("the section `{section}` stands twice", section);
        let finding = Diagnostic::new(Code::DuplicateName, place, message).label(say!("again"));
        self.diagnostics.push(finding.also(first, say!("first")).help(say!("join the two")));
        false
    }

    fn online(&mut self, file: FileId, section: &online::Online, place: Place) {
        let responsible = section.responsible.as_ref().and_then(|name| {
            let user = self.named_user(file, name)?;
            Some((user, Place { file, span: name.span }))
        });
        let mut access: Vec<Access> =
            section.access.iter().filter_map(|declared| self.access(file, declared)).collect();
        access.sort_by_key(|access| access.user);
        self.parts.online = Some(Online {
            responsible,
            machines: section.machines.iter().map(|name| name.value.clone()).collect(),
            interval: section.interval,
            take_over_after: section.take_over_after,
            idle_logout: section.idle_logout,
            failed_logins: section.failed_logins,
            invitation_valid: section.invitation_valid,
            access,
            place,
        });
    }

    fn named_user(&mut self, file: FileId, name: &Spanned<Name>) -> Option<UserId> {
        let user = self.parts.users.find(&name.value);
        if user.is_none() {
            let near = self.parts.suggest(&name.value, &[Prefix::User], false);
            self.unknown(Code::UnknownUser, file, name, say!("user"), near, "users");
        }
        user
    }

    fn access(&mut self, file: FileId, declared: &Declared<online::Access>) -> Option<Access> {
        let user = self.named_user(file, &declared.name);
        if let Some(role) = &declared.body.role {
            let group = self.parts.groups.find(&GroupKey::role(role.value.clone()));
            if group.is_none() {
                let near = self.parts.suggest(&role.value, &[Prefix::Role], true);
                let near = near.map(|near| near.trim_start_matches("role:").to_owned());
                let predefined = roles::predefined().keys().map(Name::as_str);
                let near = near.or_else(|| nearest(role.value.as_str(), predefined).map(str::to_owned));
                self.unknown(Code::UnknownRole, file, role, say!("role"), near, "roles");
            }
            if let (Some(user), Some(group)) = (user, group) {
                self.parts.memberships.push(Membership {
                    member: Member::User(user),
                    group,
                    validity: crate::date::Validity::ALWAYS,
                    because: None,
                    place: Some(Place { file, span: role.span }),
                });
            }
        }
        Some(Access {
            user: user?,
            message: declared.body.message.clone(),
            email: declared.body.email.clone(),
            services: {
                let place = |span: Span| Place { file, span };
                let services = declared.body.services.iter();
                services.map(|service| (service.value.clone(), place(service.span))).collect()
            },
            place: Place { file, span: declared.name.span },
        })
    }
}
