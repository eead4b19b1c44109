//! Sandbox: how a guest runs. The only place that knows wasmtime.
//!
//! In goes a component's bytes (`load`), then an input per call (`decide`, `migrate` of a policy;
//! `receive`, `poll` of a trigger); out comes an answer that keeps the contract or a `Fault`, one of a
//! closed list. Each call gets an instance of its own, limits with names, and a virtual world in which
//! the same input gives the same answer. A guest, whatever it does, costs one call: never the host,
//! never another guest, never more than its limits.
//!
//! It must never run what `load` did not check, read a clock, or reach the network but through
//! `Outgoing`, after `egress` judged the request.

mod cache;
mod call;
mod check;
mod compile;
mod egress;
mod engine;
mod fault;
mod inspect;
mod lane;
mod last_words;
mod limits;
mod load;
mod log;
mod memory;
mod policy;
mod trigger;
mod v0_1;
mod wasi;

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use wasmtime::Engine;
use wasmtime::component::Linker;

use cache::Cache;
use call::Call;
use engine::Ticker;
use lane::Lane;

pub use call::Called;
pub use compile::{Bounds, COMPILE_COMMAND, Compiler, Program, compile_stdin};
pub use egress::{Authority, AuthoritySetup, Outgoing};
pub use inspect::LoadError;
pub use limits::{Limits, TriggerLimits};
pub use load::Plugin;
pub use log::{Level, LogLine};
pub use policy::Decided;

/// No sandbox on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    #[error("instances_max is 0, so that no plugin could ever run: set it to 1 or more")]
    NoInstances,
}

/// Runs guests. Cheap to share behind an `Arc`.
pub struct Sandbox {
    engine: Engine,
    /// What guests may import, by kind: where `inspect` missed something, it does not link.
    linkers: Linkers,
    limits: Arc<Limits>,
    cache: Option<Cache>,
    compiler: Compiler,
    pooled: bool,
    policies: Lane,
    triggers: Lane,
    outgoing: Option<Arc<dyn Outgoing>>,
    _ticker: Ticker,
}

struct Linkers {
    policy: Linker<Call>,
    trigger: Linker<Call>,
}

impl Sandbox {
    /// Starts the engine. Compiled components are kept in `cache_dir`; where that cannot be had,
    /// every start compiles anew.
    pub fn open(limits: Limits, cache_dir: &Path) -> Result<Self, Error> {
        let of_triggers = limits.triggers.instances_max;
        if limits.instances_max == 0 || of_triggers == 0 {
            return Err(Error::NoInstances);
        }
        let (engine, pooled) = engine::build(&limits)?;
        let cache = Cache::open(cache_dir, limits.cache_files_max)
            .inspect_err(|error| {
                tracing::warn!(dir = %cache_dir.display(), %error, "compiled plugins are not kept: every start compiles them");
            })
            .ok();
        Ok(Self {
            _ticker: Ticker::start(engine.clone())?,
            linkers: Linkers::new(&engine).map_err(|e| Error::Engine(format!("{e:#}")))?,
            policies: Lane::of_policies(limits.instances_max)?,
            triggers: Lane::of_triggers(of_triggers)?,
            limits: Arc::new(limits),
            compiler: Compiler::Here,
            outgoing: None,
            engine,
            cache,
            pooled,
        })
    }

    /// Who compiles what is not in the cache; this process, unless told otherwise.
    #[must_use]
    pub fn with_compiler(self, compiler: Compiler) -> Self {
        Self { compiler, ..self }
    }

    /// Who performs the triggers' requests; without one, all are denied.
    #[must_use]
    pub fn with_outgoing(self, outgoing: Arc<dyn Outgoing>) -> Self {
        let outgoing = Some(outgoing);
        Self { outgoing, ..self }
    }

    /// The threads that policies run on. What is spawned there asks policies without changing threads, and
    /// must do nothing else that takes long.
    pub fn threads(&self) -> &Handle {
        self.policies.threads()
    }

    /// Whether instances come from a pool; without one, calls start about three times slower.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }
}

impl Linkers {
    fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut policy = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut policy)?;
        v0_1::link(&mut policy)?;
        let mut trigger = policy.clone();
        v0_1::link_triggers(&mut trigger)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut trigger)?;
        Ok(Self { policy, trigger })
    }
}
