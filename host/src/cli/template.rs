//! `followup template`: which templates there are, and what one would say to a person.
//!
//! A preview composes with the very code that `deliver` calls. Nothing is stored and nothing is sent.

mod preview;
mod stage;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;

use super::table::{or_dash, table};
use super::{Common, load, print_json};
use crate::compose::{Format, Found, Templates};
use crate::config::{self, Config};

#[derive(Subcommand)]
pub(super) enum Template {
    /// Every template: shared, of one sequence, or a plugin's default.
    List(Common),
    /// Exactly what a person would get: headers, text, HTML.
    Preview(preview::Preview),
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// `all sequences`, `sequence NAME` or `plugin NAME`.
    of: String,
    format: &'static str,
    subject: String,
}

impl Template {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let common = match self {
            Self::List(common) => common,
            Self::Preview(preview) => return preview.run(),
        };
        let (_, templates) = read(&common.config)?;
        let rows = rows(&templates);
        if common.json {
            print_json(&rows)?;
        } else {
            let mut shown = table(["template", "of", "format", "subject"]);
            for row in &rows {
                shown.add_row([row.name.as_str(), &row.of, row.format, &row.subject]);
            }
            println!("{shown}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The configuration and its templates. What is wrong with others goes to stderr and is in nobody's
/// way.
fn read(path: &std::path::Path) -> anyhow::Result<(Config, Templates)> {
    let config = load::survey(path)?;
    let manifests = load::plugins(&config)?.manifests();
    let (templates, problems) = config::templates(&config, &manifests);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if config.sequences.is_empty() && config.identities.is_empty() {
        bail!(
            "{} has no sequence and no identity: see `followup check`",
            path.display()
        );
    }
    Ok((config, templates))
}

fn rows(templates: &Templates) -> Vec<Row> {
    templates
        .list()
        .into_iter()
        .map(|listed| {
            let owner = or_dash(listed.owner);
            Row {
                name: listed.name.to_owned(),
                of: match listed.found {
                    Found::Shared => "all sequences".to_owned(),
                    Found::Sequence => format!("sequence {owner}"),
                    Found::PluginDefault => format!("plugin {owner}"),
                },
                format: match listed.template.format() {
                    Format::Markdown => "markdown",
                    Format::Text => "text",
                },
                subject: listed.template.subject().to_owned(),
            }
        })
        .collect()
}
