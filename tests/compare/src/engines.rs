//! How each engine is asked: a component or a module in, a call to be measured out.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use anyhow::Result;
use extism::{CompiledPlugin, Plugin, PluginBuilder};
use followup::calendar::Calendar;
use followup::domain::decision::{DecideInput, Decision};
use followup::sandbox::{Limits, Sandbox};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::input::{contracted, input};

pub mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "followup:plugin/policy" });
}

/// Makes one call: how long it took from the input to the answer, and the answer.
pub type Call = Box<dyn FnMut() -> Result<(Duration, Answer)>>;

/// What all of them must agree on.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub actions: usize,
    pub state: Option<String>,
    pub reason: String,
}

/// As the daemon asks: fuel, deadline, memory limit, virtual WASI, a thread of the sandbox's own, the
/// input converted and the decision checked.
pub fn in_followup(wasm: &[u8], cache: &Path) -> Result<Call> {
    // A busy machine may put a guest off for longer than the default allows.
    let sandbox = Sandbox::open(
        Limits {
            deadline_ms: 60_000,
            ..Limits::default()
        },
        cache,
    )?;
    let (plugin, calendar, input) = (sandbox.load(wasm)?, Arc::new(Calendar::default()), input());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(Box::new(move || {
        let input = input.clone();
        timed(|| {
            let decided = runtime.block_on(sandbox.decide(&plugin, input, &calendar));
            Ok(decided
                .map_err(|fault| anyhow::anyhow!("{fault:?}"))?
                .decision
                .into())
        })
    }))
}

/// What the contract offers and the template leaves alone.
const NEVER_CALLED: &[(&str, &[&str])] = &[
    ("followup:plugin/log@0.1.0", &["write"]),
    (
        "followup:plugin/calendar@0.1.0",
        &[
            "to-local",
            "from-local",
            "add-business-days",
            "is-business-day",
        ],
    ),
];

#[derive(Default)]
struct Bare {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// The least that works: a pool like the sandbox's, but no fuel, epoch, limits or checks, the whole WASI
/// as it comes, no `async`, and an input that already has the contract's types.
pub fn in_wasmtime(wasm: &[u8]) -> Result<Call> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(64)
        .max_core_instances_per_component(64);
    pool.total_memories(4)
        .max_memories_per_component(4)
        .max_memory_size(64 << 20);
    pool.total_tables(32)
        .max_tables_per_component(32)
        .linear_memory_keep_resident(64 << 10);
    pool.table_keep_resident(64 << 10);
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config)?;
    let component = Component::new(&engine, wasm)?;
    let mut linker = Linker::<Bare>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    for (interface, functions) in NEVER_CALLED {
        let mut interface = linker.instance(interface)?;
        for function in *functions {
            interface.func_new(function, |_, _, _, _| {
                Err(wasmtime::Error::msg("the template does not call this"))
            })?;
        }
    }
    let ready = bindings::PolicyPre::new(linker.instantiate_pre(&component)?)?;
    let input = contracted(input());
    Ok(Box::new(move || {
        timed(|| {
            let mut store = Store::new(&engine, Bare::default());
            let policy = ready.instantiate(&mut store)?;
            let answer = policy
                .followup_plugin_policy_decide()
                .call_decide(&mut store, &input)?;
            let it = answer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
            Ok(Answer {
                actions: it.actions.len(),
                state: it.state,
                reason: it.reason,
            })
        })
    }))
}

/// A new plugin per call, compiled before.
pub fn in_extism(wasm: &[u8], pooled: bool) -> Result<Call> {
    let (compiled, input) = (compile(wasm, pooled)?, input());
    Ok(Box::new(move || {
        timed(|| decide(&mut Plugin::new_from_compiled(&compiled)?, &input))
    }))
}

/// How Extism is mostly used, and what the sandbox never does: each call finds what the last one left.
pub fn in_kept_extism(wasm: &[u8]) -> Result<Call> {
    let (mut plugin, input) = (Plugin::new_from_compiled(&compile(wasm, false)?)?, input());
    Ok(Box::new(move || timed(|| decide(&mut plugin, &input))))
}

fn decide(plugin: &mut Plugin, input: &DecideInput) -> Result<Answer> {
    let answer = plugin.call::<_, &[u8]>("decide", serde_json::to_vec(input)?)?;
    Ok(serde_json::from_slice::<Decision>(answer)?.into())
}

/// Extism's own settings; `pooled` gives it wasmtime's pool, which it does not take by itself.
fn compile(wasm: &[u8], pooled: bool) -> Result<CompiledPlugin> {
    let mut config = extism_wasmtime::Config::new();
    if pooled {
        let pool = extism_wasmtime::PoolingAllocationConfig::new();
        config.allocation_strategy(extism_wasmtime::InstanceAllocationStrategy::Pooling(pool));
    }
    PluginBuilder::new(wasm)
        .with_cache_disabled()
        .with_wasmtime_config(config)
        .compile()
}

impl From<Decision> for Answer {
    fn from(it: Decision) -> Self {
        Self {
            actions: it.actions.len(),
            state: it.state,
            reason: it.reason,
        }
    }
}

fn timed<T>(call: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Clock::now();
    let answer = call()?;
    Ok((start.elapsed(), answer))
}
