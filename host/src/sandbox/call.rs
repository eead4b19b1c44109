//! One call of a guest: a fresh store, a fresh instance, and nothing left of either afterwards.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::calendar::Calendar;
use crate::domain::decision::{DecideInput, Decision};
use crate::domain::fault::Fault;

use super::engine::deadline_ticks;
use super::log::{Log, LogLine};
use super::memory::Memory;
use super::wasi::{self, Said};
use super::{Limits, Plugin, check, fault, v0_1};

/// Handles (streams, pollables) that a guest may hold at once.
const HANDLES_MAX: usize = 256;

/// How much more than `output_max_bytes` is looked at before it is measured: wasmtime counts a
/// list's records at their size in Rust.
const HOSTCALL_FACTOR: usize = 4;

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub decision: Decision,
    /// Instructions, roughly; the same for the same input.
    pub fuel_used: u64,
    /// The most that the guest held at any time.
    pub memory_bytes: usize,
    pub log: Vec<LogLine>,
}

/// What the host keeps while a guest runs.
pub(super) struct Call {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: Memory,
    pub(super) said: Said,
    pub(super) log: Log,
    pub(super) calendar: Arc<Calendar>,
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

pub(super) async fn decide(
    engine: &Engine,
    limits: &Limits,
    plugin: &Plugin,
    input: DecideInput,
    calendar: Arc<Calendar>,
) -> Result<Decided, Fault> {
    let now = input.now;
    let said = Said::new(limits.stderr_max_bytes);
    let mut store = store(engine, limits, &input, &said, calendar);

    let call = v0_1::decide(&mut store, plugin.ready(), input);
    // The epoch ends a guest that computes; only this ends one that waits.
    let answer = tokio::time::timeout(Duration::from_millis(limits.deadline_ms), call).await;

    let fuel_left = store.get_fuel().unwrap_or(0);
    let call = store.into_data();
    match answer {
        Err(_elapsed) => Err(fault::of_deadline(limits, said.text())),
        Ok(Err(error)) => Err(fault::of_error(&error, &call.memory, said.text(), limits)),
        Ok(Ok(Err(refusal))) => Err(fault::of_error_result(
            &refusal.message,
            refusal.remedy,
            said.text(),
        )),
        Ok(Ok(Ok(decision))) => {
            let decision = decision
                .and_then(|decision| check::decision(decision, plugin.manifest(), limits, now))
                .map_err(|bad| fault::of_bad_output(&bad, said.text()))?;
            Ok(Decided {
                decision,
                fuel_used: limits.fuel_max.saturating_sub(fuel_left),
                memory_bytes: call.memory.used(),
                log: call.log.finish(),
            })
        }
    }
}

fn store(
    engine: &Engine,
    limits: &Limits,
    input: &DecideInput,
    said: &Said,
    calendar: Arc<Calendar>,
) -> Store<Call> {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES_MAX);
    let mut store = Store::new(
        engine,
        Call {
            wasi: wasi::context(input.now, input.seed, said),
            table,
            memory: Memory::new(limits.memory_max_bytes),
            said: said.clone(),
            log: Log::new(limits.log_max_bytes),
            calendar,
        },
    );
    store.limiter(|call| &mut call.memory);
    store
        .set_fuel(limits.fuel_max)
        .expect("the engine consumes fuel");
    store.set_epoch_deadline(deadline_ticks(limits.deadline_ms));
    store.set_hostcall_fuel(limits.output_max_bytes.saturating_mul(HOSTCALL_FACTOR));
    store
}
