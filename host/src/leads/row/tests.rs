use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::leads::columns::Columns;

fn reader(headers: &[&str], consent: Option<&str>) -> Reader<impl Fn(&EmailAddress) -> bool> {
    let headers: Vec<_> = headers.iter().map(|header| (*header).to_owned()).collect();
    let columns = Columns::new(&headers, &[], consent).expect("an address");
    Reader::new(columns, "fair.csv", |address: &EmailAddress| {
        address.as_str().starts_with("info@")
    })
}

fn cells(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn addresses_as_they_stand_in_cells() {
    for (cell, expect) in [
        ("ada@x.example", Ok("ada@x.example")),
        ("  Ada@X.Example. ", Ok("ada@x.example")),
        ("Ada Lovelace <ada@x.example>", Ok("ada@x.example")),
        ("\"Lovelace, Ada\" <ada@x.example>;", Ok("ada@x.example")),
        ("<ada@x.example>", Ok("ada@x.example")),
        ("'ada@x.example'", Ok("ada@x.example")),
        ("mailto:ada@x.example?subject=Hi", Ok("ada@x.example")),
        ("MAILTO:ada@x.example", Ok("ada@x.example")),
        ("\u{feff}ada@x.example\u{200b},", Ok("ada@x.example")),
        ("\u{a0}ada@x.example", Ok("ada@x.example")),
        ("müller@bücher.example", Ok("müller@bücher.example")),
        ("ada@xn--bcher-kva.example", Ok("ada@xn--bcher-kva.example")),
        ("用户@例子.广告", Ok("用户@例子.广告")),
        ("o'brien+tag@x.example", Ok("o'brien+tag@x.example")),
        ("", Err("empty")),
        ("n/a", Err("exactly one @")),
        ("ada", Err("exactly one @")),
        ("ada@localhost", Err("a domain with a dot")),
        ("ada@x..example", Err("exactly one @")),
        ("ada..b@x.example", Err("does not stand between")),
        (".ada@x.example", Err("does not stand between")),
        ("ada@-x.example", Err("characters that none has")),
        ("ada@x_y.example", Err("characters that none has")),
        ("ada@10.0.0.1", Err("ends like none")),
        ("ada@x.c", Err("ends like none")),
        ("a@x.example; b@x.example", Err("more than one")),
        ("a@x.example,b@x.example", Err("more than one")),
        ("ada lovelace@x.example", Err("a space")),
    ] {
        match (address(cell), expect) {
            (Ok(got), Ok(expect)) => assert_eq!(got.as_str(), expect, "{cell:?}"),
            (Err(got), Err(expect)) => assert!(got.contains(expect), "{cell:?}: {got}"),
            (got, expect) => panic!("{cell:?}: {got:?} instead of {expect:?}"),
        }
    }
    let long = format!("{}@x.example", "a".repeat(65));
    assert!(address(&long).is_err_and(|e| e.contains("more than 64 bytes")));
}

#[test]
fn a_row_tells_what_its_cells_say() {
    let headers = [
        "Email",
        "Vorname",
        "Firma",
        "Company ID",
        "Website",
        "Zeitzone",
        "Sprache",
        "Lead Source",
    ];
    let mut reader = reader(&headers, None);
    let row = cells(&[
        "ada@x.example",
        " Ada ",
        "Acme",
        "77",
        "https://www.Acme.example/x",
        "europe/berlin",
        "de_AT",
        "",
    ]);
    let lead = reader.read(2, &row).expect("a lead");
    assert_eq!(lead.email.as_str(), "ada@x.example");
    assert_eq!(lead.patch.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(lead.patch.locale.as_deref(), Some("de-AT"));
    assert_eq!(
        json!(lead.patch.attributes),
        json!({"first_name": "Ada", "company": "Acme"})
    );
    let account = json!({"id": "77", "domain": "acme.example", "name": "Acme"});
    assert_eq!(json!(lead.patch.account), account);
    assert_eq!(lead.raw["Vorname"], "Ada");
    assert!(lead.warnings.is_empty());

    let odd = cells(&[
        "bob@x.example",
        "",
        "",
        "",
        "nowhere",
        "Mars/Olympus",
        "German",
        "",
    ]);
    let lead = reader.read(3, &odd).expect("a lead all the same");
    assert_eq!(lead.patch, ContactPatch::default());
    assert_eq!(lead.warnings.len(), 3, "{:?}", lead.warnings);
}

#[test]
fn rows_are_rejected_with_a_reason() {
    let mut reader = reader(&["Email", "Opt-in"], Some("Opt-in"));
    let mut check = |row: u64, email: &str, consent: &str, expect: &str| {
        let got = reader.read(row, &cells(&[email, consent]));
        let word = got.as_ref().map_or_else(Rejection::as_str, |_| "lead");
        assert_eq!(word, expect, "{email} {consent}: {got:?}");
        got
    };
    let lead = check(2, "ada@x.example", "yes, at the fair", "lead").expect("a lead");
    assert_eq!(
        json!(lead.patch.attributes),
        json!({"consent": "yes, at the fair", "consent_source": "fair.csv, row 2"})
    );
    for no in [
        "",
        " ",
        "no",
        "NO",
        "False",
        "0",
        "nein",
        "Non",
        "opted out",
        "Widerrufen",
    ] {
        check(3, "bob@x.example", no, "no-consent").expect_err("no consent");
    }
    // Who was rejected has not been seen.
    check(4, "bob@x.example", "2026-01-05", "lead").expect("a lead");
    let twice = check(5, "ADA@x.example ", "1", "duplicate-in-file").expect_err("seen");
    assert_eq!(twice, Rejection::Duplicate(2));
    check(6, "info@x.example", "yes", "role").expect_err("a role");
    check(7, "nobody", "yes", "invalid").expect_err("no address");
}

proptest! {
    /// Nothing that a cell contains brings the reader down, and what it accepts can be written to.
    #[test]
    fn any_cell(cell in "[\\PC\\s]{0,40}|[a-z@.<>\"',; :-]{0,30}") {
        let mut reader = reader(&["email", "time zone", "language", "website"], None);
        let row = vec![cell.clone(), cell.clone(), cell.clone(), cell];
        if let Ok(lead) = reader.read(2, &row) {
            prop_assert_eq!(EmailAddress::parse(lead.email.as_str()), Ok(lead.email.clone()));
            prop_assert!(lead.email.domain().contains('.'));
        }
    }
}
