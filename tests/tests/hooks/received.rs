//! Received mails, as each provider hands them over: whole in the end, and told apart like raw ones.

use std::sync::Arc;

use followup::domain::connector::Authenticity;
use followup::domain::hook::{Hook, HookRequest};
use followup::inbound::{Ours, Through};
use followup_tests::connectors::{NOW, Sample, samples};
use serde_json::json;

/// The boundary of the golden multipart bodies.
const BOUNDARY: &str = "BoUnDaRy";

fn receivers() -> Vec<Sample> {
    let receives = |sample: &Sample| sample.connector().receives.is_some();
    samples().into_iter().filter(receives).collect()
}

fn door(sample: &Sample) -> Through {
    let receives = sample.connector().receives.expect("receives");
    Through::new(Arc::clone(&receives), Ours::default())
}

/// As it would be posted; a form tells by its beginning what it is.
fn posted(body: &[u8]) -> HookRequest {
    let text = String::from_utf8_lossy(body);
    let content_type = if text.starts_with("--") {
        format!("multipart/form-data; boundary={BOUNDARY}")
    } else if text.trim_start().starts_with(['{', '[']) {
        "application/json".to_owned()
    } else {
        "application/x-www-form-urlencoded".to_owned()
    };
    HookRequest {
        method: "POST".to_owned(),
        url: "https://followup.example.com/hooks/x/inbound".to_owned(),
        headers: vec![("content-type".to_owned(), content_type)],
        body: body.to_vec(),
        certificate: None,
    }
}

/// With the proof that the sample's webhooks carry; as it is where that is made of a webhook's own fields.
fn proven(sample: &Sample, body: &[u8]) -> HookRequest {
    let mut request = posted(body);
    if sample.kind.authenticity != Authenticity::SignedTime {
        let signed = (sample.sign)(body, NOW);
        request.headers.extend(signed.headers);
        request.body = signed.body;
        request.certificate.clone_from(&sample.certificate);
    }
    request
}

/// Passwords and certificates are those of the webhooks; other proofs have tests with their mapping.
#[test]
fn mails_are_believed_by_the_proof_of_webhooks() {
    let mut believed = 0;
    for sample in receivers() {
        let same = sample.kind.authenticity == Authenticity::StaticCredential;
        for (name, body) in sample.golden_in("inbound") {
            if same || sample.certificate.is_some() {
                let got = door(&sample).verify(&proven(&sample, &body), NOW);
                assert_eq!(got, Ok(()), "{}/inbound/{name}", sample.name());
                believed += 1;
            }
        }
    }
    assert!(believed >= 10, "{believed}");
}

#[test]
fn mails_are_read_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for sample in receivers() {
        let golden = sample.golden_in("inbound");
        assert!(
            !golden.is_empty(),
            "{} has no received mails",
            sample.name()
        );
        for (name, body) in golden {
            let batch = door(&sample).normalize(&proven(&sample, &body), NOW);
            let batch = batch.unwrap_or_else(|e| panic!("{}/inbound/{name}: {e}", sample.name()));
            let mut seen = json!(batch);
            for event in seen["events"].as_array_mut().expect("a list") {
                event.as_object_mut().expect("an object").remove("raw");
            }
            insta::assert_json_snapshot!(format!("received_{}_{name}", sample.name()), seen);
        }
    }
}

/// A golden body without the proof that its sender would add is nobody's.
#[test]
fn mails_of_nobody_are_refused() {
    for sample in receivers() {
        for (name, body) in sample.golden_in("inbound") {
            let got = door(&sample).verify(&posted(&body), NOW);
            assert!(got.is_err(), "{}/inbound/{name}: {got:?}", sample.name());
        }
    }
}

#[test]
fn what_is_no_mail_is_an_error_and_nothing_worse() {
    for sample in receivers() {
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"--BoUnDaRy\r\n",
            b"--BoUnDaRy--\r\n",
            b"email=%ff&headers=%",
        ] {
            // Nothing, or an error: never an event, never a panic.
            if let Ok(batch) = door(&sample).normalize(&posted(body), NOW) {
                assert_eq!(batch.events, [], "{}: {body:?}", sample.name());
            }
        }
    }
}
