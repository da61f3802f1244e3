//! What drawn rules are about: the organisation's own rights, and the ways to write rights in rules. Takes small
//! numbers, gives lists with the frequent entries repeated.

use super::super::{Kind, OwnData, OwnRight};

/// What the rules of an organisation with a focus are about: so many entries of all the shapes, in a row.
const FOCUS: usize = 16;

/// The right of a rule as it may be written, with what it is over.
pub(super) type Shape = (Kind, &'static str);

/// A plain right, a scoped one, or both; some of them in areas that the catalogue has, or in the same area.
pub(super) fn own_rights(choice: u8) -> Vec<OwnRight> {
    let plain = ["invoices.approve", "documents.archive", "data.purge"][usize::from(choice) % 3];
    let (scoped, own_data) = [
        ("documents.see", OwnData::Rules),
        ("documents.see", OwnData::Rules),
        ("documents.see", OwnData::Allow),
        ("calendar.delegate", OwnData::Rules),
    ][usize::from(choice) % 4];
    let plain = OwnRight { right: plain.to_owned(), kind: Kind::Plain, own_data: OwnData::Rules };
    let scoped = OwnRight { right: scoped.to_owned(), kind: Kind::People, own_data };
    match choice {
        0 | 1 => vec![plain],
        2 | 3 => vec![scoped],
        _ => vec![plain, scoped],
    }
}

/// All that a rule may be about, or in three of four organisations a small part of it, so that rules meet.
pub(super) fn focused(mut shapes: Vec<Shape>, focus: usize) -> Vec<Shape> {
    if !focus.is_multiple_of(4) {
        let start = focus % shapes.len();
        shapes.rotate_left(start);
        shapes.truncate(FOCUS);
    }
    shapes
}

/// What a rule may be about, the frequent ones several times.
pub(super) fn shapes(own_rights: &[OwnRight]) -> Vec<Shape> {
    let built_in = [
        (Kind::Plain, "program.start", 5),
        (Kind::Plain, "data.export", 5),
        (Kind::Plain, "sms.send", 4),
        (Kind::Plain, "data.import+export", 2),
        (Kind::Plain, "data.*", 2),
        (Kind::Plain, "mail.*", 1),
        (Kind::Plain, "campaigns.evaluate+create", 1),
        (Kind::Plain, "modules.*", 1),
        (Kind::Plain, "program.*", 1),
        (Kind::People, "calendar.see", 9),
        (Kind::People, "opportunities.see", 9),
        (Kind::People, "calendar.edit", 3),
        (Kind::People, "calendar.see+edit", 4),
        (Kind::People, "calendar.*", 4),
        (Kind::People, "opportunities.*", 3),
        (Kind::People, "opportunities.delete+see+edit", 2),
        (Kind::Modules, "modules.use", 8),
        (Kind::Modules, "modules.*", 3),
        (Kind::Attachments, "attachments.open", 6),
        (Kind::Attachments, "attachments.*", 2),
    ];
    let own = own_rights.iter().flat_map(|own| {
        let (exact, star) = match own.right.as_str() {
            "invoices.approve" => ("invoices.approve", "invoices.*"),
            "documents.archive" => ("documents.archive", "documents.*"),
            "data.purge" => ("data.purge", "data.export+purge"),
            "documents.see" => ("documents.see", "documents.*"),
            _ => ("calendar.delegate", "calendar.delegate+see"),
        };
        [(own.kind, exact, 6), (own.kind, star, 2)]
    });
    built_in.into_iter().chain(own).flat_map(|(kind, right, weight)| vec![(kind, right); weight]).collect()
}
