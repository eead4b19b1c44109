//! `doctor`, by the program itself, with a DNS and APIs of the test's own.

use followup_tests::{FakeDns, Options, ScriptedApi, Site};
use serde_json::{Value, json};

use super::{PROGRAM, json as told};

/// A 2048-bit key by its length.
const KEY: &str = concat!(
    "v=DKIM1; k=rsa; p=",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
);

/// Everything as it should be.
const IN_ORDER: &[(&str, &str, &str)] = &[
    ("followup.acme.example", "A", "192.0.2.7"),
    ("in.acme.example", "MX", "10 mx.acme.example"),
    ("acme.example", "TXT", "some-site-verification=1"),
    (
        "acme.example",
        "TXT",
        "v=spf1 include:sendgrid.net include:_spf.acme.example -all",
    ),
    (
        "_spf.acme.example",
        "TXT",
        "v=spf1 include:amazonses.com ~all",
    ),
    ("sendgrid.net", "TXT", "v=spf1 ip4:192.0.2.0/24 ~all"),
    ("amazonses.com", "TXT", "v=spf1 ip4:198.51.100.0/24 -all"),
    // As providers publish keys: the customer's name is an alias.
    (
        "s1._domainkey.acme.example",
        "CNAME",
        "s1.domainkey.u1.wl1.sendgrid.net",
    ),
    ("s1.domainkey.u1.wl1.sendgrid.net", "TXT", KEY),
    ("resend._domainkey.acme.example", "TXT", KEY),
    (
        "_dmarc.acme.example",
        "TXT",
        "v=DMARC1; p=reject; rua=mailto:d@acme.example",
    ),
];

async fn site() -> Site {
    let api = ScriptedApi::start(&[json!({"status": 401, "body": {}})]).await;
    let options = Options {
        server: "public_url = \"https://followup.acme.example\"",
        provider: api.url.clone(),
        hubspot: api.url,
        ..Options::default()
    };
    Site::new(PROGRAM, &options)
}

/// `VERDICT ABOUT: FOUND` of each.
fn lines(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    findings
        .iter()
        .map(|finding| {
            let (verdict, about) = (text(&finding["verdict"]), text(&finding["about"]));
            format!("{verdict} {about}: {}", text(&finding["found"]))
        })
        .collect()
}

fn has(lines: &[String], begin: &str, part: &str) -> bool {
    lines
        .iter()
        .any(|line| line.starts_with(begin) && line.contains(part))
}

async fn looked(site: &Site, zone: &[(&str, &'static str, &str)]) -> (Vec<String>, Value, bool) {
    let dns = FakeDns::start(zone).await;
    let done = site.run(&["doctor", "--json", "--dns", &dns.address.to_string()]);
    let report = told(&done);
    (lines(&report), report, done.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_in_order() {
    let site = site().await;
    let (lines, _, _) = looked(&site, IN_ORDER).await;
    for (begin, part) in [
        ("ok configuration", "is in order"),
        ("ok plugin cadence", "can be loaded"),
        ("skipped store", "does not exist yet"),
        ("ok server.public_url", "leads to 192.0.2.7"),
        ("ok clock", "agrees with"),
        ("ok connection crm", "webhooks signed-with-time"),
        ("ok replies mail", "goes to mx.acme.example"),
        (
            "ok identity grace",
            "DKIM key at s1._domainkey.acme.example",
        ),
        ("ok identity grace", "SPF of acme.example"),
        ("ok identity grace", "p=reject"),
        ("ok identity grace", "Yahoo and Microsoft are met as far as"),
        (
            "ok identity ada",
            "DKIM key at resend._domainkey.acme.example",
        ),
    ] {
        assert!(has(&lines, begin, part), "{begin}: {part}: {lines:#?}");
    }
    let of_domains = |line: &&String| line.contains("identity ") || line.contains("replies ");
    let bad = |line: &&String| line.starts_with("problem") || line.starts_with("warning");
    let bad: Vec<_> = lines.iter().filter(of_domains).filter(bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_zone_is_a_row_of_problems() {
    let site = site().await;
    let (lines, report, success) = looked(&site, &[]).await;
    assert!(!success && report["ok"] == false);
    for (begin, part) in [
        ("problem server.public_url", "has no address"),
        ("problem replies mail", "takes no mail"),
        ("problem identity grace", "has no SPF record"),
        ("warning identity grace", "no DKIM key of SendGrid"),
        ("problem identity grace", "has no DMARC record"),
        ("warning identity grace", "SPF, DKIM, DMARC missing"),
    ] {
        assert!(has(&lines, begin, part), "{begin}: {part}: {lines:#?}");
    }
    let remedies = report["findings"].as_array().expect("findings").iter();
    for finding in remedies.filter(|finding| finding["verdict"] == "problem") {
        assert!(finding["remedy"].is_string(), "{finding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_nobody_is_asked() {
    let site = site().await;
    let done = site.run(&["doctor", "--offline"]);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{text}");
    assert!(
        text.contains("skipped  clock: not looked at: offline"),
        "{text}"
    );
    let problems = text.lines().filter(|line| line.starts_with("problem"));
    assert_eq!(problems.count(), 0, "{text}");
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("0 problems,")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_check_finds_and_what_is_not_set_is_told() {
    let site = site().await;
    let config = site.read("followup.toml");
    let config = config.replace(
        "webhook_public_key = \"env:SENDGRID_WEBHOOK_PUBLIC_KEY\"\n",
        "",
    );
    site.write(
        "followup.toml",
        &format!("{config}\n[decide]\nbatch_max = 0\n"),
    );
    let done = site.run(&["doctor", "--offline", "--json"]);
    assert!(!done.status.success());
    let lines = lines(&told(&done));
    assert!(
        has(&lines, "problem configuration", "batch_max"),
        "{lines:#?}"
    );
    let unset = "webhook_public_key is not set";
    assert!(
        has(&lines, "warning connection sendgrid", unset),
        "{lines:#?}"
    );
}
