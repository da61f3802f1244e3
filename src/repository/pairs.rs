//! Which company of one repository is which of another.

use std::collections::BTreeSet;

use crate::name::Name;

use super::{Company, Repository};

/// A company in each of several repositories, where it is in them.
pub type Matched<'r, const N: usize> = (Option<&'r Name>, [Option<&'r Company>; N]);

/// The companies of several repositories by their names, in order. Where each repository has one company only, and one
/// of them has no name, that is the same company: giving the only company a name, or taking it away, makes no other.
pub fn matched<'r, const N: usize>(repositories: [&'r Repository; N]) -> Vec<Matched<'r, N>> {
    let single = |repository: &&Repository| repository.companies.len() == 1;
    let nameless = |repository: &&Repository| repository.companies.iter().any(|company| company.name.is_none());
    if repositories.iter().all(single) && repositories.iter().any(nameless) {
        // The last one is the newest, so its name counts.
        let name = repositories.iter().rev().find_map(|repository| repository.companies[0].name.as_ref());
        return vec![(name, repositories.map(|repository| repository.companies.first()))];
    }
    let companies = || repositories.iter().flat_map(|repository| &repository.companies);
    let names: BTreeSet<Option<&Name>> = companies().map(|company| company.name.as_ref()).collect();
    let of = |repository: &'r Repository, name: Option<&Name>| {
        repository.companies.iter().find(|company| company.name.as_ref() == name)
    };
    names.into_iter().map(|name| (name, repositories.map(|repository| of(repository, name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::repository;

    fn with(companies: &[&str]) -> Repository {
        let mut fixture = String::from("//- policies/a.yaml\nusers: { lars: }\n");
        if !companies.is_empty() {
            fixture.push_str("//- rightful.yaml\ncompanies:\n");
        }
        companies.iter().for_each(|name| fixture.push_str(&format!("  {name}: {{ policies: [policies] }}\n")));
        repository(&fixture)
    }

    fn shown(base: &[&str], head: &[&str]) -> String {
        let (base, head) = (with(base), with(head));
        let mark = |company: Option<&Company>| if company.is_some() { "x" } else { "-" };
        let name = |name: Option<&Name>| name.map(ToString::to_string).unwrap_or_default();
        let rows = matched([&base, &head]).into_iter();
        rows.map(|(of, [base, head])| format!("{}:{}{} ", name(of), mark(base), mark(head))).collect()
    }

    #[test]
    fn companies_are_matched_by_name_and_an_only_one_without_a_name_matches_any() {
        assert_eq!(shown(&[], &[]), ":xx ");
        assert_eq!(shown(&["nord"], &["nord"]), "nord:xx ");
        assert_eq!(shown(&["nord"], &["sued"]), "nord:x- sued:-x ");
        assert_eq!(shown(&["nord", "sued"], &["sued", "west"]), "nord:x- sued:xx west:-x ");
        assert_eq!(shown(&[], &["nord"]), "nord:xx ");
        assert_eq!(shown(&["nord"], &[]), "nord:xx ");
        assert_eq!(shown(&[], &["nord", "sued"]), ":x- nord:-x sued:-x ");
    }
}
