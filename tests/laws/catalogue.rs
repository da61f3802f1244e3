//! The rights there are: the built-in catalogue of section 3 and an organisation's own, and what a written right
//! stands for. Takes an organisation, gives lists; never decides anything.

use super::organisation::{Kind, Organisation, OwnData, OwnRight, Rule, SingleTarget, Target};

/// The built-in rights that need no target.
const PLAIN: [&str; 17] = [
    "program.start",
    "modules.arrange",
    "data.import",
    "data.export",
    "lists.print",
    "serial_letters.create",
    "templates.manage",
    "territories.manage",
    "mail_accounts.manage",
    "sms.send",
    "mail.delete_public",
    "mail.mark_confidential",
    "mail.send_immediately",
    "campaigns.create",
    "campaigns.evaluate",
    "articles.create",
    "article_groups.create",
];

/// The built-in rights over something.
const SCOPED: [(&str, Kind); 7] = [
    ("calendar.see", Kind::People),
    ("calendar.edit", Kind::People),
    ("opportunities.see", Kind::People),
    ("opportunities.edit", Kind::People),
    ("opportunities.delete", Kind::People),
    ("modules.use", Kind::Modules),
    ("attachments.open", Kind::Attachments),
];

/// Every plain right, built-in ones first.
pub fn plain_rights(org: &Organisation) -> Vec<String> {
    let own = org.own_rights.iter().filter(|own| own.kind == Kind::Plain).map(|own| own.right.clone());
    PLAIN.iter().map(|&right| right.to_owned()).chain(own).collect()
}

/// Every scoped right with what it is over, built-in ones first.
pub fn scoped_rights(org: &Organisation) -> Vec<(String, Kind)> {
    let own = org.own_rights.iter().filter(|own| own.kind != Kind::Plain).map(|own| (own.right.clone(), own.kind));
    SCOPED.iter().map(|&(right, kind)| (right.to_owned(), kind)).chain(own).collect()
}

/// Every single target that a right of this kind can be asked about; none for plain rights.
pub fn single_targets(org: &Organisation, kind: Kind) -> Vec<SingleTarget> {
    match kind {
        Kind::Plain => Vec::new(),
        Kind::People => (0..org.users.len()).map(SingleTarget::User).collect(),
        Kind::Modules => (0..org.modules.len()).map(SingleTarget::Module).collect(),
        Kind::Attachments => (0..org.attachments.len()).map(SingleTarget::Attachment).collect(),
    }
}

/// Every target of this kind that stands for several.
pub fn wide_targets(org: &Organisation, kind: Kind) -> Vec<Target> {
    match kind {
        Kind::Plain => Vec::new(),
        Kind::People => (0..org.groups.len()).map(Target::Group).chain([Target::Everyone]).collect(),
        Kind::Modules => (0..org.module_sets.len()).map(Target::ModuleSet).chain([Target::Everything]).collect(),
        Kind::Attachments => vec![Target::Everything],
    }
}

/// What a right is about; `None` if nobody declares it.
pub fn kind_of(org: &Organisation, right: &str) -> Option<Kind> {
    if PLAIN.contains(&right) {
        return Some(Kind::Plain);
    }
    let built_in = SCOPED.iter().find(|(name, _)| *name == right).map(|(_, kind)| *kind);
    built_in.or_else(|| org.own_rights.iter().find(|own| own.right == right).map(|own| own.kind))
}

/// Whether one may always do this with one's own data.
pub fn allows_own_data(org: &Organisation, right: &str) -> bool {
    let built_in = SCOPED.iter().any(|(name, kind)| *name == right && *kind == Kind::People);
    let own = |entry: &OwnRight| entry.right == right && entry.own_data == OwnData::Allow;
    built_in || org.own_rights.iter().any(own)
}

/// Whether a rule, as written, is (among others) a rule about this right.
pub fn is_about(org: &Organisation, rule: &Rule, right: &str) -> bool {
    let Some((area, action)) = right.split_once('.') else {
        return false;
    };
    if rule.right.area != area {
        return false;
    }
    match &rule.right.actions {
        Some(actions) => actions.iter().any(|written| written == action),
        None => match (rule.target, kind_of(org, right)) {
            (None, Some(kind)) => kind == Kind::Plain,
            (Some(target), Some(kind)) => fits(target, kind),
            (_, None) => false,
        },
    }
}

/// Whether a target is of the kind that a right is over.
pub fn fits(target: Target, kind: Kind) -> bool {
    match target {
        Target::User(_) | Target::Group(_) | Target::Everyone => kind == Kind::People,
        Target::Module(_) | Target::ModuleSet(_) => kind == Kind::Modules,
        Target::Attachment(_) => kind == Kind::Attachments,
        Target::Everything => kind == Kind::Modules || kind == Kind::Attachments,
    }
}

/// The rights that a rule, as written, stands for.
pub fn rights_of(org: &Organisation, rule: &Rule) -> Vec<String> {
    let scoped = scoped_rights(org).into_iter().map(|(right, _)| right);
    plain_rights(org).into_iter().chain(scoped).filter(|right| is_about(org, rule, right)).collect()
}
