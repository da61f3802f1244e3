//! Lines of rule and member lists: as one text of the grammar, or as the mapping that means the same.

use super::super::{Member, Membership, RightPattern, Rule, Target, Validity};
use super::Writer;
use super::scalar::{Context, double_quoted, quoted, scalar};

impl Writer<'_> {
    /// A rule of an allow or deny list.
    pub(super) fn rule(&mut self, rule: &Rule, context: Context) -> String {
        let target = rule.target.map(|target| self.target(target));
        let right = written_right(&rule.right);
        let mut parts = vec![("right", right.clone())];
        parts.extend(target.iter().map(|target| ("of", target.clone())));
        let text = target.map_or(right.clone(), |target| format!("{right} of {target}"));
        self.line(text, parts, rule.validity, rule.because, context)
    }

    /// A line of a member list.
    pub(super) fn membership(&mut self, membership: &Membership, context: Context) -> String {
        let member = match membership.member {
            Member::Everyone => "everyone".to_owned(),
            Member::User(user) => self.target(Target::User(user)),
            Member::Group(group) => self.target(Target::Group(group)),
        };
        self.line(member.clone(), vec![("member", member)], membership.validity, membership.because, context)
    }

    /// A rule or a membership as one text, or else as a mapping.
    fn line(
        &mut self,
        mut text: String,
        mut parts: Vec<(&'static str, String)>,
        validity: Validity,
        because: Option<&str>,
        context: Context,
    ) -> String {
        let days = [("from", validity.from), ("until", validity.until)];
        for (word, day) in days.into_iter().filter_map(|(word, day)| Some((word, day?))) {
            text.push_str(&format!(" {word} {day}"));
            parts.push((word, day.to_string()));
        }
        if let Some(reason) = because {
            text.push_str(&format!(" because {}", double_quoted(reason)));
        }
        if !self.pen.once_in(4) {
            return scalar(&text, context, &mut self.pen);
        }
        let in_braces = context == Context::Flow || self.pen.once_in(2);
        let inside = if in_braces { Context::Flow } else { Context::Block };
        let mut fields: Vec<String> = Vec::new();
        for (key, value) in parts {
            fields.push(format!("{key}: {}", scalar(&value, inside, &mut self.pen)));
        }
        if let Some(reason) = because {
            fields.push(format!("because: {}", quoted(reason, &mut self.pen)));
        }
        let shift = self.pen.pick(fields.len());
        fields.rotate_left(shift);
        if in_braces { format!("{{ {} }}", fields.join(", ")) } else { fields.join("\n        ") }
    }

    /// A reference: with its prefix where the name alone means two things, else with or without.
    fn target(&mut self, target: Target) -> String {
        let key = target.key(self.org);
        let Some((_, name)) = key.split_once(':') else {
            return key;
        };
        if self.needs_prefix(name) || self.pen.once_in(2) {
            return self.composed_or_not(&key);
        }
        self.composed_or_not(name)
    }

    fn needs_prefix(&self, name: &str) -> bool {
        let org = self.org;
        let users = org.users.iter().map(|user| &user.name);
        let groups = org.groups.iter().map(|group| &group.name);
        let roles = org.roles.iter().map(|role| &role.name);
        let sets = org.module_sets.iter().map(|set| &set.name);
        let things = org.modules.iter().chain(sets).chain(&org.attachments);
        users.chain(groups).chain(roles).chain(things).filter(|other| *other == name).count() > 1
    }

    /// At times an umlaut is written as a letter and a combining mark, which means the same name.
    pub(super) fn composed_or_not(&mut self, name: &str) -> String {
        if name.contains('ö') && self.pen.once_in(6) { name.replace('ö', "o\u{308}") } else { name.to_owned() }
    }
}

fn written_right(right: &RightPattern) -> String {
    let actions = right.actions.as_ref().map_or("*".to_owned(), |actions| actions.join("+"));
    format!("{}.{actions}", right.area)
}
