//! What commands share that compare two policies: finding the two sides, and compiling them together.
//!
//! A side is a git revision, the working tree, or a directory. Nothing is checked out, and nothing of it is executed.

mod found;
mod words;

use crate::diag;
use crate::language::{Joint, Language, Text, list};
use crate::name::{Name, nearest};
use crate::report::text::Look;
use crate::report::{snippet, text, view};
use crate::repository::{self, Company, Repository, matched};
use crate::say;
use crate::syntax::settings::Settings;
use crate::text::Sources;

use super::Context;
use super::session::{Failure, below};
use found::Found;
pub use found::{Named, Start, compile, is_before_any};
use words::Asked;

/// One of two policies that are compared.
pub struct Side {
    /// What people call it: `main`, `merge base of main and feature`, `working tree`, or a path.
    pub name: Text,
    /// The full id of the commit, if it is one.
    pub commit: Option<String>,
    /// What was read. A commit from before there was any policy has companies that declare nothing.
    pub repository: Repository,
}

/// Two policies that are compared. Every company that was asked for compiles.
pub struct Sides {
    /// Where a change begins.
    pub base: Side,
    /// Where it ends.
    pub head: Side,
    /// How the output may look, in the language of `--lang` or of the head's settings.
    pub out: Look,
    /// By which settings a change is judged.
    pub judge: Judge,
    /// The way from the top of the checkout to the root of the head: empty, or ending in `/`.
    pub below: String,
    /// The company of `--company`.
    only: Option<Name>,
}

/// The settings by which a change is judged: those of the base. Of `A...B` it is those of A as it is now, for the branch
/// may be older than a gate.
pub struct Judge {
    /// The settings.
    pub settings: Settings,
    /// The files in which they stand.
    pub sources: Sources,
}

/// A company on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'s> {
    /// Its name, if it has one.
    pub name: Option<&'s Name>,
    /// What it was; `None` if it is new.
    pub base: Option<&'s Company>,
    /// What it is; `None` if it is gone.
    pub head: Option<&'s Company>,
}

impl Sides {
    /// The companies that somebody asks about, in order of names.
    pub fn companies(&self) -> Vec<Pair<'_>> {
        let pairs = matched([&self.base.repository, &self.head.repository]).into_iter();
        let pairs = pairs.map(|(name, [base, head])| Pair { name, base, head });
        pairs.filter(|pair| self.only.is_none() || pair.name == self.only.as_ref()).collect()
    }
}

/// Finds the two sides that words name, and compiles both. Files that say the same are parsed once.
pub fn open(context: &Context, words: &[String]) -> Result<Sides, Failure> {
    let ([base, head], tip) = find(&Start::of(context)?, words)?;
    let mut library = context.library();
    let first = if base.is_before_any()? { None } else { Some(base.compile(&mut library)?) };
    let second = head.compile(&mut library)?;
    let [out, err] = looks(context, context.language.get().unwrap_or(second.settings.language));
    let first = first.unwrap_or_else(|| Repository::before_any(&library, &second));
    let below = below(&head.root);
    let (base, head) = (base.side(first), head.side(second));
    let only = only(context, &[&base, &head])?;
    compiling(&[&base, &head], only.as_ref(), err)?;
    let judge = match tip.filter(|tip| tip.commit != base.commit) {
        Some(tip) if !tip.is_before_any()? => {
            let repository = tip.compile(&mut library)?;
            let tip = tip.side(repository);
            compiling(&[&tip], only.as_ref(), err)?;
            Judge { settings: tip.repository.settings, sources: tip.repository.sources }
        }
        _ => Judge { settings: base.repository.settings.clone(), sources: base.repository.sources.clone() },
    };
    context.let_go(library);
    Ok(Sides { base, head, out, judge, below, only })
}

