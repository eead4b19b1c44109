//! `followup plugin inspect`: what a component says of itself, before anything of it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::sign;
use crate::cli::{load, print_json};
use crate::domain::component::Component;
use crate::domain::digest;
use crate::domain::manifest::{Asks, Grants, PluginKind};
use crate::embedded::EMBEDDED;
use crate::plugins::Signer;

/// The package of the contract, in the names of imports and exports.
const CONTRACT: &str = "followup:plugin/";

#[derive(clap::Args)]
pub(in crate::cli) struct Inspect {
    /// A component's file, or the id of a plugin in this binary.
    plugin: PathBuf,
    /// The configuration whose publishers are known.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    id: String,
    name: String,
    version: String,
    kind: &'static str,
    description: String,
    publisher: Option<String>,
    license: Option<String>,
    homepage: Option<String>,
    /// The version of the contract it was built against.
    contract: Option<String>,
    size_bytes: usize,
    digest: String,
    /// Of all it asks for: what an approval is about.
    asks_digest: String,
    signer: String,
    events: Vec<String>,
    actions: Vec<String>,
    /// All that an administrator approves.
    asks: Vec<String>,
    grants: Grants,
    templates: Vec<String>,
    config: serde_json::Value,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Inspect {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let (wasm, signature) = read(&self.plugin)?;
        let config = load::survey_or_defaults(self.config.as_deref())?;
        let trust = &config.plugins.supply.trust;
        let signer = trust.judge(&wasm, signature.as_deref(), false);
        let signer = match signer {
            Ok(Signer::Publisher(name)) => format!("{name}, proven"),
            Ok(Signer::Stranger(key)) => format!("key {key}, none of plugins.publishers"),
            Ok(Signer::Nobody) => "nobody".to_owned(),
            // Looking at a refused plugin is how one finds out what is wrong with it.
            Err(error) => format!("refused: {error}"),
        };
        let report = report(&wasm, signer).with_context(|| self.plugin.display().to_string())?;
        if self.json {
            print_json(&report)?;
        } else {
            show(&report);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The component, and the text of the signature that lies beside its file.
fn read(plugin: &Path) -> anyhow::Result<(Vec<u8>, Option<String>)> {
    let built_in = EMBEDDED.iter().find(|(id, _)| Path::new(id) == plugin);
    if let (Some((_, wasm)), false) = (built_in, plugin.exists()) {
        return Ok((wasm.to_vec(), None));
    }
    let wasm = fs::read(plugin).with_context(|| {
        let known: Vec<_> = EMBEDDED.iter().map(|(id, _)| *id).collect();
        format!(
            "{} is no file, and none of {}",
            plugin.display(),
            known.join(", ")
        )
    })?;
    Ok((wasm, fs::read_to_string(sign::beside(plugin)).ok()))
}

fn report(wasm: &[u8], signer: String) -> anyhow::Result<Report> {
    let Component {
        manifest,
        imports,
        exports,
        ..
    } = Component::read(wasm)?;
    let asks = Asks::of(&manifest);
    let contract = exports.iter().chain(&imports).find_map(|name| {
        let (_, version) = name.strip_prefix(CONTRACT)?.split_once('@')?;
        Some(version.to_owned())
    });
    Ok(Report {
        kind: manifest.kind.as_str(),
        contract,
        size_bytes: wasm.len(),
        digest: digest::of_bytes(wasm),
        asks_digest: asks.digest(),
        signer,
        asks: asks.lines.into_iter().collect(),
        templates: manifest.templates.keys().cloned().collect(),
        id: manifest.id,
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        publisher: manifest.publisher,
        license: manifest.license,
        homepage: manifest.homepage,
        events: manifest.events,
        actions: manifest.actions,
        grants: manifest.grants,
        config: manifest.config,
        imports,
        exports,
    })
}

fn show(report: &Report) {
    println!(
        "{} {} ({}): {}",
        report.id, report.version, report.kind, report.description
    );
    let unknown = || "not said".to_owned();
    let line = |name: &str, value: &str| println!("  {name:<10} {value}");
    line(
        "publisher",
        &report.publisher.clone().unwrap_or_else(unknown),
    );
    line("license", &report.license.clone().unwrap_or_else(unknown));
    line("signer", &report.signer);
    line("contract", &report.contract.clone().unwrap_or_else(unknown));
    line(
        "size",
        &format!("{:.1} KB", report.size_bytes as f64 / 1000.0),
    );
    line("digest", &report.digest);
    let brings = report.kind == PluginKind::Trigger.as_str();
    line(
        if brings { "brings" } else { "hears" },
        &report.events.join(", "),
    );
    if !report.actions.is_empty() {
        line("acts by", &report.actions.join(", "));
    }
    if !report.templates.is_empty() {
        line("templates", &report.templates.join(", "));
    }
    block("asks for", &report.asks);
    let reasons = report
        .grants
        .http
        .iter()
        .map(|one| (one.host.0.as_str(), &one.reason));
    let secrets = report
        .grants
        .secrets
        .iter()
        .map(|one| (one.name.as_str(), &one.reason));
    let reasons = reasons
        .chain(secrets)
        .map(|(what, why)| format!("{what}: {why}"));
    block(
        "because, in its author's words",
        &reasons.collect::<Vec<_>>(),
    );
    block("imports", &report.imports);
    block("exports", &report.exports);
}

fn block(title: &str, lines: &[String]) {
    if !lines.is_empty() {
        println!("  {title}");
        for line in lines {
            println!("    {line}");
        }
    }
}
