//! One contract for every sender of webhooks, run over the payloads in `golden/`.
//!
//! A new sender is a sample in `followup_tests::connectors` and a folder of payloads; what they are read as is kept
//! in `snapshots/` (after a wanted change: `INSTA_UPDATE=always cargo test -p followup-tests --test hooks`).

mod orders;
mod received;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use followup::domain::connector::Authenticity;
use followup::domain::event::{KIND_MAX_BYTES, SOURCE_KEY_MAX_BYTES};
use followup::domain::hook::{Batch, HookRequest, Malformed, Refusal, TOLERANCE_MS};
use followup_tests::connectors::{NOW, Sample, URL, connect, sample, samples};

fn read(sample: &Sample, body: &[u8]) -> Result<Batch, Malformed> {
    sample.hook().normalize(&sample.request(body, NOW), NOW)
}

fn verify(sample: &Sample, request: &HookRequest) -> Result<(), Refusal> {
    sample.hook().verify(request, NOW)
}

/// The kinds that take webhooks.
fn senders() -> Vec<Sample> {
    let takes = |sample: &Sample| sample.connector().hook.is_some();
    samples().into_iter().filter(takes).collect()
}

#[test]
fn every_kind_has_a_sample() {
    let mut kinds: Vec<_> = followup::config::kinds().map(|kind| kind.name).collect();
    let mut sampled: Vec<_> = samples().iter().map(Sample::name).collect();
    kinds.sort_unstable();
    sampled.sort_unstable();
    assert_eq!(kinds, sampled, "each once");
}

#[test]
fn what_its_sender_proves_is_believed() {
    for sample in senders() {
        for (name, body) in sample.golden() {
            let got = verify(&sample, &sample.request(&body, NOW));
            assert_eq!(got, Ok(()), "{}/{name}", sample.name());
        }
    }
}

#[test]
fn a_stranger_is_not_believed() {
    for sample in senders() {
        let (_, body) = sample.golden().swap_remove(0);
        let good = sample.request(&body, NOW);
        let Some(stranger) = &sample.stranger else {
            assert_eq!(sample.kind.authenticity, Authenticity::None);
            continue;
        };
        let hook = connect(sample.kind, stranger).hook.expect("takes webhooks");
        let got = hook.verify(&good, NOW);
        let is_refused = matches!(got, Err(Refusal::BadSignature | Refusal::NotOurs(_)));
        assert!(is_refused, "{}: {got:?}", sample.name());
    }
}

#[test]
fn what_is_signed_cannot_be_changed() {
    let signed = [Authenticity::SignedWithTime, Authenticity::Signed];
    for sample in senders() {
        if !signed.contains(&sample.kind.authenticity) {
            continue;
        }
        let (name, (_, body)) = (sample.name(), sample.golden().swap_remove(0));
        let good = sample.request(&body, NOW);
        let length = good.body.len();
        for at in [0, length / 2, length - 1] {
            let mut changed = good.clone();
            changed.body[at] ^= 1;
            assert!(verify(&sample, &changed).is_err(), "{name}, byte {at}");
        }
        // Whose signature stands in the body signs fields of it, not white space after it.
        if (sample.sign)(&body, NOW).body == body {
            let mut longer = good.clone();
            longer.body.push(b'\n');
            let got = verify(&sample, &longer);
            assert_eq!(got, Err(Refusal::BadSignature), "{name}");
        }
    }
}

#[test]
fn each_header_of_the_proof_is_needed_once_and_whole() {
    for sample in senders() {
        let (name, (_, body)) = (sample.name(), sample.golden().swap_remove(0));
        let good = sample.request(&body, NOW);
        for (header, value) in (sample.sign)(&body, NOW).headers {
            let mut missing = good.clone();
            missing.headers.retain(|(n, _)| *n != header);
            let got = verify(&sample, &missing);
            assert!(
                matches!(got, Err(Refusal::MissingHeader(_))),
                "{name} {header}: {got:?}"
            );

            let mut repeated = good.clone();
            repeated.headers.push((header.clone(), value));
            let got = verify(&sample, &repeated);
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
            assert!(verify(&sample, &garbled).is_err(), "{name} {header}");
        }
    }
}

