//! Traces through the whole program, as a collector gets them.

use std::collections::BTreeSet;

use followup_tests::senders::form;
use followup_tests::{Answer, Collected, FakeCollector, Options};
use serde_json::json;

use crate::World;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// For a collector that is not there, and the last batch on its way to it.
const STOP_MAX_MS: i64 = 15_000;

async fn traced(url: &str, more: &str) -> World {
    let section = format!(
        "[telemetry]\nendpoint = \"{url}\"\nservice_name = \"mailer\"\n\
         headers = \"file:secrets/sendgrid\"\ntimeout_ms = 1_000\n{more}"
    );
    World::with(Options {
        deliver: "retry_first_ms = 20\nretry_max_ms = 100",
        // Options are texts of the program elsewhere.
        more: section.leak(),
        ..Options::default()
    })
    .await
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn named<'a>(spans: &'a [Collected], name: &str) -> Vec<&'a Collected> {
    spans
        .iter()
        .filter(|found| found.span.name == name)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_webhook_to_the_providers_answer_is_one_trace() {
    let collector = FakeCollector::start().await;
    let mut world = traced(&collector.url, "").await;
    world.provider.order(
        "ada@x.example",
        [Answer::Refuse(500, "application_error", None)],
    );
    let webhook = form("welcome", "ada@x.example").to_string().into_bytes();
    let mut headers = world.server.sign("crm", world.server.now(), &webhook);
    headers.push(("traceparent", PARENT.to_owned()));
    assert_eq!(world.server.post("crm", headers, webhook).await.status, 200);
    let sent = world.until_message("ada@x.example", "sent").await;
    // What was recorded last leaves with the stop.
    world.server.terminate().await;

    let spans = collector.spans();
    let traces: BTreeSet<_> = spans
        .iter()
        .map(|found| hex(&found.span.trace_id))
        .collect();
    assert_eq!(traces.len(), 1, "{spans:#?}");
    let [webhook] = named(&spans, "webhook")[..] else {
        panic!("{spans:#?}")
    };
    let [decide] = named(&spans, "decide")[..] else {
        panic!("{spans:#?}")
    };
    let sends = named(&spans, "send");
    assert_eq!((sends.len(), spans.len()), (2, 4), "{spans:#?}");
    assert!(webhook.span.parent_span_id.is_empty());
    assert_eq!(decide.span.parent_span_id, webhook.span.span_id);
    for send in &sends {
        assert_eq!(send.span.parent_span_id, decide.span.span_id);
        assert_eq!(send.attribute("message.id").as_deref(), sent["id"].as_str());
    }
    assert_ne!(sends[0].span.span_id, sends[1].span.span_id);
    let outcomes: BTreeSet<_> = sends
        .iter()
        .filter_map(|send| send.attribute("outcome"))
        .collect();
    assert_eq!(
        outcomes,
        BTreeSet::from(["accepted".to_owned(), "in-doubt".to_owned()])
    );
    assert_eq!(decide.attribute("plugin").as_deref(), Some("cadence"));
    assert_eq!(decide.attribute("outcome").as_deref(), Some("email"));
    let [link] = &webhook.span.links[..] else {
        panic!("{webhook:#?}")
    };
    assert_eq!(
        format!("00-{}-{}-01", hex(&link.trace_id), hex(&link.span_id)),
        PARENT
    );
    for found in &spans {
        assert_eq!(found.service, "mailer");
        let span = &found.span;
        assert!(
            span.start_time_unix_nano > 0 && span.end_time_unix_nano >= span.start_time_unix_nano
        );
        let told = format!("{span:?}");
        assert!(
            !told.contains("ada@") && !told.contains("Hello"),
            "nobody is named: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_had_to_be_asked_for_is_in_it() {
    let collector = FakeCollector::start().await;
    let mut world = traced(&collector.url, "").await;
    world.hubspot.contact(501, "zoe@x.example", "Zoë");
    let created = json!({"eventId": 501, "portalId": 62515, "subscriptionId": 5, "attemptNumber": 0,
        "occurredAt": world.server.now().0, "subscriptionType": "contact.creation", "objectId": 501});
    world.server.hubspot(&json!([created])).await;
    world.until_message("zoe@x.example", "sent").await;
    world.server.terminate().await;
    let spans = collector.spans();
    let [hydrate] = named(&spans, "hydrate")[..] else {
        panic!("{spans:#?}")
    };
    let [send] = named(&spans, "send")[..] else {
        panic!("{spans:#?}")
    };
    // In the same trace, or in one that is linked to it.
    let linked = spans.iter().any(|found| {
        found.span.trace_id == send.span.trace_id
            && found
                .span
                .links
                .iter()
                .any(|link| link.span_id == hydrate.span.span_id)
    });
    assert!(
        hydrate.span.trace_id == send.span.trace_id || linked,
        "{spans:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_traced_all_the_way_or_not_at_all() {
    let collector = FakeCollector::start().await;
    let mut world = traced(&collector.url, "sample_ratio = 0.5").await;
    let emails: Vec<_> = (0..16)
        .map(|number| format!("p{number}@x.example"))
        .collect();
    let forms: Vec<_> = emails.iter().map(|email| form("welcome", email)).collect();
    world.server.crm(&json!(forms)).await;
    for email in &emails {
        world.until_message(email, "sent").await;
    }
    world.server.terminate().await;
    let spans = collector.spans();
    let of = |name: &str| -> BTreeSet<_> {
        named(&spans, name)
            .iter()
            .map(|found| hex(&found.span.trace_id))
            .collect()
    };
    assert!(
        (1..16).contains(&of("webhook").len()),
        "{}",
        of("webhook").len()
    );
    assert_eq!(of("webhook"), of("decide"));
    assert_eq!(of("webhook"), of("send"));
}

/// The mails matter, the traces do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_keeps_nobody_waiting() {
    let mut world = traced("http://127.0.0.1:9/v1/traces", "").await;
    world.server.crm(&form("welcome", "ada@x.example")).await;
    world.until_message("ada@x.example", "sent").await;
    let asked_at = world.server.now();
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let took_ms = world.server.now().since_ms(asked_at);
    assert!(took_ms < STOP_MAX_MS, "the stop took {took_ms} ms");
    let log = world.server.stderr();
    assert!(
        log.contains("the collector of traces is not reached"),
        "{log}"
    );
}
