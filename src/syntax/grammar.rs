//! The grammar of rules, members, questions, expectations and gates: text becomes references. The only place that knows pest.
//!
//! Names are checked for their form, not looked up.

mod expectation;
mod gate;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;

use crate::date::{Date, Validity, parse_date};
use crate::language::{Joint, Text, list};
use crate::name::Name;
use crate::say;

use super::rule::{
    At, HoldersText, MAX_TEXT_BYTES, MemberRef, MemberText, Prefix, QuestionText, Reference, RightPattern, RuleText,
    SyntaxError, TargetRef,
};

pub use expectation::parse_expectation;
pub use gate::{parse_gate, parse_object};
use rules::{Grammar, Rule};

mod rules {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/rightful.pest"]
    pub struct Grammar;
}

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a whole rule.
///
/// # Errors
/// Where the text leaves the grammar, and what could stand there.
pub fn parse_rule(text: &str) -> Parsed<RuleText> {
    let rule = parse(Rule::rule_text, text)?;
    let mut read = Parts::default();
    for part in rule.into_inner() {
        read.take(part)?;
    }
    let right = read.right.ok_or_else(|| error_at(0, say!("a right is missing")))?;
    Ok(RuleText { right, target: read.target, validity: read.validity, because: read.because })
}

/// Reads a whole member.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_member(text: &str) -> Parsed<MemberText> {
    if let Some(who) = bare_member(text) {
        return Ok(MemberText { who, validity: Validity::ALWAYS, because: None });
    }
    grammatical_member(text)
}

fn grammatical_member(text: &str) -> Parsed<MemberText> {
    let member = parse(Rule::member_text, text)?;
    let mut read = Parts::default();
    let mut who = None;
    for part in member.into_inner() {
        if part.as_rule() == Rule::who {
            who = Some(at(&part, who_of(&part)?));
        } else {
            read.take(part)?;
        }
    }
    let who = who.ok_or_else(|| error_at(0, say!("a member is missing")))?;
    Ok(MemberText { who, validity: read.validity, because: read.because })
}

/// A member that is nothing but a name or `group:` and a name, in plain letters: what the grammar makes of it, without
/// asking the grammar. Nearly all members are written so, and the grammar takes twenty times as long for each: 3 s of
/// three million.
fn bare_member(text: &str) -> Option<At<MemberRef>> {
    let (prefix, name) = match text.strip_prefix("group:") {
        Some(name) => (Some(Prefix::Group), name),
        None => (None, text),
    };
    let name = Name::new(name).ok().filter(|_| name.is_ascii())?;
    let value = MemberRef::Named(Reference { prefix, name });
    Some(At { value, start: 0, end: text.len() })
}

/// Reads a whole question.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_question(text: &str) -> Parsed<QuestionText> {
    let question = parse(Rule::question_text, text)?;
    let mut read = Parts::default();
    let (mut subject, mut on) = (None, None);
    for part in question.into_inner() {
        match part.as_rule() {
            Rule::subject => subject = Some(at(&part, subject_of(&part)?)),
            Rule::date => on = Some(date_of(&part)?),
            _ => read.take(part)?,
        }
    }
    let missing = || error_at(0, say!("a user and a right are needed"));
    let (subject, right) = (subject.ok_or_else(missing)?, read.right.ok_or_else(missing)?);
    Ok(QuestionText { subject, right, target: read.target, on })
}

/// Reads a question for everyone who can do something.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_holders(text: &str) -> Parsed<HoldersText> {
    let (mut whats, mut on) = (Vec::new(), None);
    for part in parse(Rule::holders_text, text)?.into_inner() {
        match part.as_rule() {
            Rule::what => whats.push(expectation::what_of(part)?),
            Rule::date => on = Some(date_of(&part)?),
            _ => {}
        }
    }
    Ok(HoldersText { whats, on })
}

/// Reads `area.action`, `area.x+y` or `area.*`.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_right(text: &str) -> Parsed<RightPattern> {
    Ok(right_of(parse(Rule::right_text, text)?))
}

/// Reads a target.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_target(text: &str) -> Parsed<TargetRef> {
    target_of(&parse(Rule::target_text, text)?)
}

/// Reads a member without validity.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_who(text: &str) -> Parsed<MemberRef> {
    who_of(&parse(Rule::who_text, text)?)
}

/// Reads a name with or without its prefix.
///
/// # Errors
/// As [`parse_rule`].
pub fn parse_reference(text: &str) -> Parsed<Reference> {
    subject_of(&parse(Rule::subject_text, text)?)
}

