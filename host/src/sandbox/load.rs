//! From a component's bytes to a plugin that can be called: inspected, compiled or taken from the
//! cache, its imports resolved.

use std::sync::Arc;

use wasmtime::component::Component;

use crate::domain::digest;
use crate::domain::manifest::{Manifest, PluginKind};

use super::limits::Allowance;
use super::{LoadError, Sandbox, cache, inspect, v0_1};

/// A component that was checked and compiled. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    manifest: Manifest,
    digest: String,
    from_cache: bool,
    allowance: Allowance,
    ready: v0_1::Ready,
}

impl Sandbox {
    /// Checks a component and makes it ready. Compiling takes a tenth of a second for Rust, many
    /// seconds for Python: call it where blocking is allowed.
    pub fn load(&self, wasm: &[u8]) -> Result<Plugin, LoadError> {
        let manifest = inspect::inspect(wasm, &self.limits)?;
        let allowance = Allowance::of(&self.limits, &manifest)?;
        let digest = digest::of_bytes(wasm);
        let (component, from_cache) = self.component(wasm, &digest)?;
        let linker = match manifest.kind {
            PluginKind::Policy => &self.linkers.policy,
            PluginKind::Trigger => &self.linkers.trigger,
        };
        let ready =
            v0_1::ready(linker, &component).map_err(|e| LoadError::Contract(format!("{e:#}")))?;
        Ok(Plugin(Arc::new(Loaded {
            manifest,
            digest,
            from_cache,
            allowance,
            ready,
        })))
    }

    /// Whether the component with this digest was compiled before: loading it takes no time worth a
    /// word.
    pub fn is_cached(&self, digest: &str) -> bool {
        let cache = self.cache.as_ref();
        cache.is_some_and(|cache| cache.has(&self.engine, digest))
    }

    fn component(&self, wasm: &[u8], digest: &str) -> Result<(Component, bool), LoadError> {
        if let Some(cache) = &self.cache
            && let Some(component) = cache.load(&self.engine, digest)
        {
            return Ok((component, true));
        }
        let code = self.compiler.compile(&self.engine, &self.limits, wasm)?;
        if let Some(cache) = &self.cache {
            cache.store(&self.engine, digest, &code);
        }
        let component = cache::trusted(&self.engine, &code)
            .map_err(|e| LoadError::Compile(format!("{e:#}")))?;
        Ok((component, false))
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

    /// Whether it carries the state of running enrollments over from an older version.
    pub fn can_migrate(&self) -> bool {
        self.ready().can_migrate()
    }

    /// Whether it takes webhooks.
    pub fn can_receive(&self) -> bool {
        self.ready().can_receive()
    }

    /// Whether it asks by itself.
    pub fn can_poll(&self) -> bool {
        self.ready().can_poll()
    }

    pub(super) fn ready(&self) -> &v0_1::Ready {
        &self.0.ready
    }

    pub(super) fn allowance(&self) -> &Allowance {
        &self.0.allowance
    }
}
