//! `rightful new`

use clap::{Args, Subcommand};

use crate::edit::new_user::{NewUser, NewUserError, insertions, meant};
use crate::edit::{Edited, apply, check};
use crate::model::Subject;
use crate::name::Name;
use crate::question::find_subject;
use crate::report::{text, view};
use crate::repository;
use crate::say;
use crate::tree::overlay::Overlay;
use crate::tree::worktree::{Change, Worktree};
use crate::wire;

use super::session::{Failure, Opened, compiled, open_compiling};
use super::{Common, Context, Format, Outcome};

/// Add something to the policy files
#[derive(Debug, Args)]
pub struct New {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    User(User),
}

/// Add a user with the same groups, module set and own rules as another
///
/// Writes the new lines beside those of the other user, into the same files,
/// and touches nothing else: no comment, no other line. Memberships keep their
/// periods; those that have ended are not copied, nor are online access and
/// superuser. `git diff` shows what was written.
///
/// Examples:
///   rightful new user kim --like lars
///   rightful new user kim --like lars --employee kim-larsen
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct User {
    /// The name of the new account
    #[arg(value_name = "NAME")]
    name: String,
    /// The user to be like
    #[arg(long, value_name = "OTHER")]
    like: String,
    /// The employee of the new account, declared already
    #[arg(long, value_name = "EMPLOYEE")]
    employee: Option<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub fn run(command: &New, context: &Context) -> Result<Outcome, Failure> {
    let What::User(user) = &command.what;
    let common = Common { format: user.format, at: None };
    let opened = open_compiling(context, &common)?;
    let new = understand(user, &opened, context)?;
    let policy = opened.policy();
    let failed = |error: NewUserError| match error {
        NewUserError::Taken(name) => {
            Failure::world(say!("there is a user `{name}` already", name)).help(say!("choose another name"))
        }
        NewUserError::Unsafe(error) => Failure::from(error),
    };
    let inserted = insertions(opened.sources(), policy, &new).map_err(failed)?;
    let edited = apply(opened.sources(), &inserted);
    let worktree = Worktree::new(&opened.root).map_err(repository::RepositoryError::from)?;
    let changed = edited.iter().map(|edit| (edit.path.clone(), edit.after.clone().into_bytes()));
    let after = compiled(context, &Overlay::new(&worktree, changed))?;
    check(&opened.repository, &after, opened.company_index(), &meant(policy, &new))
        .map_err(NewUserError::from)
        .map_err(failed)?;
    write(&worktree, &edited)?;
    let like = policy.users.key(new.like);
    let out = match user.format {
        Format::Json => wire::to_text(&wire::new_user(&new.name, like, &edited)),
        Format::Text => {
            let online = policy.online.iter().flat_map(|online| &online.access);
            let kept = view::Kept {
                online: online.into_iter().any(|access| access.user == new.like),
                superuser: policy.users.get(new.like).superuser,
            };
            text::print(&view::added(&new.name, like, &edited, kept), opened.out)
        }
    };
    Ok(Outcome::new(out, 0))
}

fn understand(user: &User, opened: &Opened, context: &Context) -> Result<NewUser, Failure> {
    let policy = opened.policy();
    let name = |text: &str| {
        Name::new(text).map_err(|why| Failure::world(say!("`{name}` is no name: {why}", name = text, why = why.text())))
    };
    let subject = find_subject(&user.like, policy)?;
    let Subject::User(like) = subject else {
        return Err(
            Failure::world(say!("`{name}` is no user", name = user.like)).help(say!("name the user to be like"))
        );
    };
    let employee = user.employee.as_deref().map(name).transpose()?;
    if let Some(missing) = employee.as_ref().filter(|employee| policy.employees.find(employee).is_none()) {
        return Err(Failure::world(say!("there is no employee `{missing}`", missing))
            .help(say!("declare the employee first, in the section `employees`")));
    }
    let id = employee.as_ref().and_then(|employee| policy.employees.find(employee));
    let taken = id.and_then(|id| policy.users.iter().find(|(_, _, user)| user.employee == Some(id)));
    if let (Some(employee), Some((_, other, _))) = (&employee, taken) {
        let message = say!("the employee `{employee}` is linked to the user `{other}` already", employee, other);
        return Err(Failure::world(message).help(say!("one employee has at most one user")));
    }
    Ok(NewUser { name: name(&user.name)?, like, employee, today: context.on })
}

fn write(worktree: &Worktree, edited: &[Edited]) -> Result<(), Failure> {
    let changes: Vec<Change<'_>> = edited
        .iter()
        .map(|edit| Change { path: &edit.path, before: Some(edit.before.as_bytes()), after: edit.after.as_bytes() })
        .collect();
    worktree.write(&changes).map_err(repository::RepositoryError::from)?;
    Ok(())
}
