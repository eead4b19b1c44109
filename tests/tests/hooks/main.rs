//! One contract for every sender of webhooks, run over the payloads in `golden/`.
//!
//! A new sender is one more row in `senders.rs` and a folder of payloads; what they are read as is kept
//! in `snapshots/` (after a wanted change: `INSTA_UPDATE=always cargo test -p followup-tests --test hooks`).

mod senders;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use followup::domain::event::{KIND_MAX_BYTES, SOURCE_KEY_MAX_BYTES};
use followup::domain::hook::{Batch, Hook, Malformed, Refusal, TOLERANCE_MS};
use followup::providers::{Resend, SendGrid};

use senders::{NOW, Sender, URL, golden, request, senders};

fn read(sender: &Sender, body: &[u8]) -> Result<Batch, Malformed> {
    sender.hook.normalize(&request(sender, body, NOW), NOW)
}

#[test]
fn what_is_signed_is_believed() {
    for sender in senders() {
        for (name, body) in golden(&sender) {
            let got = sender.hook.verify(&request(&sender, &body, NOW), NOW);
            assert_eq!(got, Ok(()), "{}/{name}", sender.name);
        }
    }
}

#[test]
fn nothing_else_is_believed() {
    for sender in senders() {
        let (_, body) = golden(&sender).swap_remove(0);
        let good = request(&sender, &body, NOW);
        let name = sender.name;

        assert_eq!(
            sender.stranger.verify(&good, NOW),
            Err(Refusal::BadSignature),
            "{name}"
        );
        for at in [0, body.len() / 2, body.len() - 1] {
            let mut changed = good.clone();
            changed.body[at] ^= 1;
            let got = sender.hook.verify(&changed, NOW);
            assert_eq!(got, Err(Refusal::BadSignature), "{name}, byte {at}");
        }
        let mut longer = good.clone();
        longer.body.push(b'\n');
        assert_eq!(
            sender.hook.verify(&longer, NOW),
            Err(Refusal::BadSignature),
            "{name}"
        );

        for (header, value) in (sender.sign)(&body, NOW) {
            let mut missing = good.clone();
            missing.headers.retain(|(n, _)| *n != header);
            let got = sender.hook.verify(&missing, NOW);
            assert!(
                matches!(got, Err(Refusal::MissingHeader(_))),
                "{name} {header}: {got:?}"
            );

            let mut repeated = good.clone();
            repeated.headers.push((header.clone(), value));
            let got = sender.hook.verify(&repeated, NOW);
            assert!(
                matches!(got, Err(Refusal::RepeatedHeader(_))),
                "{name} {header}: {got:?}"
            );

            let mut garbled = good.clone();
            for (n, v) in &mut garbled.headers {
                if *n == header {
                    "\u{0}ü.".clone_into(v);
                }
            }
            assert!(
                sender.hook.verify(&garbled, NOW).is_err(),
                "{name} {header}"
            );
        }
    }
}

#[test]
fn a_signature_lives_five_minutes_either_way() {
    for sender in senders() {
        let (_, body) = golden(&sender).swap_remove(0);
        for (away_ms, fresh) in [
            (0, true),
            (TOLERANCE_MS, true),
            (-TOLERANCE_MS, true),
            (TOLERANCE_MS + 1000, false),
            (-TOLERANCE_MS - 1000, false),
            (1_000 * TOLERANCE_MS, false),
        ] {
            let got = sender
                .hook
                .verify(&request(&sender, &body, NOW.plus_ms(away_ms)), NOW);
            let stale = matches!(got, Err(Refusal::Stale { .. }));
            assert_eq!(stale, !fresh, "{} {away_ms} ms: {got:?}", sender.name);
        }
    }
}

