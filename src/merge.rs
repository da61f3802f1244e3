//! What the merge of two branches brings that neither of them has: rights, losses and errors.
//!
//! Takes the policies of both branches and of their merge, gives what is the work of neither alone. Never merges.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use crate::date::Date;
use crate::diag::{Code, Diagnostic};
use crate::diff::{Change, Effective, Keys, SPELLED, Sum, effective_within};
use crate::model::Policy;
use crate::name::{Name, RightName};
use crate::repository::{Company, Repository, matched};
use crate::resolve::InForce;
use crate::syntax::gate::Turn;

/// Two branches and their merge.
#[derive(Debug, Clone, Copy)]
pub struct Branches<'r> {
    /// The one that is merged into.
    pub ours: &'r Repository,
    /// The one that is merged.
    pub theirs: &'r Repository,
    /// What they become.
    pub merge: &'r Repository,
}

/// What neither branch has alone.
#[derive(Debug, Default)]
pub struct Brought<'r> {
    /// Of each company that compiles after the merge, in order of names.
    pub companies: Vec<OfCompany<'r>>,
    /// How many companies do not compile after the merge, so that their rights cannot be compared.
    pub broken: usize,
    /// The errors, also of those companies.
    pub findings: Vec<Diagnostic>,
}

/// What neither branch has alone in one company. What was before the merge is not said: both branches agree about it.
#[derive(Debug)]
pub struct OfCompany<'r> {
    /// Its name, if it has one.
    pub name: Option<&'r Name>,
    /// Its policy after the merge.
    pub policy: &'r Policy,
    /// What is allowed only together.
    pub gains: Vec<Change>,
    /// What both branches allow, and the merge refuses.
    pub losses: Vec<Change>,
}

impl Brought<'_> {
    /// Whether the merge brings nothing of its own.
    pub fn is_nothing(&self) -> bool {
        self.findings.is_empty() && self.companies.iter().all(|it| it.gains.is_empty() && it.losses.is_empty())
    }
}

/// Compares a merge with both of its branches, on a day. `only` keeps to one company.
pub fn brought<'r>(branches: Branches<'r>, on: Date, only: Option<&Name>) -> Brought<'r> {
    brought_within(branches, on, only, SPELLED)
}

/// The same, with at most so many single answers of people who are new or gone told one by one meanwhile.
fn brought_within<'r>(branches: Branches<'r>, on: Date, only: Option<&Name>, most: usize) -> Brought<'r> {
    let Branches { ours, theirs, merge } = branches;
    let known: BTreeSet<Told> = [ours, theirs].into_iter().flat_map(|side| told(side, on, only).into_keys()).collect();
    let new = told(merge, on, only).into_iter().filter(|(key, _)| !known.contains(key));
    let mut findings: Vec<Diagnostic> = new.map(|(_, finding)| finding).collect();
    crate::diag::sort(&mut findings);
    let (mut companies, mut broken) = (Vec::new(), 0);
    for (name, [ours, theirs, merge]) in matched([ours, theirs, merge]) {
        let Some(merge) = merge.filter(|_| only.is_none() || name == only) else { continue };
        if !merge.compiles() {
            broken += 1;
            continue;
        }
        let nobody = Company::empty(None);
        let [ours, theirs] = [ours, theirs].map(|side| InForce::new(&side.unwrap_or(&nobody).policy, on));
        let after = InForce::new(&merge.policy, on);
        let [gains, losses] = brought_to([&ours, &theirs], &after, most);
        companies.push(OfCompany { name, policy: &merge.policy, gains, losses });
    }
    Brought { companies, broken, findings }
}

/// What tells one error from another: code, words, file and company, but not the line, which moves.
type Told = (Code, String, Option<Box<str>>, Option<Name>);

/// The errors of a repository; one that several companies share counts in each of them.
fn told(repository: &Repository, on: Date, only: Option<&Name>) -> BTreeMap<Told, Diagnostic> {
    let mut told = BTreeMap::new();
    let report = check::repository(repository, on, only);
    for finding in report.findings.into_iter().filter(Diagnostic::is_error) {
        let written = finding.place().map(|place| (repository.sources.file(place.file), place.span));
        let words = match written {
            // What fails says because of whom, which may be somebody else on each side.
            Some((file, span)) if finding.code == Code::ExpectationFailed => file.slice(span).to_owned(),
            _ => finding.message.english(),
        };
        let file: Option<Box<str>> = written.map(|(file, _)| file.path().into());
        let key = |company| (finding.code, words.clone(), file.clone(), company);
        if finding.companies.is_empty() {
            told.insert(key(None), finding.clone());
        }
        for company in &finding.companies {
            let alone = Diagnostic { companies: vec![company.clone()], ..finding.clone() };
            told.insert(key(Some(company.clone())), alone);
        }
    }
    told
}