/// The two sides; and where one of them is the point at which branches parted, the branch that is left aside.
fn find(start: &Start, words: &[String]) -> Result<([Found; 2], Option<Found>), Failure> {
    let sides = match words::understand(words)? {
        Asked::ToWorktree(base) => [start.of_word_or_head(base)?, start.worktree()],
        Asked::Both(base, head) => {
            // Only if both words are directories may they look like revisions: else a change could put a directory of
            // the name of a branch into its tree, and be compared with that.
            let both = [base, head].map(|word| start.is_plain_directory(word));
            if both == [true, true] {
                [start.directory(base)?, start.directory(head)?]
            } else {
                [start.of_word(base)?, start.of_word(head)?]
            }
        }
        Asked::Range(base, head) => start.revisions([base, head])?.map(|revision| start.found(revision)),
        Asked::Fork(base, head) => {
            let sides = start.revisions([base, head])?;
            let base = start.merge_base(&sides)?;
            let [tip, head] = sides;
            return Ok(([base, head].map(|revision| start.found(revision)), Some(start.found(tip))));
        }
    };
    Ok((sides, None))
}

/// The looks of output and complaints in a language, which is settled with it.
pub(super) fn looks(context: &Context, language: Language) -> [Look; 2] {
    context.language.set(Some(language));
    [Look { language, ..context.out }, Look { language, ..context.err }]
}

/// The company that `--company` names, which one of the sides must have.
pub(super) fn only(context: &Context, sides: &[&Side]) -> Result<Option<Name>, Failure> {
    let Some(name) = &context.company else { return Ok(None) };
    let companies = || sides.iter().flat_map(|side| &side.repository.companies).filter_map(|it| it.name.as_ref());
    if let Some(known) = companies().find(|known| known.as_str() == name) {
        return Ok(Some(known.clone()));
    }
    let missing = Failure::world(say!("there is no company `{name}`", name));
    Err(match nearest(name, companies().map(Name::as_str)) {
        Some(near) => missing.help(say!("did you mean `{near}`?", near)),
        None => missing.help(say!("leave --company out to compare all there is")),
    })
}

/// Fails with the findings if a company of some sides does not compile.
pub(super) fn compiling(sides: &[&Side], only: Option<&Name>, err: Look) -> Result<(), Failure> {
    let broken: Vec<&Side> =
        sides.iter().copied().filter(|side| side.chosen(only).any(|company| !company.compiles())).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let mut before = String::new();
    for side in &broken {
        let diagnostics = side.chosen(only).flat_map(|company| &company.diagnostics);
        let mut found: Vec<_> = diagnostics.filter(|finding| repository::stops(finding)).cloned().collect();
        diag::sort(&mut found);
        before.push_str(&snippet::print_all(&found, &side.repository.sources, err));
        let files = side.chosen(only).map(|company| company.files).sum();
        before.push_str(&text::print(&view::summary(&found, files, &[]), err));
    }
    let message = match broken.as_slice() {
        [side] => say!("{side} does not compile, so nothing can be compared", side = side.name),
        _ => {
            let sides = list(broken.iter().map(|side| side.name.clone()), Joint::And);
            say!("{sides} do not compile, so nothing can be compared", sides)
        }
    };
    let help = match broken[0].commit.as_deref() {
        Some(commit) => {
            let commit = commit.get(..7).unwrap_or(commit);
            say!("`rightful check --at {commit}` lists everything that was found", commit)
        }
        None => say!("`rightful check` lists everything that was found"),
    };
    Err(Failure { before: before.into(), ..Failure::world(message) }.help(help))
}

