//! Invitations on their way through a mail server: once, again, in whose language, and with which token.

use serde_json::json;

use super::online::{FIRM, by_hand, run, statuses};
use super::repository::Repository;
use super::smtp::{MailServer, Mood};

/// A firm whose letters go to a server.
fn firm(server: &MailServer) -> Repository {
    let settings = format!(
        "mail:\n  server: {}\n  from: CRM <crm@nordwind.example>\n  link: 'https://crm.example/accept?token={{token}}'\n",
        server.url()
    );
    Repository::with(&[("rightful.yaml", &*settings), ("policies/firm.yaml", FIRM)])
}

const CONNECT: &str = "connect --as anna --on 2026-11-22";

/// Applies once the pause after a failure is over.
fn later(firm: &Repository) -> String {
    by_hand(firm, "UPDATE invitations SET next_at = '2026-01-01T00:00:00.000Z' WHERE next_at IS NOT NULL");
    run(firm, "apply --on 2026-11-22")
}

#[test]
fn a_letter_is_delivered_once_and_opens_the_invitation() {
    let server = MailServer::start(&[]);
    let firm = firm(&server);
    assert!(run(&firm, CONNECT).contains("invitations sent to: `lars`"));
    later(&firm);
    later(&firm);
    let letters = server.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((&*letter.from, &*letter.to), ("crm@nordwind.example", "lars@nordwind.example"));
    assert_eq!(letter.head("From"), "CRM <crm@nordwind.example>");
    assert!(letter.text.contains("\nhttps://crm.example/accept?token="), "{}", letter.text);
    assert!(run(&firm, &format!("invite accept {}", letter.token())).contains("lars can work online now"));
    assert!(statuses(&firm).contains(&"lars active".to_owned()));
}

#[test]
fn a_letter_that_is_refused_goes_again_with_another_token_and_the_same_message_id() {
    let server = MailServer::start(&[Mood::Refuses, Mood::Refuses]);
    let firm = firm(&server);
    let said = run(&firm, CONNECT);
    assert!(said.starts_with("exit 0") && said.contains("the letter to lars did not go"), "{said}");
    assert!(said.contains("the mailbox is full"), "the server's own words: {said}");
    assert!(run(&firm, "invite list").contains("failed 1 times"), "{}", run(&firm, "invite list"));
    // Not at once.
    run(&firm, "apply --on 2026-11-22");
    assert_eq!(server.letters().len(), 1);
    later(&firm);
    assert!(later(&firm).contains("invitations sent to: `lars`"));
    let letters = server.letters();
    let moods: Vec<Mood> = letters.iter().map(|letter| letter.mood).collect();
    assert_eq!(moods, [Mood::Refuses, Mood::Refuses, Mood::Takes]);
    assert!(letters.iter().all(|letter| letter.head("Message-ID") == letters[0].head("Message-ID")));
    for void in &letters[..2] {
        assert_ne!(void.token(), letters[2].token());
        assert!(run(&firm, &format!("invite accept {}", void.token())).contains("no invitation has this token"));
    }
    assert!(run(&firm, &format!("invite accept {}", letters[2].token())).starts_with("exit 0"));
    let (_, list) = firm.json("invite list");
    assert_eq!((&list["invitations"][0]["sent"], &list["invitations"][0]["attempts"]), (&json!(true), &json!(3)));
}

#[test]
fn a_letter_of_which_nobody_knows_whether_it_went_goes_again_and_the_first_is_void() {
    let server = MailServer::start(&[Mood::HangsUp]);
    let firm = firm(&server);
    assert!(run(&firm, CONNECT).contains("the letter to lars did not go"));
    later(&firm);
    let letters = server.letters();
    assert_eq!(letters.len(), 2, "rather twice than never");
    assert_eq!(letters[0].head("Message-ID"), letters[1].head("Message-ID"), "so that mail programs can tell");
    assert!(
        run(&firm, &format!("invite accept {}", letters[0].token())).contains("a newer mail makes an older one void")
    );
    assert!(run(&firm, &format!("invite accept {}", letters[1].token())).starts_with("exit 0"));
}

#[test]
fn an_invitation_that_is_sent_again_keeps_its_message_id_and_a_new_one_gets_another() {
    let server = MailServer::start(&[]);
    let firm = firm(&server);
    run(&firm, CONNECT);
    run(&firm, "invite resend lars --as anna");
    run(&firm, "invite revoke lars --as anna");
    run(&firm, "invite resend lars --as anna");
    let ids: Vec<String> = server.letters().iter().map(|letter| letter.head("Message-ID").to_owned()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn a_letter_speaks_the_language_of_whoever_gets_it() {
    for (language, words) in [
        ("de", ["Guten Tag Lars Kaufmann,", "Online-Leser", "annehmen"]),
        ("nb", ["Hei, Lars Kaufmann!", "Lesetilgang online", "invitasjonen"]),
        ("nl", ["Beste Lars Kaufmann,", "Online lezer", "uitnodiging"]),
        ("en", ["Hello Lars Kaufmann,", "Online reader", "accept"]),
    ] {
        let server = MailServer::start(&[]);
        let firm = firm(&server);
        let policy = FIRM.replace("language: de", &format!("language: {language}"));
        firm.write("policies/firm.yaml", policy.replace("role: accountant", "role: online.reader"));
        let said = run(&firm, CONNECT);
        assert!(said.starts_with("exit 0"), "{said}");
        let text = &server.letters()[0].text;
        for word in words {
            assert!(text.contains(word), "{language}: {word} in {text}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_or_has_a_password_is_not_told_of_more_than_needed() {
    let firm = Repository::with(&[
        ("rightful.yaml", "mail: { server: 'env:RIGHTFUL_MAIL_URL' }\n"),
        ("policies/firm.yaml", FIRM),
    ]);
    let ran = firm.command(CONNECT).env("RIGHTFUL_MAIL_URL", "smtp://crm:hunter2@127.0.0.1:1").output().unwrap();
    let shown = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && shown.contains("did not go"), "{shown}");
    let list = firm.run("invite list");
    let bytes = std::fs::read(firm.path("crm.db")).unwrap();
    assert!(!shown.contains("hunter2") && !list.contains("hunter2"), "{shown}{list}");
    assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
}
