//! The grammar of rules, members, expectations and gates as regular expressions, for validators that know nothing else.
//!
//! Gives texts in the common part of ECMA 262 (with the flag `u`) and of Rust's regular expressions. Where the grammar
//! takes the longest word, a pattern has to say that no letter follows, since it would go back for a shorter one.

use crate::name::GRAMMAR_WORDS;

/// What may stand between words.
const BLANK: &str = r"[ \t\n\r]";

/// What a name goes on with. The same as the grammar's, and within what `Name` takes.
const NAME_CHARACTER: &str = r"[\p{L}\p{N}\p{M}._@\-]";

/// The area or an action of a right.
const RIGHT_WORD: &str = "[a-z][a-z0-9_]*";

/// A day of the calendar; that February has 29 days in leap years only is left to the reader.
const DAY: &str = concat!(
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    "|02-(?:0[1-9]|[12][0-9]))"
);

/// Characters that cannot be seen or turn the text around, as a part of a class.
const HIDDEN: &str = concat!(
    r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e",
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}"
);

/// A relative path that stays below where it begins.
const PATH: &str = r"(?!\.{1,2}(?:/|$))[^\/]+(?:/(?!\.{1,2}(?:/|$))[^\/]+)*";

/// A text for people.
pub fn text() -> String {
    format!("^[^{HIDDEN}]*$")
}

/// A name, for keys and fields.
pub fn name() -> String {
    format!("^{}$", bare_name())
}

/// A name that may have one of these prefixes.
pub fn reference(prefixes: &[&str]) -> String {
    format!("^{}$", prefixed(prefixes))
}

/// The name of one right, `area.action`, that is none of these.
pub fn right_name_beside<'n>(others: impl Iterator<Item = &'n str>) -> String {
    let others: Vec<String> = others.map(|name| name.replace('.', r"\.")).collect();
    format!(r"^(?!(?:{})$){RIGHT_WORD}\.{RIGHT_WORD}$", others.join("|"))
}

/// One right or several of an area.
pub fn right() -> String {
    whole(&bare_right())
}

/// A target.
pub fn target() -> String {
    whole(&bare_target())
}

/// A member without dates.
pub fn who() -> String {
    whole(&bare_who())
}

/// A rule.
pub fn rule() -> String {
    whole(&(what() + &validity() + &reason()))
}

/// A member.
pub fn member() -> String {
    whole(&(bare_who() + &validity() + &reason()))
}

/// An expectation. `only` goes with `can` alone, which is asked for beforehand: `cannot` is no name, and stands nowhere
/// else. Written out as a form of its own, `only` would make the pattern half as long again.
pub fn expectation() -> String {
    let (can, what, subject) = (word("can"), what(), prefixed(&["user", "group", "role"]));
    let subjects = format!("{subject}(?:{BLANK}*,{BLANK}*{subject})*");
    let nobody =
        sequence(&[&word("nobody"), &can, &what]) + &format!("(?:{BLANK}*{})*", sequence(&[&word("and"), &what]));
    let only = format!(r"(?:{}(?![\s\S]*{BLANK}{}){BLANK}*)?", word("only"), word("cannot"));
    let crowd = format!("(?:{}|{subjects}){}", word("everyone"), perhaps("except", &subjects));
    let some = format!("{only}{crowd}{BLANK}*(?:{}|{can})", word("cannot"));
    let bound = format!("(?:at{BLANK}+(?:least|most)|exactly)(?!{NAME_CHARACTER})");
    let count = sequence(&[&bound, &number(), &word("users?"), &can]);
    whole(&format!("(?:{nobody}|(?:{count}|{some}){BLANK}*{what})"))
}

/// A gate.
pub fn gate() -> String {
    let count = sequence(&[&words(&["at", "most"]), &number(), &word("users?"), &word("(?:gain|lose)")]);
    let nobody = sequence(&[&word("nobody"), &word("(?:gains|loses)")]);
    let no_change = word(&format!("no(?:-|{BLANK}+)change"));
    let alone = [no_change, words(&["expectations", "hold"]), words(&["nothing", "is", "weakened"])].join("|");
    whole(&format!("(?:{alone}|(?:{nobody}|{count}){BLANK}*{})", bare_object()))
}

/// What somebody gains, for whoever must approve it.
pub fn object() -> String {
    whole(&bare_object())
}

/// The handle of somebody who approves.
pub fn approver() -> String {
    r"^@?[\p{L}\p{N}_][\p{L}\p{N}\p{M}._@/\-]*$".to_owned()
}

/// `YYYY-MM-DD`.
pub fn day() -> String {
    format!("^{DAY}$")
}

