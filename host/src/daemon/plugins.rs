//! The plugins of this host: those in the binary, and component files that the configuration names.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::domain::manifest::Manifest;
use crate::embedded::EMBEDDED;
use crate::sandbox::{Compiler, Plugin, Sandbox};

use super::Gateway;

/// Loaded plugins and the sandbox they run in. A clone shares both.
#[derive(Clone)]
pub struct Plugins {
    pub sandbox: Arc<Sandbox>,
    pub by_id: BTreeMap<String, Installed>,
}

/// A plugin and where it came from.
#[derive(Clone)]
pub struct Installed {
    pub plugin: Plugin,
    /// `built in`, or the file.
    pub source: String,
}

impl Plugins {
    /// Opens the sandbox and loads every plugin. Blocks: a component that is not in the cache is
    /// compiled, here.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        Self::load_by(Compiler::Here, config)
    }

    /// The same, with somebody who compiles.
    pub fn load_by(compiler: Compiler, config: &Config) -> anyhow::Result<Self> {
        let sandbox = Sandbox::open(config.sandbox.limits.clone(), &config.sandbox.cache)?
            .with_compiler(compiler)
            .with_outgoing(Arc::new(Gateway::default()));
        let mut by_id = BTreeMap::new();
        for (name, wasm) in EMBEDDED {
            let plugin = sandbox
                .load(wasm)
                .with_context(|| format!("built-in plugin {name}"))?;
            let installed = Installed {
                plugin,
                source: "built in".to_owned(),
            };
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
            by_id.insert(
                id,
                Installed {
                    plugin,
                    source: shown,
                },
            );
        }
        Ok(Self {
            sandbox: Arc::new(sandbox),
            by_id,
        })
    }

    pub fn manifests(&self) -> Vec<Manifest> {
        self.by_id
            .values()
            .map(|installed| installed.plugin.manifest().clone())
            .collect()
    }
}

fn read(file: &std::path::Path, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(file)?.len();
    if bytes > max_bytes as u64 {
        bail!("is {bytes} bytes long, {max_bytes} allowed (sandbox.component_max_bytes)");
    }
    Ok(std::fs::read(file)?)
}
