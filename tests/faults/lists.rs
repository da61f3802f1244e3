//! The rows of a list whose numbers are not the ones that an apply gives: a gap, or one that somebody chose.

use super::firm::{File, Home, NEW, OLD, Remote, apply, planned};
use super::server::Server;

/// The old policy with classes of attachments.
fn with_classes() -> String {
    format!("{OLD}attachments: {{ programs: ['*.exe', '*.com'] }}\n")
}

#[test]
fn a_list_with_a_gap_is_drift_that_goes_back_and_does_not_stop_a_change() {
    let (remote, file) = (Remote::new(Server::shared()), File::new());
    for home in [&remote as &dyn Home, &file] {
        let policy = with_classes();
        for (by_hand, changed) in [
            // What refers to it goes as well, and leaves the second of two.
            ("DELETE FROM modules WHERE id = 'mail'", policy.replace("desk: [mail,", "desk: [mail, calendar,")),
            ("UPDATE module_set_modules SET position = position + 5", policy.replace("[mail, contacts]", "[contacts]")),
            (
                "INSERT INTO attachment_patterns (attachment_class_id, position, pattern) VALUES ('programs', 5, '*.bat')",
                policy.replace("'*.exe', ", ""),
            ),
            ("DELETE FROM attachment_patterns WHERE position = 1", policy.replace("'*.com'", "'*.com', '*.bat'")),
        ] {
            let changed = changed.replace("modules: { mail: ,", "modules: { mail: , calendar: ,");
            for next in [&policy, &changed] {
                apply(&mut *home.target(), &policy).unwrap();
                home.by_hand(by_hand);
                apply(&mut *home.target(), next).unwrap_or_else(|error| panic!("{by_hand}: {error}"));
                assert!(planned(&mut *home.target(), next).is_empty(), "{by_hand}");
            }
        }
        apply(&mut *home.target(), NEW).unwrap();
    }
}