/// What both branches gain and lose by the merge, with at most so many single answers of people who are new or gone.
fn brought_to(branches: [&InForce<'_>; 2], after: &InForce<'_>, most: usize) -> [Vec<Change>; 2] {
    let [ours, theirs] = branches.map(|branch| effective_within(branch, after, most));
    if [Turn::Gain, Turn::Loss].into_iter().any(|turn| must_be_spelled(&ours, &theirs, turn)) {
        return brought_to(branches, after, usize::MAX);
    }
    let mut gains = both(&ours.gains, &theirs.gains);
    gains.extend(with_sums(&ours.sums, &theirs.gains));
    gains.extend(with_sums(&theirs.sums, &ours.gains));
    gains.sort();
    [gains, both(&ours.losses, &theirs.losses)]
}

/// Whether the sums do not tell what both have in common: where somebody is in the sums of both, or is gone.
fn must_be_spelled(ours: &Effective, theirs: &Effective, turn: Turn) -> bool {
    let of = |side: &Effective| -> Vec<(RightName, Keys<Name>)> {
        let sums = side.sums.iter().filter(|sum| sum.turn == turn);
        sums.map(|sum| (sum.right.clone(), sum.users.clone())).collect()
    };
    let spelled = |side: &Effective| -> Vec<(RightName, Keys<Name>)> {
        let losses = side.losses.iter().filter(|_| turn == Turn::Loss);
        losses.map(|change| (change.right.clone(), Keys::of(change.users.clone()))).collect()
    };
    let meet = |these: Vec<(RightName, Keys<Name>)>, others: Vec<(RightName, Keys<Name>)>| {
        these
            .iter()
            .any(|(right, users)| others.iter().any(|(other, others)| other == right && others.among(users.iter()) > 0))
    };
    meet(of(ours), of(theirs)) || meet(of(ours), spelled(theirs)) || meet(of(theirs), spelled(ours))
}

/// What people gain of whom the other branch tells in sum that they gain all that they have: then it is the same.
fn with_sums(sums: &[Sum], gains: &[Change]) -> Vec<Change> {
    let mut found = Vec::new();
    for sum in sums.iter().filter(|sum| sum.turn == Turn::Gain) {
        for gain in gains.iter().filter(|gain| gain.right == sum.right && gain.targets.is_some() == sum.scope.is_some())
        {
            let users: Vec<Name> = gain.users.iter().filter(|user| sum.users.contains(user)).cloned().collect();
            let without_own = gain.without_own || sum.without_own;
            let change = Change { users, without_own, before: None, ..gain.clone() };
            if change.count() > 0 {
                found.push(change);
            }
        }
    }
    found
}

/// What changed from either branch to the merge. Within each list no answer stands twice, so none does in the outcome.
fn both(ours: &[Change], theirs: &[Change]) -> Vec<Change> {
    let mut by_right: BTreeMap<&RightName, Vec<&Change>> = BTreeMap::new();
    theirs.iter().for_each(|change| by_right.entry(&change.right).or_default().push(change));
    let mut found = Vec::new();
    for our in ours {
        for their in by_right.get(&our.right).into_iter().flatten() {
            let users = common(&our.users, &their.users);
            let targets = match (&our.targets, &their.targets) {
                _ if users.is_empty() => continue,
                (None, None) => None,
                (Some(ours), Some(theirs)) => Some(ours.intersection(theirs)),
                // A right that is plain on one side and scoped on the other is two rights.
                _ => continue,
            };
            let change = Change {
                users,
                targets,
                without_own: our.without_own || their.without_own,
                before: None,
                ..our.clone()
            };
            if change.count() > 0 {
                found.push(change);
            }
        }
    }
    found.sort();
    found
}

/// What stands in both of two lists that are in order.
fn common<T: Ord + Clone>(these: &[T], others: &[T]) -> Vec<T> {
    these.iter().filter(|one| others.binary_search(one).is_ok()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{day, repository};

    /// One line for each thing that the merge brings.
    fn shown(ours: &str, theirs: &str, merge: &str) -> String {
        let [ours, theirs, merge] = [ours, theirs, merge].map(repository);
        let branches = Branches { ours: &ours, theirs: &theirs, merge: &merge };
        let [spelled, in_sum] =
            [SPELLED, 0].map(|most| lines(&brought_within(branches, day("2026-11-22"), None, most)));
        let sorted = |lines: &str| lines.lines().map(str::to_owned).collect::<BTreeSet<String>>();
        assert_eq!(sorted(&spelled), sorted(&in_sum));
        spelled
    }

    fn lines(brought: &Brought<'_>) -> String {
        let mut lines: Vec<String> =
            brought.findings.iter().map(|it| format!("{} {}", it.code, it.message.english())).collect();
        for company in &brought.companies {
            let name = company.name.map(|name| format!("{name}: ")).unwrap_or_default();
            for (sign, changes) in [('+', &company.gains), ('-', &company.losses)] {
                for (user, change, target) in
                    changes.iter().flat_map(|change| change.singles().map(move |(user, target)| (user, change, target)))
                {
                    let target = target.map(|target| format!(" of {target}")).unwrap_or_default();
                    lines.push(format!("{name}{sign} {user} {}{target} {}", change.right, change.step().as_str()));
                }
            }
        }
        lines.join("\n")
    }

    #[test]
    fn only_what_neither_branch_gives_is_gained() {
        let with = |members: &str, allow: &str| {
            format!(
                "users: {{ lars: , anna: , kim: }}\ngroups: {{ sales: {{ members: [{members}], allow: [{allow}] }} }}\n"
            )
        };
        // Lars comes in, and the group gets the export: anna had it by theirs alone, lars by nobody.
        let gained = shown(
            &with("anna, lars", "lists.print"),
            &with("anna", "lists.print, data.export, calendar.see of everyone"),
            &with("anna, lars", "lists.print, data.export, calendar.see of everyone"),
        );
        assert_eq!(
            gained,
            "+ lars calendar.see of user:anna group-allow\n+ lars calendar.see of user:kim group-allow\n\
             + lars data.export group-allow"
        );
        assert_eq!(
            shown(&with("anna", "lists.print"), &with("lars", "lists.print"), &with("anna, lars", "lists.print")),
            ""
        );
    }

    #[test]
    fn who_comes_with_one_branch_gains_what_the_other_gives() {
        let with = |users: &str, allow: &str| {
            format!("users: {{ {users} }}\ngroups: {{ all: {{ members: [everyone], allow: [{allow}] }} }}\n")
        };
        let (few, many) = ("lists.print", "lists.print, data.export, calendar.see of everyone");
        assert_eq!(
            shown(&with("anna: ", few), &with("anna: , lars: ", few), &with("anna: , lars: ", many)),
            "+ anna calendar.see of user:lars group-allow\n+ lars calendar.see of user:anna group-allow\n\
             + anna data.export group-allow\n+ lars data.export group-allow"
        );
        // Neither has lars, and the merge does; both have karin, and the merge does not.
        assert_eq!(
            shown(&with("anna: , karin: ", few), &with("anna: , karin: ", few), &with("anna: , lars: ", few)),
            "+ lars lists.print group-allow\n- karin lists.print default"
        );
    }

    #[test]
    fn what_both_allow_and_the_merge_refuses_is_lost() {
        // Each branch takes one of two ways away.
        let with = |one: &str, two: &str| {
            format!(
                "users: {{ lars: , anna: }}\ngroups:\n  one: {{ members: [{one}], allow: [data.export] }}\n  \
                 two: {{ members: [{two}], allow: [data.export] }}\n"
            )
        };
        assert_eq!(
            shown(&with("anna", "lars"), &with("lars", "anna"), &with("anna", "anna")),
            "- lars data.export default"
        );
        assert_eq!(shown(&with("anna", "lars"), &with("anna", "anna"), &with("anna", "anna")), "");
    }

    #[test]
    fn errors_are_told_apart_by_what_they_say_and_not_by_their_line() {
        let old = "users: { lars: { superuser: true } }\n";
        let moved = "# one line more\nusers: { lars: { superuser: true } }\n";
        assert_eq!(shown(old, old, moved), "");
        let expect = "expect: [nobody can data.export and sms.send]\n";
        let with = |rights: &str| format!("users: {{ lars: {{ allow: [{rights}] }} }}\n{expect}");
        assert_eq!(
            shown(&with("data.export"), &with("sms.send"), &with("data.export, sms.send")),
            "expectation-failed `nobody can data.export and sms.send` does not hold: lars can"
        );
        let never = |who: &str| {
            let allow = |name: &str| if who.contains(name) { "{ allow: [data.export] }" } else { "" };
            format!("users: {{ anna: {}, lars: {} }}\nexpect: [nobody can data.export]\n", allow("anna"), allow("lars"))
        };
        assert_eq!(shown(&never("anna"), &never("lars"), &never("anna lars")), "");
        let twice = "users: { lars: }\n//- policies/b.yaml\nusers: { lars: }\n";
        assert!(shown("users: { lars: }\n", "users: { lars: }\n", twice).starts_with("duplicate-name "));
    }

    #[test]
    fn a_company_that_one_branch_has_is_compared_with_nothing() {
        let with = |companies: &str, b: &str| {
            format!(
                "//- rightful.yaml\ncompanies: {{ {companies} }}\n//- policies/a/a.yaml\nusers: {{ lars: }}\n//- policies/b/b.yaml\n{b}"
            )
        };
        let (a, b) = ("a: { policies: [policies/a] }", "b: { policies: [policies/b] }");
        let lars = "users: { lars: { allow: [data.export] } }\n";
        let both = format!("{a}, {b}");
        assert_eq!(shown(&with(&both, lars), &with(a, "users: { lars: }\n"), &with(&both, lars)), "");
        let anna = format!("{lars}  \n//- policies/b/c.yaml\nusers: {{ anna: {{ allow: [sms.send] }} }}\n");
        assert_eq!(shown(&with(&both, lars), &with(a, lars), &with(&both, &anna)), "b: + anna sms.send user");
    }
}
