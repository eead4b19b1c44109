//! `followup plugin list`.

use std::process::ExitCode;

use serde::Serialize;

use super::admin::manifest_of;
use crate::cli::table::table;
use crate::cli::{Common, load, print_json};
use crate::config::Config;
use crate::domain::component::Component;
use crate::domain::manifest::Manifest;
use crate::embedded::EMBEDDED;
use crate::store::DEFAULT_TENANT;

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    version: String,
    kind: &'static str,
    /// `built in`, `file`, or where an installed version stands.
    standing: &'static str,
    description: String,
    events: Vec<String>,
    actions: Vec<String>,
    templates: Vec<String>,
    source: String,
    signer: Option<String>,
    digest: String,
}

/// Reads manifests only: what is broken can be listed all the same.
pub(super) fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = load::survey(&common.config)?;
    let rows = rows(&config)?;
    if common.json {
        print_json(&rows)?;
    } else {
        show(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(config: &Config) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (_, wasm) in EMBEDDED {
        rows.push(Row::of(Component::read(wasm)?.manifest, "built in", wasm));
    }
    for file in &config.plugins.files {
        let wasm = std::fs::read(file)?;
        let mut row = Row::of(Component::read(&wasm)?.manifest, "file", &wasm);
        row.source = file.display().to_string();
        rows.push(row);
    }
    let shelf = config.plugins.shelf();
    for install in config.store.place.installs(DEFAULT_TENANT)? {
        let mut row = Row::of(manifest_of(&shelf, &install)?, install.status.as_str(), &[]);
        row.digest = install.digest;
        row.source = install.resolved;
        row.signer = install.signer;
        rows.push(row);
    }
    rows.sort_by(|a, b| (&a.id, &a.version).cmp(&(&b.id, &b.version)));
    Ok(rows)
}

impl Row {
    fn of(manifest: Manifest, standing: &'static str, wasm: &[u8]) -> Self {
        Self {
            id: manifest.id,
            name: manifest.name,
            version: manifest.version,
            kind: manifest.kind.as_str(),
            standing,
            description: manifest.description,
            events: manifest.events,
            actions: manifest.actions,
            templates: manifest.templates.into_keys().collect(),
            source: standing.to_owned(),
            signer: None,
            digest: crate::domain::digest::of_bytes(wasm),
        }
    }
}

fn show(rows: &[Row]) {
    let mut shown = table([
        "plugin",
        "version",
        "kind",
        "standing",
        "what it does",
        "from",
        "signer",
        "digest",
    ]);
    for row in rows {
        shown.add_row([
            &row.id,
            &row.version,
            row.kind,
            row.standing,
            &row.description,
            &row.source,
            row.signer.as_deref().unwrap_or("–"),
            // Enough to tell two apart; `--json` has it whole.
            &row.digest[..19],
        ]);
    }
    println!("{shown}");
}
