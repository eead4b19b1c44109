//! Plugins in JavaScript, Python and C, as an author makes them: out of the binary's template, with the
//! language's own tools, in the production sandbox with its default limits.
//!
//! The tools are installed by `.ci/languages` into `target/languages`. Without them these tests fail
//! in CI; elsewhere they say loudly that they were not run.

mod bindings;
mod faults;
mod same_bytes;
mod templates;
mod workshop;

use std::path::Path;
use std::sync::Arc;

use followup::calendar::Calendar;
use followup::domain::decision::{ContactView, DecideInput, EnrollmentView};
use followup::domain::fault::Fault;
use followup::domain::{Event, Instant, JsonMap};
use followup::sandbox::{Decided, Limits, Plugin, Sandbox};

/// 2026-04-01T08:00:00Z, a Wednesday.
const NOW: Instant = Instant(1_775_030_400_000);

/// The production sandbox with its default limits and one policy in it.
struct Cell {
    sandbox: Sandbox,
    policy: Plugin,
    calendar: Arc<Calendar>,
}

impl Cell {
    fn new(wasm: &[u8]) -> Self {
        let limits = Limits {
            // The fuel of the defaults is what decides; CI's machines are busy.
            deadline_ms: 60_000,
            ..Limits::default()
        };
        let cache = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/languages-cache"));
        let sandbox = Sandbox::open(limits, cache).expect("an engine");
        let policy = sandbox.load(wasm).expect("it loads");
        Self {
            sandbox,
            policy,
            calendar: Arc::new(Calendar::default()),
        }
    }

    async fn call(&self, kind: &str, config: &str) -> Result<Decided, Fault> {
        let input = input(kind, config);
        self.sandbox
            .decide(&self.policy, input, &self.calendar)
            .await
    }
}

fn input(kind: &str, config: &str) -> DecideInput {
    DecideInput {
        now: NOW,
        seed: 7,
        event: Event {
            id: "evt_1".to_owned(),
            kind: kind.to_owned(),
            occurred_at: NOW,
            data: JsonMap::new(),
        },
        contact: ContactView {
            id: "con_1".to_owned(),
            email: Some("ada@example.com".to_owned()),
            time_zone: "Europe/Berlin".to_owned(),
            locale: None,
            attributes: JsonMap::new(),
        },
        account: None,
        enrollment: EnrollmentView {
            id: "enr_1".to_owned(),
            sequence: "test".to_owned(),
            enrolled_at: NOW,
            decisions: 0,
            timers: Vec::new(),
        },
        touches: Vec::new(),
        history: Vec::new(),
        state: None,
        config: config.to_owned(),
    }
}
