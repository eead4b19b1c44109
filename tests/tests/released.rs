//! What was released stays: the frozen copies of the contract (`wit/releases`), and one stored
//! component of each kind per release, which loads and answers with the same bytes for as long as any
//! 0.1 does. `tests/fixtures/make` writes the components of a new release; old ones are never rebuilt.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use followup::calendar::Calendar;
use followup::domain::decision::DecideInput;
use followup::domain::trigger::{TriggerContext, TriggerRequest};
use followup::domain::{Instant, JsonMap};
use followup::sandbox::{Authority, AuthoritySetup, Limits, Plugin, Sandbox};
use serde_json::{Value, json};
use wit_component::semver_check;
use wit_parser::{PackageId, Resolve};

const NOW: Instant = Instant(1_772_445_600_000);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Version and folder of every release.
fn releases() -> Vec<(String, PathBuf)> {
    let folder = root().join("wit/releases");
    let entries = fs::read_dir(folder).expect("wit/releases");
    let mut releases: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("readable");
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            )
        })
        .collect();
    releases.sort();
    assert!(!releases.is_empty(), "0.1.0 is released");
    releases
}

/// The contract's files in a folder, by name.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut texts: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).expect("text"))
        })
        .collect();
    texts.sort();
    texts
}

/// The contract under another version, so that two of them go into one `Resolve`.
fn push(resolve: &mut Resolve, texts: &[(String, String)], version: &str) -> PackageId {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in texts {
        let renamed: Vec<_> = text
            .lines()
            .map(|line| {
                if line.starts_with("package followup:plugin@") {
                    format!("package followup:plugin@{version};")
                } else {
                    line.to_owned()
                }
            })
            .collect();
        fs::write(folder.path().join(name), renamed.join("\n")).expect("written");
    }
    let (package, _) = resolve
        .push_dir(folder.path())
        .expect("the contract parses");
    package
}

/// The worlds of `old` that a component built for them could not be run in under `new`.
fn broken(old: &[(String, String)], new: &[(String, String)]) -> Vec<String> {
    let mut resolve = Resolve::default();
    let old = push(&mut resolve, old, "0.1.9998");
    let new = push(&mut resolve, new, "0.1.9999");
    let worlds = resolve.packages[old].worlds.clone();
    worlds
        .into_iter()
        .filter_map(|(name, before)| {
            let Some(after) = resolve.packages[new].worlds.get(&name).copied() else {
                return Some(format!("{name}: it is gone"));
            };
            let checked = semver_check(resolve.clone(), before, after);
            checked.err().map(|error| format!("{name}: {error:#}"))
        })
        .collect()
}

#[test]
fn what_is_released_is_frozen_and_what_follows_is_compatible() {
    let today = texts(&root().join("wit"));
    let (_, types) = today
        .iter()
        .find(|(name, _)| name == "types.wit")
        .expect("types.wit");
    for (version, folder) in releases() {
        let released = texts(&folder);
        assert_eq!(broken(&released, &today), [""; 0], "since {version}");
        // As long as the version is the same, so is every word of it.
        if types.contains(&format!("package followup:plugin@{version};")) {
            assert!(
                released == today,
                "wit/ differs from wit/releases/{version}: a release is frozen; raise the version"
            );
        }
    }
}

#[test]
fn what_would_break_a_component_is_found() {
    let today = texts(&root().join("wit"));
    let check = |from: &str, to: &str, broken_worlds: usize| {
        let changed: Vec<_> = today
            .iter()
            .map(|(name, text)| (name.clone(), text.replace(from, to)))
            .collect();
        assert_ne!(changed, today, "{from}");
        let found = broken(&today, &changed);
        assert_eq!(found.len(), broken_worlds, "{from} -> {to}: {found:?}");
    };
    // A record that lost or gained a field, an action that is gone, a function with another answer.
    check(
        "    kind: string,\n    /// When it happened",
        "    /// When it happened",
        2,
    );
    check(
        "    reason: string,",
        "    reason: string,\n    mood: string,",
        2,
    );
    check("    add-note(string),\n", "", 2);
    check(
        "is-business-day: func(at: instant, zone: string) -> result<bool, calendar-error>",
        "is-business-day: func(at: instant, zone: string) -> bool",
        5,
    );
}

