//! Several hosts on one database: nothing twice, nothing lost, whoever's connection is cut.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use followup::store::postgres::{Options, PostgresStore};
use followup::store::work::Committed;
use followup::store::{DEFAULT_TENANT, Duty, Error, Shared};
use followup_tests::{cluster, eventually};
use futures_util::future::join_all;

use super::bench::{
    DEPTH, LOOKBACK, NOW, arrival, claim_of, decided, due, event, hear, queued, register, sends,
    with_message,
};

const PEOPLE: usize = 60;
/// Times that connections are cut while the hosts work.
const CUTS: usize = 20;

fn open(url: &str, serves: bool) -> Shared {
    let options = Options {
        serves,
        ..cluster::options(url)
    };
    Arc::new(PostgresStore::open(&options).expect("opens"))
}

fn email(number: usize) -> String {
    format!("p{number}@x{}.example", number % 7)
}

/// Callers come back as long as the store is unavailable, as doors and loops do.
async fn again<T>(mut call: impl AsyncFnMut() -> Result<T, Error>) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(Error::Unavailable(_)) => tokio::task::yield_now().await,
            Err(e) => panic!("{e}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_cut_and_nothing_is_lost_or_done_twice() {
    let url = cluster::database().await;
    let hosts = [open(&url, false), open(&url, false)];
    let sequence = register(&hosts[0], "one").await;
    let done = Arc::new(AtomicBool::new(false));
    let cutting = tokio::task::spawn_blocking({
        let (url, done) = (url.clone(), Arc::clone(&done));
        move || cut(&url, &done)
    });
    // Both hear the same events, each in its own order.
    let hear = hosts.iter().enumerate().map(|(nth, host)| {
        let host = Arc::clone(host);
        async move {
            for number in 0..PEOPLE {
                let number = if nth == 0 {
                    number
                } else {
                    PEOPLE - 1 - number
                };
                let told = event(&format!("form {number}"), "form-submitted", &email(number));
                again(async || host.ingest(arrival(vec![told.clone()])).await).await;
            }
        }
    });
    join_all(hear).await;
    // Both decide until nobody is due.
    let decide = hosts.iter().map(|host| {
        let host = Arc::clone(host);
        async move {
            loop {
                let due = again(async || host.due_contacts(NOW, 10, DEPTH).await).await;
                if due.is_empty() {
                    return;
                }
                let turns = due.iter().map(|contact| {
                    let id = format!("msg_{}", contact.id);
                    let mut turn = decided(contact, sequence);
                    turn.enrollments[0].ledger = vec![sends(contact, sequence, &id, None)];
                    turn
                });
                for result in host.commit(turns.collect()).await {
                    match result {
                        Ok(Committed::Stored { .. } | Committed::Conflict)
                        | Err(Error::Unavailable(_)) => {}
                        Err(e) => panic!("{e}"),
                    }
                }
            }
        }
    });
    join_all(decide).await;
    // Both claim until nothing is due.
    let claim = hosts.iter().map(|host| {
        let host = Arc::clone(host);
        async move {
            let mut won = Vec::new();
            loop {
                let due = again(async || host.due_messages(NOW, 7, LOOKBACK).await).await;
                if due.is_empty() {
                    return won;
                }
                let claims: Vec<_> = due
                    .iter()
                    .map(|message| {
                        claim_of(message, message.to.as_ref().expect("an address").as_str())
                    })
                    .collect();
                // What became of a claim whose answer was lost, its row tells: it is asked once.
                if let Ok(claimed) = host.claim(claims, NOW).await {
                    let mine = due.iter().zip(claimed).filter(|(_, claimed)| *claimed);
                    won.extend(mine.map(|(message, _)| message.id.clone()));
                }
            }
        }
    });
    let mut winners: HashMap<String, usize> = HashMap::new();
    for id in join_all(claim).await.into_iter().flatten() {
        *winners.entry(id).or_default() += 1;
    }
    done.store(true, Ordering::Relaxed);
    let cuts = cutting.await.expect("cut");
    assert!(cuts > 0, "no connection was cut");

    assert!(winners.values().all(|times| *times == 1), "{winners:?}");
    let status = again(async || hosts[0].status(DEFAULT_TENANT).await).await;
    assert_eq!(status.contacts, PEOPLE as u64);
    assert_eq!(status.enrollments["active"], PEOPLE as u64);
    assert_eq!(status.events["decided"], PEOPLE as u64);
    assert_eq!(status.messages["sending"], PEOPLE as u64, "{status:?}");
    let open = again(async || hosts[0].open_attempts().await).await;
    assert_eq!(open.len(), PEOPLE);
    assert!(open.iter().all(|attempt| attempt.attempts == 1), "{open:?}");
}

