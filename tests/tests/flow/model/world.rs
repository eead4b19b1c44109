//! What the documentation promises, kept in plain Rust: after each step, every new mail is held
//! against it.
//!
//! In: what was done (`heard`, `paused`, ...) and the mails since. The model calls nothing of the
//! guardrails; of the ledger it reads which enrollment a mail belongs to, and which were running.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use chrono_tz::Tz;
use followup::calendar;
use followup::domain::Instant;
use followup::domain::instant::DAY_MS;
use followup_tests::town::Town;
use serde_json::Value;

use super::history::{PEOPLE, Regime};
use super::regime::sequences;
use crate::audit;
use crate::limits::{Touch, sent};

/// As in the configuration, where it differs from the default.
const SOFT_BOUNCES_MAX: u32 = 2;
const AUTO_REPLY_PAUSE_MS: i64 = 14 * DAY_MS;
const ACCOUNT_STOP_DELAY_MS: i64 = 7 * DAY_MS;
const QUIET_MAX_MS: i64 = 366 * DAY_MS;

const HOME: Tz = Tz::Europe__Berlin;

/// What is known of somebody.
#[derive(Debug, Default)]
struct Known {
    zone: Option<Tz>,
    /// By sequence: what an event before the one of this number enrolled has ended.
    ended: BTreeMap<&'static str, i64>,
    opted_out: BTreeSet<String>,
    suppressed: bool,
    deleted: bool,
    soft_bounces: u32,
    quiet: Option<(Instant, &'static str)>,
}

/// A pause: scope, name, and when it ends by itself.
type Pause = (&'static str, String, Option<Instant>);

pub(super) struct World {
    pub(super) regime: Regime,
    people: Vec<Known>,
    pauses: Vec<Pause>,
    /// Enrollments that a colleague's answer ended.
    stopped: BTreeSet<i64>,
    touches: Vec<Touch>,
    mails: usize,
}

impl World {
    pub(super) fn new(regime: Regime) -> Self {
        let people = PEOPLE.iter().map(|person| Known {
            zone: person.zone.map(|zone| zone.parse().expect("a zone")),
            ..Known::default()
        });
        Self {
            regime,
            people: people.collect(),
            pauses: Vec::new(),
            stopped: BTreeSet::new(),
            touches: Vec::new(),
            mails: 0,
        }
    }

    pub(super) fn mails(&self) -> usize {
        self.mails
    }

    /// The first zone that anybody told: the contact's, the account's, the owner's, the tenant's.
    fn zone(&self, who: usize) -> Tz {
        let told = [PEOPLE[who].account_zone, PEOPLE[who].owner_zone];
        let mut others = told.into_iter().flatten();
        let other = || others.next().map(|zone| zone.parse().expect("a zone"));
        self.people[who].zone.or_else(other).unwrap_or(HOME)
    }

    /// Which enrollments of each person run, or have mail that has not gone.
    pub(super) fn running(town: &Town) -> anyhow::Result<Vec<(i64, String, String)>> {
        audit::rows(
            town,
            "SELECT e.id, c.email, s.name FROM enrollments e JOIN contacts c ON c.id = e.contact_id
             JOIN sequences s ON s.id = e.sequence_id
             WHERE e.status <> 'finished' OR EXISTS (SELECT 1 FROM messages m WHERE m.enrollment_id = e.id
                   AND m.status IN ('queued', 'held', 'sending'))",
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    /// An event was acknowledged; `running` is what ran before.
    pub(super) fn heard(
        &mut self,
        town: &Town,
        who: usize,
        kind: &str,
        data: &Value,
        running: &[(i64, String, String)],
    ) -> anyhow::Result<()> {
        let number = audit::rows(town, "SELECT max(seq) FROM events", |row| row.get(0))?;
        let number: i64 = *number.first().context("events")?;
        let now = town.now();
        let home = self.people[who].zone.unwrap_or(HOME);
        let known = &mut self.people[who];
        let departed = kind == "auto-replied" && data["departed"] == true;
        if let Some(zone) = data["contact"]["time_zone"].as_str() {
            known.zone = Some(zone.parse()?);
        }
        match kind {
            "unsubscribed" | "hard-bounced" | "complained" => known.suppressed = true,
            "contact-deleted" => known.deleted = true,
            "contact-created" => known.deleted = false,
            "email-delivered" | "replied" => known.soft_bounces = 0,
            "soft-bounced" => {
                known.soft_bounces += 1;
                known.suppressed |= known.soft_bounces >= SOFT_BOUNCES_MAX;
            }
            "opted-out" => {
                let sequence = data["sequence"].as_str().context("a sequence")?;
                known.opted_out.insert(sequence.to_owned());
            }
            "paused-by-contact" => {
                let until = moment(data, "until").context("until")?;
                if known
                    .quiet
                    .is_none_or(|(last, why)| why == "asked" || last < until)
                {
                    known.quiet = Some((until, "asked"));
                }
            }
            "auto-replied" => {
                let until = match data["return_on"].as_str() {
                    Some(date) => midnight(date.parse()?, home)?,
                    None => now.plus_ms(AUTO_REPLY_PAUSE_MS),
                };
                known.be_quiet(until.min(now.plus_ms(QUIET_MAX_MS)), now);
            }
            "email-sent" | "call-made" => {
                self.touches.push(Touch {
                    at: now,
                    contact: PEOPLE[who].email.to_owned(),
                    account: PEOPLE[who].account_key(),
                    mail: None,
                });
            }
            _ => {}
        }
        for sequence in sequences() {
            if departed || self.ends(sequence, kind) {
                self.people[who].ended.insert(sequence, number);
            }
        }
        if matches!(kind, "replied" | "deal-won" | "meeting-booked") {
            self.answered(who, now, running);
        }
        Ok(())
    }

    /// The exits, all of which are on but one. A sequence that is not configured honours each.
    fn ends(&self, sequence: &str, kind: &str) -> bool {
        match kind {
            "meeting-booked" => sequence != "meetings" || !self.regime.has(sequence),
            "replied" | "deal-won" | "unsubscribed" | "hard-bounced" | "complained"
            | "contact-deleted" => true,
            _ => false,
        }
    }

    /// What an answer means for colleagues.
    fn answered(&mut self, who: usize, now: Instant, running: &[(i64, String, String)]) {
        let key = PEOPLE[who].account_key();
        for (other, person) in PEOPLE.iter().enumerate() {
            if other == who || key.is_none() || person.account_key() != key {
                continue;
            }
            let theirs = running
                .iter()
                .filter(|(_, email, sequence)| *email == person.email && self.regime.has(sequence));
            for (enrollment, ..) in theirs {
                match self.regime.account_stop {
                    1 => _ = self.stopped.insert(*enrollment),
                    2 => self.people[other].be_quiet(now.plus_ms(ACCOUNT_STOP_DELAY_MS), now),
                    _ => {}
                }
            }
        }
    }

    pub(super) fn paused(&mut self, pause: Pause) {
        self.resumed(pause.0, &pause.1);
        self.pauses.push(pause);
    }

    pub(super) fn resumed(&mut self, scope: &str, name: &str) {
        self.pauses
            .retain(|(known, of, _)| (*known, of.as_str()) != (scope, name));
    }

    pub(super) fn resumed_all(&mut self) {
        self.pauses.clear();
    }

    /// Holds every mail since the last look against everything known.
    pub(super) fn look(&mut self, town: &Town) -> anyhow::Result<()> {
        let sent = sent(town)?;
        for mut mail in sent.into_iter().skip(self.mails) {
            self.may_go(&mut mail)
                .with_context(|| format!("{mail:?}"))?;
            self.touches.push(mail);
            self.mails += 1;
        }
        let now = town.now();
        self.pauses
            .retain(|(.., until)| until.is_none_or(|until| until > now));
        Ok(())
    }

    fn may_go(&self, touch: &mut Touch) -> anyhow::Result<()> {
        let people = &mut PEOPLE.iter();
        let who = people.position(|person| person.email == touch.contact);
        let who = who.context("to somebody unknown")?;
        let known = &self.people[who];
        // As the CRM told, not as the store understood.
        touch.account = PEOPLE[who].account_key();
        let mail = touch.mail.as_ref().context("a mail")?;
        let mut before = self.touches.iter().filter_map(|touch| touch.mail.as_ref());
        ensure!(before.all(|other| other.id != mail.id), "a second time");
        ensure!(!known.suppressed, "to a suppressed address");
        ensure!(!known.deleted, "to somebody deleted");
        ensure!(
            !known.opted_out.contains(&mail.sequence),
            "of a sequence opted out of"
        );
        let ended = known.ended.get(mail.sequence.as_str());
        ensure!(
            ended.is_none_or(|number| mail.enrolled_by >= *number),
            "after its exit"
        );
        ensure!(
            !self.stopped.contains(&mail.enrollment),
            "after a colleague's answer"
        );
        ensure!(
            self.regime.has(&mail.sequence),
            "of a sequence that is not configured"
        );
        let quiet = known.quiet.filter(|(until, _)| touch.at < *until);
        ensure!(quiet.is_none(), "while quiet: {quiet:?}");
        let stops = |pause: &&Pause| {
            let named = match pause.0 {
                "tenant" => true,
                "sequence" => pause.1 == mail.sequence,
                "identity" => pause.1 == mail.identity,
                _ => pause.1 == touch.contact,
            };
            named && pause.2.is_none_or(|until| touch.at < until)
        };
        let paused = self.pauses.iter().find(stops);
        ensure!(paused.is_none(), "while paused: {paused:?}");
        let limits = self.regime.limits(&mail.identity);
        limits.check(touch, &self.touches, self.zone(who), HOME)
    }
}

impl Known {
    fn be_quiet(&mut self, until: Instant, now: Instant) {
        if until > now && self.quiet.is_none_or(|(last, _)| last < until) {
            self.quiet = Some((until, "away"));
        }
    }
}

fn moment(data: &Value, name: &str) -> Option<Instant> {
    Instant::parse_rfc3339(data[name].as_str()?)
}

fn midnight(date: NaiveDate, zone: Tz) -> anyhow::Result<Instant> {
    Ok(calendar::from_local(
        date.and_time(chrono::NaiveTime::MIN),
        zone,
    )?)
}
