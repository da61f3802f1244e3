//! `matrix` for spreadsheet programs: the rows of the JSON, as CSV and as a workbook.

use std::io::Read;
use std::process::Stdio;

use rightful::name::Name;
use serde_json::Value;

use super::repository::Repository;

const FIRM: &str = "
users: { anna: {}, lars: { deny: [lists.print], allow: [calendar.see of office] }, rolf: { active: false } }
groups:
  office: { members: [anna, lars], allow: [program.start, data.export, calendar.edit of everyone] }
modules: { addresses: , calendar: }
attachments: { drawings: ['*.dwg'] }
";

/// The cells of a row as texts; nothing where there is nothing.
type Row = [String; 5];

const HEADS: [&str; 5] = ["user", "right", "target", "allowed", "step"];

/// What a spreadsheet shall say, by the JSON.
fn rows(firm: &Repository, arguments: &str) -> Vec<Row> {
    let text = |row: &Value, head: &str| match &row[head] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = firm.json(arguments).1["rows"].as_array().unwrap().clone();
    [HEADS.map(str::to_owned)].into_iter().chain(rows.iter().map(|row| HEADS.map(|head| text(row, head)))).collect()
}

fn bytes(firm: &Repository, arguments: &str) -> Vec<u8> {
    let output = firm.command(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{arguments}");
    output.stdout
}

/// The rows of the only sheet of a workbook.
fn workbook(bytes: Vec<u8>) -> Vec<Row> {
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        parts.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let shared = part("xl/sharedStrings.xml");
    let shared: Vec<&str> = shared.split("<t>").skip(1).map(|rest| rest.split_once("</t>").unwrap().0).collect();
    let sheet = part("xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "a formula");
    let row = |text: &str| {
        let mut row = Row::default();
        for cell in text.split("<c ").skip(1) {
            let attribute = |name: &str| cell.split_once(name).map(|(_, rest)| rest.split_once('"').unwrap().0);
            let column = usize::from(attribute("r=\"").unwrap().as_bytes()[0] - b'A');
            let value = cell.split_once("<v>").unwrap().1.split_once("</v>").unwrap().0;
            row[column] = match attribute(" t=\"") {
                Some("s") => shared[value.parse::<usize>().unwrap()].to_owned(),
                Some("b") => (value == "1").to_string(),
                other => panic!("{other:?} {cell}"),
            };
        }
        row
    };
    sheet.split("<row ").skip(1).map(row).collect()
}

#[test]
fn a_spreadsheet_says_what_the_json_says() {
    let firm = Repository::of(FIRM);
    for arguments in ["matrix", "matrix --scoped"] {
        let wanted = rows(&firm, arguments);
        let csv = String::from_utf8(bytes(&firm, &format!("{arguments} --format csv"))).unwrap();
        let lines: Vec<Row> = csv
            .strip_suffix("\r\n")
            .unwrap()
            .split("\r\n")
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap())
            .collect();
        assert_eq!(lines, wanted);
        assert_eq!(workbook(bytes(&firm, &format!("{arguments} --format xlsx"))), wanted);
    }
}

#[test]
fn no_name_begins_a_formula() {
    // In CSV a spreadsheet program takes these for one.
    for first in ['=', '+', '-', '@', '\t', '\r', '"', ','] {
        assert!(Name::new(&format!("{first}cmd")).is_err(), "{first:?}");
        assert!(Name::new(&format!("a{first}b")).is_err() || !",\"\t\r".contains(first), "{first:?}");
    }
}

#[test]
fn a_file_is_written_whole_and_over_nothing_else() {
    let firm = Repository::of(FIRM);
    let written = |name: &str| std::fs::read(firm.path(name)).unwrap();
    for (format, name) in
        [("xlsx", "rights.xlsx"), ("csv", "rights.csv"), ("json", "rights.json"), ("text", "rights.txt")]
    {
        let arguments = format!("matrix --format {format} --on 2026-11-22");
        assert_eq!(firm.run(&format!("{arguments} -o {name}")), "exit 0\n");
        assert_eq!(written(name), bytes(&firm, &arguments), "{format}");
        // The same again, over the first one.
        let before = written(name);
        assert_eq!(firm.run(&format!("{arguments} -o {name}")), "exit 0\n");
        assert!(before == written(name), "{format}");
    }
    let policy = written("policies/a.yaml");
    insta::assert_snapshot!(firm.run("matrix --format csv -o policies/a.yaml"), @"
    exit 2
    -- stderr
    error: `policies/a.yaml` is there already, and its name does not end in `.csv`
     help: name another file; this one was left as it is
    ");
    assert!(policy == written("policies/a.yaml"));
    insta::assert_snapshot!(firm.run("matrix --format csv -o nowhere/rights.csv"), @"
    exit 2
    -- stderr
    error: cannot write `nowhere/rights.csv`: No such file or directory (os error 2)
     help: check that the folder exists and that you may write there
    ");
}

#[test]
fn more_rows_than_a_sheet_has_room_for_are_refused() {
    let users: String = (0..1_100).map(|number| format!("  u{number}:\n")).collect();
    let firm = Repository::of(&format!("users:\n{users}"));
    insta::assert_snapshot!(firm.run("matrix --scoped --format xlsx -o rights.xlsx"), @"
    exit 2
    -- stderr
    error: these are 6,068,700 answers, and a sheet of a workbook has room for
      1,048,575
     help: --format csv writes as many as there are; without --scoped there are
           fewer
    ");
    assert!(!firm.path("rights.xlsx").exists());
}
