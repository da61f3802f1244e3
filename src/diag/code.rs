//! Every code that a finding can have, with its level and its meaning in one line.

use super::{Level, Severity};

macro_rules! codes {
    ($($variant:ident $code:literal $level:ident $compiles:ident $meaning:literal;)*) => {
        /// Which kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as people and machines see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The level unless the settings say otherwise.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// Whether a policy with such a finding still compiles, so that questions can be answered.
            pub fn compiles(self) -> bool {
                match self { $(Self::$variant => codes!(@$compiles),)* }
            }

            /// What it means, in one line, in English.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
    (@stops) => { false };
    (@compiles) => { true };
}

impl Code {
    /// The code of a text.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The weight of a finding unless the settings say otherwise.
    pub fn severity(self) -> Severity {
        if self.level() == Level::Error { Severity::Error } else { Severity::Warning }
    }
}

codes! {
    YamlSyntax "yaml-syntax" Error stops "the file is not YAML, or not UTF-8";
    YamlFeature "yaml-feature" Error stops "an anchor, alias, merge key, tag or second document, which policies do without";
    ControlCharacter "control-character" Error stops "a character that cannot be seen or that turns the text around";
    LimitExceeded "limit-exceeded" Error stops "a file, a text or a nesting beyond what a policy may have";
    UnknownField "unknown-field" Error stops "a section or field that the language does not have";
    WrongType "wrong-type" Error stops "a value of another kind than the field takes";
    InvalidName "invalid-name" Error stops "a text that cannot be a name";
    DuplicateName "duplicate-name" Error stops "the same name declared, or the same field written, twice";
    RuleSyntax "rule-syntax" Error stops "a rule or member that the grammar does not know";
    UnknownUser "unknown-user" Error stops "a user that is declared nowhere";
    UnknownGroup "unknown-group" Error stops "a group that is declared nowhere";
    UnknownRole "unknown-role" Error stops "a role that is declared nowhere";
    UnknownEmployee "unknown-employee" Error stops "an employee that is declared nowhere";
    UnknownRight "unknown-right" Error stops "a right that neither the catalogue nor the policy declares";
    UnknownModule "unknown-module" Error stops "a module or module set that is declared nowhere";
    UnknownTarget "unknown-target" Error stops "a target that is declared nowhere";
    AmbiguousName "ambiguous-name" Error stops "a bare name that could mean two things";
    MissingTarget "missing-target" Error stops "a scoped right without saying over whom or what";
    UnexpectedTarget "unexpected-target" Error stops "a target on a right that takes none, or none of that kind";
    Contradiction "contradiction" Error stops "one subject allows and denies the same right over the same target on the same day";
    MembershipCycle "membership-cycle" Error stops "groups that contain each other in a circle";
    EmployeeShared "employee-shared" Error compiles "two users linked to one employee";
    SuperuserWithoutEmployee "superuser-without-employee" Error compiles "a superuser who is not linked to an employee";
    RenameConflict "rename-conflict" Error compiles "an old name of an account that cannot be followed";
    NoSuperuser "no-superuser" Error compiles "an `online` section, and no active superuser";
    IncompleteCompany "incomplete-company" Error compiles "data of the company that connecting needs are missing";
    IncompleteLicence "incomplete-licence" Error compiles "data of the licence that connecting needs are missing";
    TooManyInvitations "too-many-invitations" Error compiles "more people with online access than the licence allows";
    ServiceNotLicensed "service-not-licensed" Error compiles "online access to a service that the licence does not have";
    NotEligible "not-eligible" Error compiles "online access for somebody who cannot have it";
    ResponsibleNotSuperuser "responsible-not-superuser" Error compiles "somebody answers for synchronisation who is not an active superuser";
    SharedDatabase "shared-database" Error compiles "two companies that write to one database";
    ExpectationFailed "expectation-failed" Error compiles "something that must hold does not hold";
    DuplicateRule "duplicate-rule" Warning compiles "the same rule written twice";
    DuplicateMember "duplicate-member" Warning compiles "the same member of the same group written twice";
    ExpiredRule "expired-rule" Warning compiles "a rule or membership whose last day has passed";
    InertRule "inert-rule" Warning compiles "a rule that can decide for nobody, whatever the other rules are";
    UnusedGroup "unused-group" Warning compiles "a group that nobody is in, or that gives and takes nothing";
    UnusedModuleSet "unused-module-set" Warning compiles "a module set that nobody is prescribed and no rule is over";
    NoModuleSet "no-module-set" Warning compiles "somebody who may not arrange modules, and is prescribed none";
    AmbiguousModuleSet "ambiguous-module-set" Warning compiles "somebody whose groups prescribe different module sets";
    ModuleNotUsable "module-not-usable" Warning compiles "a prescribed module that somebody may not use";
    CannotStart "cannot-start" Warning compiles "somebody who is given rights, but may not start the program";
    InactiveMember "inactive-member" Warning compiles "a member of a group who is not active";
    LookAlikeName "look-alike-name" Warning compiles "two names that people take for one another";
    SensitiveForEveryone "sensitive-for-everyone" Warning compiles "a sensitive right given to a group that everyone is in";
    VacuousExpectation "vacuous-expectation" Warning compiles "an expectation about nobody";
    PasswordInConfig "password-in-config" Warning compiles "a password written into the settings";
    UnreadFile "unread-file" Warning compiles "a policy file that belongs to no company";
    RedundantRule "redundant-rule" Off compiles "a rule without which every answer stays the same";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let mut seen: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        for code in &seen {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), Code::ALL.len());
    }
}
