//! `followup plugin test`: plays a plugin's scenarios in the production sandbox, with its limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::build;
use super::scenario::{self, Played, Player};
use crate::cli::{block_on, load};
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::domain::component::Component;
use crate::sandbox::Sandbox;

#[derive(clap::Args)]
pub(in crate::cli) struct Test {
    /// The plugin's folder, built.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Write what came out into the scenarios as what is expected.
    #[arg(long)]
    bless: bool,
    /// The configuration whose limits hold; the defaults, where there is none.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Test {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey_or_defaults(self.config.as_deref())?;
        let wasm = built(&self.dir)?;
        let player = player(&config, &wasm)?;
        let files = scenario::files(&self.dir)?;
        if files.is_empty() {
            bail!(
                "{} has no scenarios/*.json: nothing to test",
                self.dir.display()
            );
        }
        let mut failed = 0;
        for file in &files {
            if !self.one(&player, file)? {
                failed += 1;
            }
        }
        println!(
            "{} of {} scenarios as expected",
            files.len() - failed,
            files.len()
        );
        Ok(if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Whether it went as expected, or does now.
    fn one(&self, player: &Player, file: &Path) -> anyhow::Result<bool> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let watch = Stopwatch::start();
        let played = match block_on(player.play(file))? {
            Ok(played) => played,
            Err(error) => {
                println!("failed  {name}: {error:#}");
                return Ok(false);
            }
        };
        let took = format!("{}, {} ms in all", used(&played), watch.ms());
        if played.wrong.is_empty() {
            println!("ok      {name}  {took}");
            return Ok(true);
        }
        if self.bless {
            let text = serde_json::to_string_pretty(&played.observed)?;
            fs::write(file, text + "\n").with_context(|| file.display().to_string())?;
            println!("blessed {name}  {took}");
            return Ok(true);
        }
        println!("FAILED  {name}  {took}");
        for wrong in &played.wrong {
            println!("  {}", wrong.replace('\n', "\n  "));
        }
        Ok(false)
    }
}

/// `3 calls, at most 41,022 fuel and 1.2 MB`.
fn used(played: &Played) -> String {
    let fuel = played.calls.iter().map(|call| call.fuel).max().unwrap_or(0);
    let memory = played.calls.iter().map(|call| call.memory_bytes).max();
    format!(
        "{} calls, at most {fuel} fuel and {:.1} MB",
        played.calls.len(),
        memory.unwrap_or(0) as f64 / 1e6
    )
}

/// The component of a plugin's folder, built from its plugin.toml as it is.
pub(super) fn built(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let (_, manifest) = build::manifest(folder)?;
    let path = build::component_of(folder, &manifest);
    let again = format!("followup plugin build {}", folder.display());
    let wasm = fs::read(&path)
        .with_context(|| format!("{} cannot be read: run `{again}`", path.display()))?;
    let component = Component::read(&wasm).with_context(|| path.display().to_string())?;
    if component.manifest != manifest {
        bail!(
            "{} was built from another plugin.toml: run `{again}`",
            path.display()
        );
    }
    Ok(wasm)
}

/// A sandbox as a host has it, with the limits of the configuration.
pub(super) fn player(config: &Config, wasm: &[u8]) -> anyhow::Result<Player> {
    let sandbox = Sandbox::open(config.sandbox.limits.clone(), &cache())?;
    Ok(Player::new(sandbox.with_compiler(load::compiler()?), wasm)?)
}

/// Where compiled components of authors are kept: no working folder is needed to test a plugin.
fn cache() -> PathBuf {
    let named = |name: &str| {
        load::env(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    folder.unwrap_or_else(std::env::temp_dir).join("followup")
}