/// What rules, members and questions have in common.
#[derive(Default)]
struct Parts {
    right: Option<At<RightPattern>>,
    target: Option<At<TargetRef>>,
    validity: Validity,
    because: Option<String>,
}

impl Parts {
    fn take(&mut self, part: Pair<'_, Rule>) -> Parsed<()> {
        match part.as_rule() {
            Rule::right => self.right = Some(at(&part.clone(), right_of(part))),
            Rule::target => self.target = Some(at(&part, target_of(&part)?)),
            Rule::validity => self.validity = validity_of(&part)?,
            Rule::string => self.because = Some(string_of(&part)),
            _ => {}
        }
        Ok(())
    }
}

/// The pair below the rule that was asked for.
fn parse(entry: Rule, text: &str) -> Parsed<Pair<'_, Rule>> {
    if text.len() > MAX_TEXT_BYTES {
        let message =
            say!("the text is {count} bytes long, the most is {MAX_TEXT_BYTES}", count = text.len(), MAX_TEXT_BYTES);
        return Err(SyntaxError { at: 0, message, help: say!("shorten it"), too_long: true });
    }
    let whole = Grammar::parse(entry, text).map_err(|error| explain(&error, text))?;
    let missing = || error_at(0, say!("nothing stands here"));
    whole.into_iter().next().and_then(|pair| pair.into_inner().next()).ok_or_else(missing)
}

fn at<T>(pair: &Pair<'_, Rule>, value: T) -> At<T> {
    let span = pair.as_span();
    At { value, start: span.start(), end: span.start() + span.as_str().trim_end().len() }
}

fn error_at(at: usize, message: Text) -> SyntaxError {
    SyntaxError { at, message, help: Text::default(), too_long: false }
}

fn right_of(pair: Pair<'_, Rule>) -> RightPattern {
    let mut words = pair.into_inner().filter(|part| part.as_rule() == Rule::word);
    let area = words.next().map_or("", |area| area.as_str()).into();
    RightPattern { area, actions: words.map(|word| word.as_str().into()).collect() }
}

fn target_of(pair: &Pair<'_, Rule>) -> Parsed<TargetRef> {
    let part = pair.clone().into_inner().next().ok_or_else(|| error_at(0, say!("a target is missing")))?;
    Ok(match part.as_rule() {
        Rule::everyone => TargetRef::Everyone,
        Rule::everything => TargetRef::Everything,
        _ => TargetRef::Named(reference_of(&part)?),
    })
}

fn who_of(pair: &Pair<'_, Rule>) -> Parsed<MemberRef> {
    let part = pair.clone().into_inner().next().ok_or_else(|| error_at(0, say!("a member is missing")))?;
    Ok(match part.as_rule() {
        Rule::everyone => MemberRef::Everyone,
        _ => MemberRef::Named(reference_of(&part)?),
    })
}

fn subject_of(pair: &Pair<'_, Rule>) -> Parsed<Reference> {
    let part = pair.clone().into_inner().next().ok_or_else(|| error_at(0, say!("a name is missing")))?;
    reference_of(&part)
}

fn reference_of(pair: &Pair<'_, Rule>) -> Parsed<Reference> {
    let mut prefix = None;
    for part in pair.clone().into_inner() {
        if part.as_rule() == Rule::prefix {
            prefix = Prefix::ALL.into_iter().find(|p| p.as_str() == part.as_str());
        } else {
            return Ok(Reference { prefix, name: name_of(&part)? });
        }
    }
    Err(error_at(pair.as_span().start(), say!("a name is missing")))
}

fn name_of(pair: &Pair<'_, Rule>) -> Parsed<Name> {
    Name::new(pair.as_str()).map_err(|why| error_at(pair.as_span().start(), why.text()))
}

fn validity_of(pair: &Pair<'_, Rule>) -> Parsed<Validity> {
    let (mut from, mut until, mut ends) = (None, None, false);
    for part in pair.clone().into_inner() {
        match part.as_rule() {
            Rule::until => ends = true,
            Rule::date if ends => until = Some(date_of(&part)?),
            Rule::date => from = Some(date_of(&part)?),
            _ => {}
        }
    }
    Validity::new(from, until).ok_or_else(|| SyntaxError {
        at: pair.as_span().start(),
        message: say!("the period ends before it begins"),
        help: say!("both days are included; write the earlier one after `from`"),
        too_long: false,
    })
}

fn date_of(pair: &Pair<'_, Rule>) -> Parsed<Date> {
    parse_date(pair.as_str()).ok_or_else(|| SyntaxError {
        at: pair.as_span().start(),
        message: say!("`{pair}` is not a day of the calendar", pair = pair.as_str()),
        help: say!("write a date as YYYY-MM-DD"),
        too_long: false,
    })
}

