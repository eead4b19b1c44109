//! `followup init`: a working folder to start from.
//!
//! Writes a commented `followup.toml`, two templates with a snippet and a stylesheet, and a random
//! webhook secret. What it writes
//! passes `check` and starts with `serve` as it is. Never overwrites a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};

#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The folder to write to; made where it does not exist.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

impl InitArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let written = init(&self.folder)?;
        write_text(&self.folder, &written, &mut io::stdout())?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("already there: {}. Nothing was written; name another folder or remove them", list(.0))]
    Exists(Vec<PathBuf>),
    #[error("{} cannot be written: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("the system gives no random numbers, which the webhook secret needs")]
    Random,
}

/// Path in the folder, and text.
const FILES: [(&str, &str); 6] = [
    ("followup.toml", include_str!("../../init/followup.toml")),
    (
        "templates/welcome.md",
        include_str!("../../init/templates/welcome.md"),
    ),
    (
        "templates/reminder.md",
        include_str!("../../init/templates/reminder.md"),
    ),
    (
        "templates/snippets/signature.md",
        include_str!("../../init/templates/snippets/signature.md"),
    ),
    (
        "templates/style.css",
        include_str!("../../init/templates/style.css"),
    ),
    (".gitignore", include_str!("../../init/gitignore")),
];

const SECRET: &str = "secrets/crm-webhook";

/// Standard Webhooks: "between 24 bytes (192 bits) and 64 bytes (512 bits)".
const SECRET_BYTES: usize = 32;

/// Writes the folder; gives back the files in the order they were written.
pub fn init(folder: &Path) -> Result<Vec<PathBuf>, InitError> {
    let secret = webhook_secret()?;
    let files: Vec<(PathBuf, &str, u32)> = FILES
        .iter()
        .map(|(path, text)| (folder.join(path), *text, 0o644))
        .chain([(folder.join(SECRET), secret.as_str(), 0o600)])
        .collect();
    let existing: Vec<PathBuf> = files
        .iter()
        .filter(|(path, ..)| path.symlink_metadata().is_ok())
        .map(|(path, ..)| path.clone())
        .collect();
    if !existing.is_empty() {
        return Err(InitError::Exists(existing));
    }
    for (path, text, mode) in &files {
        write(path, text, *mode).map_err(|error| InitError::Write {
            path: path.clone(),
            error,
        })?;
    }
    Ok(files.into_iter().map(|(path, ..)| path).collect())
}

/// What was written, and what to do next.
pub fn write_text(folder: &Path, written: &[PathBuf], out: &mut dyn Write) -> io::Result<()> {
    for path in written {
        writeln!(out, "wrote {}", path.display())?;
    }
    let config = folder.join("followup.toml");
    writeln!(
        out,
        "\nNext: edit {0}, then\n  followup check --config {0}\n  followup serve --config {0}",
        config.display()
    )
}

fn webhook_secret() -> Result<String, InitError> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| InitError::Random)?;
    Ok(format!("whsec_{}\n", STANDARD.encode(bytes)))
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)?.write_all(text.as_bytes())
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::cli::check::check;
    use crate::config;
    use crate::domain::manifest::Manifest;

    /// The shape of the shipped `cadence` policy, which the tests crate checks with the real one.
    const CADENCE: &str = r#"
        id = "cadence"
        name = "Cadence"
        version = "0.1.0"
        kind = "policy"
        description = "Scheduled steps."
        [config]
        type = "object"
        required = ["steps"]
        additionalProperties = false
        [config.properties.same_thread]
        type = "boolean"
        [config.properties.steps]
        type = "array"
        [config.properties.steps.items]
        type = "object"
        additionalProperties = false
        oneOf = [{ required = ["template"] }, { required = ["task"] }]
        [config.properties.steps.items.properties]
        template = { type = "string", format = "template" }
        task = { type = "string" }
        after_business_days = { type = "integer", minimum = 0 }
        at = { type = "string" }
    "#;

    #[test]
    fn what_it_writes_passes_the_check() {
        let folder = tempfile::tempdir().expect("folder");
        let folder = folder.path().join("new");
        let written = init(&folder).expect("written");
        assert_eq!(written.len(), FILES.len() + 1);
        let manifest = Manifest::parse(CADENCE).expect("manifest");
        let report = check(&folder.join("followup.toml"), &|_| None, &|_| {
            Ok(vec![manifest.clone()])
        });
        assert!(report.ok && report.problems.is_empty(), "{report:?}");
        assert_eq!(
            (report.sequences, report.connections, report.templates),
            (1, 1, 2)
        );
        let loaded = config::load(&folder.join("followup.toml"), &|_| None).expect("loads");
        assert_eq!(loaded.config.identities["sales"].connection, None);
    }

    #[test]
    fn the_secret_is_random_and_private() {
        let texts: Vec<String> = (0..2)
            .map(|_| {
                let folder = tempfile::tempdir().expect("folder");
                init(folder.path()).expect("written");
                let path = folder.path().join(SECRET);
                let mode = path.metadata().expect("metadata").permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
                fs::read_to_string(path).expect("text")
            })
            .collect();
        assert_ne!(texts[0], texts[1]);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("folder");
        let mine = folder.path().join("followup.toml");
        fs::write(&mine, "mine").expect("write");
        let error = init(folder.path()).expect_err("refused").to_string();
        assert!(error.contains("followup.toml"), "{error}");
        assert_eq!(fs::read_to_string(&mine).expect("text"), "mine");
        assert_eq!(folder.path().read_dir().expect("folder").count(), 1);
    }
}
