//! `followup backup`: a copy of the store, while the host runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, block_on, load, print_json};
use crate::clock::{Clock, SystemClock};
use crate::store::place::Place;

/// How often the bar looks how far the copy is.
const LOOK_EVERY_MS: i64 = 100;

const EXAMPLES: &str = "\
Examples:
  followup backup /backups/followup-$(date +%F).db

The copy is of one moment, compact and checked. It knows that it is a backup: a host that starts on it
holds what may have been sent since (`followup restore` puts it back). Templates, configuration, secrets,
followup.lock and plugins/ are files of yours: copy them as well.

On PostgreSQL use its own tools (pg_dump, base backups with a write-ahead log archive), and say
`followup restore --taken-at TIME` before a host starts on what was restored.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Backup {
    /// The file to write; it must not exist.
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

impl Backup {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let place = load::survey(&self.common.config)?.store.place;
        let bytes = block_on(copy(place, self.file.clone()))??;
        if self.common.json {
            print_json(&json!({ "file": self.file, "bytes": bytes }))?;
        } else {
            println!(
                "{}: {bytes} bytes, checked; put it back with `followup restore`",
                self.file.display()
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn copy(place: Place, file: PathBuf) -> anyhow::Result<u64> {
    // On stderr, and only where that is a terminal.
    let bar = ProgressBar::new(place.file_bytes().unwrap_or_default())
        .with_style(ProgressStyle::with_template("{bar:40} {percent:>3}%").expect("a template"));
    let to = file.clone();
    let mut copying = tokio::task::spawn_blocking(move || place.backup(&to, SystemClock.now()));
    let copied = loop {
        let next = SystemClock.now().plus_ms(LOOK_EVERY_MS);
        tokio::select! {
            copied = &mut copying => break copied,
            () = SystemClock.sleep_until(next) => bar.set_position(bytes(&file)),
        }
    };
    bar.finish_and_clear();
    match copied.context("the copy was cut off")? {
        Some(copied) => Ok(copied?),
        None => bail!(
            "the store is a PostgreSQL database: use pg_dump or a base backup; after restoring one, say `followup restore --taken-at TIME` before a host starts"
        ),
    }
}

/// How far it is: the compact copy may end below the file it is of.
fn bytes(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}
