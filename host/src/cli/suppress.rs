//! `followup suppress`: the list of addresses and domains that must not be mailed.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::leads::source::Source;
use super::load::{read_store, survey, write_store};
use super::table::table;
use super::{Common, block_on, print_json};
use crate::clock::{Clock, SystemClock};
use crate::leads::unwanted::{UnwantedColumns, target};
use crate::store::roster::{BATCH_MAX, Entry, Suppressed};
use crate::store::{self, DEFAULT_TENANT, Store};

/// Entries read at once.
const PAGE_MAX: usize = 1_000;
/// Entries that a table shows.
const LISTED_MAX: usize = 1_000;
/// Rejected rows that are shown.
const REJECTED_SHOWN_MAX: usize = 10;

#[derive(Subcommand)]
pub(super) enum Suppress {
    /// Never mail this address, or any address of this domain, again.
    Add(Add),
    /// Take an address or domain off the list. What ended stays ended.
    Remove(Remove),
    /// Show the list.
    List(Common),
    /// Add the addresses and domains of a CSV file.
    Import(Import),
    /// Write the list as CSV, to a file or to stdout.
    Export(Export),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  followup suppress add ada@example.com --reason 'asked by phone'
  followup suppress add @example.com --reason competitor

A domain counts for its own addresses, not for those of domains below it. Sequences that the people are
in end at once, and what waits for them is cancelled.")]
pub(super) struct Add {
    /// An address, or @ and a domain.
    #[arg(value_name = "ADDRESS|@DOMAIN")]
    target: String,
    /// Why; it is shown wherever a message is refused for it.
    #[arg(long, value_name = "TEXT", default_value = "by hand")]
    reason: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = "Example:\n  followup suppress remove ada@example.com")]
pub(super) struct Remove {
    /// An address, or @ and a domain.
    #[arg(value_name = "ADDRESS|@DOMAIN")]
    target: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  followup suppress import unsubscribed.csv
  followup suppress import bounces.csv --reason hard-bounce

Exports of SendGrid (bounces, spam reports, unsubscribes), Mailchimp (unsubscribed, cleaned) and HubSpot
(opted out, hard bounces) are understood as they are, and what `followup suppress export` wrote. Else
one column must be called like an address or a domain.")]
pub(super) struct Import {
    file: PathBuf,
    /// The reason of rows that give none.
    #[arg(long, value_name = "TEXT", default_value = "imported")]
    reason: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = "Example:\n  followup suppress export suppressed.csv")]
pub(super) struct Export {
    /// Stdout where left out.
    file: Option<PathBuf>,
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    config: PathBuf,
}

impl Suppress {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add(add) => add.run()?,
            Self::Remove(remove) => remove.run()?,
            Self::List(common) => list(&common)?,
            Self::Import(import) => import.run()?,
            Self::Export(export) => export.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let now = SystemClock.now();
        let entry = Entry {
            address: parse(&self.target)?,
            reason: self.reason,
            source: "cli".to_owned(),
            at: now,
        };
        let address = entry.address.clone();
        let store = write_store(&survey(&self.common.config)?)?;
        let done = block_on(store.suppress(DEFAULT_TENANT, vec![entry], now))??;
        if self.common.json {
            print_json(&done)
        } else {
            let known = if done.added == 0 {
                " (it was on the list)"
            } else {
                ""
            };
            println!("{address} will not be mailed{known}");
            show_ended(&done);
            Ok(())
        }
    }
}

impl Remove {
    fn run(self) -> anyhow::Result<()> {
        let address = parse(&self.target)?;
        let store = write_store(&survey(&self.common.config)?)?;
        let Some(was) = block_on(store.unsuppress(DEFAULT_TENANT, &address))?? else {
            bail!("{address} is not on the list (followup suppress list)");
        };
        if self.common.json {
            print_json(&was)
        } else {
            println!(
                "{address} may be mailed again; it was suppressed since {}: {} ({})",
                was.at, was.reason, was.source
            );
            Ok(())
        }
    }
}

fn list(common: &Common) -> anyhow::Result<()> {
    let store = read_store(&common.config)?;
    let mut shown = table(["address", "reason", "source", "since"]);
    let (mut count, mut rows) = (0, 0);
    if common.json {
        print!("[");
    }
    each(&*store, |entry| {
        count += 1;
        if common.json {
            let comma = if count > 1 { "," } else { "" };
            print!("{comma}\n{}", serde_json::to_string(&entry)?);
        } else if rows < LISTED_MAX {
            rows += 1;
            shown.add_row([
                entry.address,
                entry.reason,
                entry.source,
                entry.at.to_string(),
            ]);
        }
        Ok(())
    })?;
    match (common.json, count) {
        (true, _) => println!("\n]"),
        (false, 0) => println!("Nobody is suppressed."),
        (false, _) => println!("{shown}"),
    }
    if !common.json && count > rows {
        println!("… and {} more: followup suppress export", count - rows);
    }
    Ok(())
}

