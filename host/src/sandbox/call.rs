//! One call of a guest: a fresh store, a fresh instance, and nothing left of either afterwards.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::error::Elapsed;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::calendar::Calendar;
use crate::domain::Instant;
use crate::domain::fault::Fault;

use super::egress::Egress;
use super::engine::deadline_ticks;
use super::fault::{self, BadOutput};
use super::limits::Allowance;
use super::log::{Log, LogLine};
use super::memory::Memory;
use super::v0_1::Answer;
use super::wasi::{self, Said};

/// Handles (streams, pollables, requests) that a guest may hold at once.
const HANDLES_MAX: usize = 256;

/// How much more than `output_max_bytes` is looked at before it is measured: wasmtime counts a
/// list's records at their size in Rust.
const HOSTCALL_FACTOR: usize = 4;

/// How a call went, and what it took; told of a call that failed, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Called<T> {
    pub result: Result<T, Fault>,
    /// Instructions, roughly; the same for the same input.
    pub fuel_used: u64,
    /// The most that the guest held at any time.
    pub memory_bytes: usize,
    pub log: Vec<LogLine>,
}

/// What the host keeps while a guest runs.
pub(super) struct Call {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    memory: Memory,
    pub(super) said: Said,
    pub(super) log: Log,
    pub(super) calendar: Arc<Calendar>,
    pub(super) egress: Egress,
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Call {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.egress,
        }
    }
}

/// The moment and the dice of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    pub(super) now: Instant,
    pub(super) seed: u64,
}

/// A store with everything that a guest will find in it, and its limits set.
pub(super) fn store(
    engine: &Engine,
    allowance: &Allowance,
    fate: Fate,
    calendar: Arc<Calendar>,
    egress: Egress,
    log: Log,
) -> Store<Call> {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES_MAX);
    let mut http = WasiHttpCtx::new();
    http.set_field_size_limit(allowance.http_headers_max_bytes);
    let said = Said::new(allowance.stderr_max_bytes);
    let mut store = Store::new(
        engine,
        Call {
            wasi: wasi::context(fate.now, fate.seed, &said),
            http,
            table,
            memory: Memory::new(allowance.memory_max_bytes),
            said,
            log,
            calendar,
            egress,
        },
    );
    store.limiter(|call| &mut call.memory);
    store
        .set_fuel(allowance.fuel_max)
        .expect("the engine consumes fuel");
    store.set_epoch_deadline(deadline_ticks(allowance.deadline_ms));
    store.set_hostcall_fuel(allowance.output_max_bytes.saturating_mul(HOSTCALL_FACTOR));
    store
}

/// Waits for the guest. The epoch ends one that computes; only this ends one that waits.
pub(super) async fn in_time<T>(
    allowance: &Allowance,
    call: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    tokio::time::timeout(Duration::from_millis(allowance.deadline_ms), call).await
}

/// What became of the call. `check` is the contract's word on an answer.
pub(super) fn close<T>(
    store: Store<Call>,
    allowance: &Allowance,
    answer: Result<wasmtime::Result<Answer<T>>, Elapsed>,
    check: impl FnOnce(T) -> Result<T, BadOutput>,
) -> Called<T> {
    let fuel_left = store.get_fuel().unwrap_or(0);
    let call = store.into_data();
    let said = || call.said.text();
    let result = match answer {
        Err(_elapsed) => Err(fault::of_deadline(allowance, said())),
        Ok(Err(error)) => Err(fault::of_error(&error, &call.memory, said(), allowance)),
        Ok(Ok(Err(refusal))) => Err(fault::of_error_result(
            &refusal.message,
            refusal.remedy,
            said(),
        )),
        Ok(Ok(Ok(given))) => given
            .and_then(check)
            .map_err(|bad| fault::of_bad_output(&bad, said())),
    };
    Called {
        result,
        fuel_used: allowance.fuel_max.saturating_sub(fuel_left),
        memory_bytes: call.memory.used(),
        log: call.log.finish(),
    }
}