/// A number and a unit, neither zero nor beyond 32 bits of seconds.
pub fn duration() -> String {
    "^0*[1-9](?:[0-9]{0,9}s|[0-9]{0,7}m|[0-9]{0,6}h|[0-9]{0,4}d)$".to_owned()
}

/// `10%`, a number in quotes, or `off`.
pub fn limit() -> String {
    "^(?:0*(?:100|[0-9]{1,2})%|[0-9]+|off)$".to_owned()
}

/// A text without blanks around it.
pub fn os_user() -> String {
    r"^\S(?:.*\S)?$".to_owned()
}

/// The same, where there can be more than all.
pub fn gain() -> String {
    "^(?:[0-9]+%?|off)$".to_owned()
}

/// A folder below the settings file.
pub fn folder() -> String {
    format!(r"^(?:\./)?{PATH}/*$")
}

/// A file below the settings file that is no policy file and none of git. A name that begins with a dot is none of a
/// policy.
pub fn plain_file() -> String {
    format!(r"^(?!(?:[\s\S]*/)?\.[gG][iI][tT](?:/|$))(?!(?:[\s\S]*/)?[^./][^/]*\.[yY][aA]?[mM][lL]$)(?:\./)?{PATH}$")
}

/// A database in one of its forms.
pub fn database() -> String {
    let variable = "(?:RIGHTFUL_[A-Z0-9_]*|[A-Z0-9_]*_DATABASE_URL)";
    format!(r"^(?:(?:creme\+)?(?:sqlite:(?!:memory:){PATH}|postgres(?:ql)?://.+)|env:{variable})$")
}

/// Where letters go.
pub fn mail_server() -> String {
    format!("^(?:maildir:{PATH}|smtps?://.+|env:RIGHTFUL_[A-Z0-9_]*)$")
}

/// A name that git has for a remote or a branch.
pub fn git_name() -> String {
    let part = r"(?!\.|-)(?:(?!\.\.)[\p{L}\p{N}_.-])+(?<!\.)(?<!\.lock)";
    format!("^{part}(?:/{part})*$")
}

/// A whole text, blanks around it allowed.
fn whole(inner: &str) -> String {
    format!("^{BLANK}*{inner}{BLANK}*$")
}

/// A word of the grammar.
fn word(text: &str) -> String {
    format!("{text}(?!{NAME_CHARACTER})")
}

/// Words of the grammar that belong together.
fn words(all: &[&str]) -> String {
    word(&all.join(&format!("{BLANK}+")))
}

fn number() -> String {
    format!("[0-9]+(?!{NAME_CHARACTER})")
}

/// A word and what comes after it, or neither.
fn perhaps(text: &str, inner: &str) -> String {
    format!("(?:{BLANK}*{})?", sequence(&[&word(text), inner]))
}

/// One after the other.
fn sequence(parts: &[&str]) -> String {
    parts.join(&format!("{BLANK}*"))
}

fn bare_name() -> String {
    let words = GRAMMAR_WORDS.join("|");
    format!(r"(?!(?:{words})(?!{NAME_CHARACTER}))[\p{{L}}\p{{N}}]{NAME_CHARACTER}*(?!{NAME_CHARACTER})")
}

fn prefixed(prefixes: &[&str]) -> String {
    format!("(?:(?:{}):)?{}", prefixes.join("|"), bare_name())
}

fn bare_right() -> String {
    format!(r"{RIGHT_WORD}\.(?:\*|{RIGHT_WORD}(?:\+{RIGHT_WORD})*(?![a-z0-9_]))")
}

fn bare_target() -> String {
    let named = prefixed(&["user", "group", "role", "module-set", "module", "attachment"]);
    format!("(?:{}|{}|{named})", word("everyone"), word("everything"))
}

fn bare_who() -> String {
    format!("(?:{}|{})", word("everyone"), prefixed(&["user", "group"]))
}

fn bare_object() -> String {
    let access = sequence(&[&words(&["access", "to"]), &bare_target()]);
    let group = format!("(?:group|role):{}", bare_name());
    format!("(?:{}|{access}|{group}|{})", word("(?:anything|sensitive)"), what())
}

/// A right and what it is over.
fn what() -> String {
    bare_right() + &perhaps("of", &bare_target())
}

fn validity() -> String {
    let day = format!("{DAY}(?!{NAME_CHARACTER})");
    perhaps("from", &day) + &perhaps("until", &day)
}

fn reason() -> String {
    perhaps("because", &format!(r#""(?:\\["\\]|[^"\\{HIDDEN}])*""#))
}
