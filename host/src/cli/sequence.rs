//! `followup sequence list`.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::table::table;
use super::{Common, block_on, load, print_json};
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::SequenceReport;

#[derive(Subcommand)]
pub(super) enum Sequence {
    /// Every sequence with its rule, and how many contacts are in it.
    List(Common),
}

#[derive(Serialize)]
struct Row {
    name: String,
    policy: String,
    enrol: String,
    identity: String,
    counts: Option<SequenceReport>,
}

impl Sequence {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::List(common) = self;
        let config = load::survey(&common.config)?;
        // Before the first start there are no counts, but there are sequences.
        let reports = match config.store.place.open_if_there()? {
            Some(store) => block_on(store.sequences(DEFAULT_TENANT))??,
            None => Vec::new(),
        };
        let rows: Vec<_> = config
            .sequences
            .iter()
            .map(|(name, sequence)| Row {
                name: name.clone(),
                policy: sequence.policy.clone(),
                enrol: sequence.enrol.clone(),
                identity: sequence.identity.clone(),
                counts: reports.iter().find(|report| report.name == *name).cloned(),
            })
            .collect();
        if common.json {
            print_json(&rows)?;
        } else {
            show(&rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(rows: &[Row]) {
    let mut shown = table([
        "sequence",
        "policy",
        "enrols when",
        "active",
        "paused",
        "finished",
        "exits",
    ]);
    for row in rows {
        let count = |of: fn(&SequenceReport) -> u64| row.counts.as_ref().map_or(0, of).to_string();
        let exits: Vec<_> = row
            .counts
            .iter()
            .flat_map(|counts| &counts.exits)
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        shown.add_row([
            row.name.clone(),
            row.policy.clone(),
            row.enrol.clone(),
            count(|counts| counts.active),
            count(|counts| counts.paused),
            count(|counts| counts.finished),
            exits.join(", "),
        ]);
    }
    println!("{shown}");
}
