//! Expectations get their names looked up.

use crate::diag::Diagnostic;
use crate::model::expectation::{Crowd, Expectation, Expected};
use crate::model::{Meant, Part, Subject, rights_of_pattern};
use crate::syntax::Document;
use crate::syntax::expectation::{self, ExpectationDecl, ExpectationText};
use crate::syntax::rule::{At, Prefix, Reference, What};
use crate::text::{FileId, Place};

use super::Lowering;

impl Lowering {
    /// Those of one document.
    pub(super) fn expectations(&mut self, document: &Document) {
        for declared in &document.expect {
            let Some(expected) = self.expected(document.file, declared) else { continue };
            self.parts.expectations.push(Expectation {
                text: declared.text.clone(),
                expected,
                on: declared.on,
                because: declared.because.clone(),
                place: Place { file: document.file, span: declared.span },
            });
        }
    }

    /// What an expectation means; everything that is wrong in it is found.
    fn expected(&mut self, file: FileId, declared: &ExpectationDecl) -> Option<Expected> {
        let (crowd, whats) = declared.meant.parts();
        let crowd = crowd.map(|crowd| self.crowd(file, declared, crowd));
        let meant: Vec<Option<Meant>> = whats.iter().map(|what| self.what(file, declared, what)).collect();
        let mut meant = meant.into_iter().collect::<Option<Vec<Meant>>>()?;
        if let ExpectationText::Nobody { .. } = declared.meant {
            return Some(Expected::Nobody(meant));
        }
        let meant = meant.pop()?;
        Some(match &declared.meant {
            ExpectationText::Can { .. } => Expected::Can(crowd??, meant),
            ExpectationText::Cannot { .. } => Expected::Cannot(crowd??, meant),
            ExpectationText::Only { .. } => Expected::Only(crowd??, meant),
            ExpectationText::Count { bound, number, .. } => Expected::Count(*bound, *number, meant),
            ExpectationText::Nobody { .. } => return None,
        })
    }

    fn crowd(&mut self, file: FileId, declared: &ExpectationDecl, crowd: &expectation::Crowd) -> Option<Crowd> {
        let subjects: Vec<_> = crowd.subjects.iter().map(|subject| self.subject(file, declared, subject)).collect();
        let except: Vec<_> = crowd.except.iter().map(|subject| self.subject(file, declared, subject)).collect();
        let (subjects, except): (Option<Vec<_>>, Option<Vec<_>>) =
            (subjects.into_iter().collect(), except.into_iter().collect());
        Some(Crowd { everyone: crowd.everyone, subjects: subjects?, except: except? })
    }

    fn subject(&mut self, file: FileId, declared: &ExpectationDecl, part: &At<Reference>) -> Option<Subject> {
        let place = Place { file, span: declared.spans.of(part) };
        self.person_or_group(place, &part.value, &[Prefix::User, Prefix::Group, Prefix::Role])
    }

    fn what(&mut self, file: FileId, declared: &ExpectationDecl, what: &What) -> Option<Meant> {
        let target = what.target.as_ref().map(|target| &target.value);
        match rights_of_pattern(&self.parts, &what.right.value, target) {
            Ok(meant) => Some(meant),
            Err(wrong) => {
                self.diagnostics.extend(wrong.into_iter().map(|wrong| {
                    let span = match (wrong.part, &what.target) {
                        (Part::Target, Some(target)) => declared.spans.of(target),
                        _ => declared.spans.of(&what.right),
                    };
                    Diagnostic::new(wrong.code, Place { file, span }, wrong.message).help(wrong.help)
                }));
                None
            }
        }
    }
}
