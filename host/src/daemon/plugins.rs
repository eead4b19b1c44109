//! The plugins of this host: those in the binary, component files that the configuration names, and
//! those that an administrator installed.
//!
//! Installed ones are run only where store, lock and shelf agree on what they are: whatever differs
//! was looked at by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::sandbox;
use crate::config::Config;
use crate::domain::install::{Install, Running, Status};
use crate::domain::manifest::Manifest;
use crate::embedded::EMBEDDED;
use crate::plugins::{Lock, drift};
use crate::sandbox::{Compiler, Plugin, Sandbox};
use crate::store::DEFAULT_TENANT;

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
    /// `built in`, the file, or what it was fetched from.
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
        let sandbox = sandbox::open(compiler, config)?;
        let mut by_id = BTreeMap::new();
        for (name, wasm) in EMBEDDED {
            let plugin = sandbox
                .load(wasm)
                .with_context(|| format!("built-in plugin {name}"))?;
            let installed = Installed::alone(plugin, "built in".to_owned());
            by_id.insert(installed.plugin.manifest().id.clone(), installed);
        }
        for installed in from_files(config, &sandbox)? {
            add(&mut by_id, installed)?;
        }
        for installed in installed(config, &sandbox)? {
            add(&mut by_id, installed)?;
        }
        Ok(Self {
            sandbox: Arc::new(sandbox),
            by_id,
        })
    }

    /// One plugin for its scenarios, and those of the shipped ones that they name beside it.
    pub fn under_test(
        sandbox: Arc<Sandbox>,
        plugin: Plugin,
        named: &BTreeSet<String>,
    ) -> anyhow::Result<Self> {
        let id = plugin.manifest().id.clone();
        let mut by_id = BTreeMap::new();
        for (shipped, wasm) in EMBEDDED {
            if named.contains(*shipped) && *shipped != id {
                let shipped = Installed::alone(sandbox.load(wasm)?, "built in".to_owned());
                by_id.insert(shipped.plugin.manifest().id.clone(), shipped);
            }
        }
        by_id.insert(id, Installed::alone(plugin, "under test".to_owned()));
        Ok(Self { sandbox, by_id })
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

fn add(by_id: &mut BTreeMap<String, Installed>, installed: Installed) -> anyhow::Result<()> {
    let id = installed.plugin.manifest().id.clone();
    if let Some(other) = by_id.get(&id) {
        bail!(
            "plugin {} has the id {id:?} of another one ({}): remove one of them",
            installed.source,
            other.source
        );
    }
    by_id.insert(id, installed);
    Ok(())
}

/// For development: nobody approved them, so they get nothing beyond the contract.
fn from_files(config: &Config, sandbox: &Sandbox) -> anyhow::Result<Vec<Installed>> {
    let load = |file: &std::path::PathBuf| {
        let shown = file.display().to_string();
        let wasm = read(file, config.sandbox.limits.component_max_bytes)
            .with_context(|| format!("plugin {shown}"))?;
        let plugin = sandbox
            .load(&wasm)
            .with_context(|| format!("plugin {shown}"))?;
        if !plugin.manifest().grants.is_empty() {
            bail!(
                "plugin {shown} asks for hosts or secrets, which plugins.files gives to none: take it out there and run `followup plugin add {shown}`"
            );
        }
        Ok(Installed::alone(plugin, shown))
    };
    config.plugins.files.iter().map(load).collect()
}

fn installed(config: &Config, sandbox: &Sandbox) -> anyhow::Result<Vec<Installed>> {
    let installs = config.store.place.installs(DEFAULT_TENANT)?;
    let shelf = config.plugins.shelf();
    let differences: Vec<_> = drift(&Lock::read(&config.plugins.lock)?, &installs, &shelf)
        .iter()
        .map(|drift| format!("\n  {drift}"))
        .collect();
    if !differences.is_empty() {
        bail!(
            "{} and what is installed here are not the same:{}",
            config.plugins.lock.display(),
            differences.concat()
        );
    }
    let load = |install: &Install| -> anyhow::Result<Plugin> {
        let named = || format!("plugin {} {}", install.plugin, install.version);
        let wasm = shelf
            .get(&install.plugin, &install.version, &install.digest)
            .with_context(named)?;
        sandbox.load(&wasm).with_context(named)
    };
    let active = installs.iter().filter(|it| it.status == Status::Active);
    active
        .map(|active| {
            let older = installs
                .iter()
                .filter(|it| it.plugin == active.plugin && it.status == Status::Retired);
            Ok(Installed {
                plugin: load(active)?,
                older: older.map(load).collect::<anyhow::Result<_>>()?,
                running: active.running,
                source: active.resolved.clone(),
            })
        })
        .collect()
}

fn read(file: &std::path::Path, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(file)?.len();
    if bytes > max_bytes as u64 {
        bail!("is {bytes} bytes long, {max_bytes} allowed (sandbox.component_max_bytes)");
    }
    Ok(std::fs::read(file)?)
}
