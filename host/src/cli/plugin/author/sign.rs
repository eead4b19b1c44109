//! `followup plugin keygen`, `sign` and `push`: what a publisher does.
//!
//! Keys and signatures are those of the `minisign` tool. A password is never an argument, which other
//! users of the machine can read: it stands in `FOLLOWUP_KEY_PASSWORD`, or there is none.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::{block_on, load};
use crate::clock::{Clock, SystemClock};
use crate::domain::component::Component;
use crate::plugins::{self, SIGNATURE_EXTENSION};

const PASSWORD: &str = "FOLLOWUP_KEY_PASSWORD";

#[derive(clap::Args)]
pub(in crate::cli) struct Keygen {
    /// The secret key's file; the public key goes beside it, with `.pub`.
    #[arg(default_value = "followup.key")]
    file: PathBuf,
}

#[derive(clap::Args)]
pub(in crate::cli) struct Sign {
    /// The packed component; the signature goes beside it, with `.minisig`.
    file: PathBuf,
    /// The secret key's file, of `followup plugin keygen` or `minisign -G`.
    #[arg(long)]
    key: PathBuf,
}

#[derive(clap::Args)]
pub(in crate::cli) struct Push {
    /// The packed component; a signature beside it goes with it.
    file: PathBuf,
    /// HOST/REPOSITORY:TAG, like ghcr.io/acme/webinar-no-show:1.2.0
    reference: String,
    /// Sign it first, with this secret key.
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// The configuration with logins of registries; docker's are used too.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Keygen {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let password = password();
        let pair = plugins::generate_key(password.as_ref())?;
        let public = self.file.with_extension("pub");
        write_new(&self.file, pair.secret().expose_secret(), 0o600)?;
        write_new(&public, &pair.public_file, 0o644)?;
        println!(
            "{} (keep it secret) and {}",
            self.file.display(),
            public.display()
        );
        if password.is_none() {
            println!(
                "Whoever reads the first can sign as you: set {PASSWORD} to have it encrypted."
            );
        }
        println!(
            "\nAdministrators who trust you add:\n[plugins.publishers]\nyour-name = \"{}\"",
            pair.public
        );
        Ok(ExitCode::SUCCESS)
    }
}

impl Sign {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let wasm = read(&self.file)?;
        let written = sign(&self.file, &wasm, &self.key)?;
        println!("{}", written.display());
        Ok(ExitCode::SUCCESS)
    }
}

impl Push {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let wasm = read(&self.file)?;
        if let Some(key) = &self.sign {
            sign(&self.file, &wasm, key)?;
        }
        let signature = fs::read_to_string(beside(&self.file)).ok();
        let config = load::survey_or_defaults(self.config.as_deref())?;
        let supply = &config.plugins.supply;
        let push = plugins::push(
            &self.reference,
            wasm,
            signature.as_deref(),
            SystemClock.now(),
            supply,
        );
        let pushed = block_on(push)??;
        println!("{}", pushed.resolved);
        match pushed.signature {
            Some(signature) => println!("  signed: {signature}"),
            None => println!(
                "  not signed: administrators are asked for a signature unless they switched that off"
            ),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the signature of a component's file lies.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{SIGNATURE_EXTENSION}"));
    name.into()
}

/// Signs a packed plugin and writes the signature beside it.
fn sign(file: &Path, wasm: &[u8], key: &Path) -> anyhow::Result<PathBuf> {
    let component = Component::read(wasm).with_context(|| file.display().to_string())?;
    let manifest = component.manifest;
    let secret = fs::read_to_string(key).with_context(|| {
        format!(
            "{} cannot be read: `followup plugin keygen` makes a key",
            key.display()
        )
    })?;
    let comment = format!("{} {}", manifest.id, manifest.version);
    let signature = plugins::sign(wasm, &secret.into(), password().as_ref(), &comment)
        .with_context(|| format!("{} (its password stands in {PASSWORD})", key.display()))?;
    let path = beside(file);
    fs::write(&path, signature).with_context(|| path.display().to_string())?;
    Ok(path)
}

fn password() -> Option<SecretString> {
    load::env(PASSWORD)
        .filter(|text| !text.is_empty())
        .map(Into::into)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| {
        format!(
            "{} cannot be read: `followup plugin build` writes it",
            file.display()
        )
    })
}

/// A key that is there is never overwritten: what it signed could not be signed again.
fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))
}
