//! What the loops cost per turn: contacts decided (events read, a sandboxed decision each, effects
//! and ledger committed), mails delivered, and what a turn costs while many more enrollments sleep.
//!
//! `cargo bench -p followup --bench tick`

#[path = "parts/world.rs"]
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use followup::clock::{Clock, ManualClock};
use followup::domain::event::kind;
use followup::domain::{ContactRef, EmailAddress};
use followup::store::intake::Arrival;
use tokio::runtime::Runtime;
use world::{NOW, World};

/// Contacts of one tick; fewer than `decide.batch_max`.
const BATCH: usize = 64;
/// Enrollments whose timers lie in the future.
const SLEEPING: [usize; 2] = [10_000, 100_000];

fn tick(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("tick");
    let world = runtime.block_on(World::start());
    measure(&mut group, &runtime, &world, "none asleep");

    for sleeping in SLEEPING {
        let world = runtime.block_on(World::start());
        runtime.block_on(put_to_sleep(&world, sleeping));
        measure(&mut group, &runtime, &world, &format!("{sleeping} asleep"));
        group.throughput(Throughput::Elements(1));
        let mut sleepers = (0..sleeping).cycle();
        group.bench_function(format!("a reply, {sleeping} asleep"), |bencher| {
            let mut next = || sleepers.next().expect("it never ends");
            bencher.iter_custom(|replies| {
                let replies = (0..replies).map(|_| reply(&world, next())).collect();
                runtime.block_on(hear(&world, replies))
            });
        });
    }
    group.finish();
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    world: &World,
    beside: &str,
) {
    group.throughput(Throughput::Elements(1));
    group.bench_function(format!("nothing due, {beside}"), |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let progress = world.daemon.engine.tick(NOW).await.expect("ticks");
            assert_eq!(progress.contacts, 0);
        });
    });
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(format!("{BATCH} due, {beside}"), |bencher| {
        bencher.to_async(runtime).iter_custom(async |ticks| {
            let mut took = Duration::ZERO;
            for _ in 0..ticks {
                world
                    .daemon
                    .store
                    .ingest(world.arrival(BATCH))
                    .await
                    .expect("stored");
                took += decide(world).await;
            }
            took
        });
    });
}

/// What ends an enrollment and cancels its mail.
fn reply(world: &World, person: usize) -> Arrival {
    let mut arrival = world.arrival(1);
    let event = &mut arrival.events[0];
    kind::REPLIED.clone_into(&mut event.kind);
    let address = EmailAddress::parse(&format!("evt-{person}@example.com"));
    event.contact = ContactRef::email(address.expect("an address"));
    arrival
}

/// One after the other, each acknowledged before the next one comes.
async fn hear(world: &World, arrivals: Vec<Arrival>) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let started = Instant::now();
    for arrival in arrivals {
        world.daemon.store.ingest(arrival).await.expect("stored");
    }
    started.elapsed()
}

async fn put_to_sleep(world: &World, contacts: usize) {
    for _ in 0..contacts.div_ceil(BATCH) {
        world
            .daemon
            .store
            .ingest(world.arrival(BATCH))
            .await
            .expect("stored");
        decide(world).await;
    }
}

/// One tick over a whole batch, every contact of which gets enrolled and its first mail queued.
async fn decide(world: &World) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let started = Instant::now();
    let progress = world.daemon.engine.tick(NOW).await.expect("ticks");
    let took = started.elapsed();
    assert_eq!(
        (progress.contacts, progress.conflicts, progress.postponed),
        (BATCH, 0, 0)
    );
    took
}

fn deliver(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::start());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    let mut group = criterion.benchmark_group("deliver");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(format!("{BATCH} mails to files"), |bencher| {
        bencher.to_async(&runtime).iter_custom(async |batches| {
            let mut took = Duration::ZERO;
            for _ in 0..batches {
                put_to_sleep(&world, BATCH).await;
                #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
                let started = Instant::now();
                let mut attempted = 0;
                while attempted < BATCH {
                    attempted += world
                        .daemon
                        .deliverer
                        .tick(&clock)
                        .await
                        .expect("ticks")
                        .attempted;
                }
                took += started.elapsed();
            }
            took
        });
    });
    group.finish();
}

criterion_group!(benches, tick, deliver);
criterion_main!(benches);
