//! Sandbox: how a guest runs. The only place that knows wasmtime.
//!
//! In goes a component's bytes (`load`), then a `DecideInput` per call (`decide`); out comes a
//! `Decided` or a `Fault`, one of a closed list. Each call gets an instance of its own, limits with
//! names, and a virtual world in which the same input gives the same answer. A guest, whatever it
//! does, costs one call: never the host, never another guest, never more than its limits.
//!
//! It must never run what `load` did not check, read a clock, or reach the network.

mod cache;
mod call;
mod check;
mod engine;
mod fault;
mod inspect;
mod limits;
mod log;
mod memory;
mod v0_1;
mod wasi;

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::calendar::Calendar;
use crate::domain::decision::DecideInput;
use crate::domain::digest;
use crate::domain::fault::Fault;
use crate::domain::manifest::Manifest;

use cache::Cache;
use call::Call;
use engine::Ticker;

pub use call::Decided;
pub use inspect::LoadError;
pub use limits::Limits;
pub use log::{Level, LogLine};

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
    linker: Linker<Call>,
    limits: Arc<Limits>,
    cache: Option<Cache>,
    pooled: bool,
    /// One permit per instance: an exhausted pool would be an error, not a queue.
    permits: Arc<Semaphore>,
    /// Guests have threads of their own: one that computes until its deadline must not stop HTTP.
    /// Always there until `drop`.
    threads: Option<Runtime>,
    _ticker: Ticker,
}

/// A component that was checked and compiled. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    manifest: Manifest,
    digest: String,
    from_cache: bool,
    ready: v0_1::Ready,
}

impl Sandbox {
    /// Starts the engine. Compiled components are kept in `cache_dir`; where that cannot be had,
    /// every start compiles anew.
    pub fn open(limits: Limits, cache_dir: &Path) -> Result<Self, Error> {
        if limits.instances_max == 0 {
            return Err(Error::NoInstances);
        }
        let engine_error = |e: wasmtime::Error| Error::Engine(format!("{e:#}"));
        let (engine, pooled) = engine::build(&limits)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(engine_error)?;
        v0_1::link(&mut linker).map_err(engine_error)?;
        let cache = Cache::open(cache_dir, limits.cache_files_max)
            .inspect_err(|error| {
                tracing::warn!(dir = %cache_dir.display(), %error, "compiled plugins are not kept: every start compiles them");
            })
            .ok();
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(limits::cores() as usize)
            .thread_name("guest")
            .enable_time()
            .build()
            .map_err(|e| Error::Engine(format!("no threads for guests: {e}")))?;
        Ok(Self {
            _ticker: Ticker::start(engine.clone())?,
            permits: Arc::new(Semaphore::new(limits.instances_max as usize)),
            limits: Arc::new(limits),
            threads: Some(threads),
            engine,
            linker,
            cache,
            pooled,
        })
    }

    /// Whether instances come from a pool; without one, calls start about three times slower.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Checks a component and makes it ready. Compiling takes a tenth of a second for Rust, many
    /// seconds for Python: call it where blocking is allowed.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        let manifest = inspect::inspect(wasm, &self.limits)?;
        let digest = digest::of_bytes(wasm);
        let (component, from_cache) = self.component(wasm, &digest)?;
        let ready = v0_1::ready(&self.linker, &component)
            .map_err(|e| LoadError::Contract(format!("{e:#}")))?;
        Ok(Plugin(Arc::new(Loaded {
            manifest,
            digest,
            from_cache,
            ready,
        })))
    }

    fn component(&self, wasm: &[u8], digest: &str) -> Result<(Component, bool), LoadError> {
        if let Some(cache) = &self.cache
            && let Some(component) = cache.load(&self.engine, digest)
        {
            return Ok((component, true));
        }
        let component = Component::from_binary(&self.engine, wasm)
            .map_err(|e| LoadError::Compile(format!("{e:#}")))?;
        if let Some(cache) = &self.cache {
            cache.store(&self.engine, digest, &component);
        }
        Ok((component, false))
    }

    /// Asks a policy. Waits for its turn where `instances_max` calls are under way, first come,
    /// first served; the deadline runs from its turn on. A caller that stops waiting does not stop the
    /// guest: its deadline does.
    pub async fn decide(
        &self,
        plugin: &Plugin,
        input: DecideInput,
        calendar: &Arc<Calendar>,
    ) -> Result<Decided, Fault> {
        let permits = Arc::clone(&self.permits);
        let permit = permits
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (engine, limits) = (self.engine.clone(), Arc::clone(&self.limits));
        let (plugin, calendar) = (plugin.clone(), Arc::clone(calendar));
        let threads = self.threads.as_ref().expect("there until drop");
        let task = threads.spawn(async move {
            // Returned once the instance is gone.
            let _permit = permit;
            call::decide(&engine, &limits, &plugin, input, calendar).await
        });
        task.await
            .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }
}

/// A runtime must not be dropped where waiting is forbidden (another runtime's task), so it is told
/// to stop instead. Its guests end by their deadlines.
impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

impl Plugin {
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// `sha256:…` of the component.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Whether it came compiled from the cache.
    pub fn from_cache(&self) -> bool {
        self.0.from_cache
    }

    fn ready(&self) -> &v0_1::Ready {
        &self.0.ready
    }
}