/// HubSpot alone signs where the request went.
#[test]
fn a_request_to_another_url_is_another_request() {
    let sender = senders::hubspot();
    let (_, body) = golden(&sender).swap_remove(0);
    let mut elsewhere = request(&sender, &body, NOW);
    elsewhere.url = URL.replace("/x?", "/y?");
    assert_eq!(
        sender.hook.verify(&elsewhere, NOW),
        Err(Refusal::BadSignature)
    );
    elsewhere.url = URL.replace("%40", "@");
    assert_eq!(
        sender.hook.verify(&elsewhere, NOW),
        Ok(()),
        "the decoded form is the same URL"
    );
    elsewhere.method = "PUT".to_owned();
    assert_eq!(
        sender.hook.verify(&elsewhere, NOW),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn a_provider_without_a_webhook_key_believes_nobody() {
    let resend = Resend::new("re_x".to_owned().into(), None, String::new()).expect("no secret");
    let sendgrid = SendGrid::new("SG.x".to_owned().into(), None, String::new()).expect("no key");
    for (sender, hook) in [
        (senders::resend(), &resend as &dyn Hook),
        (senders::sendgrid(), &sendgrid),
    ] {
        let got = hook.verify(&request(&sender, b"[]", NOW), NOW);
        assert!(
            matches!(got, Err(Refusal::NotConfigured(_))),
            "{}: {got:?}",
            sender.name
        );
    }
}

/// What each payload is read as; `raw` is checked to be what was sent, and left out.
#[test]
fn payloads_are_read_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();
    for sender in senders() {
        for (name, body) in golden(&sender) {
            let batch = read(&sender, &body).expect("a batch");
            assert_eq!(
                read(&sender, &body),
                Ok(batch.clone()),
                "read twice is read the same"
            );

            let sent: Value = serde_json::from_slice(&body).expect("JSON");
            let sent = sent.as_array().cloned().unwrap_or_else(|| vec![sent]);
            assert_eq!(
                batch.events.len() + batch.rejected.len(),
                sent.len(),
                "nothing is lost"
            );
            let refused: BTreeSet<_> = batch.rejected.iter().map(|part| part.index).collect();
            let kept = sent
                .iter()
                .enumerate()
                .filter(|(index, _)| !refused.contains(index));
            assert!(
                batch
                    .events
                    .iter()
                    .map(|e| &e.raw)
                    .eq(kept.map(|(_, item)| item))
            );
            for event in &batch.events {
                assert!(event.source_key.len() <= SOURCE_KEY_MAX_BYTES);
                assert!(event.kind.len() <= KIND_MAX_BYTES);
            }
            let keys: BTreeSet<_> = batch.events.iter().map(|e| &e.source_key).collect();
            assert_eq!(
                keys.len(),
                batch.events.len(),
                "different events have different keys"
            );

            let mut seen = json!(batch);
            for event in seen["events"].as_array_mut().expect("a list") {
                event.as_object_mut().expect("an object").remove("raw");
            }
            insta::assert_json_snapshot!(format!("{}_{name}", sender.name), seen);
        }
    }
}

#[test]
fn a_body_that_is_none_of_theirs_is_malformed() {
    for sender in senders() {
        let wrong_shape: &[u8] = if sender.batches { b"7" } else { b"[]" };
        for body in [
            b"".as_slice(),
            b"{",
            b"\xff\xfe",
            b"null",
            b"\"text\"",
            wrong_shape,
        ] {
            let got = read(&sender, body);
            assert!(
                got.is_err(),
                "{} {:?}: {got:?}",
                sender.name,
                body.escape_ascii().to_string()
            );
        }
        let deep = "[".repeat(100_000);
        assert!(read(&sender, deep.as_bytes()).is_err(), "{}", sender.name);
    }
}

#[test]
fn a_batch_has_a_limit() {
    for sender in senders().into_iter().filter(|sender| sender.batches) {
        let body = format!("[{}0]", "0,".repeat(10_000));
        let Malformed(why) = read(&sender, body.as_bytes()).expect_err("too many");
        assert!(why.contains("10000 allowed"), "{why}");
    }
}

/// Every field of every payload, replaced by every kind of nonsense: never a panic, and a part that
/// cannot be read takes no other part with it.
#[test]
fn one_bad_field_spoils_at_most_its_own_event() {
    let nonsense = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\r\n\u{202e}ü".repeat(200)),
        json!([]),
        json!([[1]]),
        json!({}),
        json!({"email": 1, "id": {}, "type": []}),
    ];
    for sender in senders() {
        for (name, body) in golden(&sender) {
            let good = read(&sender, &body).expect("a batch");
            let sent: Value = serde_json::from_slice(&body).expect("JSON");
            for pointer in pointers(&sent, "") {
                for value in &nonsense {
                    let mut changed = sent.clone();
                    *changed.pointer_mut(&pointer).expect("there") = value.clone();
                    let got = read(&sender, changed.to_string().as_bytes());
                    if sender.batches && changed.is_array() {
                        let got = got.expect("still a batch");
                        assert!(
                            got.events.len() + 1 >= good.events.len(),
                            "{}/{name}{pointer} = {value}",
                            sender.name
                        );
                    }
                }
            }
        }
    }
}

/// JSON pointers to everything inside a value, the value itself left out.
fn pointers(value: &Value, prefix: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| (format!("{prefix}/{i}"), item))
            .collect(),
        Value::Object(map) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            map.iter()
                .map(|(key, item)| (format!("{prefix}/{}", escaped(key)), item))
                .collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (pointer, child) in children {
        all.push(pointer.clone());
        all.extend(pointers(child, &pointer));
    }
    all
}