fn string_of(pair: &Pair<'_, Rule>) -> String {
    let mut text = String::with_capacity(pair.as_str().len());
    let inner = pair.clone().into_inner().next();
    let mut rest = inner.as_ref().map_or("", |inner| inner.as_str()).chars();
    while let Some(c) = rest.next() {
        text.extend(if c == '\\' { rest.next() } else { Some(c) });
    }
    text
}

/// Turns pest's error into words about what stands there and what could.
fn explain(error: &pest::error::Error<Rule>, text: &str) -> SyntaxError {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let mut expected: Vec<Text> = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.iter().filter_map(word_for).collect(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    expected.sort_unstable();
    expected.dedup();
    let rest = &text[at.min(text.len())..];
    let found: String = rest.split_whitespace().next().unwrap_or_default().chars().take(40).collect();
    let message =
        if found.is_empty() { say!("the text ends too early") } else { say!("`{found}` cannot stand here", found) };
    let help = if rest.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{bb}', '\u{2018}', '\u{2019}']) {
        say!("these are the quotes of a word processor; write the reason in \"...\"")
    } else if rest.starts_with('"') {
        say!("the closing `\"` is missing, or a `\"` inside the reason is not written as `\\\"`")
    } else if expected.is_empty() {
        Text::default()
    } else {
        say!("expected {words}", words = list(expected, Joint::Or))
    };
    SyntaxError { at, message, help, too_long: false }
}

/// What could stand where the text went wrong: words of the grammar as they are, other things in words.
fn word_for(token: &Rule) -> Option<Text> {
    let keyword = match token {
        Rule::every => "*",
        Rule::of => "of",
        Rule::on => "on",
        Rule::from => "from",
        Rule::until => "until",
        Rule::because => "because",
        Rule::everyone => "everyone",
        Rule::everything => "everything",
        Rule::can => "can",
        Rule::cannot => "cannot",
        Rule::and => "and",
        Rule::except => "except",
        Rule::only => "only",
        Rule::nobody => "nobody",
        Rule::users => "users",
        Rule::at_least => "at least",
        Rule::at_most => "at most",
        Rule::exactly => "exactly",
        Rule::gains => "gains",
        Rule::loses => "loses",
        Rule::gain => "gain",
        Rule::lose => "lose",
        Rule::anything => "anything",
        Rule::sensitive => "sensitive",
        Rule::access_to => "access to",
        Rule::no_change => "no change",
        Rule::expectations_hold => "expectations hold",
        Rule::nothing_weakened => "nothing is weakened",
        _ => return described(token),
    };
    Some(say!("`{keyword}`", keyword))
}