impl Side {
    /// The companies that somebody asks about. With one that has no name everything is asked about.
    fn chosen<'a>(&'a self, only: Option<&'a Name>) -> impl Iterator<Item = &'a Company> {
        let companies = self.repository.companies.iter();
        companies.filter(move |company| only.is_none() || company.name.is_none() || company.name.as_ref() == only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::cache::Caching;
    use crate::language::Language;
    use crate::testing::day;
    use std::cell::Cell;
    use std::fs;
    use std::process::Command;

    /// A folder in which git and the program are used.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            place.git("init -q -b main");
            place
        }

        fn git(&self, words: &str) {
            let ran = Command::new("git")
                .current_dir(&self.0)
                .args(words.split(' '))
                .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
                .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t@t.example")])
                .envs([("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@t.example")])
                .output()
                .unwrap();
            assert!(ran.status.success(), "{words} {ran:?}");
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn commit(&self, users: &str) {
            self.write("policies/a.yaml", &format!("users: {{ {users} }}\n"));
            self.git("add -A");
            self.git("commit -q -m x");
        }

        fn open(&self, directory: &str, company: Option<&str>, words: &str) -> Result<Sides, Failure> {
            let context = Context {
                here: self.0.path().to_owned(),
                directory: self.0.path().join(directory),
                company: company.map(str::to_owned),
                on: day("2026-11-22"),
                on_was_said: true,
                today: day("2026-11-22"),
                language: Cell::new(None),
                watched: false,
                lasting: true,
                cache: Caching::default(),
                out: Look::PLAIN,
                err: Look::PLAIN,
            };
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            open(&context, &words)
        }

        /// The names of both sides with the users there, or the message and the help.
        fn shown(&self, words: &str) -> String {
            shown(self.open("", None, words))
        }
    }

    fn shown(sides: Result<Sides, Failure>) -> String {
        let users = |company: Option<&Company>| {
            let users = company.into_iter().flat_map(|it| it.policy.users.iter());
            users.map(|(_, name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
        };
        match sides {
            Ok(sides) => {
                let pairs = sides.companies();
                let rows = pairs.iter().map(|pair| format!("[{}] -> [{}]", users(pair.base), users(pair.head)));
                let rows = rows.collect::<Vec<_>>().join(", ");
                format!("{} -> {}: {rows}", sides.base.name.english(), sides.head.name.english())
            }
            Err(failure) => {
                let [message, help] = [&failure.message, &failure.help].map(|word| word.to(Language::English));
                format!("{}{message} | {help}", failure.before)
            }
        }
    }

    /// `main` has lars and then anna too; `feature/1.x` went off in between; the working tree is ahead.
    fn firm() -> Place {
        let place = Place::new();
        place.commit("lars: ");
        place.git("switch -q -c feature/1.x");
        place.commit("lars: , kim: ");
        place.git("switch -q main");
        place.commit("lars: , anna: ");
        place.write("policies/a.yaml", "users: { lars: , anna: , ole: }\n");
        place
    }

    #[test]
    fn sides_are_what_git_would_compare() {
        let firm = firm();
        assert_eq!(firm.shown(""), "HEAD -> working tree: [anna lars] -> [anna lars ole]");
        assert_eq!(firm.shown("main~1"), "main~1 -> working tree: [lars] -> [anna lars ole]");
        assert_eq!(firm.shown("main feature/1.x"), "main -> feature/1.x: [anna lars] -> [kim lars]");
        assert_eq!(firm.shown("main..feature/1.x"), "main -> feature/1.x: [anna lars] -> [kim lars]");
        assert_eq!(firm.shown("feature/1.x.."), "feature/1.x -> HEAD: [kim lars] -> [anna lars]");
        assert_eq!(firm.shown("..feature/1.x"), "HEAD -> feature/1.x: [anna lars] -> [kim lars]");
        let fork = "merge base of main and feature/1.x -> feature/1.x: [lars] -> [kim lars]";
        assert_eq!(firm.shown("main...feature/1.x"), fork);
        assert_eq!(firm.shown("...feature/1.x"), fork.replace("main", "HEAD"));
        let sides = firm.open("", None, "main...feature/1.x").unwrap();
        assert!(sides.base.commit.is_some() && sides.head.commit.is_some() && sides.below.is_empty());
        assert!(firm.open("", None, "").unwrap().head.commit.is_none());
    }

    #[test]
    fn a_side_may_be_a_directory_and_a_revision_of_its_name_comes_first() {
        let firm = firm();
        firm.write("copy/policies/a.yaml", "users: { copied: }\n");
        firm.write("main/policies/a.yaml", "users: { not-the-branch: }\n");
        firm.write("v1..v2/policies/a.yaml", "users: { dotted: }\n");
        firm.write("old/policies/a.yaml", "users: { older: }\n");
        assert_eq!(firm.shown("old copy"), "old -> copy: [older] -> [copied]");
        // A change could bring a directory of the name of a branch that was not fetched.
        assert_eq!(firm.shown("main copy"), "git knows no revision `copy` | the directory is written `./copy`");
        assert_eq!(firm.shown("main ./copy"), "main -> ./copy: [anna lars] -> [copied]");
        assert_eq!(firm.shown("copy/ ./main"), "copy/ -> ./main: [copied] -> [not-the-branch]");
        assert_eq!(firm.shown("main/"), "main/ -> working tree: [not-the-branch] -> [anna lars ole]");
        assert!(firm.shown("v1..v2").starts_with("git knows no revision `v1`"));
        assert_eq!(firm.shown("./v1..v2"), "./v1..v2 -> working tree: [dotted] -> [anna lars ole]");
        assert_eq!(shown(firm.open("copy", None, ".. .")), ".. -> .: [anna lars ole] -> [copied]");
        // The settings of the repository around are not those of the copy.
        firm.write("rightful.yaml", "companies: { nord: { policies: [policies] } }\n");
        assert_eq!(firm.shown("main copy/"), "main -> copy/: [anna lars] -> [copied]");
        // Without git two directories can be compared, and nothing else.
        let bare = Place(tempfile::tempdir().unwrap());
        bare.write("a/policies/a.yaml", "users: { lars: }\n");
        bare.write("b/policies/a.yaml", "users: { anna: }\n");
        assert_eq!(bare.shown("a b"), "a -> b: [lars] -> [anna]");
        assert!(bare.shown("").ends_with("| revisions are read from a git checkout; -C DIR picks another directory"));
        assert!(bare.shown("a c").contains("is not in a git repository"));
    }

    #[test]
    fn what_cannot_be_found_is_said() {
        let firm = firm();
        insta::assert_snapshot!(firm.shown("mian"), @"git knows no revision `mian` | name a branch, a tag, a commit, or a directory that exists");
        insta::assert_snapshot!(firm.shown("nowhere/"), @"there is no directory `nowhere/` | a revision is written without a slash at its end, and without `./`");
        insta::assert_snapshot!(firm.shown("main..mian"), @"git knows no revision `mian` | name a branch, a tag or a commit");
        firm.git("update-ref refs/remotes/origin/release main");
        insta::assert_snapshot!(firm.shown("release...HEAD"), @"git knows no revision `release` | did you mean `origin/release`?");
        firm.git("symbolic-ref HEAD refs/heads/other");
        insta::assert_snapshot!(firm.shown(""), @"git has no commit yet | commit the policy first; there is no history before");
        firm.commit("rolf: ");
        insta::assert_snapshot!(firm.shown("main...other"), @"main and other have no common history | name two commits of one history");
        let clone = Place(tempfile::tempdir().unwrap());
        firm.git("switch -q main");
        clone.git(&format!("clone -q --depth 1 --no-single-branch file://{} .", firm.0.path().display()));
        insta::assert_snapshot!(clone.shown("main...origin/feature/1.x"), @"main and origin/feature/1.x have no common history | this is a shallow clone; fetch the whole history: `fetch-depth: 0` in a workflow, or `git fetch --unshallow`");
        insta::assert_snapshot!(clone.shown("HEAD~1"), @"git knows no revision `HEAD~1` | this is a shallow clone; fetch the whole history: `fetch-depth: 0` in a workflow, or `git fetch --unshallow`");
    }

    #[test]
    fn before_the_first_policy_nobody_held_anything() {
        let place = Place::new();
        place.write("README.md", "x");
        place.git("add -A");
        place.git("commit -q -m x");
        assert!(place.shown("").starts_with("in working tree: there is no folder `policies`"));
        place.write("policies/a.yaml", "users: { lars: }\n");
        assert_eq!(place.shown(""), "HEAD -> working tree: [] -> [lars]");
        let sides = place.open("", None, "").unwrap();
        let base = sides.companies()[0].base.unwrap();
        assert!(base.compiles() && !base.policy.rights.is_empty());
        place.write("rightful.yaml", "companies: { a: { policies: [policies] }, b: { policies: [policies] } }\n");
        assert_eq!(place.shown(""), "HEAD -> working tree: [] -> [lars], [] -> [lars]");
        // Going back there is refused: no policy is never taken for an empty one.
        place.git("add -A");
        place.git("commit -q -m y");
        assert!(place.shown("HEAD HEAD~1").starts_with("in HEAD~1: there is no folder `policies`"));
        // Settings without a policy are not the time before the first one.
        place.git("rm -q -r policies");
        place.git("commit -q -m z");
        place.write("policies/a.yaml", "users: { lars: }\n");
        assert!(place.shown("").starts_with("in HEAD: there is no folder `policies`"));
    }

    #[test]
    fn the_side_that_does_not_compile_is_named() {
        let firm = firm();
        firm.write("policies/a.yaml", "users: { lars: , anna: , lars: }\n");
        insta::assert_snapshot!(firm.shown(""), @"
        duplicate-name

          × `lars` is written twice here
           ╭─[policies/a.yaml:1:10]
         1 │ users: { lars: , anna: , lars: }
           ·          ──┬─            ──┬─
           ·            │               ╰── again
           ·            ╰── first
           ╰────
          help: join the two, or rename one

        1 error in 1 file
        working tree does not compile, so nothing can be compared | `rightful check` lists everything that was found
        ");
        firm.git("add -A");
        firm.git("commit -q -m x");
        firm.write("policies/a.yaml", "users: { lars: , anna: }\n");
        let said = firm.shown("");
        assert!(said.contains("HEAD does not compile") && said.contains("check --at"), "{said}");
        let said = firm.shown("main HEAD");
        assert!(
            said.contains("main and HEAD do not compile") && said.matches("is written twice").count() == 2,
            "{said}"
        );
    }

    #[test]
    fn one_company_of_several() {
        let place = Place::new();
        place.write(
            "rightful.yaml",
            "companies: { nord: { policies: [policies/n] }, sued: { policies: [policies/s] } }\n",
        );
        place.write("policies/n/a.yaml", "users: { lars: }\n");
        place.write("policies/s/a.yaml", "users: { anna: }\n");
        place.git("add -A");
        place.git("commit -q -m x");
        place.write("policies/s/a.yaml", "users: { anna: , anna: }\n");
        assert_eq!(shown(place.open("", Some("nord"), "")), "HEAD -> working tree: [lars] -> [lars]");
        assert!(shown(place.open("", Some("sued"), "")).contains("working tree does not compile"));
        assert_eq!(shown(place.open("", Some("nrod"), "")), "there is no company `nrod` | did you mean `nord`?");
        assert!(place.open("policies/n", Some("nord"), "").unwrap().below.is_empty());
    }

    #[test]
    fn the_language_is_that_of_the_head() {
        let firm = firm();
        firm.write("rightful.yaml", "language: de\n");
        assert_eq!(firm.open("", None, "").unwrap().out.language, Language::German);
        assert_eq!(firm.open("", None, "HEAD~1 HEAD").unwrap().out.language, Language::English);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_tree_is_refused_on_either_side() {
        let firm = firm();
        firm.write("policies/a.yaml", "users: { lars: }\n");
        std::os::unix::fs::symlink("../../x.yaml", firm.0.path().join("policies/x.yaml")).unwrap();
        assert!(firm.shown("").starts_with("in working tree: `policies/x.yaml` is a symbolic link that leads out"));
        firm.git("add -A");
        firm.git("commit -q -m x");
        assert!(firm.shown("main~1 main").starts_with("in main: `policies/x.yaml` is a symbolic link that leads out"));
    }
}
