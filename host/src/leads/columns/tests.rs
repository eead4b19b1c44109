use super::*;

fn list(text: &str) -> Vec<String> {
    text.split(", ").map(str::to_owned).collect()
}

/// `said` reads `field=column`, and `field=` where it is left out.
fn columns(headers: &str, said: &[&str], consent: Option<&str>) -> Result<Columns, ColumnError> {
    let said: Vec<_> = said
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, column)| {
            let column = (!column.is_empty()).then(|| column.to_owned());
            (name.to_owned(), column)
        })
        .collect();
    Columns::new(&list(headers), &said, consent)
}

fn targets(columns: &Columns) -> Vec<String> {
    let targets = columns.0.iter().map(|column| column.target.to_string());
    targets.collect()
}

#[test]
fn headers_of_programs_and_people() {
    for (headers, expect) in [
        // HubSpot.
        (
            "Record ID, First Name, Last Name, Email, Phone Number, Contact owner, Associated Company, Lead Status",
            "record_id, first_name, last_name, email, phone, owner, company, lead_status",
        ),
        // Salesforce.
        (
            "FirstName, LastName, Title, Account Name, Account ID, E-Mail, Lead Source",
            "first_name, last_name, job_title, company, account_id, email, lead_source",
        ),
        // Lists of leads that one can buy.
        (
            "Work Email, Personal Email, Website, Time Zone, Country/Region, # Employees",
            "email, personal_email, account_domain, time_zone, country, employees",
        ),
        // Made by hand.
        (
            "Anrede, Vorname, Nachname, Firma, E-Mail-Adresse, Straße, Größe, Sprache",
            "anrede, first_name, last_name, company, email, strasse, grosse, locale",
        ),
        (
            "Prénom, Nom, Société, Courriel, Téléphone, Fuseau horaire",
            "first_name, last_name, company, email, phone, time_zone",
        ),
        (
            "Nombre, Apellidos, Empresa, Correo electrónico, País",
            "first_name, last_name, company, email, country",
        ),
        (
            "姓, 名, メールアドレス, 会社名, 備考",
            "last_name, first_name, email, company, column_5",
        ),
        // Names that are taken, and none.
        (
            "email, Email, EMAIL , id, , 2nd, id",
            "email, email_2, email_3, id_2, column_5, column_6, id_3",
        ),
        ("mail, email", "mail, email"),
        ("name, email", "full_name, email"),
    ] {
        let columns = columns(headers, &[], None).expect("an address");
        assert_eq!(targets(&columns), list(expect), "{headers}");
    }
}

#[test]
fn the_caller_overrules() {
    let headers = "Work E-mail, email, Name, Plan, Opt-In, phone";
    let said = [
        "email=work e-mail",
        "first_name=#3",
        "plan_name=Plan",
        "phone=",
    ];
    let got = columns(headers, &said, Some("opt-in")).expect("fine");
    assert_eq!(
        targets(&got),
        list("email, email_2, first_name, plan_name, consent, (not imported)")
    );
    assert_eq!(got.unused_consent(), None);
    let unsaid = columns(headers, &[], None).expect("fine");
    assert_eq!(unsaid.unused_consent(), Some("Opt-In"));
}

#[test]
fn mistakes_say_what_to_do() {
    for (headers, said, consent, expect) in [
        (
            "Who, Where",
            "first_name=Who",
            None,
            "--map email=COLUMN (columns: Who, Where)",
        ),
        ("email, ada@x.example", "", None, "put a row of names"),
        (
            "email, Vorname",
            "first_name=Vornahme",
            None,
            "did you mean \"Vorname\"?",
        ),
        (
            "email, Name",
            "first name=Name",
            None,
            "no name for an attribute",
        ),
        ("email, Email", "first_name=email", None, "as in #2"),
        ("email, OK", "first_name=OK", Some("ok"), "mapped twice"),
        ("email, Name", "email=", None, "--map email=COLUMN"),
    ] {
        let error = columns(headers, &[said], consent)
            .expect_err("a mistake")
            .to_string();
        assert!(error.contains(expect), "{error} does not say {expect}");
    }
}
