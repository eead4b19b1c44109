//! The audit finds nothing where nothing is wrong, and each check its own damage.

use std::collections::BTreeSet;
use std::sync::Arc;

use followup::domain::NewEvent;
use followup::domain::decision::{Action, CreateTask, When};
use followup::domain::event::kind;
use followup::domain::mail::Outcome;
use followup::domain::verdict::Verdict;
use followup::store::outbox::{Conclusion, Next};
use followup::store::postgres::PostgresStore;
use followup::store::work::NewWriteback;
use followup::store::writebacks::Writer;
use followup::store::{DEFAULT_TENANT, Shared};
use followup_tests::cluster;
use postgres::NoTls;
use serde_json::json;

use super::bench::{
    LOOKBACK, NOW, address, claim_of, decided, due, event, hear, register, sends, with_message,
};

/// Each check, and a statement that breaks what it promises. In words that both databases know.
const DAMAGE: [(&str, &str); 16] = [
    ("intended", "DELETE FROM messages WHERE id = 'msg_bob'"),
    (
        "recorded",
        "UPDATE messages SET decision_id = (SELECT decision_id FROM messages WHERE id = 'msg_ada') WHERE id = 'msg_bob'",
    ),
    (
        "sent",
        "UPDATE attempts SET outcome = '{\"outcome\":\"rejected\",\"reason\":\"no\"}'
         WHERE message_seq = (SELECT seq FROM messages WHERE id = 'msg_ada')",
    ),
    (
        "once",
        "INSERT INTO attempts (message_seq, number, tenant_id, started_at, finished_at, outcome)
         SELECT message_seq, 2, tenant_id, started_at, finished_at, outcome FROM attempts
         WHERE message_seq = (SELECT seq FROM messages WHERE id = 'msg_ada')",
    ),
    (
        "attempts",
        "UPDATE messages SET attempts = 3 WHERE id = 'msg_bob'",
    ),
    (
        "sending",
        "UPDATE attempts SET finished_at = 1 WHERE message_seq = (SELECT seq FROM messages WHERE id = 'msg_fay')",
    ),
    (
        "stopped",
        "UPDATE messages SET status = 'queued' WHERE id = 'msg_dan'",
    ),
    (
        "opted-out",
        "UPDATE messages SET status = 'queued' WHERE id = 'msg_gus'",
    ),
    (
        "ended",
        "INSERT INTO timers (enrollment_id, name, tenant_id, due_at, data, set_at)
         SELECT enrollment_id, 'late', 1, 1, 'null', 1 FROM messages WHERE id = 'msg_dan'",
    ),
    (
        "touches",
        "DELETE FROM touches WHERE message_seq = (SELECT seq FROM messages WHERE id = 'msg_ada')",
    ),
    (
        "heard",
        "UPDATE contacts SET due_at = NULL WHERE email = 'hal@x.example'",
    ),
    (
        "planned",
        "UPDATE contacts SET due_at = NULL WHERE email = 'ada@x.example'",
    ),
    (
        "ledger",
        "UPDATE enrollments SET decisions = 2 WHERE id = (SELECT enrollment_id FROM messages WHERE id = 'msg_ada')",
    ),
    ("tasks", "DELETE FROM writebacks WHERE kind = 'note'"),
    ("writing", "UPDATE writeback_attempts SET finished_at = 1"),
    (
        "copies",
        "UPDATE messages SET sent_at = NULL WHERE id = 'msg_ada'",
    ),
];

#[tokio::test]
async fn each_check_finds_its_own_damage_in_sqlite() {
    for (name, damage) in DAMAGE {
        let (store, folder) = super::sqlite();
        live(&store).await;
        nothing_is_found(&store).await;
        let raw = rusqlite::Connection::open(folder.path().join("followup.db")).expect("opens");
        raw.execute_batch("PRAGMA foreign_keys = OFF")
            .expect("said");
        assert_ne!(raw.execute(damage, []).expect("damaged"), 0, "{name}");
        is_found(&store, name).await;
    }
}

#[tokio::test]
async fn each_check_finds_its_own_damage_in_postgres() {
    for (name, damage) in DAMAGE {
        let url = cluster::database().await;
        let options = cluster::options(&url);
        let store: Shared = Arc::new(PostgresStore::open(&options).expect("opens"));
        live(&store).await;
        nothing_is_found(&store).await;
        let damaging = tokio::task::spawn_blocking(move || {
            let mut raw = postgres::Client::connect(&url, NoTls).expect("connects");
            // As after a disk that forgot: nobody looks at foreign keys.
            raw.batch_execute("SET session_replication_role = replica")
                .expect("said");
            raw.execute(damage, &[]).expect("damaged")
        });
        assert_ne!(damaging.await.expect("ran"), 0, "{name}");
        is_found(&store, name).await;
    }
}