#[test]
fn a_signed_time_lives_five_minutes_either_way() {
    let timed = [Authenticity::SignedWithTime, Authenticity::SignedTime];
    for sample in senders() {
        let (_, body) = sample.golden().swap_remove(0);
        for (away_ms, fresh) in [
            (0, true),
            (TOLERANCE_MS, true),
            (-TOLERANCE_MS, true),
            (TOLERANCE_MS + 1000, false),
            (-TOLERANCE_MS - 1000, false),
            (1_000 * TOLERANCE_MS, false),
        ] {
            let got = verify(&sample, &sample.request(&body, NOW.plus_ms(away_ms)));
            let stale = matches!(got, Err(Refusal::Stale { .. }));
            let expect = !fresh && timed.contains(&sample.kind.authenticity);
            assert_eq!(stale, expect, "{} {away_ms} ms: {got:?}", sample.name());
        }
    }
}

/// HubSpot alone signs where the request went.
#[test]
fn a_request_to_another_url_is_another_request() {
    let hubspot = sample("hubspot");
    let (_, body) = hubspot.golden().swap_remove(0);
    let mut elsewhere = hubspot.request(&body, NOW);
    elsewhere.url = URL.replace("/x?", "/y?");
    assert_eq!(verify(&hubspot, &elsewhere), Err(Refusal::BadSignature));
    elsewhere.url = URL.replace("%40", "@");
    let got = verify(&hubspot, &elsewhere);
    assert_eq!(got, Ok(()), "the decoded form is the same URL");
    elsewhere.method = "PUT".to_owned();
    assert_eq!(verify(&hubspot, &elsewhere), Err(Refusal::BadSignature));
}

/// A kind whose webhook secret is optional sends mail without it, and believes no webhook.
#[test]
fn without_a_webhook_secret_nobody_is_believed() {
    for sample in senders() {
        let optional = sample
            .kind
            .fields
            .iter()
            .filter(|field| field.needed || field.default.is_some());
        let mut bare = followup::domain::connector::Settings::default();
        for field in optional {
            if let Some(secret) = sample.settings.secret(field.key) {
                bare = bare.with_secret(field.key, secret.clone());
            } else if let Some(text) = sample.settings.text(field.key) {
                bare = bare.with_text(field.key, text);
            }
        }
        let (_, body) = sample.golden().swap_remove(0);
        let request = sample.request(&body, NOW);
        let Some(hook) = connect(sample.kind, &bare).hook else {
            continue;
        };
        let got = hook.verify(&request, NOW);
        let needed = sample.hook().verify(&request, NOW) == got;
        assert!(
            needed || matches!(got, Err(Refusal::NotConfigured(_))),
            "{}: {got:?}",
            sample.name()
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
        for (name, body) in sender.golden() {
            let batch = read(&sender, &body).expect("a batch");
            assert_eq!(
                read(&sender, &body),
                Ok(batch.clone()),
                "read twice is read the same"
            );

            nothing_is_lost(&sender, &body, &batch);
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
            insta::assert_json_snapshot!(format!("{}_{name}", sender.name()), seen);
        }
    }
}

/// Each part of what was sent is the `raw` of an event, or was rejected.
fn nothing_is_lost(sender: &Sample, body: &[u8], batch: &Batch) {
    if !sender.batches {
        assert!(!batch.events.is_empty() || !batch.rejected.is_empty() || sender.pings(body));
        return;
    }
    let sent: Value = serde_json::from_slice(body).expect("JSON");
    let sent = sent.as_array().cloned().unwrap_or_else(|| vec![sent]);
    let refused: BTreeSet<_> = batch.rejected.iter().map(|part| part.index).collect();
    for (index, item) in sent.iter().enumerate() {
        let kept = batch.events.iter().any(|event| event.raw == *item);
        assert!(
            kept || refused.contains(&index) || sender.pings(body),
            "{item}"
        );
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
                sender.name(),
                body.escape_ascii().to_string()
            );
        }
        let deep = "[".repeat(100_000);
        assert!(read(&sender, deep.as_bytes()).is_err(), "{}", sender.name());
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
        for (name, body) in sender.golden() {
            let good = read(&sender, &body).expect("a batch");
            let Ok(sent) = serde_json::from_slice::<Value>(&body) else {
                continue;
            };
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
                            sender.name()
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
