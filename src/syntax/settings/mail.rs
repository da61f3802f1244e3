//! Section `mail`: how letters go out.

use crate::diag::{Code, Diagnostic};
use crate::say;
use crate::syntax::fields::{Reader, shorten};
use crate::syntax::yaml::Node;
use crate::text::Spanned;

use super::company::stays_inside;

/// How letters go out.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// Where they go.
    pub server: Option<Spanned<MailServer>>,
    /// Who sends them.
    pub from: Option<Box<str>>,
    /// The address that accepts an invitation, with `{token}` in it.
    pub link: Option<Box<str>>,
}

/// Where letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailServer {
    /// Into a folder below the settings.
    Maildir(Box<str>),
    /// To a server, `smtp://` or `smtps://`.
    Smtp(Box<str>),
    /// The URL is in this environment variable.
    Environment(Box<str>),
}

/// The fields of the section.
pub const MAIL_FIELDS: [&str; 3] = ["server", "from", "link"];

impl MailServer {
    /// Reads a text; `None` if it has none of the forms, or names a variable other than `RIGHTFUL_*`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("maildir:") {
            return stays_inside(path).then(|| Self::Maildir(path.into()));
        }
        if let Some(name) = text.strip_prefix("env:") {
            let shaped = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            return (shaped && name.starts_with("RIGHTFUL_")).then(|| Self::Environment(name.into()));
        }
        let rest = ["smtp://", "smtps://"].into_iter().find_map(|scheme| text.strip_prefix(scheme))?;
        (!rest.is_empty()).then(|| Self::Smtp(text.into()))
    }

    /// Whether a password stands in it.
    pub fn has_password(&self) -> bool {
        let Self::Smtp(url) = self else { return false };
        let user = url.rsplit_once('@').and_then(|(before, _)| before.split_once("://"));
        user.is_some_and(|(_, user)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
    }
}

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Mail {
    let fields = reader.record(node, say!("the field `{field}`", field = "mail"), &MAIL_FIELDS);
    Mail {
        server: fields.get("server").and_then(|node| server(reader, node)),
        from: fields.get("from").and_then(|node| reader.text(node)),
        link: fields.get("link").and_then(|node| link(reader, node)),
    }
}

fn server(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<MailServer>> {
    let (text, _) = reader.scalar(node, say!("a mail server"))?;
    let place = reader.place(node.span);
    let Some(server) = MailServer::parse(&text) else {
        // What is no URL is never echoed: it may be a password.
        let help = say!("write `maildir:PATH` below this file, `smtps://...`, `smtp://...`, or `env:RIGHTFUL_...`");
        let finding = Diagnostic::new(Code::WrongType, place, say!("this names no mail server"));
        reader.push(finding.help(help).concealed());
        return None;
    };
    if server.has_password() {
        let finding = Diagnostic::new(Code::PasswordInConfig, place, say!("a password stands in this file"));
        let help = say!(
            "put the URL into a variable and write `server: env:RIGHTFUL_MAIL_URL`; then change the password, since git keeps the old file"
        );
        reader.push(finding.help(help).concealed());
    }
    Some(Spanned::new(server, node.span))
}

fn link(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Box<str>> {
    let text = reader.text(node)?;
    let is_one = (text.starts_with("https://") || text.starts_with("http://")) && text.contains("{token}");
    if !is_one {
        let message = say!("`{link}` is no address with a place for the token", link = shorten(&text));
        let example = "`https://crm.example/accept?token={token}`";
        reader.wrong_type(node, message, say!("write one such as {example}", example));
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::findings;

    #[test]
    fn letters_go_to_a_server_or_a_folder_and_no_password_stands_in_the_file() {
        let of = |mail: &str| {
            findings(&format!("//- rightful.yaml\nmail: {{ {mail} }}\n//- policies/a.yaml\nusers: {{ lars: }}\n"))
        };
        for fine in [
            "server: maildir:outbox",
            "server: 'smtps://mail.example'",
            "server: env:RIGHTFUL_MAIL_URL, from: CRM <crm@x.example>",
            "link: 'https://crm.example/accept?token={token}'",
        ] {
            assert_eq!(of(fine), "", "{fine}");
        }
        assert!(of("server: 'smtps://u:hunter2@mail.example'").starts_with("password-in-config"));
        for wrong in
            ["server: env:HOME", "server: hunter2", "server: maildir:../x", "link: 'https://crm.example'", "form: x"]
        {
            let found = of(wrong);
            // The excerpt between quotes is hidden from people.
            let (_, told) = found.rsplit_once('"').unwrap();
            assert!(found.contains("rightful.yaml:1") && !told.contains("hunter2"), "{wrong}: {found}");
        }
    }

    #[test]
    fn a_password_is_seen_where_it_stands() {
        let has = |text| MailServer::parse(text).unwrap().has_password();
        assert!(has("smtp://crm:secret@mail:587") && has("smtps://crm:a/b@c@mail"));
        assert!(!has("smtp://crm@mail") && !has("smtp://mail:25") && !has("maildir:a"));
    }
}
