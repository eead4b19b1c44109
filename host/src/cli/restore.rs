//! `followup restore`: a backup becomes the store, and knows that it is one.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;

use super::{Common, block_on, load, print_json};
use crate::domain::Instant;

const EXAMPLES: &str = "\
Examples:
  followup restore /backups/followup-2026-03-02.db      the store's file must be moved away before
  followup restore --taken-at 2026-03-02T04:00:00Z      PostgreSQL was restored to that moment, by its own tools

All hosts must be stopped. The next one that starts holds every message that may have been sent since:
`followup outbox --rule restored` lists them; compare with the provider, then `followup outbox cancel` or
`release`. What was heard since (replies, unsubscriptions, bounces) is lost: bring the provider's
suppressions in with `followup suppress` before the host starts.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Restore {
    /// What `followup backup` wrote.
    #[arg(required_unless_present = "taken_at")]
    file: Option<PathBuf>,
    /// The store was restored by other means, to this moment (RFC 3339).
    #[arg(long, value_name = "TIME", conflicts_with = "file", value_parser = moment)]
    taken_at: Option<Instant>,
    #[command(flatten)]
    common: Common,
}

fn moment(text: &str) -> Result<Instant, String> {
    Instant::parse_rfc3339(text).ok_or_else(|| "no moment like 2026-03-02T04:00:00Z".to_owned())
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey(&self.common.config)?;
        let taken_at = match (&self.file, self.taken_at) {
            (Some(file), _) => config.store.place.restore(file).ok_or_else(|| {
                anyhow!("the store is a PostgreSQL database: restore it by its own tools, then say `followup restore --taken-at TIME`")
            })??,
            (None, Some(taken_at)) => {
                let store = load::write_store(&config)?;
                block_on(store.mark_restored(taken_at))??;
                taken_at
            }
            (None, None) => bail!("what to restore?"),
        };
        if self.common.json {
            print_json(&json!({ "taken_at": taken_at.to_string() }))?;
        } else {
            println!(
                "the store is as of {taken_at}; when the host starts, `followup outbox --rule restored` shows what may have been sent since"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