fn described(token: &Rule) -> Option<Text> {
    Some(match token {
        Rule::right
        | Rule::right_text
        | Rule::rule
        | Rule::rule_text
        | Rule::holders
        | Rule::holders_text
        | Rule::what
        | Rule::word => say!("a right such as `data.export`"),
        Rule::target | Rule::target_text => say!("a name, `everyone` or `everything`"),
        Rule::who | Rule::member | Rule::member_text => say!("a name or `everyone`"),
        Rule::reference | Rule::name | Rule::subject | Rule::question_text => say!("a name"),
        Rule::gate | Rule::gate_text => {
            say!(
                "`nobody gains X`, `at most 5 users gain X`, `no change`, `expectations hold` or `nothing is weakened`"
            )
        }
        Rule::object | Rule::object_text => {
            say!(
                "a right such as `data.export`, a group such as `group:management`, `access to NAME`, `sensitive` or `anything`"
            )
        }
        Rule::membership => say!("a group such as `group:management`"),
        Rule::date => say!("a date as YYYY-MM-DD"),
        Rule::string => say!("a reason in double quotes"),
        Rule::string_text => say!("the closing `\"`"),
        Rule::number => say!("a number"),
        Rule::EOI => say!("the end"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> String {
        match parse_rule(text) {
            Ok(rule) => {
                let target = match rule.target.map(|t| t.value) {
                    None => String::new(),
                    Some(TargetRef::Everyone) => " of everyone".to_owned(),
                    Some(TargetRef::Everything) => " of everything".to_owned(),
                    Some(TargetRef::Named(name)) => format!(" of {name}"),
                };
                let because = rule.because.map(|b| format!(" because {b:?}")).unwrap_or_default();
                format!("{}{target}{}{because}", rule.right.value, rule.validity)
            }
            Err(error) => format!("{}: {}; {}", error.at, error.message.english(), error.help.english()),
        }
    }

    #[test]
    fn a_bare_member_is_what_the_grammar_says() {
        let words = crate::name::GRAMMAR_WORDS.iter().flat_map(|word| {
            [word.to_string(), format!("{word}-x"), format!("{word}x"), format!("group:{word}"), format!("user {word}")]
        });
        let long = ["x".repeat(128), "x".repeat(129)];
        let others = [
            "lars",
            "l.k@x_y-1",
            "007",
            "2026-01-01",
            "group:sales",
            "group:",
            "group",
            "user",
            "user:lars",
            "role:x",
            "-a",
            ".a",
            "a:b",
            "group:group:a",
            " a",
            "a ",
            "",
            "a\n",
            "jürgen",
            "lars until 2026-12-31",
            "no",
            "A/b",
        ];
        let mut bare = 0;
        for text in words.chain(long).chain(others.map(str::to_owned)) {
            if let Some(who) = bare_member(&text) {
                let read = MemberText { who, validity: Validity::ALWAYS, because: None };
                assert_eq!(Ok(read), grammatical_member(&text), "{text}");
                bare += 1;
            }
        }
        assert!(bare > 30, "{bare}");
    }

    #[test]
    fn rules_read_back_as_they_are_written() {
        for text in [
            "lists.print",
            "calendar.see+edit of group:sales",
            "opportunities.see of everyone",
            "modules.use of everything",
            "data.import from 2026-12-01 until 2026-12-31 because \"year-end \\\"x\\\" \\\\ migration\"",
            "calendar.* of module-set:sales-desk",
            "data.* until 2026-12-31",
            "calendar.see of everyone-else",
            "calendar.see of jürgen.m@nordwind.example",
            "calendar.see of 007",
        ] {
            assert_eq!(rule(text), text);
        }
        assert_eq!(rule(" data.export   of\n anna "), "data.export of anna");
    }

    #[test]
    fn a_wrong_rule_says_what_could_stand_there() {
        let check = |text: &str, expected: &str| assert_eq!(rule(text), expected, "{text}");
        check("data", "0: `data` cannot stand here; expected a right such as `data.export`");
        check("Data.export", "0: `Data.export` cannot stand here; expected a right such as `data.export`");
        check(
            "data.export to anna",
            "12: `to` cannot stand here; expected `because`, `from`, `of`, `until` or the end",
        );
        check("data.export of until", "15: `until` cannot stand here; expected a name, `everyone` or `everything`");
        check(
            "data.export until 2026-02-30",
            "18: `2026-02-30` is not a day of the calendar; write a date as YYYY-MM-DD",
        );
        check("data.export until soon", "18: `soon` cannot stand here; expected a date as YYYY-MM-DD");
        check(
            "data.export from 2026-02-02 until 2026-02-01",
            "12: the period ends before it begins; both days are included; write the earlier one after `from`",
        );
        check(
            "data.export because \u{201c}year\u{201d}",
            "20: `\u{201c}year\u{201d}` cannot stand here; these are the quotes of a word processor; write the reason in \"...\"",
        );
        check(
            "data.export because \"year",
            "20: `\"year` cannot stand here; the closing `\"` is missing, or a `\"` inside the reason is not written as `\\\"`",
        );
        check("data.export because year", "20: `year` cannot stand here; expected a reason in double quotes");
    }

    #[test]
    fn members_and_questions_are_read() {
        let member = parse_member("anna until 2026-12-31 because \"CRM-142\"").unwrap();
        assert_eq!(member.validity.to_string(), " until 2026-12-31");
        assert_eq!(member.because.as_deref(), Some("CRM-142"));
        assert_eq!(parse_member("everyone").unwrap().who.value, MemberRef::Everyone);
        let question = parse_question("lars can calendar.see of group:sales on 2026-12-01").unwrap();
        assert_eq!(question.subject.value.to_string(), "lars");
        assert_eq!(question.on, parse_date("2026-12-01"));
        assert!(parse_question("lars data.export").is_ok());
        assert!(parse_question("can data.export").is_err());
        assert!(parse_question("lars").is_err());
        let holders = parse_holders("data.export and calendar.see of sales on 2026-12-01").unwrap();
        assert_eq!((holders.whats.len(), holders.on), (2, parse_date("2026-12-01")));
        assert!(parse_holders("can data.export").is_ok());
        assert!(parse_holders("data.export and").is_err() && parse_holders("lars data.export").is_err());
    }

    #[test]
    fn a_long_text_is_refused_before_it_is_parsed() {
        assert!(parse_rule(&"x".repeat(1 << 20)).unwrap_err().too_long);
    }
}
