//! What holds for every provider and every CRM, whatever its table says.

use followup::domain::connector::{Connector, Done, Sends, WriteOutcome};
use followup::domain::http::{Request, Response};
use followup::domain::mail::Outcome;
use followup_tests::connectors::{NOW, Sample, samples};
use serde_json::Value;

use super::case::{carries_marker, lost, mail, not_sent, now, plain_mail, show, status, write};

/// Statuses that any server between us and them may answer.
const STATUSES: [u16; 20] = [
    200, 201, 202, 204, 301, 302, 400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 502, 503,
    504,
];

fn providers()
-> impl Iterator<Item = (Sample, std::sync::Arc<dyn followup::domain::mail::Provider>)> {
    samples()
        .into_iter()
        .filter_map(|sample| match sample.connector().sends {
            Some(Sends::Http(provider)) => Some((sample, provider)),
            _ => None,
        })
}

/// Every request a connector can make without being told more.
fn all_requests(connector: &Connector) -> Vec<Request> {
    let mut requests = Vec::new();
    if let Some(Sends::Http(provider)) = &connector.sends {
        requests.push(provider.send_request(&mail(), now()));
        requests.extend(provider.lookup(&mail(), now(), now()));
    }
    if let Some(writes) = &connector.writes {
        for kind in ["task", "note", "properties", "mail"] {
            let write = write(kind, None);
            if writes.check(&write).is_ok() {
                requests.extend(writes.request(&write, &[]));
                requests.extend(writes.search(&write, &[]));
            }
        }
    }
    if let Some(reconciles) = &connector.reconciles {
        let request = |object: &&str| reconciles.request(object, now(), None);
        requests.extend(reconciles.objects().iter().map(request));
    }
    requests.extend(connector.probes.as_ref().map(|probes| probes.request(NOW)));
    if let Some(registers) = &connector.registers {
        requests.extend(registers.requests(
            "https://f.example/hooks/x",
            "https://f.example/hooks/x/inbound",
        ));
    }
    requests
}

#[test]
fn a_mail_carries_our_id_and_nobody_elses_headers() {
    for (sample, provider) in providers() {
        for mail in [mail(), plain_mail()] {
            let request = provider.send_request(&mail, now());
            assert_eq!(
                request,
                provider.send_request(&mail, now()),
                "the same mail, the same bytes"
            );
            let body = String::from_utf8_lossy(&request.body);
            let name = sample.name();
            assert!(
                body.contains("msg_abc123"),
                "{name}: our id comes back with every event"
            );
            // A line break that a CRM wrote must not begin a header of its own.
            let injected = ["\r\nBcc:", "\nBcc:", "\\r\\nBcc:", "\\nBcc:"];
            assert!(
                injected.iter().all(|text| !body.contains(text)),
                "{name}: {body}"
            );
        }
    }
}

