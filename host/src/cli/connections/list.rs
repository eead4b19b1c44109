//! `followup connections list`.

use std::process::ExitCode;

use serde::Serialize;

use crate::cli::abilities::{self, Ability};
use crate::cli::table::{or_dash, table};
use crate::cli::{Common, load, print_json};
use crate::config::{Config, Connection};
use crate::domain::connector::Authenticity;

#[derive(Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    sort: &'static str,
    /// What its webhooks prove; none where it takes none.
    authenticity: Option<&'static str>,
    abilities: Vec<Ability>,
    /// Where its webhooks are posted.
    webhook_url: Option<String>,
    inbound_url: Option<String>,
}

pub(super) fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = load::survey_aloud(&common.config)?;
    let rows: Vec<Row> = config
        .connections
        .iter()
        .map(|(name, connection)| row(&config, name, connection))
        .collect();
    if common.json {
        print_json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        println!("Nothing is connected: `followup connect` shows what can be.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["name", "kind", "sort", "webhooks prove", "it can"]);
    for row in &rows {
        shown.add_row([
            &row.name,
            row.kind,
            row.sort,
            or_dash(row.authenticity),
            &abilities::words(&row.abilities),
        ]);
    }
    println!("{shown}");
    Ok(ExitCode::SUCCESS)
}

fn row(config: &Config, name: &str, connection: &Connection) -> Row {
    let (sort, authenticity, abilities) = match connection {
        Connection::Kind(known) => (
            abilities::sort(known.kind.sort),
            abilities::authenticity(known.kind, &known.connector).map(Authenticity::word),
            abilities::of(&known.connector),
        ),
        Connection::Inbound { .. } => (
            "mail server",
            Some("static-credential"),
            vec![Ability::Inbound],
        ),
        Connection::Capture { .. } => ("folder", None, vec![Ability::Send]),
        // Its plugin says how it is fed, and the host verifies what the plugin's manifest asks for.
        Connection::Trigger(_) => ("plugin", None, vec![Ability::Hook]),
    };
    let at = |ability: Ability, path: &str| {
        let url = config.server.public_url.as_deref()?;
        let posted = abilities.contains(&ability);
        posted.then(|| format!("{url}/hooks/{name}{path}"))
    };
    let below = match connection {
        Connection::Inbound { .. } => "",
        _ => "/inbound",
    };
    Row {
        name: name.to_owned(),
        kind: connection.kind(),
        sort,
        authenticity,
        webhook_url: at(Ability::Hook, ""),
        inbound_url: at(Ability::Inbound, below),
        abilities,
    }
}
