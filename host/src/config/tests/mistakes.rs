//! What people get wrong, and what they are told.

use super::*;

#[test]
fn everything_is_told_at_once() {
    let problems = load_text(
        r#"[sever]
listen = "127.0.0.1:8080"
[server]
listen = "8080"
port = 80
body_max_bytes = "1 MiB"
[calendar]
time_zone = "Europe/Berln"
working_days = ["mon", "tuesday", "wednes"]
holidays = ["25.12.2026"]
[sandbox]
fuel_max = 0
[decide]
retry_first_ms = 9_000_000
[plugins]
files = ["mine.wasm"]
[connections.CRM]
kind = "hubspot"
client_secret = "env:HUBSPOT_SECRET"
base_url = "api.hubapi.com"
[connections.hook]
kind = "cloudevent"
[connections.mail]
kind = "sendgrid"
api_key = "SG.inline"
api_kee = "x"
[identities.ada]
from = "ada at acme"
conection = "mail"
[sequences.pricing]
polcy = "cadence"
enrol = 'true'
identity = "bob"
re_enrol = "always"
[sequences.pricing.exits]
replied = "no"
"#,
    )
    .expect_err("many mistakes");
    let expect = [
        "1: sever is unknown: did you mean \"server\"?",
        "4: server.listen \"8080\" cannot be read: write an address and a port, like 127.0.0.1:8080",
        "5: server.port is unknown: use one of: listen, public_url, connections_max, header_timeout_ms, body_max_bytes, body_timeout_ms, concurrent_max, exit_wait_ms",
        "6: server.body_max_bytes must be a whole number from 1 to 67108864: the default is body_max_bytes = 1048576",
        "8: calendar.time_zone \"Europe/Berln\" cannot be read: use an IANA zone, like Europe/Berlin",
        "9: calendar.working_days.2 \"wednes\" cannot be read: use mon, tue, wed, thu, fri, sat, sun",
        "10: calendar.holidays.0 \"25.12.2026\" cannot be read: write dates like \"2026-12-25\"",
        "12: sandbox.fuel_max must be a whole number from 1 to 1000000000000: the default is fuel_max = 50000000",
        "14: decide.retry_first_ms is longer than retry_max_ms: make it the shorter one",
        "16: plugins.files.0 names mine.wasm, which is no file: correct the path, relative to this file's folder",
        "17: connections.CRM is no name: use 1 to 64 lower-case letters, digits and dashes",
        "19: connections.CRM.client_secret names the environment variable HUBSPOT_SECRET, which is not set: \
         set HUBSPOT_SECRET, or point to a file: \"file:PATH\"",
        "20: connections.CRM.base_url \"api.hubapi.com\" cannot be read: write it like https://api.hubapi.com",
        "22: connections.hook.kind \"cloudevent\" is unknown: did you mean \"cloudevents\"?",
        "25: warning: connections.mail.api_key is an inline secret: move it to env:NAME or file:PATH",
        "26: connections.mail.api_kee is unknown: did you mean \"api_key\"?",
        "28: identities.ada.from \"ada at acme\" cannot be read: write it like Ada Lovelace <ada@acme.example>",
        "29: identities.ada.conection is unknown: did you mean \"connection\"?",
        "30: sequences.pricing.policy is missing: add policy = \"cadence\"",
        "31: sequences.pricing.polcy is unknown: did you mean \"policy\"?",
        "33: sequences.pricing.identity names \"bob\", which is no identity: there is none yet",
        "34: sequences.pricing.re_enrol \"always\" cannot be read: use never, after-finish or a number of days like after-90-days",
        "36: sequences.pricing.exits.replied must be true or false: the default is replied = true",
    ];
    for (told, expect) in problems.iter().zip(expect) {
        assert_eq!(told, expect);
    }
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
}

#[test]
fn no_toml_is_told_with_its_line() {
    for (text, line, part) in [
        ("[server]\nlisten = \n", "2: ", "correct the TOML syntax"),
        (
            "[server]\nlisten = \"a\"\nlisten = \"b\"\n",
            "3: ",
            "duplicate key",
        ),
        ("[server]\n[server]\n", "2: ", "duplicate key"),
        (
            "server = 1\n",
            "1: ",
            "server must be a table: write [server]",
        ),
        (
            "[connections]\ncrm = 1\n",
            "2: ",
            "connections.crm must be a table: write [connections.crm]",
        ),
    ] {
        let problems = load_text(text).expect_err(text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with(line) && problems[0].contains(part),
            "{problems:?}"
        );
    }
}

