//! The sandbox on a real component: the rogue policy (`tests/rogue`) misbehaves on demand, and
//! every misdeed must cost exactly one call. Its sister `rogue-trigger` does so with webhooks, polls and
//! requests of its own.

mod cache;
mod compile;
mod contract;
mod egress;
mod fairness;
mod faults;
mod load;
mod post;
mod trigger;
mod world;

use std::path::Path;
use std::sync::Arc;

use followup::calendar::Calendar;
use followup::domain::decision::{ContactView, DecideInput, EnrollmentView};
use followup::domain::fault::Fault;
use followup::domain::{Event, Instant, JsonMap};
use followup::sandbox::{Decided, Limits, Plugin, Sandbox};
use serde_json::json;

/// 2026-04-01T08:00:00Z, a Wednesday.
const NOW: Instant = Instant(1_775_030_400_000);

/// The rogue's component, as the build script built it.
fn rogue_wasm() -> Vec<u8> {
    std::fs::read(env!("ROGUE_COMPONENT")).expect("the build script built it")
}

/// Where tests that are not about the cache keep what they compiled, so that it is done once.
fn shared_cache() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/sandbox-cache"))
}

/// One sandbox with the rogue in it.
struct Cell {
    sandbox: Sandbox,
    rogue: Plugin,
    calendar: Arc<Calendar>,
}

/// Limits that do not depend on how busy the machine is: fuel ends a loop long before the deadline.
fn patient() -> Limits {
    Limits {
        deadline_ms: 60_000,
        ..Limits::default()
    }
}

/// Only the deadline ends a loop.
fn hurried() -> Limits {
    Limits {
        deadline_ms: 100,
        fuel_max: u64::MAX,
        ..Limits::default()
    }
}

impl Cell {
    fn new(limits: Limits) -> Self {
        let sandbox = Sandbox::open(limits, shared_cache()).expect("an engine");
        let rogue = sandbox.load(&rogue_wasm()).expect("the rogue loads");
        Self {
            sandbox,
            rogue,
            calendar: Arc::new(Calendar::default()),
        }
    }

    async fn call(&self, misdeed: &str) -> Result<Decided, Fault> {
        self.call_with(input(misdeed)).await
    }

    async fn call_with(&self, input: DecideInput) -> Result<Decided, Fault> {
        self.sandbox
            .decide(&self.rogue, input, &self.calendar)
            .await
    }

    /// What a misdeed that only talks says.
    async fn reason(&self, misdeed: &str) -> String {
        self.call(misdeed).await.expect(misdeed).decision.reason
    }

    /// That this sandbox still answers the well-behaved.
    async fn assert_alive(&self, after: &str) {
        let decided = self.call("none").await;
        let reason = decided.map(|decided| decided.decision.reason);
        assert_eq!(reason.as_deref(), Ok("behaves"), "after {after}");
    }
}

fn input(misdeed: &str) -> DecideInput {
    DecideInput {
        now: NOW,
        seed: 7,
        event: Event {
            id: "evt_1".to_owned(),
            kind: "enrolled".to_owned(),
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
        config: json!({ "misbehave": misdeed }).to_string(),
    }
}
