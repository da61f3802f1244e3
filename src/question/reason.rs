//! Why an answer is as it is, in short: the step, and the first of the rules that decided.

use crate::resolve::{InForce, Proven, Request, Step, prove};

/// The reason of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Yes or no.
    pub allowed: bool,
    /// The step that decided.
    pub step: Step,
    /// The first rule that decided, with the way to it; `None` where no rule did.
    pub rule: Option<Proven>,
}

impl Reason {
    /// Decides a request and finds the first rule of its proof.
    pub fn of(in_force: &InForce<'_>, request: Request) -> Self {
        let proof = prove(in_force, request);
        let decision = proof.decision;
        Self { allowed: decision.allowed, step: decision.step, rule: proof.rules.into_iter().next() }
    }
}
