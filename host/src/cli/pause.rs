//! `followup pause` and `followup resume`: for everything, a sequence, a contact, an identity.
//!
//! Written into the store of a host that may be serving. Nothing paused leaves from the commit on:
//! each claim of a message looks at the pauses in its own transaction.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::load::{read_store, survey, write_store};
use super::outbox::count;
use super::table::{second, table};
use super::{Common, block_on, print_json};
use crate::calendar::from_local;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::outlook::resume;
use crate::domain::pause::{Cause, Pause, Scope};
use crate::domain::{EmailAddress, Instant, spelling};
use crate::store::explain::{Hindrances, PauseFacts};
use crate::store::{DEFAULT_TENANT, Store};

#[derive(Args)]
#[command(after_help = "Examples:
  followup pause --sequence welcome --reason 'wrong prices' --until 2026-04-01
  followup pause --contact ada@example.com --reason 'talks to our boss'
  followup pause --all
  followup pause --list")]
pub(super) struct PauseArgs {
    #[command(flatten)]
    whom: Whom,
    /// Kept with the pause, and shown with each message that it stops.
    #[arg(long, value_name = "TEXT", default_value = "paused by hand")]
    reason: String,
    /// When it lifts itself: `2026-04-01T09:00:00+02:00`, or a date, which begins at midnight in the
    /// zone of `[calendar]`.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// List what is paused.
    #[arg(long, conflicts_with_all = ["whom", "until"])]
    list: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[command(after_help = "Examples:
  followup resume --sequence welcome
  followup resume --all                 lifts the pause of everything, no other")]
pub(super) struct Resume {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
#[group(id = "whom", multiple = false)]
struct Whom {
    /// Everything.
    #[arg(long)]
    all: bool,
    /// All mail of a sequence.
    #[arg(long, value_name = "NAME")]
    sequence: Option<String>,
    /// All mail to a person.
    #[arg(long, value_name = "EMAIL")]
    contact: Option<String>,
    /// All mail that an identity sends.
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
}

/// Answers for programs.
#[derive(Serialize)]
struct Paused {
    scope: &'static str,
    name: String,
    until: Option<String>,
    /// Waiting messages that pauses stop, this one and others.
    stopped: u64,
}

#[derive(Serialize)]
struct Resumed {
    scope: &'static str,
    name: String,
    was_paused: bool,
    /// Messages that were held and that no other pause stops.
    freed: usize,
}

impl PauseArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if self.list {
            return list(&self.common);
        }
        let config = survey(&self.common.config)?;
        let store = write_store(&config)?;
        let now = SystemClock.now();
        let target = self.whom.target(&config, &*store)?;
        let until = self
            .until
            .map(|text| until(&text, config.calendar.time_zone, now))
            .transpose()?;
        let pause = Pause {
            scope: target.scope,
            name: target.key.clone(),
            cause: Cause::Person,
            reason: self.reason,
            since: now,
            until,
        };
        let lifted_by = resume(&pause, Some(&target.name));
        block_on(store.pause(DEFAULT_TENANT, pause))??;
        let stopped = stopped(&block_on(store.hindrances(DEFAULT_TENANT, now))??);
        let until = until.map(|at| at.to_string());
        if self.common.json {
            print_json(&Paused {
                scope: target.scope.as_str(),
                name: target.name,
                until,
                stopped,
            })?;
        } else {
            let until = until.unwrap_or_else(|| format!("`{lifted_by}`"));
            println!("{} is paused until {until}", target.shown());
            println!(
                "{} waiting and stopped by pauses: `followup outbox --rule paused`",
                count(stopped, "message")
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Resume {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = survey(&self.common.config)?;
        let store = write_store(&config)?;
        let target = self.whom.target(&config, &*store)?;
        let done = store.resume(DEFAULT_TENANT, target.scope, &target.key, SystemClock.now());
        let freed = block_on(done)??;
        if self.common.json {
            print_json(&Resumed {
                scope: target.scope.as_str(),
                was_paused: freed.is_some(),
                freed: freed.unwrap_or(0),
                name: target.name,
            })?;
        } else if let Some(freed) = freed {
            println!(
                "{} goes on; {} held by the pause may go",
                target.shown(),
                count(freed as u64, "message")
            );
        } else {
            println!(
                "{} was not paused: see `followup pause --list`",
                target.shown()
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What is to be paused or resumed.
struct Target {
    scope: Scope,
    /// As the store names it.
    key: String,
    /// As people name it.
    name: String,
}

impl Target {
    fn shown(&self) -> String {
        match self.scope {
            Scope::Tenant => "everything".to_owned(),
            scope => format!("{} {}", scope.as_str(), self.name),
        }
    }
}

impl Whom {
    fn target(&self, config: &Config, store: &dyn Store) -> anyhow::Result<Target> {
        if self.all {
            return Ok(named(Scope::Tenant, ""));
        }
        if let Some(name) = &self.sequence {
            known(Scope::Sequence, name, config.sequences.keys(), store)?;
            return Ok(named(Scope::Sequence, name));
        }
        if let Some(name) = &self.identity {
            known(Scope::Identity, name, config.identities.keys(), store)?;
            return Ok(named(Scope::Identity, name));
        }
        let Some(email) = &self.contact else {
            bail!("say what: --all, --sequence NAME, --contact EMAIL or --identity NAME");
        };
        let email = EmailAddress::parse(email).with_context(|| format!("{email:?}"))?;
        match block_on(store.contact(DEFAULT_TENANT, &email))?? {
            Some(report) => Ok(Target {
                scope: Scope::Contact,
                key: report.contact.id,
                name: email.to_string(),
            }),
            None => bail!("nobody known by {email}: no event about that address was taken in"),
        }
    }
}

fn named(scope: Scope, name: &str) -> Target {
    Target {
        scope,
        key: name.to_owned(),
        name: name.to_owned(),
    }
}

/// A name that is configured, or that is paused though it is configured no more.
fn known<'a>(
    scope: Scope,
    name: &str,
    configured: impl Iterator<Item = &'a String> + Clone,
    store: &dyn Store,
) -> anyhow::Result<()> {
    if configured.clone().any(|known| known == name) {
        return Ok(());
    }
    let pauses = block_on(store.pauses(DEFAULT_TENANT))??;
    if pauses
        .iter()
        .any(|pause| pause.scope == scope && pause.name == name)
    {
        return Ok(());
    }
    let remedy = spelling::suggest(name, configured.map(String::as_str));
    bail!("there is no {} {name:?}: {remedy}", scope.as_str())
}

/// A moment to come.
fn until(text: &str, zone: Tz, now: Instant) -> anyhow::Result<Instant> {
    let at = match (Instant::parse_rfc3339(text), text.parse::<NaiveDate>()) {
        (Some(at), _) => at,
        (None, Ok(date)) => from_local(date.and_time(NaiveTime::MIN), zone)?,
        (None, Err(_)) => {
            bail!("--until {text:?} is no time: write 2026-04-01 or 2026-04-01T09:00:00+02:00")
        }
    };
    if at <= now {
        bail!("--until {at} is over: name a moment to come");
    }
    Ok(at)
}

fn stopped(hindrances: &Hindrances) -> u64 {
    let paused = hindrances
        .waiting
        .iter()
        .filter(|count| count.rule.as_deref() == Some("paused"));
    paused.map(|count| count.messages).sum()
}

fn list(common: &Common) -> anyhow::Result<ExitCode> {
    let store = read_store(&common.config)?;
    let hindrances = block_on(store.hindrances(DEFAULT_TENANT, SystemClock.now()))??;
    if common.json {
        print_json(&hindrances.pauses)?;
    } else if hindrances.pauses.is_empty() {
        println!("nothing is paused");
    } else {
        println!("{}", pauses(&hindrances.pauses));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn pauses(pauses: &[PauseFacts]) -> comfy_table::Table {
    let mut rows = table(["paused", "name", "by", "since", "until", "reason"]);
    for pause in pauses {
        let until = pause.until.as_deref().map(second);
        rows.add_row([
            pause.scope,
            if pause.name.is_empty() {
                "everything"
            } else {
                &pause.name
            },
            pause.cause,
            &second(&pause.since),
            until.as_deref().unwrap_or("resumed"),
            &pause.reason,
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_is_a_moment_or_the_begin_of_a_date() {
        let now = Instant::parse_rfc3339("2026-03-02T09:00:00Z").expect("a moment");
        let check = |text: &str, expect: Result<&str, &str>| {
            let found = until(text, Tz::Europe__Berlin, now);
            match (found, expect) {
                (Ok(at), Ok(expect)) => assert_eq!(at.to_string(), expect, "{text}"),
                (Err(e), Err(expect)) => assert!(e.to_string().contains(expect), "{text}: {e}"),
                (found, expect) => panic!("{text}: {found:?}, not {expect:?}"),
            }
        };
        check("2026-03-03", Ok("2026-03-02T23:00:00Z"));
        check("2026-04-01", Ok("2026-03-31T22:00:00Z"));
        check("2026-03-02T12:00:00+02:00", Ok("2026-03-02T10:00:00Z"));
        check("2026-03-02", Err("is over"));
        check("2026-03-02T09:00:00Z", Err("is over"));
        check("tomorrow", Err("is no time"));
    }
}
