//! The crash matrix: the host dies at every commit, before and after it, and at random moments, on both
//! stores; of two hosts on one database, one dies and the other goes on.

use std::time::Duration;

use followup::clock::{Clock, SystemClock};
use followup::store::postgres::PostgresStore;
use followup::store::sqlite::SqliteStore;
use followup_tests::{Dice, FakeProvider, Options, Server, cluster, eventually};

use crate::crowd::{Crowd, IMPATIENT};
use crate::{rounds, start};

/// Commits of a life, counted from its start, that it dies at; times the rounds.
const COMMITS: u64 = 8;
/// Lives that end at a random moment; times the rounds.
const KILLS: u64 = 10;
/// People that turn up in a life.
const PEOPLE_PER_LIFE: usize = 24;
/// The longest time between a start and its kill.
const LIFE_MAX_MS: u64 = 400;

fn options() -> Options {
    Options {
        deliver: IMPATIENT,
        ..Options::default()
    }
}

/// A store for any number of hosts.
async fn shared() -> (String, Options) {
    let url = cluster::database().await;
    // Options are said once per process: what they borrow lives as long.
    let more = format!("[store]\nurl = \"{url}\"\nconnections = 4\n").leak();
    (url, Options { more, ..options() })
}

fn dice() -> Dice {
    Dice::seeded(SystemClock.now().0 as u64)
}

fn file(server: &Server) -> SqliteStore {
    SqliteStore::open_read_only(&server.site.path("followup.db")).expect("opens")
}

async fn database(url: String) -> PostgresStore {
    let opened = tokio::task::spawn_blocking(move || {
        PostgresStore::open_read_only(&cluster::options(&url)).expect("opens")
    });
    opened.await.expect("opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_commit_of_sqlite() {
    let provider = FakeProvider::start().await;
    let mut server = start(&provider, options());
    let crowd = die_at_every_commit(&mut server, &provider).await;
    crowd.all_is_well(&server.site, &file(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_commit_of_postgres() {
    let provider = FakeProvider::start().await;
    let (url, options) = shared().await;
    let mut server = start(&provider, options);
    let crowd = die_at_every_commit(&mut server, &provider).await;
    crowd.all_is_well(&server.site, &database(url).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_on_sqlite() {
    let provider = FakeProvider::start().await;
    let mut server = start(&provider, options());
    let crowd = die_at_random(&mut server, &provider).await;
    crowd.all_is_well(&server.site, &file(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_on_postgres() {
    let provider = FakeProvider::start().await;
    let (url, options) = shared().await;
    let mut server = start(&provider, options);
    let crowd = die_at_random(&mut server, &provider).await;
    crowd.all_is_well(&server.site, &database(url).await).await;
}

/// One of two is killed, at a random moment or at a commit; the other takes everything in meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_hosts_dies_and_the_other_goes_on() {
    let mut dice = dice();
    let provider = FakeProvider::start().await;
    let (url, options) = shared().await;
    let mut hosts = [start(&provider, options.clone()), start(&provider, options)];
    let mut crowd = Crowd::gather(&hosts[0].senders, &provider, &mut dice);
    for round in 0..KILLS / 2 * rounds() {
        crowd.find(&[&hosts[0].base, &hosts[1].base]);
        crowd.invite(PEOPLE_PER_LIFE);
        let dying = usize::from(!round.is_multiple_of(2));
        if dice.below(2) == 0 {
            let moment = ["before", "after"][dice.below(2) as usize];
            let number = 1 + dice.below(COMMITS);
            die_at(&mut hosts[dying], &mut crowd, moment, number).await;
        } else {
            live(&mut dice).await;
            tokio::task::block_in_place(|| hosts[dying].kill9());
        }
        // By then nobody is at the door of the dead one.
        let other = hosts[1 - dying].base.clone();
        crowd.find(&[&other]);
        crowd.invite(PEOPLE_PER_LIFE);
        tokio::task::block_in_place(|| hosts[dying].restart());
    }
    crowd.find(&[&hosts[0].base, &hosts[1].base]);
    crowd
        .all_is_well(&hosts[0].site, &database(url).await)
        .await;
}

async fn die_at_every_commit(server: &mut Server, provider: &FakeProvider) -> Crowd {
    let mut crowd = Crowd::gather(&server.senders, provider, &mut dice());
    for number in 1..=COMMITS * rounds() {
        for moment in ["before", "after"] {
            crowd.invite(PEOPLE_PER_LIFE / 4);
            die_at(server, &mut crowd, moment, number).await;
        }
    }
    tokio::task::block_in_place(|| server.restart());
    crowd.find(&[&server.base]);
    crowd
}

/// Lives anew until that commit, and dies there; people turn up until it is reached.
async fn die_at(server: &mut Server, crowd: &mut Crowd, moment: &str, number: u64) {
    server.site.before_serving = format!("export FOLLOWUP_DIES_AT={moment}:{number}");
    if tokio::task::block_in_place(|| server.start_mortal()) {
        crowd.find(&[&server.base]);
    }
    server.site.before_serving.clear();
    eventually(&format!("it dies {moment} commit {number}"), || {
        if server.has_ended() {
            return Ok(());
        }
        crowd.invite(1);
        Err("it lives")
    })
    .await;
}

async fn die_at_random(server: &mut Server, provider: &FakeProvider) -> Crowd {
    let mut dice = dice();
    let mut crowd = Crowd::gather(&server.senders, provider, &mut dice);
    crowd.invite(PEOPLE_PER_LIFE);
    for _ in 0..KILLS * rounds() {
        live(&mut dice).await;
        // Sometimes the next life ends before it begins: while it picks up what the last one left.
        let stillborn = (dice.below(3) == 0).then(|| Duration::from_millis(dice.below(150)));
        tokio::task::block_in_place(|| {
            server.kill9();
            if let Some(after) = stillborn {
                server.start_and_kill9(after);
            }
            server.restart();
        });
        crowd.find(&[&server.base]);
        crowd.invite(PEOPLE_PER_LIFE);
    }
    crowd
}

async fn live(dice: &mut Dice) {
    let until = SystemClock.now().plus_ms(dice.below(LIFE_MAX_MS) as i64);
    SystemClock.sleep_until(until).await;
}
