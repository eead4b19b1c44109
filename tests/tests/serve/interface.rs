//! What outside checks rely on: streams, signals, routes, the shape of `--json`, connection keys.

use std::process::Stdio;

use followup::clock::{Clock, SystemClock};
use followup::figures::{FIGURES, Figure, Sort};
use followup_tests::raw::Raw;
use followup_tests::senders::{body, event, form};
use followup_tests::{Answer, Options, Server, Site};
use serde_json::{Value, json};

use crate::{PROGRAM, World};

/// A stop with nothing under way is a matter of milliseconds; this is for a busy machine.
const STOP_MAX_MS: i64 = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn one_line_on_stdout_logs_on_stderr_and_sigterm_stops() {
    let mut world = World::start().await;
    let base = world.server.base.clone();
    assert!(
        base.starts_with("http://127.0.0.1:") && !base.ends_with(":0"),
        "{base}"
    );
    world.server.crm(&form("welcome", "ada@x.example")).await;
    world.until_message("ada@x.example", "sent").await;
    // Neither a connection that is kept alive nor one that never says anything holds up the stop.
    let silent = Raw::connect(&base).await;

    let asked_at = SystemClock.now();
    let status = world.server.terminate().await;
    let took_ms = SystemClock.now().since_ms(asked_at);
    drop(silent);
    assert_eq!(status.code(), Some(0));
    assert!(took_ms < STOP_MAX_MS, "the stop took {took_ms} ms");
    assert_eq!(world.server.stdout(), [format!("listening on {base}")]);
    let log = world.server.stderr();
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("stderr is a log of JSON lines");
        assert!(
            ["level", "timestamp", "target", "message"]
                .iter()
                .all(|field| line[field].is_string()),
            "{line}"
        );
    }
}

