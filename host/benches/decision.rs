//! What one sandboxed decision costs: a fresh instance, 30 attributes and 20 past events in, a mail
//! and a timer out; beside the same call in bare wasmtime, which is the floor.
//!
//! `cargo bench -p followup --bench decision`

#[path = "parts/bare.rs"]
mod bare;
#[path = "parts/callers.rs"]
mod callers;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use followup::calendar::Calendar;
use followup::domain::decision::{ContactView, DecideInput, EnrollmentView};
use followup::domain::{Event, Instant, JsonMap};
use followup::embedded::EMBEDDED;
use followup::sandbox::{Limits, Plugin, Sandbox};
use serde_json::json;
use tokio::runtime::Runtime;

const NOW: Instant = Instant(1_772_442_000_000);
const ATTRIBUTES: usize = 30;
const PAST_EVENTS: usize = 20;
/// Callers side by side; the sandbox has a thread per processor.
const CALLERS: [usize; 2] = [1, 2];

/// A policy with everything it takes to ask it.
struct Cell {
    sandbox: Sandbox,
    plugin: Plugin,
    calendar: Arc<Calendar>,
    input: DecideInput,
}

impl Cell {
    fn new(cache: &Path) -> Self {
        // A busy machine may put a guest off for longer than the default allows.
        let limits = Limits {
            deadline_ms: 60_000,
            ..Limits::default()
        };
        let sandbox = Sandbox::open(limits, cache).expect("an engine");
        let shipped = EMBEDDED.iter().find(|(id, _)| *id == "cadence");
        let (_, wasm) = shipped.expect("it is shipped");
        Self {
            plugin: sandbox.load(wasm).expect("it loads"),
            sandbox,
            calendar: Arc::new(Calendar::default()),
            input: input(),
        }
    }

    async fn decide(&self) {
        let answer = self
            .sandbox
            .decide(&self.plugin, self.input.clone(), &self.calendar);
        assert_eq!(answer.await.expect("decides").decision.actions.len(), 2);
    }
}

fn decision(criterion: &mut Criterion) {
    let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let cell = Arc::new(Cell::new(cache.path()));
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("decision");
    group.throughput(Throughput::Elements(1));
    group.bench_function("clone of the input", |bencher| {
        bencher.iter(|| black_box(cell.input.clone()));
    });
    let shipped = EMBEDDED.iter().find(|(id, _)| *id == "cadence");
    let bare = bare::Bare::new(shipped.expect("it is shipped").1, input());
    group.bench_function("bare wasmtime", |bencher| {
        bencher.iter(|| assert_eq!(bare.decide(), 2));
    });
    // As the decide loop asks: from the guests' own threads.
    group.bench_function("one after the other", |bencher| {
        bencher.iter(|| cell.sandbox.threads().block_on(cell.decide()));
    });
    for callers in CALLERS {
        group.bench_function(format!("{callers} at a time"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|calls| {
                let cell = Arc::clone(&cell);
                callers::work_off(vec![(); calls as usize], callers, move |()| {
                    let cell = Arc::clone(&cell);
                    async move { cell.decide().await }
                })
            });
        });
    }
    group.finish();
}

fn input() -> DecideInput {
    let event = |n: usize| Event {
        id: format!("evt_{n}"),
        kind: "page-visited".to_owned(),
        occurred_at: NOW.plus_ms(-1_000 * n as i64),
        data: JsonMap::from_iter([
            (
                "url".to_owned(),
                json!(format!("https://acme.example/pricing?visit={n}")),
            ),
            ("title".to_owned(), json!("Pricing")),
        ]),
    };
    let mut attributes = JsonMap::from_iter([("first_name".to_owned(), json!("Grace"))]);
    attributes.extend((1..ATTRIBUTES).map(|n| {
        (
            format!("crm_field_{n:02}"),
            json!(format!("what field {n} holds")),
        )
    }));
    DecideInput {
        now: NOW,
        seed: 7,
        event: event(0),
        contact: ContactView {
            id: "1".to_owned(),
            email: Some("grace@example.com".to_owned()),
            time_zone: "Europe/Berlin".to_owned(),
            locale: None,
            attributes,
        },
        account: None,
        enrollment: EnrollmentView {
            id: "enr_1".to_owned(),
            sequence: "pricing".to_owned(),
            enrolled_at: NOW,
            decisions: 0,
            timers: Vec::new(),
        },
        touches: Vec::new(),
        history: (1..=PAST_EVENTS).map(event).collect(),
        state: None,
        config: json!({ "steps": [
            { "template": "step-1" },
            { "template": "step-2", "after_business_days": 2, "at": "09:30" },
            { "task": "Call {{ contact.first_name }}", "after_business_days": 1, "at": "14:00" },
            { "template": "step-3", "after_business_days": 3, "at": "09:30" },
        ] })
        .to_string(),
    }
}

criterion_group!(benches, decision);
criterion_main!(benches);
