//! PostgreSQL crashes and recovers, ends all connections, cannot be reached: webhooks are answered 503
//! meanwhile and taken when they come again, nothing is lost, and the host does not hammer at the door.

use followup::clock::{Clock, SystemClock};
use followup::store::postgres::PostgresStore;
use followup_tests::cluster::{self, Cluster};
use followup_tests::senders::form;
use followup_tests::{Dice, FakeProvider, Gate, Options, Server, Weather};

use crate::crowd::{Crowd, IMPATIENT};
use crate::{rounds, start};

/// Times that each is done; times the rounds.
const TIMES: u64 = 2;
const PEOPLE: usize = 24;
/// How long the database cannot be reached, with nobody at the host's door.
const AWAY_MS: i64 = 6_000;
/// Connections that the host may try in that time: its loops, its duties and its ear, once a second each,
/// and as many again by those that were under way.
const TRIES_MAX: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn postgres_crashes_and_cannot_be_reached() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    let provider = FakeProvider::start().await;
    let (cluster, direct) = tokio::task::block_in_place(|| {
        let cluster = Cluster::own();
        let url = cluster.make_database();
        (cluster, url)
    });
    let (address, name) = direct
        .trim_start_matches("postgres://followup@")
        .split_once('/')
        .expect("ADDRESS/DATABASE");
    let gate = Gate::before(&format!("http://{address}")).await;
    let through = gate.url.trim_start_matches("http://");
    let url = format!("postgres://followup@{through}/{name}");
    let server = start(
        &provider,
        Options {
            deliver: IMPATIENT,
            more: format!("[store]\nurl = \"{url}\"\nconnections = 4\n").leak(),
            ..Options::default()
        },
    );
    let mut crowd = Crowd::gather(&server.senders, &provider, &mut dice);
    for _ in 0..TIMES * rounds() {
        crowd.invite(PEOPLE);
        gather(&mut dice).await;
        tokio::task::block_in_place(|| cluster.stop());
        turned_away(&server).await;
        tokio::task::block_in_place(|| cluster.restart());
        ready_again(&server).await;

        crowd.invite(PEOPLE);
        gather(&mut dice).await;
        let cut = tokio::task::block_in_place(|| cluster.cut_connections(&direct));
        assert!(cut > 0, "there were connections");
        ready_again(&server).await;

        crowd.invite(PEOPLE);
        gather(&mut dice).await;
        gate.turn(Weather::Slammed);
        turned_away(&server).await;
        gate.turn(Weather::Fair);
        ready_again(&server).await;
    }
    let opened = tokio::task::spawn_blocking(move || {
        PostgresStore::open_read_only(&cluster::options(&direct)).expect("opens")
    });
    let store = opened.await.expect("opens");
    crowd.all_is_well(&server.site, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_not_hammered() {
    let provider = FakeProvider::start().await;
    let url = cluster::database().await;
    let rest = url.trim_start_matches("postgres://followup@");
    let (address, name) = rest.split_once('/').expect("ADDRESS/DATABASE");
    let gate = Gate::before(&format!("http://{address}")).await;
    let through = gate.url.trim_start_matches("http://");
    let more =
        format!("[store]\nurl = \"postgres://followup@{through}/{name}\"\nconnections = 4\n");
    let server = start(
        &provider,
        Options {
            more: more.leak(),
            ..Options::default()
        },
    );
    gate.turn(Weather::Slammed);
    turned_away(&server).await;
    gate.turn(Weather::Slammed);
    let until = SystemClock.now().plus_ms(AWAY_MS);
    SystemClock.sleep_until(until).await;
    let tried = gate.met();
    eprintln!("{tried} tries to connect within {AWAY_MS} ms");
    assert!(
        (1..=TRIES_MAX).contains(&tried),
        "{tried} tries within {AWAY_MS} ms"
    );
    gate.turn(Weather::Fair);
    ready_again(&server).await;
    let told = form("nothing", "afterwards@x.example");
    assert_eq!(server.crm(&told).await.status, 200);
}

/// The crowd is at it for a moment.
async fn gather(dice: &mut Dice) {
    let until = SystemClock.now().plus_ms(dice.below(400) as i64);
    SystemClock.sleep_until(until).await;
}

/// Webhooks are answered 503, and `/readyz` says why.
async fn turned_away(server: &Server) {
    let answer = server.crm(&form("nothing", "turned-away@x.example")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, 503);
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(told.contains("unavailable"), "{told}");
    assert_eq!(server.get("/healthz").await.status, 200);
}

async fn ready_again(server: &Server) {
    let mut beat = tokio::time::interval(std::time::Duration::from_millis(50));
    let ready = async {
        while server.get("/readyz").await.status != 200 {
            beat.tick().await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_mins(1), ready).await;
    in_time.expect("it is ready again within a minute");
}