/// What a log that is no terminal gets, and what it is told to get.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_the_log_can_be_chosen() {
    let world = World::start().await;
    // It is refused while the other one runs, and logs what it is warned of until then.
    let is_json = |format: &str| {
        let done = world.server.site.run(&["serve", "--log-format", format]);
        assert!(!done.status.success());
        let log = String::from_utf8(done.stderr).expect("text");
        let first = log.lines().next().expect("a line").to_owned();
        assert!(first.contains("no way to unsubscribe"), "{log}");
        serde_json::from_str::<Value>(&first).is_ok()
    };
    assert!(is_json("auto") && is_json("json") && !is_json("text"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let world = World::start().await;
    let mut command = world.server.site.command();
    command
        .args(["plugin", "list", "--config"])
        .arg(world.server.site.path("followup.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_health_and_figures() {
    let world = World::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.server.get(path).await.status, 200, "{path}");
    }
    world.server.crm(&form("welcome", "ada@x.example")).await;
    world.until_message("ada@x.example", "sent").await;

    let figures = world.server.get("/metrics").await;
    assert_eq!(figures.status, 200);
    assert!(
        figures
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain"))
    );
    let text = String::from_utf8(figures.body).expect("text");
    for name in [
        "followup_hooks_total",
        "followup_events_total",
        "followup_sends_total",
    ] {
        assert!(
            text.lines()
                .any(|line| line.starts_with(&format!("# TYPE {name} counter"))),
            "{text}"
        );
    }
    let sort = |figure: &Figure| format!("# TYPE {} {}\n", figure.name, figure.sort.word());
    let always = ["followup_hook_seconds", "followup_commit_jobs"];
    let shown = |figure: &&Figure| figure.sort == Sort::Gauge || always.contains(&figure.name);
    for figure in FIGURES.iter().filter(shown) {
        assert!(text.contains(&sort(figure)), "{}: {text}", figure.name);
        let help = format!("# HELP {} {}\n", figure.name, figure.help);
        assert!(text.contains(&help), "{help}: {text}");
    }
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, value) = line.rsplit_once(' ').expect("NAME VALUE");
        assert!(name.starts_with("followup_"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert_eq!(world.server.get("/nowhere").await.status, 404);
}

/// What waits is told as it is when it is asked for, and an exit until nothing can leave is timed.
#[tokio::test(flavor = "multi_thread")]
async fn queues_and_their_age_are_shown() {
    let world = World::with(Options {
        deliver: "timeout_ms = 300",
        ..Options::default()
    })
    .await;
    let (ada, bob) = ("ada@x.example", "bob@x.example");
    world.provider.order(ada, [Answer::Hang]);
    world
        .provider
        .order(bob, [Answer::Refuse(503, "", Some(3_600))]);
    world
        .server
        .crm(&json!([form("grid", ada), form("welcome", bob)]))
        .await;
    world.until_message(ada, "uncertain").await;
    world
        .until("the provider asks to wait", bob, |shown| {
            (shown["messages"][0]["attempts"] == 1).then_some(())
        })
        .await;
    let nameless = event(
        "form-submitted",
        "eve@x.example",
        "1",
        &json!({"form": "welcome"}),
    );
    world.server.crm(&nameless).await;
    world.until_message("eve@x.example", "held").await;
    for (figure, expect) in [
        ("followup_messages_in_doubt", 1.0),
        ("followup_messages_held", 1.0),
        // Queued, and not due before the hour that was asked for.
        ("followup_messages_due", 0.0),
        ("followup_messages_due_age_seconds", 0.0),
        ("followup_events_undecided", 0.0),
        ("followup_stop_seconds_count", -1.0),
    ] {
        let found = world.figure(figure).await.unwrap_or(-1.0);
        assert!((found - expect).abs() < f64::EPSILON, "{figure}: {found}");
    }
    world
        .server
        .crm(&event("replied", bob, "1", &json!({})))
        .await;
    assert_eq!(world.figure("followup_stop_seconds_count").await, Some(1.0));
    let outcome = "followup_decisions_total{plugin=\"cadence\",outcome=\"email\"}";
    assert_eq!(world.figure(outcome).await, Some(3.0));
}

/// An image without a shell asks the program itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_needs_no_other_program() {
    let mut world = World::start().await;
    let base = world.server.base.clone();
    let ready = ["ready", "--url", &base];
    let done = world.server.site.run(&ready);
    assert!(done.status.success(), "{done:?}");
    world.server.terminate().await;
    let done = world.server.site.run(&ready);
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("followup serve"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_show_and_status_have_their_shape_while_the_server_runs() {
    let world = World::start().await;
    let (ada, bob) = ("ada@x.example", "bob@x.example");
    let nameless = event("form-submitted", bob, "1", &json!({"form": "welcome"}));
    let taken = world
        .server
        .crm(&json!([form("welcome", ada), nameless]))
        .await;
    assert_eq!(
        (taken.status, body(&taken)["stored"].clone()),
        (200, json!(2))
    );
    world.until_message(ada, "sent").await;
    let held = world.until_message(bob, "held").await;
    assert!(
        held["held_reason"]
            .as_str()
            .is_some_and(|why| why.contains("first_name")),
        "a held message names the missing field: {held}"
    );

    let replied = world
        .server
        .crm(&event("replied", ada, "1", &json!({})))
        .await;
    assert_eq!(replied.status, 200);
    let shown = world.server.site.contact(ada).expect("known");
    assert_eq!(shown["contact"]["email"], ada);
    let enrollment = &shown["enrollments"][0];
    assert_eq!(enrollment["sequence"], "welcome");
    assert_eq!(enrollment["status"], "finished");
    assert_eq!(enrollment["exit_reason"], "replied");
    let message = &shown["messages"][0];
    assert!(
        message["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("msg_")),
        "{message}"
    );
    assert_eq!(message["subject"], "Hello Zoë");
    assert_eq!(message["held_reason"], Value::Null);
    let kinds: Vec<_> = shown["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| &e["kind"])
        .collect();
    assert_eq!(kinds, ["form-submitted", "replied"]);
    let decision = &shown["decisions"][0];
    assert_eq!(decision["plugin"], "cadence");
    for text in ["at", "reason"] {
        assert!(
            decision[text].as_str().is_some_and(|text| !text.is_empty()),
            "{decision}"
        );
    }
    assert!(
        decision["actions"]
            .as_array()
            .is_some_and(|actions| !actions.is_empty()),
        "{decision}"
    );

    let status = world.server.site.status();
    assert_eq!(status["contacts"], 2);
    assert_eq!(status["enrollments"], json!({"active": 1, "finished": 1}));
    assert_eq!(status["messages"], json!({"held": 1, "sent": 1}));
    assert_eq!(status["parked_decisions"], 0);
    assert!(world.server.site.contact("nobody@x.example").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_init_writes_passes_check_and_serves() {
    let mut site = Site::new(PROGRAM, &Options::default());
    let folder = site.path("fresh");
    let written = site
        .command()
        .arg("init")
        .arg(&folder)
        .output()
        .expect("runs");
    assert!(
        written.status.success(),
        "{}",
        String::from_utf8_lossy(&written.stderr)
    );
    // The one thing changed: any free port.
    let config = site.read("fresh/followup.toml");
    assert!(config.contains("listen = \"127.0.0.1:8080\""));
    site.move_to("fresh");
    site.write(
        "followup.toml",
        &config.replace("127.0.0.1:8080", "127.0.0.1:0"),
    );
    site.share_cache();
    let checked = site.run(&["check"]);
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );

    // Its secret is random; whoever is given the file can send.
    site.keys_mut().crm = site.read("secrets/crm-webhook").trim().to_owned();
    let server = tokio::task::block_in_place(|| Server::start(site));
    let taken = server.crm(&form("any", "ada@x.example")).await;
    assert_eq!(taken.status, 200);
    let mail = followup_tests::eventually("a mail in the outbox", || {
        let outbox = std::fs::read_dir(server.site.path("outbox"))
            .into_iter()
            .flatten();
        let files: Vec<_> = outbox
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        let mail = files
            .iter()
            .find(|file| file.extension().is_some_and(|e| e == "eml"));
        mail.cloned().ok_or_else(|| format!("{files:?}"))
    })
    .await;
    let mail = std::fs::read_to_string(mail).expect("readable");
    assert!(
        mail.contains("ada@x.example") && mail.contains("Subject: Thank you"),
        "{mail}"
    );
}

/// Secrets of every kind were used by then: to verify, to send and to ask.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_shown() {
    let world = World::start().await;
    let server = &world.server;
    world.hubspot.contact(501, "lea@x.example", "Lea");
    world.provider.order(
        "ada@x.example",
        [followup_tests::Answer::Refuse(
            400,
            "validation_error",
            None,
        )],
    );
    server
        .crm(&json!([
            form("welcome", "ada@x.example"),
            form("grid", "grid@x.example")
        ]))
        .await;
    let creation = json!({"eventId": 1, "portalId": 1, "subscriptionId": 1, "objectId": 501,
        "occurredAt": server.now().0, "subscriptionType": "contact.creation"});
    server.hubspot(&json!([creation])).await;
    server
        .sendgrid(&json!([{"event": "open", "email": "x@x.example", "sg_event_id": "1"}]))
        .await;
    server
        .resend(&json!({"type": "email.opened", "data": {"to": ["x@x.example"]}}))
        .await;
    for connection in ["crm", "hubspot", "sendgrid", "resend"] {
        let refused = server.post(connection, Vec::new(), b"{}".to_vec()).await;
        assert_eq!(refused.status, 401, "{connection}");
    }
    world.until_message("ada@x.example", "failed").await;
    world.until_message("grid@x.example", "sent").await;
    world.until_message("lea@x.example", "sent").await;

    let keys = &server.keys;
    let used: Vec<_> = world
        .provider
        .calls()
        .into_iter()
        .map(|call| call.authorization)
        .collect();
    for key in [keys.resend_api, keys.sendgrid_api] {
        assert!(
            used.contains(&format!("Bearer {key}")),
            "the key from its place was used: {used:?}"
        );
    }
    assert_eq!(
        world.hubspot.credentials(),
        [format!("Bearer {}", keys.hubspot_token)]
    );

    let mut seen = vec![("the log", server.stderr())];
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["check"],
        &["check", "--json"],
        &["contact", "show", "lea@x.example"],
        &["contact", "show", "ada@x.example", "--json"],
        &["plugin", "list"],
        &["sequence", "list"],
    ] {
        let done = server.site.run(arguments);
        assert!(done.status.success(), "{arguments:?}");
        for stream in [done.stdout, done.stderr] {
            seen.push((arguments[0], String::from_utf8(stream).expect("text")));
        }
    }
    let figures = server.get("/metrics").await;
    seen.push(("figures", String::from_utf8(figures.body).expect("text")));
    for (place, text) in seen {
        for secret in keys.secrets() {
            assert!(!text.contains(secret), "{place} shows {secret}");
        }
    }
}
