//! Scenarios: what happens to a person, or comes from a foreign system, and what must follow.
//!
//! In go a plugin, loaded in the production sandbox, and the files of `scenarios/`; out comes, for each,
//! what was not as expected, and what the calls took. A policy is played by a whole Followup with a
//! clock that is moved (`stage`), a trigger by its calls alone (`trigger`). With blessing, what came
//! out is written into the file instead.

mod expect;
mod mails;
mod network;
mod observe;
mod policy;
mod stage;
mod trigger;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;

use crate::calendar::Calendar;
use crate::domain::decision::DecideInput;
use crate::domain::fault::Fault;
use crate::domain::manifest::PluginKind;
use crate::sandbox::{LoadError, Outgoing, Plugin, Sandbox};

use network::Network;
pub use trigger::TriggerCall;

/// Plays scenarios of one plugin.
pub struct Player {
    sandbox: Arc<Sandbox>,
    plugin: Plugin,
    network: Arc<Network>,
}

/// How a scenario went.
#[derive(Default)]
pub struct Played {
    /// One line for each thing that was not as expected.
    pub wrong: Vec<String>,
    /// What each call took, in order.
    pub calls: Vec<Used>,
    /// The file as it would say what came out.
    pub observed: Value,
    /// What a policy was asked, to be asked again.
    pub inputs: Vec<DecideInput>,
    /// The same of a trigger.
    pub trigger_calls: Vec<TriggerCall>,
}

/// What one call took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub fuel: u64,
    pub memory_bytes: usize,
}

impl Player {
    /// Loads the plugin; the sandbox gets the scenarios' network.
    pub fn new(sandbox: Sandbox, wasm: &[u8]) -> Result<Self, LoadError> {
        let network = Arc::new(Network::default());
        let outgoing = Arc::clone(&network) as Arc<dyn Outgoing>;
        let sandbox = sandbox.with_outgoing(outgoing);
        Ok(Self {
            plugin: sandbox.load(wasm)?,
            sandbox: Arc::new(sandbox),
            network,
        })
    }

    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Plays one file. An error where it cannot be played at all, or the plugin failed; then with
    /// the plugin's own words.
    pub async fn play(&self, file: &Path) -> anyhow::Result<Played> {
        let text = fs::read_to_string(file)?;
        match self.plugin.manifest().kind {
            PluginKind::Policy => policy::play(&text, &self.sandbox, &self.plugin).await,
            PluginKind::Trigger => {
                trigger::play(&text, &self.sandbox, &self.plugin, &self.network).await
            }
        }
    }
}

impl Player {
    /// Makes every call of a played scenario once more, without what lies around it.
    pub async fn again(&self, played: &Played, mut made: impl FnMut(usize)) -> Result<(), Fault> {
        let calendar = Arc::new(Calendar::default());
        for (place, input) in played.inputs.iter().enumerate() {
            self.sandbox
                .decide(&self.plugin, input.clone(), &calendar)
                .await?;
            made(place);
        }
        for (place, call) in played.trigger_calls.iter().enumerate() {
            call.make(&self.sandbox, &self.plugin, &self.network).await;
            made(place);
        }
        Ok(())
    }
}

/// The scenarios of a plugin's folder, by name.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = folder.join("scenarios");
    let entries = fs::read_dir(&folder).with_context(|| {
        format!(
            "{} cannot be read: a plugin's scenarios lie there",
            folder.display()
        )
    })?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut files = paths.collect::<anyhow::Result<Vec<_>>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}

/// A scenario's own mistakes, by line.
fn parse<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).map_err(|e| anyhow::anyhow!("line {}: {e}", e.line()))
}