#[test]
fn what_was_not_accepted_for_sure_is_not_called_so() {
    for (sample, provider) in providers() {
        let name = sample.name();
        let unsent = provider.outcome(&not_sent());
        assert!(
            matches!(unsent, Outcome::Retry { .. }),
            "{name}: {unsent:?}"
        );
        let unanswered = provider.outcome(&lost());
        assert!(
            matches!(unanswered, Outcome::InDoubt { .. }),
            "{name}: {unanswered:?}"
        );
        let limited = provider.outcome(&Ok(status(429, &[("retry-after", "7")])));
        assert!(
            matches!(
                limited,
                Outcome::Retry {
                    after_ms: Some(7_000),
                    ..
                }
            ),
            "{name}: {limited:?}"
        );
        for code in STATUSES {
            let outcome = provider.outcome(&Ok(status(code, &[])));
            let accepted = matches!(outcome, Outcome::Accepted { .. });
            assert!(
                !accepted || (200..300).contains(&code),
                "{name} {code}: {outcome:?}"
            );
            // A gateway does not know what became of the request behind it.
            if [502, 504].contains(&code) {
                let repeated = matches!(outcome, Outcome::Retry { .. });
                assert!(
                    !repeated || provider.repeatable_ms().is_some(),
                    "{name} {code}: {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn a_write_in_doubt_is_repeatable_or_can_be_searched_for() {
    for sample in samples() {
        let Some(writes) = sample.connector().writes else {
            continue;
        };
        for kind in ["task", "note", "properties", "mail"] {
            let (name, write) = (sample.name(), write(kind, None));
            if writes.check(&write).is_err() {
                continue;
            }
            let request = writes.request(&write, &[]).expect("a first call");
            assert_eq!(
                writes.request(&write, &[]),
                Some(request.clone()),
                "{name} {kind}"
            );
            let repeatable = writes.is_repeatable(&write, &[]);
            let searched = writes.search(&write, &[]).is_some();
            assert!(
                repeatable || !searched || kind == "properties" || carries_marker(&request, &write),
                "{name} {kind}: searched for what it does not carry"
            );
            let lost = writes.outcome(&write, &[], &lost());
            assert!(
                matches!(lost, WriteOutcome::InDoubt { .. }),
                "{name} {kind}: {lost:?}"
            );
            let unsent = writes.outcome(&write, &[], &not_sent());
            assert!(
                matches!(unsent, WriteOutcome::Retry { .. }),
                "{name} {kind}: {unsent:?}"
            );
            for code in STATUSES {
                let made = writes.outcome(&write, &[], &Ok(status(code, &[])));
                let done = matches!(made, WriteOutcome::Done(_));
                assert!(
                    !done || (200..300).contains(&code),
                    "{name} {kind} {code}: {made:?}"
                );
            }
        }
    }
}

/// A write ends: whatever its calls give, there is no fifth.
#[test]
fn a_write_has_an_end() {
    for sample in samples() {
        let Some(writes) = sample.connector().writes else {
            continue;
        };
        for kind in ["task", "note", "properties", "mail"] {
            let write = write(kind, None);
            if writes.check(&write).is_err() {
                continue;
            }
            let mut done = Vec::new();
            while writes.request(&write, &done).is_some() {
                assert!(done.len() < 4, "{} {kind}: no end", sample.name());
                done.push(Done {
                    object: "task".to_owned(),
                    id: done.len().to_string(),
                });
            }
        }
    }
}

#[test]
fn credentials_show_nowhere_but_in_headers() {
    for sample in samples() {
        let connector = sample.connector();
        let secrets = sample
            .kind
            .fields
            .iter()
            .filter_map(|field| sample.settings.secret(field.key));
        let secrets: Vec<String> = secrets
            .map(|secret| secrecy::ExposeSecret::expose_secret(secret).to_owned())
            .collect();
        for request in all_requests(&connector) {
            for secret in &secrets {
                assert!(
                    !request.url.contains(secret.as_str()),
                    "{}: {}",
                    sample.name(),
                    request.url
                );
                let shown = format!("{request:?}");
                assert!(
                    !shown.contains(secret.as_str()),
                    "{}: {shown}",
                    sample.name()
                );
            }
            for (name, value) in &request.headers {
                assert_eq!(*name, name.to_lowercase(), "{}", sample.name());
                assert!(
                    value.bytes().all(|b| (32..127).contains(&b)),
                    "{}: {name}: {value:?}",
                    sample.name()
                );
            }
            let is_url = request.url.starts_with("https://");
            assert!(is_url, "{}: {:?}", sample.name(), show(&request));
        }
    }
}

/// Whatever comes back, nothing panics, and nothing is read where there is nothing.
#[test]
fn answers_may_be_anything() {
    let bodies: [&[u8]; 10] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>",
        b"\xff\xfe",
        b"{\"data\":[{\"id\":{}}]}",
        b"{\"results\":[null,1,\"x\",{\"id\":null,\"properties\":7}]}",
        b"[{\"id\":1e300}]",
        b"{\"errors\":[[]],\"message\":{}}",
    ];
    for sample in samples() {
        let connector = sample.connector();
        for body in bodies {
            for code in STATUSES {
                let answer = Response {
                    status: code,
                    headers: vec![("retry-after".to_owned(), "soon".to_owned())],
                    body: body.to_vec(),
                };
                read_by_everybody(&connector, &answer);
            }
        }
    }
}

fn read_by_everybody(connector: &Connector, answer: &Response) {
    if let Some(Sends::Http(provider)) = &connector.sends {
        provider.outcome(&Ok(answer.clone()));
        // An error is an answer too.
        let _ = provider.looked_up(&mail(), answer);
    }
    if let Some(writes) = &connector.writes {
        for kind in ["task", "note", "properties", "mail"] {
            let write = write(kind, None);
            writes.outcome(&write, &[], &Ok(answer.clone()));
            let _ = writes.found(&write, &[], answer);
        }
    }
    if let Some(reconciles) = &connector.reconciles {
        for object in reconciles.objects() {
            let _ = reconciles.read(object, answer);
        }
    }
    if let Some(probes) = &connector.probes {
        let _ = probes.read(answer);
    }
    if let Some(refreshes) = &connector.refreshes {
        let _ = refreshes.read(answer);
    }
    if let Some(registers) = &connector.registers {
        let _ = registers.read(std::slice::from_ref(answer));
    }
    if let Some(renews) = &connector.renews {
        let _ = renews.read(answer);
    }
}

/// Titles and words that people read are not empty; what cannot be true at once is not said.
#[test]
fn tables_are_complete() {
    for sample in samples() {
        let (kind, connector) = (sample.kind, sample.connector());
        assert!(
            !kind.title.is_empty() && !kind.steps.is_empty(),
            "{}",
            kind.name
        );
        assert!(
            kind.name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{}",
            kind.name
        );
        let mut keys = std::collections::BTreeSet::new();
        for field in kind.fields {
            assert!(keys.insert(field.key), "{}: {} twice", kind.name, field.key);
            assert!(
                field.help.ends_with('.') && !field.example.is_empty(),
                "{}.{}",
                kind.name,
                field.key
            );
            assert!(
                !(field.needed && field.default.is_some()),
                "{}.{}",
                kind.name,
                field.key
            );
        }
        if connector.hook.is_some() {
            let told = kind.steps.iter().any(|step| step.contains("{url}"));
            assert!(
                told,
                "{}: its steps do not say where webhooks go",
                kind.name
            );
        }
        if connector.receives.is_some() {
            let told = kind.steps.iter().any(|step| step.contains("{inbound_url}"));
            assert!(told, "{}: its steps do not say where mails go", kind.name);
            assert!(keys.contains("inbound_address"), "{}", kind.name);
        }
    }
}

/// Used by the snapshots only.
#[test]
fn requests_are_shown_whole() {
    let request = Request {
        method: followup::domain::http::Method::Get,
        url: "https://x.example".to_owned(),
        headers: vec![("authorization", "Bearer x".to_owned())],
        body: b"{\"a\":1}".to_vec(),
    };
    assert_eq!(show(&request)["body"], serde_json::json!({"a": 1}));
    assert_eq!(show(&request)["method"], Value::from("GET"));
}
