//! The engine: how guests are compiled, and where their memory comes from.
//!
//! Deterministic where WebAssembly leaves a choice (NaN bits, relaxed SIMD, threads), so that a
//! decision can be recomputed from its ledger row.

use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{Error, Limits};

/// How often the epoch advances: the grain of `deadline_ms`.
const TICK_MS: u64 = 10;

/// Room for the host's own calls on the stack that it shares with a guest.
const HOST_STACK_BYTES: usize = 1536 << 10;

/// Core modules, memories and tables inside one component: what Python needs (it brings 40 modules).
pub(super) const CORE_INSTANCES_MAX: u32 = 64;
pub(super) const MEMORIES_MAX: u32 = 4;
pub(super) const TABLES_MAX: u32 = 32;
pub(super) const TABLE_ELEMENTS_MAX: usize = 20_000;

/// What stays mapped of a slot between two calls. More gains nothing (measured), and is
/// a whole memset per call on kernels without `PAGEMAP_SCAN` (before 6.7).
const KEEP_RESIDENT_BYTES: usize = 64 << 10;

/// An engine, and whether its instances come from a pool.
pub(super) fn build(limits: &Limits) -> Result<(Engine, bool), Error> {
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    match Engine::new(&config) {
        Ok(engine) => Ok((engine, true)),
        Err(error) => {
            // The pool reserves address space up front, which `ulimit -v` or an odd machine may refuse.
            tracing::warn!(error = %format!("{error:#}"), "no instance pool: plugins will start slower");
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            let engine = Engine::new(&config).map_err(|e| Error::Engine(format!("{e:#}")))?;
            Ok((engine, false))
        }
    }
}

/// An engine that only compiles: the same settings, and nothing reserved for instances. What it
/// compiles runs on any that `build` made (a test holds it).
pub(super) fn for_compiling() -> Result<Engine, Error> {
    Engine::new(&config(&Limits::default())).map_err(|e| Error::Engine(format!("{e:#}")))
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        // Fuel is the rule and always the same; the epoch is the backstop.
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .memory_init_cow(true)
        .max_wasm_stack(limits.stack_max_bytes)
        .async_stack_size(limits.stack_max_bytes.saturating_add(HOST_STACK_BYTES));
    config
}

/// One pool for policies and triggers; each of them queues for its own share (`lane`).
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let n = limits
        .instances_max
        .saturating_add(limits.triggers.instances_max);
    let memory = limits
        .memory_max_bytes
        .max(limits.triggers.memory_max_bytes);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(n)
        .total_core_instances(n.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(n.saturating_mul(MEMORIES_MAX))
        .total_tables(n.saturating_mul(TABLES_MAX))
        .total_stacks(n)
        .max_memory_size(memory)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_unused_warm_slots(n)
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(KEEP_RESIDENT_BYTES);
    pool
}

/// Ticks after which a call of `deadline_ms` is over; one more, since the first may come at once.
pub(super) fn deadline_ticks(deadline_ms: u64) -> u64 {
    deadline_ms.div_ceil(TICK_MS).saturating_add(1)
}

/// Advances the epoch until it is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    _hang_up: SyncSender<()>,
}

impl Ticker {
    /// A plain thread: a task would stand still with the runtime that guests block.
    pub(super) fn start(engine: Engine) -> Result<Self, Error> {
        let (hang_up, hung_up) = mpsc::sync_channel::<()>(0);
        std::thread::Builder::new()
            .name("guest-epoch".to_owned())
            .spawn(move || {
                let tick = Duration::from_millis(TICK_MS);
                while hung_up.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                    engine.increment_epoch();
                }
            })
            .map_err(|e| Error::Engine(format!("no thread for the epoch: {e}")))?;
        Ok(Self { _hang_up: hang_up })
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    #[test]
    fn what_a_child_compiles_runs_here() {
        let hash = |engine: &Engine| {
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        let limits = Limits {
            stack_max_bytes: 1 << 20,
            memory_max_bytes: 1 << 20,
            instances_max: 3,
            ..Limits::default()
        };
        let (engine, pooled) = build(&limits).expect("an engine");
        assert!(pooled);
        assert_eq!(hash(&engine), hash(&for_compiling().expect("an engine")));
    }
}