impl Import {
    fn run(self) -> anyhow::Result<()> {
        let mut source = Source::open(&self.file, None, None)?;
        let shown = self.file.display();
        let Some(columns) = UnwantedColumns::guess(&source.headers) else {
            bail!(
                "{shown}: no column is called like an address or a domain (columns: {}): call one `email` or `domain`",
                source.headers.join(", ")
            );
        };
        let store = write_store(&survey(&self.common.config)?)?;
        let now = SystemClock.now();
        let mut imported = Imported {
            list_of: columns.system,
            ..Imported::default()
        };
        let mut batch = Vec::new();
        while let Some(record) = source.records.next_record()? {
            let read = record.cells.map_err(|e| format!("the row {e}"));
            match read.and_then(|cells| columns.read(&cells, &self.reason)) {
                Ok(None) => imported.passed_over += 1,
                Ok(Some(unwanted)) => batch.push(Entry {
                    address: unwanted.address,
                    reason: unwanted.reason,
                    source: format!("import {}", source.name),
                    at: unwanted.at.unwrap_or(now),
                }),
                Err(reason) => imported.reject(record.row, reason),
            }
            if batch.len() == BATCH_MAX {
                imported.add(&suppress(&*store, &mut batch)?);
            }
        }
        imported.add(&suppress(&*store, &mut batch)?);
        source.bar.finish_and_clear();
        if self.common.json {
            return print_json(&imported);
        }
        imported.show();
        Ok(())
    }
}

fn suppress(store: &dyn Store, batch: &mut Vec<Entry>) -> anyhow::Result<Suppressed> {
    let entries = std::mem::take(batch);
    let now = SystemClock.now();
    Ok(block_on(store.suppress(DEFAULT_TENANT, entries, now))??)
}

/// What became of a file.
#[derive(Default, serde::Serialize)]
struct Imported {
    /// Whose export it looks like.
    list_of: Option<&'static str>,
    #[serde(flatten)]
    all: Suppressed,
    /// Rows of people who did not opt out, in an export of everybody.
    passed_over: u64,
    rejected: u64,
    /// The first of them: row and reason.
    rejections: Vec<(u64, String)>,
}

impl Imported {
    fn add(&mut self, batch: &Suppressed) {
        self.all.added += batch.added;
        self.all.known += batch.known;
        self.all.exits += batch.exits;
        self.all.in_flight += batch.in_flight;
    }

    fn reject(&mut self, row: u64, reason: String) {
        self.rejected += 1;
        if self.rejections.len() < REJECTED_SHOWN_MAX {
            self.rejections.push((row, reason));
        }
    }

    fn show(&self) {
        if let Some(system) = self.list_of {
            println!("read as an export of {system}");
        }
        println!(
            "{} added, {} on the list already, {} passed over, {} rejected",
            self.all.added, self.all.known, self.passed_over, self.rejected
        );
        show_ended(&self.all);
        for (row, reason) in &self.rejections {
            println!("  row {row}: {reason}");
        }
    }
}

fn show_ended(done: &Suppressed) {
    if done.exits > 0 {
        println!("{} enrollments ended with it", done.exits);
    }
    if done.in_flight > 0 {
        println!(
            "{} messages are with a provider at this moment and may arrive; they are not repeated",
            done.in_flight
        );
    }
}

impl Export {
    fn run(self) -> anyhow::Result<()> {
        let store = read_store(&self.config)?;
        let file = self.file.filter(|path| path.as_os_str() != "-");
        match &file {
            Some(path) => {
                let cannot = || format!("{} cannot be written", path.display());
                let file = File::create(path).with_context(cannot)?;
                let count = export(&*store, file).with_context(cannot)?;
                println!("{count} entries in {}", path.display());
            }
            None => {
                export(&*store, std::io::stdout().lock())?;
            }
        }
        Ok(())
    }
}

fn export(store: &dyn Store, to: impl Write) -> anyhow::Result<usize> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(["address", "reason", "source", "at"])?;
    let mut count = 0;
    each(store, |entry| {
        count += 1;
        let at = entry.at.to_string();
        Ok(writer.write_record([&entry.address, &entry.reason, &entry.source, &at])?)
    })?;
    writer.flush()?;
    Ok(count)
}

/// Every entry, page by page.
fn each(
    store: &dyn Store,
    mut take: impl FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page: Result<_, store::Error> =
            block_on(store.suppressions(DEFAULT_TENANT, after.clone(), PAGE_MAX))?;
        let page = page?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.address.clone());
        page.into_iter().try_for_each(&mut take)?;
    }
}

fn parse(text: &str) -> anyhow::Result<String> {
    target(text).map_err(|e| anyhow::anyhow!("{e}"))
}
