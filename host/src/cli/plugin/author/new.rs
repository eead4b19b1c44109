//! `followup plugin new`: a folder with a plugin that builds and passes its own test.
//!
//! Everything comes out of this binary: template, SDK and contract are those that it was built with.
//! Never overwrites a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;

use super::template;
use crate::domain::manifest::PluginKind;

#[derive(clap::Args)]
pub(in crate::cli) struct New {
    /// The plugin's id: lower-case letters, digits and dashes.
    name: String,
    /// The language it is written in.
    #[arg(long, default_value = "rust", value_parser = PossibleValuesParser::new(template::languages()))]
    lang: String,
    /// A policy decides what follows; a trigger brings events from a foreign system.
    #[arg(long, default_value = "policy", value_parser = kind)]
    kind: PluginKind,
    /// The folder to write; without it, one of the plugin's name.
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl New {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let folder = self.dir.unwrap_or_else(|| PathBuf::from(&self.name));
        write(&folder, &self.name, &self.lang, self.kind)?;
        let shown = folder.display();
        println!(
            "Wrote a {} in {} to {shown}. Next:\n",
            self.kind.as_str(),
            self.lang
        );
        for command in ["build", "test"] {
            println!("    followup plugin {command} {shown}");
        }
        println!("\nThen change it: {shown}/README.md says what is where.");
        Ok(ExitCode::SUCCESS)
    }
}

fn kind(word: &str) -> Result<PluginKind, String> {
    [PluginKind::Policy, PluginKind::Trigger]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| "use policy or trigger".to_owned())
}

fn write(folder: &Path, id: &str, language: &str, kind: PluginKind) -> anyhow::Result<()> {
    check_id(id)?;
    if folder.exists() && fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!(
            "{} is there and not empty; nothing was written. Name another folder with --dir",
            folder.display()
        );
    }
    for (name, bytes) in template::files(id, language, kind)? {
        let path = folder.join(name);
        let parent = path.parent().context("a file in a folder")?;
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, bytes))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// The id also names a crate and a type, so it begins with a letter and has no dash at its ends.
fn check_id(id: &str) -> anyhow::Result<()> {
    let good = id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && !id.contains("--")
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good {
        bail!(
            "{id:?} is no name of a plugin: use lower-case letters, digits and single dashes, a letter first, like webinar-no-show"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_plugins() {
        let check = |id: &str, good: bool| assert_eq!(check_id(id).is_ok(), good, "{id:?}");
        check("webinar-no-show", true);
        check("a1", true);
        for wrong in ["", "Nudge", "1st", "-a", "a-", "a--b", "a_b", "../a", "ä"] {
            check(wrong, false);
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("mine");
        write(&target, "mine", "rust", PluginKind::Policy).expect("a new folder");
        let error = write(&target, "mine", "rust", PluginKind::Policy).expect_err("it is there");
        assert!(error.to_string().contains("not empty"), "{error}");
    }
}
