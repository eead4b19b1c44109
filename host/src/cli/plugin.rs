//! `followup plugin list`.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::table::table;
use super::{Common, load, print_json};
use crate::daemon::Plugins;

#[derive(Subcommand)]
pub(super) enum Plugin {
    /// The plugins in the binary and those the configuration names.
    List(Common),
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    version: String,
    kind: &'static str,
    description: String,
    events: Vec<String>,
    actions: Vec<String>,
    templates: Vec<String>,
    source: String,
    digest: String,
}

impl Plugin {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::List(common) = self;
        let config = load::survey(&common.config)?;
        let rows = rows(&load::plugins(&config)?);
        if common.json {
            print_json(&rows)?;
        } else {
            show(&rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn rows(plugins: &Plugins) -> Vec<Row> {
    plugins
        .by_id
        .values()
        .map(|installed| {
            let manifest = installed.plugin.manifest();
            Row {
                id: manifest.id.clone(),
                name: manifest.name.clone(),
                version: manifest.version.clone(),
                kind: manifest.kind.as_str(),
                description: manifest.description.clone(),
                events: manifest.events.clone(),
                actions: manifest.actions.clone(),
                templates: manifest.templates.keys().cloned().collect(),
                source: installed.source.clone(),
                digest: installed.plugin.digest().to_owned(),
            }
        })
        .collect()
}

fn show(rows: &[Row]) {
    let mut shown = table([
        "plugin",
        "version",
        "kind",
        "what it does",
        "acts by",
        "from",
        "digest",
    ]);
    for row in rows {
        shown.add_row([
            &row.id,
            &row.version,
            row.kind,
            &row.description,
            &row.actions.join(", "),
            &row.source,
            // Enough to tell two apart; `--json` has it whole.
            &row.digest[..19],
        ]);
    }
    println!("{shown}");
}
