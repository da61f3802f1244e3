//! Addresses of databases that a CRM shares, as people get them wrong.

use rusqlite::Connection;

use super::repository::Repository;

#[test]
fn an_address_says_whether_the_database_is_a_crms() {
    let firm = Repository::of("users: { lars: { allow: [data.export] } }");
    let crm = Connection::open(firm.path("creme.db")).unwrap();
    crm.execute_batch("CREATE TABLE creme_core_userrole (id INTEGER PRIMARY KEY)").unwrap();
    let before = std::fs::read(firm.path("creme.db")).unwrap();
    insta::assert_snapshot!(firm.run("apply --yes --database sqlite:creme.db"), @"
    exit 2
    -- stderr
    error: the database `REPOSITORY/creme.db` is a CRM's own, and its address
      does not say so
     help: for CremeCRM write creme+sqlite:PATH or
           creme+postgres://USER@HOST/DATABASE: then it is read and written together
           with the CRM's own tables
    ");
    assert_eq!(std::fs::read(firm.path("creme.db")).unwrap(), before);
    insta::assert_snapshot!(firm.run("plan --database creme+sqlite:crm.db"), @"
    exit 2
    -- stderr
    error: cannot open the database `REPOSITORY/crm.db`: there is no such file
     help: check that it is there, that it can be reached, and that you may use it
    ");
    firm.run("apply --yes");
    insta::assert_snapshot!(firm.run("plan --database creme+sqlite:crm.db"), @"
    exit 2
    -- stderr
    error: the database `REPOSITORY/crm.db` is not the CRM's that the address
      names: it has no table `creme_core_userrole`
     help: name the database that the CRM itself uses, after it has made its tables;
           for a database of this program leave `creme+` out
    ");
    insta::assert_snapshot!(firm.run("plan --database creme+env:RIGHTFUL_DATABASE"), @"
    exit 2
    -- stderr
    error: this is no database address that the program knows
     help: write it as sqlite:PATH or postgres://USER@HOST/DATABASE, or env:NAME of
           a variable with it; for a CremeCRM write creme+ before the first two; in
           a user name or password write @ as %40, / as %2F, ? as %3F and # as %23
    ");
    // A variable may hold such an address, and none that is no address is shown.
    let held = |url: &str| {
        let output = firm.command("plan --database env:RIGHTFUL_DATABASE").env("RIGHTFUL_DATABASE", url).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    assert!(held("creme+sqlite:crm.db").contains("it has no table `creme_core_userrole`"));
    assert!(!held("creme+postgres://u:s3c/ret@h/db").contains("s3c"));
    assert!(!held("creme+postgres://u:s3cret@localhost:1/db?connect_timeout=1").contains("s3cret"));
}
