//! The plugins of this host: those in the binary, and component files that the configuration names.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::domain::install::Running;
use crate::domain::manifest::Manifest;
use crate::embedded::EMBEDDED;
use crate::sandbox::{Plugin, Sandbox};

/// Loaded plugins and the sandbox they run in. A clone shares both.
#[derive(Clone)]
pub struct Plugins {
    pub sandbox: Arc<Sandbox>,
    pub by_id: BTreeMap<String, Installed>,
}

/// A plugin and where it came from.
#[derive(Clone)]
pub struct Installed {
    /// The active version.
    pub plugin: Plugin,
    /// Versions that enrollments may still run on, and what becomes of those.
    pub older: Vec<Plugin>,
    pub running: Running,
    /// `built in`, or the file.
    pub source: String,
}

impl Plugins {
    /// Opens the sandbox and loads every plugin. Blocks: a component that is not in the cache is
    /// compiled.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let sandbox = Sandbox::open(config.sandbox.limits.clone(), &config.sandbox.cache)?;
        let mut by_id = BTreeMap::new();
        for (name, wasm) in EMBEDDED {
            let plugin = sandbox
                .load(wasm)
                .with_context(|| format!("built-in plugin {name}"))?;
            let installed = Installed::alone(plugin, "built in".to_owned());
            by_id.insert(installed.plugin.manifest().id.clone(), installed);
        }
        for file in &config.plugins.files {
            let shown = file.display().to_string();
            let wasm = read(file, config.sandbox.limits.component_max_bytes)
                .with_context(|| format!("plugin {shown}"))?;
            let plugin = sandbox
                .load(&wasm)
                .with_context(|| format!("plugin {shown}"))?;
            let id = plugin.manifest().id.clone();
            if let Some(other) = by_id.get(&id) {
                bail!(
                    "plugin {shown} has the id {id:?} of another one ({}): remove one of them",
                    other.source
                );
            }
            by_id.insert(id, Installed::alone(plugin, shown));
        }
        Ok(Self {
            sandbox: Arc::new(sandbox),
            by_id,
        })
    }

    /// One plugin and nothing else, for its scenarios.
    pub fn only(sandbox: Arc<Sandbox>, plugin: Plugin) -> Self {
        let id = plugin.manifest().id.clone();
        let installed = Installed::alone(plugin, "under test".to_owned());
        Self {
            sandbox,
            by_id: BTreeMap::from([(id, installed)]),
        }
    }

    pub fn manifests(&self) -> Vec<Manifest> {
        self.by_id
            .values()
            .map(|installed| installed.plugin.manifest().clone())
            .collect()
    }
}

impl Installed {
    /// The one version there is: enrollments go over to it with the state they have.
    fn alone(plugin: Plugin, source: String) -> Self {
        Self {
            plugin,
            older: Vec::new(),
            running: Running::Migrate,
            source,
        }
    }
}

fn read(file: &std::path::Path, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(file)?.len();
    if bytes > max_bytes as u64 {
        bail!("is {bytes} bytes long, {max_bytes} allowed (sandbox.component_max_bytes)");
    }
    Ok(std::fs::read(file)?)
}
