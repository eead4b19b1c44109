//! `followup audit`: proof from the tables, and decisions taken again.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;

use super::table::table;
use super::{Common, block_on, load, print_json};
use crate::calendar::Calendar;
use crate::daemon::{self, Plugins};
use crate::sandbox::Plugin;
use crate::simulate::{Recomputed, recompute};
use crate::store::DEFAULT_TENANT;
use crate::store::audit::{Audit, Checked, FINDINGS_MAX, Finding, LedgerRow, SAMPLE_MAX};

const EXAMPLES: &str = "\
Examples:
  followup audit                             while the host runs, or after a crash or a restore
  followup audit --sample 10000              as many decisions taken again
  followup audit --sample 1000 --seed 7      the same decisions as another time

Ends with 0 where everything holds, with 1 where something was found.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArgs {
    /// Decisions to take again, by the plugin versions that took them.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=SAMPLE_MAX as i64))]
    sample: u32,
    /// Which ones; chosen and shown where it is not given.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Report {
    holds: bool,
    #[serde(flatten)]
    audit: Audit,
    recomputed: Sampled,
}

/// Decisions that were taken again.
#[derive(Serialize)]
struct Sampled {
    seed: u64,
    drawn: usize,
    same: usize,
    different: u64,
    /// The first that came out otherwise.
    findings: Vec<Finding>,
    /// Versions that are not here any more, and how many of the decisions were theirs.
    unknown: BTreeMap<String, usize>,
}

impl AuditArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let seed = match self.seed {
            Some(seed) => seed,
            None => any_seed()?,
        };
        let store = load::read_store(&self.common.config)?;
        let config = load::survey(&self.common.config)?;
        let report = block_on(async {
            let audit = store.audit(DEFAULT_TENANT).await?;
            let rows = store
                .sample(DEFAULT_TENANT, seed, self.sample as usize)
                .await?;
            let recomputed = if rows.is_empty() {
                Sampled::none(seed)
            } else {
                let plugins = load::plugins(&config)?;
                take_again(&plugins, &daemon::calendar(&config), seed, rows).await
            };
            anyhow::Ok(Report {
                holds: audit.findings() == 0 && recomputed.different == 0,
                audit,
                recomputed,
            })
        })??;
        if self.common.json {
            print_json(&report)?;
        } else {
            show(&report);
        }
        Ok(if report.holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Sampled {
    fn none(seed: u64) -> Self {
        Self {
            seed,
            drawn: 0,
            same: 0,
            different: 0,
            findings: Vec::new(),
            unknown: BTreeMap::new(),
        }
    }
}

fn any_seed() -> anyhow::Result<u64> {
    let mut bytes = [0; 4];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system has no random numbers: give a --seed"))?;
    Ok(u32::from_be_bytes(bytes).into())
}

async fn take_again(
    plugins: &Plugins,
    calendar: &std::sync::Arc<Calendar>,
    seed: u64,
    rows: Vec<LedgerRow>,
) -> Sampled {
    let versions: HashMap<&str, &Plugin> = plugins
        .by_id
        .values()
        .flat_map(|installed| installed.older.iter().chain([&installed.plugin]))
        .map(|plugin| (plugin.digest(), plugin))
        .collect();
    // On stderr, and only where that is a terminal.
    let bar = ProgressBar::new(rows.len() as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} decisions  {eta} left")
            .expect("a template"),
    );
    let mut sampled = Sampled {
        drawn: rows.len(),
        ..Sampled::none(seed)
    };
    for row in &rows {
        bar.inc(1);
        let Some(plugin) = versions.get(row.digest.as_str()) else {
            let version = format!("{} {} ({})", row.plugin, row.version, row.digest);
            *sampled.unknown.entry(version).or_default() += 1;
            continue;
        };
        match recompute(&plugins.sandbox, plugin, calendar, row).await {
            Recomputed::Same => sampled.same += 1,
            Recomputed::Different(wrong) => {
                sampled.different += 1;
                if sampled.findings.len() < FINDINGS_MAX {
                    let row = format!("decision {} by {} {}", row.id, row.plugin, row.version);
                    sampled.findings.push(Finding { row, wrong });
                }
            }
        }
    }
    bar.finish_and_clear();
    sampled
}

fn show(report: &Report) {
    let mails = &report.audit.mails;
    let places: Vec<_> = mails
        .messages
        .iter()
        .map(|(status, count)| format!(" + {count} {status}"))
        .collect();
    println!(
        "{} mails asked for in {} decisions = {} refused{}\n",
        mails.asked_for,
        mails.decisions,
        mails.refused,
        places.concat()
    );
    let mut shown = table(["check", "promise", "looked at", "found"]);
    for check in &report.audit.checks {
        shown.add_row([
            check.name.to_owned(),
            check.promise.to_owned(),
            check.looked_at.to_string(),
            check.found.to_string(),
        ]);
    }
    let again = &report.recomputed;
    shown.add_row([
        "recomputed".to_owned(),
        "a decision taken again gives the same bytes".to_owned(),
        (again.drawn - again.unknown.values().sum::<usize>()).to_string(),
        again.different.to_string(),
    ]);
    println!("{shown}");
    println!("\ndecisions drawn by --seed {}", again.seed);
    for (version, count) in &again.unknown {
        println!("not taken again: {count} of {version}, which is not here any more");
    }
    for check in &report.audit.checks {
        show_findings(check);
    }
    if again.different > 0 {
        println!(
            "\nrecomputed: the configured calendar (holidays, zone) is part of a decision; was it changed?"
        );
        for finding in &again.findings {
            println!("  {}: {}", finding.row, finding.wrong);
        }
    }
    if report.holds {
        println!("everything holds");
    }
}

fn show_findings(check: &Checked) {
    if check.found == 0 {
        return;
    }
    println!("\n{}: {}", check.name, check.remedy);
    for finding in &check.findings {
        println!("  {}: {}", finding.row, finding.wrong);
    }
    let more = check.found - check.findings.len() as u64;
    if more > 0 {
        println!("  and {more} more");
    }
}