/// Ends the sessions of all hosts, again and again. Returns how many.
fn cut(url: &str, done: &AtomicBool) -> usize {
    let name = url.rsplit('/').next().expect("a database");
    let mut client = cluster::cluster().client(name).expect("connects");
    let mut cuts = 0;
    for _ in 0..CUTS {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let cut = client
            .query_one(
                "SELECT count(pg_terminate_backend(pid)), pg_sleep(0.05) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
                &[],
            )
            .expect("the server answers");
        cuts += cut.get::<_, i64>(0) as usize;
    }
    cuts
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_sends_and_another_takes_over() {
    let url = cluster::database().await;
    let first = open(&url, true);
    with_message(&first, "ada@x.example", "msg_1", None).await;
    let second = open(&url, true);
    assert!(first.has(Duty::Deliver) && !second.has(Duty::Deliver));
    assert_eq!(queued(&second, NOW).await.len(), 0);
    assert_eq!(second.next_message_at().await.expect("read"), None);
    let due = queued(&first, NOW).await;
    let claims = vec![claim_of(&due[0], "ada@x.example")];
    assert_eq!(first.claim(claims, NOW).await.expect("stored"), [true]);
    assert!(
        second.open_attempts().await.expect("read").is_empty(),
        "the host that called lives"
    );
    drop(first);
    eventually("another takes over", || {
        let takes_over = second.has(Duty::Deliver);
        takes_over.then_some(()).ok_or("not yet")
    })
    .await;
    let open = second.open_attempts().await.expect("read");
    assert_eq!(open[0].id, "msg_1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_is_at_another_leaves_alone() {
    let url = cluster::database().await;
    let first = open(&url, true);
    let second = open(&url, true);
    register(&first, "one").await;
    for number in 0..4 {
        let told = event(&format!("form {number}"), "form-submitted", &email(number));
        hear(&first, vec![told]).await;
    }
    let taken = second.due_contacts(NOW, 3, DEPTH).await.expect("read");
    assert_eq!(taken.len(), 3);
    eventually("the first knows of the second", || {
        let due = tokio::runtime::Handle::current().block_on(first.due_contacts(NOW, 10, DEPTH));
        let left = due.expect("read");
        match left.len() {
            1 if taken.iter().all(|contact| contact.id != left[0].id) => Ok(()),
            number => Err(format!("{number} are due")),
        }
    })
    .await;
    assert_eq!(due(&second, NOW).await.len(), 3, "they are its own");
    drop(second);
    eventually("they are free", || {
        let due = tokio::runtime::Handle::current().block_on(first.due_contacts(NOW, 10, DEPTH));
        match due.expect("read").len() {
            4 => Ok(()),
            number => Err(format!("{number} are due")),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bell_is_heard_by_the_other_host() {
    let url = cluster::database().await;
    let (first, second) = (open(&url, true), open(&url, true));
    register(&first, "one").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let watching = tokio::spawn({
        let second = Arc::clone(&second);
        async move { second.watch(&followup::clock::SystemClock, stopped).await }
    });
    // Also heard before: what rings until then is the interval of those who are not told.
    for number in 0..3 {
        let told = event(&format!("form {number}"), "form-submitted", &email(number));
        hear(&first, vec![told]).await;
        second.bells().decide.notified().await;
    }
    stop.send_replace(true);
    watching.await.expect("watched").expect("stopped");
}
