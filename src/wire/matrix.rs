//! Users by rights, written row by row: with scoped rights there can be billions.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::model::{Id, Policy, Single};
use crate::question::{self, Cells, Held};
use crate::resolve::Population;

use super::VERSION;
use super::singles::collect;

/// One cell of the matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowOut<'a> {
    /// The user.
    pub user: &'a str,
    /// The right.
    pub right: &'a str,
    /// Over whom or what.
    pub target: Option<&'a str>,
    /// The answer.
    pub allowed: bool,
    /// The step that decided.
    pub step: &'static str,
}

/// `rightful matrix --format json`
#[derive(Serialize, JsonSchema)]
pub struct MatrixOut<'a> {
    /// The version of this format.
    pub version: u32,
    /// Users by rights.
    #[schemars(with = "Vec<RowOut<'a>>")]
    pub rows: Rows<'a>,
}

/// The cells of the matrix, worked out while they are written.
pub struct Rows<'a> {
    population: &'a Population<'a>,
    cells: Cells,
    targets: Targets,
}

/// What single targets are called, by the index of their ids.
struct Targets {
    users: Vec<String>,
    modules: Vec<String>,
    attachments: Vec<String>,
}

impl Targets {
    fn new(policy: &Policy) -> Self {
        let called = |target: Single| policy.target_key(target.into()).to_string();
        Self {
            users: policy.users.ids().map(|id| called(Single::User(id))).collect(),
            modules: policy.modules.ids().map(|id| called(Single::Module(id))).collect(),
            attachments: policy.attachments.ids().map(|id| called(Single::Attachment(id))).collect(),
        }
    }

    fn of(&self, target: Single) -> &str {
        match target {
            Single::User(id) => &self.users[id.index()],
            Single::Module(id) => &self.modules[id.index()],
            Single::Attachment(id) => &self.attachments[id.index()],
        }
    }
}

impl Rows<'_> {
    /// Each, as soon as somebody takes it.
    pub fn iter(&self) -> impl Iterator<Item = RowOut<'_>> {
        let policy = self.population.in_force().policy;
        question::everything(self.population, self.cells).flat_map(move |(user, held)| {
            let user = policy.users.key(user).as_str();
            held.into_iter().map(move |Held { right, target, decision }| RowOut {
                user,
                right: policy.rights.key(right).as_str(),
                target: target.map(|target| self.targets.of(target)),
                allowed: decision.allowed,
                step: decision.step.as_str(),
            })
        })
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        collect(serializer, self.iter())
    }
}

/// Users by rights.
pub fn matrix<'a>(population: &'a Population<'a>, cells: Cells) -> MatrixOut<'a> {
    let targets = Targets::new(population.in_force().policy);
    MatrixOut { version: VERSION, rows: Rows { population, cells, targets } }
}
