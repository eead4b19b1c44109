//! `connections test`: what a captured webhook is taken for, by the very hook that the door asks.

use followup::domain::connector::Authenticity;
use followup_tests::Site;
use followup_tests::connectors::{NOW, Sample, sample, samples};
use serde_json::Value;

use super::{arguments, json, name, refused, run, site};

/// NOW, as people write it.
const THEN: &str = "2026-03-02T09:00:00Z";

/// Connects the sample, and gives the arguments that replay a payload as its sender signed it.
fn replay(site: &Site, sample: &Sample, body: &[u8]) -> Vec<String> {
    let request = sample.request(body, NOW);
    let file = format!("captured-{}", sample.name());
    std::fs::write(site.path(&file), &request.body).expect("written");
    let event = site.path(&file).display().to_string();
    let mut arguments = [
        "connections",
        "test",
        &name(sample),
        "--event",
        &event,
        "--url",
        &request.url,
    ]
    .map(str::to_owned)
    .to_vec();
    for (name, value) in &request.headers {
        arguments.extend(["--header".to_owned(), format!("{name}: {value}")]);
    }
    arguments
}

fn connect(site: &Site, sample: &Sample) {
    let done = run(
        site,
        &arguments(site, sample, "http://127.0.0.1:9"),
        &["--no-test"],
    );
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}: {complaint}", sample.name());
}

#[test]
fn every_kind_believes_its_sender_and_reads_what_it_wrote() {
    let site = site();
    let takes = |sample: &Sample| sample.connector().hook.is_some();
    for sample in samples().into_iter().filter(takes) {
        connect(&site, &sample);
        let hook = sample.hook();
        // A sender whose certificate lies in the world is not asked for it here.
        let verified = sample.certificate.is_none();
        for (file, body) in sample.golden() {
            let mut more = vec!["--at", THEN, "--json"];
            if !verified {
                more.push("--no-verify");
            }
            let done = run(&site, &replay(&site, &sample, &body), &more);
            let outcome = json(&done);
            let at = format!("{}/{file}: {outcome}", sample.name());
            assert_eq!(
                outcome["verified"].as_bool(),
                verified.then_some(true),
                "{at}"
            );
            let expect = hook.normalize(&sample.request(&body, NOW), NOW);
            let Ok(expect) = expect else {
                assert!(
                    outcome["refused"].is_string() && !done.status.success(),
                    "{at}"
                );
                continue;
            };
            assert_eq!(
                outcome["events"],
                serde_json::to_value(&expect.events).expect("JSON"),
                "{at}"
            );
            assert_eq!(
                outcome["rejected"].as_array().map(Vec::len),
                Some(expect.rejected.len())
            );
            let taken = !expect.events.is_empty() || expect.rejected.is_empty();
            assert_eq!(done.status.success(), taken, "{at}");
        }
    }
    assert!(!site.path("followup.db").exists(), "nothing is stored");
}

#[test]
fn what_is_forged_or_late_is_told() {
    let site = site();
    let sendgrid = sample("sendgrid");
    assert_eq!(sendgrid.kind.authenticity, Authenticity::SignedWithTime);
    connect(&site, &sendgrid);
    let (_, body) = sendgrid.golden().swap_remove(1);
    let given = replay(&site, &sendgrid, &body);

    let late = json(&run(&site, &given, &["--json"]));
    assert_eq!(late["verified"], false);
    assert!(
        late["refused"]
            .as_str()
            .expect("why")
            .contains("check both clocks"),
        "{late}"
    );

    let text = run(&site, &given, &["--at", THEN]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("believes it") && text.contains("Nothing was stored"),
        "{text}"
    );

    std::fs::write(site.path("captured-sendgrid"), [&body[..], b" "].concat()).expect("written");
    let forged = run(&site, &given, &["--at", THEN, "--json"]);
    assert!(!forged.status.success());
    let forged = json(&forged);
    assert!(
        forged["refused"]
            .as_str()
            .expect("why")
            .contains("signature"),
        "{forged}"
    );
    assert_eq!(forged["events"], Value::Array(Vec::new()));

    let unasked = json(&run(&site, &given, &["--no-verify", "--json"]));
    assert!(
        unasked["verified"].is_null() && !unasked["events"].as_array().expect("a list").is_empty()
    );
}

#[test]
fn what_takes_no_webhooks_says_so() {
    let site = site();
    site.write("captured", "[]");
    let event = site.path("captured").display().to_string();
    for (arguments, part) in [
        (&["hubspott"][..], "did you mean \"hubspot\"?"),
        (&["hubspot", "--inbound"], "leave --inbound out"),
    ] {
        let told = refused(
            &site.run(&[&["connections", "test"], arguments, &["--event", &event]].concat()),
        );
        assert!(told.contains(part), "{told}");
    }
}

/// A mail server's connection is tried like any other.
#[test]
fn a_raw_mail_is_classified() {
    let site = site();
    site.write(
        "mail.eml",
        "From: Bob <bob@x.example>\r\nTo: ada@acme.example\r\nSubject: Re: Hello\r\nMessage-ID: <1@x.example>\r\n\r\nYes, gladly.\r\n",
    );
    let event = site.path("mail.eml").display().to_string();
    let arguments = [
        "connections",
        "test",
        "mail",
        "--event",
        &event,
        "--header",
        "Content-Type: message/rfc822",
        "--header",
        "Authorization: Bearer 0123456789abcdef",
        "--json",
    ];
    let outcome = json(&site.run(&arguments));
    assert_eq!(outcome["verified"], true, "{outcome}");
    assert_eq!(outcome["events"][0]["kind"], "replied", "{outcome}");
    assert_eq!(outcome["events"][0]["contact"]["email"], "bob@x.example");
}

/// A connection that the environment lacks a secret for is not one that nobody wrote.
#[test]
fn a_connection_that_cannot_be_read_says_why() {
    let site = site();
    let whole = site.read("followup.toml");
    let connection =
        "\n[connections.shop]\nkind = \"hubspot\"\nclient_secret = \"env:NOT_SET_HERE\"\n";
    site.write("followup.toml", &format!("{whole}{connection}"));
    site.write("deal.json", "[]");
    let event = site.path("deal.json").display().to_string();
    for arguments in [
        vec!["connections"],
        vec!["connections", "test", "shop", "--event", &event],
    ] {
        let done = site.run(&arguments);
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(complaint.contains("NOT_SET_HERE"), "{complaint}");
    }
}