fn sandbox() -> Sandbox {
    let limits = Limits {
        // A busy machine is no reason to fail: fuel bounds what a call does.
        deadline_ms: 60_000,
        ..Limits::default()
    };
    let cache = Path::new(env!("OUT_DIR")).join("compiled");
    Sandbox::open(limits, &cache).expect("a sandbox")
}

fn stored(sandbox: &Sandbox, version: &str, name: &str) -> Plugin {
    let file = root().join(format!("tests/fixtures/wit-{version}/{name}.wasm"));
    let wasm = fs::read(&file).unwrap_or_else(|e| {
        panic!(
            "{}: {e}; tests/fixtures/make {version} writes it",
            file.display()
        )
    });
    sandbox
        .load(&wasm)
        .expect("a component of a released contract loads")
}

fn input(kind: &str, data: Value, state: Option<&str>) -> DecideInput {
    let asked = json!({
        "now": NOW, "seed": 7,
        "event": {"id": "evt_1", "kind": kind, "occurred_at": NOW, "data": data},
        "contact": {"id": "con_1", "email": "eve@orchard.example", "time_zone": "Europe/Berlin",
                    "locale": "de", "attributes": {"first_name": "Eve", "age": 41, "vip": true}},
        "account": {"id": "acc_1", "name": "Orchard", "attributes": {}},
        "enrollment": {"id": "enr_1", "sequence": "welcome", "enrolled_at": NOW, "decisions": 0,
                       "timers": [{"name": "over", "at": NOW, "data": {"n": 1}}]},
        "touches": [{"id": "msg_1", "kind": "email", "at": NOW, "subject": "Hello", "template": "greeting",
                     "sequence": "welcome", "status": "sent"}],
        "history": [],
        "state": state, "config": "{\"greeting\":\"greeting\"}",
    });
    serde_json::from_value(asked).expect("a decision's input")
}

#[tokio::test]
async fn a_stored_policy_decides_as_it_did() {
    let (sandbox, calendar) = (sandbox(), Arc::new(Calendar::default()));
    for (version, _) in releases() {
        let policy = stored(&sandbox, &version, "policy");
        let mut answers = Vec::new();
        for (kind, data, state) in [
            ("enrolled", json!({}), None),
            (
                "resource-downloaded",
                json!({"resource": "Prices"}),
                Some("{\"greeted\":true}"),
            ),
            (
                "timer-fired",
                json!({"timer": "over", "data": null}),
                Some("{\"greeted\":true}"),
            ),
            // Newer than the component: it arrives as it is, under its own name.
            (
                "acme.lead-sang",
                json!({"song": {"verses": [1, 2]}, "é": "ü"}),
                Some("{\"greeted\":true}"),
            ),
        ] {
            let decided = sandbox
                .decide(&policy, input(kind, data, state), &calendar)
                .await;
            answers.push(decided.expect("a decision").decision);
        }
        insta::assert_json_snapshot!(format!("policy_{version}"), answers);
    }
}

#[tokio::test]
async fn a_stored_trigger_answers_as_it_did() {
    let (sandbox, calendar) = (sandbox(), Arc::new(Calendar::default()));
    for (version, _) in releases() {
        let trigger = stored(&sandbox, &version, "trigger");
        let authority = Authority::new(AuthoritySetup {
            grants: trigger.manifest().grants.clone(),
            config: json!({"form": "demo"}),
            secrets: [("signing_key".to_owned(), "secret".to_owned().into())].into(),
            hosts: None,
            allow_private: Vec::new(),
        });
        let body = json!({"id": "s_1", "form": "demo", "email": "eve@orchard.example", "first_name": "Eve"});
        let request = TriggerRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
            body: body.to_string().into_bytes(),
        };
        let context = TriggerContext {
            now: NOW,
            seed: 7,
            connection: "forms".to_owned(),
            config: json!({"form": "demo"}).to_string(),
        };
        let authority = authority.expect("its secret is there");
        let called = sandbox
            .receive(&trigger, context, request, &calendar, &authority)
            .await;
        let received = called.result.expect("events");
        let [event] = &received.events[..] else {
            panic!("one event: {received:?}");
        };
        let expect = |fields: Value| fields.as_object().cloned().unwrap_or_else(JsonMap::new);
        assert_eq!(
            (event.dedupe_key.as_str(), event.kind.as_str()),
            ("s_1", "form-submitted")
        );
        assert_eq!(event.fields, expect(json!({"first_name": "Eve"})));
        assert_eq!(event.data, expect(json!({"form": "demo"})));
        assert_eq!(event.occurred_at, NOW);
    }
}
