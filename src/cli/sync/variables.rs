//! The file of variables: lines `NAME=VALUE`, as systemd reads them.

use std::path::Path;

use crate::cli::session::{Failure, Variables};
use crate::say;
use crate::syntax::database::is_readable;

/// The variables of a file that policies may name; everything else in it is somebody else's.
pub fn read(path: &Path) -> Result<Variables, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let path = path.display().to_string();
        Failure::world(say!("cannot read the file of variables {path}: {error}", path, error))
    })?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Variables {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let pairs = lines.filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.trim(), unquoted(value.trim())));
    pairs.filter(|(name, _)| is_readable(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn unquoted(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_policies_may_name_are_taken() {
        let found = parse(
            "# a note\nNORD_DATABASE_URL=postgres://u:p=q@h/db\n RIGHTFUL_MAIL_URL = \"smtps://m\" \nPATH=/evil\n\
             LD_PRELOAD=x\n;x_DATABASE_URL=y\nOST_DATABASE_URL='sqlite:o.db'\nnonsense\n",
        );
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            found,
            [
                ("NORD_DATABASE_URL", "postgres://u:p=q@h/db"),
                ("OST_DATABASE_URL", "sqlite:o.db"),
                ("RIGHTFUL_MAIL_URL", "smtps://m")
            ]
        );
    }
}