#[test]
fn connections_and_identities_find_each_other_or_say_why_not() {
    const TWO: &str = "[connections.a]\nkind = \"capture\"\n[connections.b]\nkind = \"capture\"\nfolder = \"x\"\n\
                       [connections.crm]\nkind = \"hubspot\"\nclient_secret = \"env:TEST_X\"\n";
    for (identity, expect) in [
        (
            "",
            "9: identities.i.connection is needed, since there are several e-mail providers: use one of: a, b",
        ),
        (
            "connection = \"crm\"",
            "11: identities.i.connection names \"crm\", a hubspot connection, which sends no mail: use one of: a, b",
        ),
        (
            "connection = \"c\"",
            "11: identities.i.connection names \"c\", which is no connection: did you mean \"a\"?",
        ),
    ] {
        let text = format!("{TWO}[identities.i]\nfrom = \"a@b.example\"\n{identity}\n");
        assert_eq!(load_text(&text).expect_err(identity), [expect]);
    }
    let text = format!("{TWO}[identities.i]\nfrom = \"a@b.example\"\nconnection = \"b\"\n");
    assert_eq!(
        load_text(&text).expect("loads").config.identities["i"]
            .connection
            .as_deref(),
        Some("b")
    );
}

#[test]
fn secrets_and_addresses_are_looked_at() {
    let text = "[connections.a]\nkind = \"cloudevents\"\nsecret = \"env:TEST_A\"\n\
                [connections.b]\nkind = \"resend\"\napi_key = \"env:TEST_B\"\nbase_url = \"http://mail.example\"\n";
    let remedy = "write whsec_ and the base64 of 24 to 64 random bytes, as the sender shows it";
    assert_eq!(
        load_text(text).expect_err("no signing secret"),
        [
            format!("3: connections.a.secret is no signing secret: {remedy}"),
            "7: warning: connections.b.base_url sends its key in clear text: use https://"
                .to_owned(),
        ]
    );
}

#[test]
fn counting_needs_a_domain_of_ones_own() {
    for (keys, expect) in [
        (
            "track_clicks = true",
            "3: identities.a.track_clicks needs a domain of your own for the links: add tracking_url = \"https://go.acme.example\", which leads to this server",
        ),
        (
            "tracking_url = \"http://go.acme.example\"\ntrack_opens = true",
            "3: identities.a.tracking_url \"http://go.acme.example\" cannot be read: write a domain of your own, like https://go.acme.example",
        ),
        (
            "unsubscribe_mailto = \"out\"",
            "3: identities.a.unsubscribe_mailto \"out\" cannot be read: write it like unsubscribe@acme.example",
        ),
    ] {
        let text = format!("[identities.a]\nfrom = \"a@b.example\"\n{keys}\n");
        assert_eq!(load_text(&text).expect_err(keys), [expect]);
    }
    for (keys, counts) in [
        ("tracking_url = \"https://go.acme.example\"", false),
        (
            "tracking_url = \"http://127.0.0.1:8080/\"\ntrack_opens = true",
            true,
        ),
    ] {
        let text = format!("[identities.a]\nfrom = \"a@b.example\"\n{keys}\n");
        let config = load_text(&text).expect(keys).config;
        assert_eq!(config.identities["a"].tracking.is_some(), counts, "{keys}");
    }
}

#[test]
fn inbound_mail_has_a_secret_worth_the_name_and_room_for_a_token() {
    for (keys, expect) in [
        ("secret = \"env:SHORT\"", "is too short"),
        (
            "secret = \"env:LONG\"\naddress = \"reply+x@in.example\"",
            "cannot be read",
        ),
        (
            "secret = \"env:LONG\"\naddress = \"a-long-address-of-mine@in.example\"",
            "cannot be read",
        ),
        ("address = \"reply@in.example\"", "secret"),
    ] {
        let text = format!("[connections.in]\nkind = \"inbound\"\n{keys}\n");
        let folder = folder(&text, &[]);
        let env = |name: &str| match name {
            "SHORT" => Some("hunter2".to_owned()),
            "LONG" => Some("a".repeat(32)),
            _ => None,
        };
        let problems = load(&folder.path().join("followup.toml"), &env).expect_err("refused");
        let shown = show(&problems, folder.path());
        let told = shown.iter().any(|problem| problem.contains(expect));
        assert!(told, "{keys}: {shown:?}");
    }
}
