//! Expectations get their names looked up.

use crate::diag::Diagnostic;
use crate::model::expectation::{Expectation, Expected};
use crate::syntax::Document;
use crate::text::Place;

use super::Lowering;

impl Lowering {
    /// Those of one document; everything that is wrong in them is found.
    pub(super) fn expectations(&mut self, document: &Document) {
        for declared in &document.expect {
            match Expected::understand(&self.parts, &declared.meant) {
                Ok(expected) => self.parts.expectations.push(Expectation {
                    text: declared.text.clone(),
                    expected,
                    on: declared.on,
                    because: declared.because.clone(),
                    place: Place { file: document.file, span: declared.span },
                }),
                Err(all) => self.diagnostics.extend(all.into_iter().map(|wrong| {
                    let place = Place { file: document.file, span: declared.spans.of(&wrong) };
                    Diagnostic::new(wrong.value.code, place, wrong.value.message).help(wrong.value.help)
                })),
            }
        }
    }
}
