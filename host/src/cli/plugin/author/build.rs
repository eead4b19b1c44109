//! `followup plugin build` and `pack`: from a plugin's folder to the component that is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::toolchain;
use crate::domain::digest;
use crate::domain::manifest::{Manifest, ManifestError};
use crate::plugins::{PackError, pack};

#[derive(clap::Args)]
pub(in crate::cli) struct Build {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

#[derive(clap::Args)]
pub(in crate::cli) struct Pack {
    /// What a language's tools built: a component, or a core module of C.
    wasm: PathBuf,
    /// The folder of plugin.toml, where the plugin goes.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

impl Build {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let built = toolchain::of_folder(&self.dir)?;
        manifest(&self.dir)?;
        let built = built.build(&self.dir)?;
        show(&write(&self.dir, &built)?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Pack {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        show(&write(&self.dir, &self.wasm)?);
        Ok(ExitCode::SUCCESS)
    }
}

/// Path and bytes of a plugin that was written.
pub(super) struct Written {
    path: PathBuf,
    wasm: Vec<u8>,
}

/// Packs what was built into `DIR/ID.wasm`.
fn write(folder: &Path, built: &Path) -> anyhow::Result<Written> {
    let (text, manifest) = manifest(folder)?;
    let wasm = fs::read(built).with_context(|| format!("{} cannot be read", built.display()))?;
    let wasm = pack(&wasm, &text).map_err(|error| match error {
        PackError::Manifest(error) => told(folder, &text, &error),
        error => anyhow::Error::new(error).context(built.display().to_string()),
    })?;
    let path = component_of(folder, &manifest);
    fs::write(&path, &wasm).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Written { path, wasm })
}

fn show(written: &Written) {
    let size = written.wasm.len();
    println!("{}", written.path.display());
    println!(
        "  {:.1} KB, {}",
        size as f64 / 1000.0,
        digest::of_bytes(&written.wasm)
    );
}

/// Where the plugin of a folder lies once it is built.
pub(super) fn component_of(folder: &Path, manifest: &Manifest) -> PathBuf {
    folder.join(format!("{}.wasm", manifest.id))
}

/// The manifest of a folder, with its text. Mistakes are told with their lines.
pub(super) fn manifest(folder: &Path) -> anyhow::Result<(String, Manifest)> {
    let path = folder.join("plugin.toml");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read: every plugin has one", path.display()))?;
    let manifest = Manifest::parse(&text).map_err(|error| told(folder, &text, &error))?;
    Ok((text, manifest))
}

/// Each problem on a line of its own, behind file and line as editors take it.
fn told(folder: &Path, text: &str, error: &ManifestError) -> anyhow::Error {
    let path = folder.join("plugin.toml");
    let problems = error.0.iter().map(|problem| {
        let line = line_of(text, problem).map(|line| format!(":{line}"));
        format!("{}{}: {problem}", path.display(), line.unwrap_or_default())
    });
    anyhow::anyhow!("{}", problems.collect::<Vec<_>>().join("\n"))
}

/// The line that a problem is about: what TOML's own error says, else the first line that holds the
/// value the problem quotes, else the one of the key it begins with.
fn line_of(text: &str, problem: &str) -> Option<usize> {
    let after = |mark: &str| problem.split_once(mark).map(|(_, rest)| rest);
    if let Some(rest) = after("parse error at line ") {
        return rest
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok();
    }
    let find = |words: &str| {
        text.lines()
            .position(|line| line.contains(words))
            .map(|at| at + 1)
    };
    let quoted = after("\"").and_then(|rest| rest.split('"').next());
    let by_value = quoted.and_then(|value| find(&format!("\"{value}\"")));
    let key = problem.split([' ', ':']).next()?;
    by_value.or_else(|| {
        let named = |line: &str| line.trim_start_matches('[').trim_start().starts_with(key);
        text.lines().position(named).map(|at| at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_lines() {
        let text = "id = \"Nudge!\"\nversion = \"one\"\nkind = \"trigger\"\n\n[config]\ntype = 1\n[poll]\nevery_s = 1\n";
        let check = |problem: &str, expect: Option<usize>| {
            assert_eq!(line_of(text, problem), expect, "{problem}");
        };
        check("version \"one\": use MAJOR.MINOR.PATCH", Some(2));
        check("id \"Nudge!\": use 1 to 64", Some(1));
        check("TOML parse error at line 6, column 3", Some(6));
        check("config must be a table", Some(5));
        check("poll.every_s 1: use 10 to 604800", None);
        check("a policy has none", None);
    }
}