async fn nothing_is_found(store: &Shared) {
    let audit = store.audit(DEFAULT_TENANT).await.expect("read");
    let broken: Vec<_> = audit.checks.iter().filter(|it| it.found > 0).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let checks: BTreeSet<_> = audit.checks.iter().map(|check| check.name).collect();
    assert_eq!(checks, DAMAGE.map(|(name, _)| name).into());
    // Nothing was found where nothing was looked at.
    assert!(audit.checks.iter().all(|check| check.looked_at > 0));
    assert_eq!(audit.mails.asked_for, 7);
    assert_eq!(audit.mails.refused, 0);
    assert_eq!(audit.mails.messages.values().sum::<u64>(), 7);
}

async fn is_found(store: &Shared, name: &str) {
    let audit = store.audit(DEFAULT_TENANT).await.expect("read");
    let check = audit.checks.iter().find(|check| check.name == name);
    let check = check.expect("a check of this name");
    assert!(check.found > 0, "{name}: {audit:#?}");
    assert_eq!(check.found, check.findings.len() as u64, "{check:#?}");
}

/// Somebody in each state that a check looks at.
async fn live(store: &Shared) {
    let writer = Writer {
        connection: "crm".to_owned(),
        log_mail: true,
    };
    let writers = store.register_writers(DEFAULT_TENANT, vec![writer], NOW);
    writers.await.expect("stored");
    hear(store, vec![known("ada")]).await;
    with_message(store, "ada@x.example", "msg_ada", None).await;
    send(store, "ada").await;
    with_message(store, "fay@x.example", "msg_fay", None).await;
    claim(store, "fay").await;
    with_message(store, "bob@x.example", "msg_bob", None).await;
    with_message(store, "cleo@x.example", "msg_cleo", Some("no name")).await;
    with_message(store, "dan@x.example", "msg_dan", None).await;
    hear(store, vec![event("reply", kind::REPLIED, "dan@x.example")]).await;
    with_message(store, "gus@x.example", "msg_gus", None).await;
    let mut leaves = event("leave", kind::OPTED_OUT, "gus@x.example");
    leaves.data.insert("sequence".to_owned(), json!("pricing"));
    hear(store, vec![leaves]).await;
    ask_a_person(store).await;
    let waits = event("hal", kind::FORM_SUBMITTED, "hal@x.example");
    hear(store, vec![waits]).await;
}

/// The CRM knows them by an id.
fn known(name: &str) -> NewEvent {
    let email = format!("{name}@x.example");
    let mut told = event(&format!("known {name}"), kind::CONTACT_UPDATED, &email);
    told.contact.external_id = Some(format!("id-{name}"));
    told
}

async fn claim(store: &Shared, name: &str) -> i64 {
    let later = NOW.plus_ms(60_000);
    let due = store.due_messages(later, 10, LOOKBACK).await.expect("read");
    let id = format!("msg_{name}");
    let message = due.iter().find(|message| message.id == id).expect("due");
    let claim = claim_of(message, &format!("{name}@x.example"));
    assert_eq!(
        store.claim(vec![claim], later).await.expect("stored"),
        [true]
    );
    message.seq
}

async fn send(store: &Shared, name: &str) {
    let conclusion = Conclusion {
        seq: claim(store, name).await,
        outcome: Outcome::accepted(Some("em_1".to_owned())),
        next: Next::Sent {
            provider_id: Some("em_1".to_owned()),
            message_id: None,
        },
        now: NOW.plus_ms(60_001),
    };
    store.conclude(conclusion).await.expect("stored");
}

/// A mail, a task and a note in one decision; the CRM is at the first of both.
async fn ask_a_person(store: &Shared) {
    let sequence = register(store, "one").await;
    let mut eve = known("eve");
    kind::FORM_SUBMITTED.clone_into(&mut eve.kind);
    hear(store, vec![eve]).await;
    let contacts = due(store, NOW).await;
    let email = Some(address("eve@x.example"));
    let contact = contacts.iter().find(|contact| contact.email == email);
    let contact = contact.expect("due");
    let mut entry = sends(contact, sequence, "msg_eve", None);
    entry.output.actions.extend([
        Action::CreateTask(CreateTask {
            title: "Call".to_owned(),
            body: String::new(),
            due: When::Now,
        }),
        Action::AddNote {
            text: "says \"action\":\"add-note\"".to_owned(),
        },
    ]);
    entry
        .verdicts
        .extend([Verdict::allowed(), Verdict::allowed()]);
    entry.writebacks = vec![
        NewWriteback {
            kind: "task",
            body: json!({ "title": "Call" }),
            due_at: Some(NOW),
        },
        NewWriteback {
            kind: "note",
            body: json!({ "text": "says" }),
            due_at: None,
        },
    ];
    let mut turn = decided(contact, sequence);
    turn.enrollments[0].ledger = vec![entry];
    for result in store.commit(vec![turn]).await {
        result.expect("stored");
    }
    let writes = store.due_writes(NOW, 10).await.expect("read");
    let first = writes.first().expect("due");
    assert!(store.claim_write(first.id, NOW).await.expect("stored"));
}
