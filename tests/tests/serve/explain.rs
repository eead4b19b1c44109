//! Asking a running host why, and telling it to stop: from another process, through the command line.

use followup_tests::senders::form;
use serde_json::Value;

use crate::World;

const ADA: &str = "ada@x.example";

impl World {
    /// What a command says with `--json`.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Value {
        let done = self.server.site.run(&[arguments, &["--json"]].concat());
        let complaint = String::from_utf8_lossy(&done.stderr);
        serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {complaint}"))
    }

    /// What a command says to people.
    fn tell(&self, arguments: &[&str]) -> String {
        let done = self.server.site.run(arguments);
        let text = [done.stdout, done.stderr].concat();
        String::from_utf8(text).expect("text")
    }

    /// The outbox once it has one message, whatever its state.
    async fn waiting(&self) -> Value {
        followup_tests::eventually("a message waits", || {
            let outbox = self.ask(&["outbox"]);
            match outbox["messages"].as_array().map(Vec::len) {
                Some(1) => Ok(outbox["messages"][0].clone()),
                _ => Err(outbox.to_string()),
            }
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_waits_and_says_so_until_it_is_resumed() {
    let world = World::start().await;
    let paused = world.ask(&["pause", "--sequence", "welcome", "--reason", "wrong prices"]);
    assert_eq!(
        (&paused["scope"], &paused["name"]),
        (&"sequence".into(), &"welcome".into())
    );
    world.server.crm(&form("welcome", ADA)).await;
    let message = world.waiting().await;
    assert_eq!(message["to"], ADA);
    assert_eq!(message["rule"], "paused");
    assert_eq!(
        message["reason"],
        "sequence welcome is paused: wrong prices"
    );
    assert_eq!(message["waits_for"], "`followup resume --sequence welcome`");
    assert_eq!(message["goes_at"], Value::Null);

    // Another sequence goes on; by then the paused one would have gone.
    world.server.crm(&form("grid", "grid@x.example")).await;
    world.until_message("grid@x.example", "sent").await;
    assert!(world.provider.calls_to(ADA).is_empty());

    let why = world.ask(&["why", ADA]);
    assert_eq!(why["messages"][0]["rule"], "paused");
    assert_eq!(why["messages"][0]["because"]["kind"], "form-submitted");
    assert_eq!(why["messages"][0]["because"]["plugin"], "cadence");
    assert_eq!(why["obstacles"][0]["rule"], "paused");
    let summary = why["summary"].as_str().expect("text");
    assert!(
        summary.contains("followup resume --sequence welcome"),
        "{summary}"
    );
    let status = world.ask(&["status"]);
    assert_eq!(status["pauses"][0]["name"], "welcome");
    assert_eq!(status["waiting"][0]["rule"], "paused");
    assert_eq!(world.ask(&["pause", "--list"])[0]["reason"], "wrong prices");

    assert_eq!(
        world.ask(&["resume", "--sequence", "welcome"])["was_paused"],
        true
    );
    // The host notices what another process wrote; nothing else happens here.
    let sent = world.until_message(ADA, "sent").await;
    assert_eq!(world.provider.calls_to(ADA).len(), 1);
    let id = sent["id"].as_str().expect("text");
    let full = world.ask(&["why", "--message", id]);
    assert_eq!(full["second_look"]["verdict"], "allowed");
    assert_eq!(full["attempts"][0]["answer"]["outcome"], "accepted");
    for (arguments, shown) in [
        (&["why", ADA][..], "welcome/hello"),
        (&["why", "--message", id], "accepted as"),
        (&["contact", "show", ADA], "account"),
        (&["outbox"], "nothing waits"),
        (&["pause", "--list"], "nothing is paused"),
    ] {
        let text = world.tell(arguments);
        assert!(text.contains(shown), "{arguments:?}: {text}");
    }
}

/// A message that waits for its time is stopped as well, and a person may cancel it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_reaches_what_is_queued_already() {
    let world = World::start().await;
    world.server.crm(&form("later", ADA)).await;
    let queued = world.waiting().await;
    assert_eq!(
        (&queued["status"], &queued["rule"]),
        (&"queued".into(), &Value::Null)
    );
    for (selector, name) in [
        (&["--all"][..], ""),
        (&["--sequence", "later"], "later"),
        (&["--contact", ADA], ADA),
        (&["--identity", "ada"], "ada"),
    ] {
        let paused = world.ask(&[&["pause"], selector].concat());
        assert_eq!(
            (&paused["name"], &paused["stopped"]),
            (&name.into(), &1.into())
        );
        let outbox = world.ask(&["outbox", "--rule", "paused"]);
        assert_eq!(outbox["total"], 1, "{selector:?}");
        let resumed = world.ask(&[&["resume"], selector].concat());
        assert_eq!(resumed["was_paused"], true, "{selector:?}");
        assert_eq!(world.ask(&["outbox", "--rule", "paused"])["total"], 0);
        assert_eq!(
            world.ask(&[&["resume"], selector].concat())["was_paused"],
            false
        );
    }
    for (arguments, complaint) in [
        (
            &["pause", "--sequence", "latre"][..],
            "did you mean \"later\"?",
        ),
        (&["pause", "--identity", "zoe"], "use one of: ada, grace"),
        (
            &["pause", "--contact", "nobody@x.example"],
            "nobody known by",
        ),
        (&["pause"], "say what: --all"),
        (&["pause", "--all", "--until", "2020-01-01"], "is over"),
        (
            &["outbox", "release", "--message", "msg_1"],
            "is neither held as stale or restored nor in doubt",
        ),
        (&["why", "--message", "msg_1"], "there is no message"),
    ] {
        let text = world.tell(arguments);
        assert!(text.contains(complaint), "{arguments:?}: {text}");
    }

    let id = queued["id"].as_str().expect("text");
    let cancelled = world.ask(&["outbox", "cancel", "--message", id, "--reason", "not her"]);
    assert_eq!(cancelled["messages"], 1);
    assert_eq!(world.ask(&["outbox"])["total"], 0);
    let told = &world.ask(&["why", ADA])["messages"][0];
    assert_eq!(
        (&told["status"], &told["rule"]),
        (&"cancelled".into(), &"by-hand".into())
    );
    assert_eq!(told["reason"], "not her");
}
