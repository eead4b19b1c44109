//! What it takes to build a plugin in each language: one row per language.
//!
//! In goes a plugin's folder; out comes the file that the language's own tools made of it. Tools that
//! are missing are named all at once, each with the command that installs it.

mod c;
mod js;
mod python;
mod rust;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// One language.
pub(super) struct Toolchain {
    pub language: &'static str,
    /// The file in a plugin's folder that tells that it is in this language.
    pub marker: &'static str,
    pub tools: &'static [Tool],
    /// Builds the folder; gives back a component, or a core module that can become one.
    pub build: fn(&Path) -> anyhow::Result<PathBuf>,
}

pub(super) struct Tool {
    /// As it is called by people.
    pub name: &'static str,
    pub is_there: fn(&Path) -> bool,
    /// The command that brings it.
    pub install: &'static str,
}

const TOOLCHAINS: &[Toolchain] = &[
    rust::TOOLCHAIN,
    js::TOOLCHAIN,
    python::TOOLCHAIN,
    c::TOOLCHAIN,
];

/// The language of a plugin's folder.
pub(super) fn of_folder(folder: &Path) -> anyhow::Result<&'static Toolchain> {
    let mut found = TOOLCHAINS
        .iter()
        .filter(|one| folder.join(one.marker).is_file());
    found.next().with_context(|| {
        let known: Vec<_> = TOOLCHAINS
            .iter()
            .map(|one| format!("{} ({})", one.marker, one.language))
            .collect();
        format!(
            "{} is no plugin's folder: it has none of {}. `followup plugin new NAME` writes one",
            folder.display(),
            known.join(", ")
        )
    })
}

impl Toolchain {
    /// Builds the folder with the language's own tools, their words going to this command's stderr.
    pub(super) fn build(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let missing: Vec<_> = self
            .tools
            .iter()
            .filter(|tool| !(tool.is_there)(folder))
            .map(|tool| format!("    {}    # {}", tool.install, tool.name))
            .collect();
        if !missing.is_empty() {
            bail!(
                "to build a plugin in {}, this is missing; run\n{}",
                self.language,
                missing.join("\n")
            );
        }
        (self.build)(folder)
    }
}

/// Whether a command can be run and ends well; what it says is nobody's business.
fn answers(folder: &Path, program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A file that a language's tools write: as this process sees it, and as tools run in the folder do.
struct Output {
    path: PathBuf,
    within: PathBuf,
}

/// A file in the folder's `build/`, which is made where it is missing.
fn output(folder: &Path, name: &str) -> anyhow::Result<Output> {
    let build = folder.join("build");
    fs::create_dir_all(&build).with_context(|| format!("{} cannot be made", build.display()))?;
    Ok(Output {
        path: build.join(name),
        within: Path::new("build").join(name),
    })
}

/// Runs a tool in the folder; its complaints go to this command's stderr, its chatter nowhere.
fn run(folder: &Path, mut command: Command, tool: &str) -> anyhow::Result<()> {
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let status = command
        .status()
        .with_context(|| format!("{tool} cannot be run"))?;
    if !status.success() {
        bail!("{tool} did not build it; its words stand above");
    }
    Ok(())
}
