//! The limits as the documentation words them, written down a second time: nothing here calls the
//! guardrails.
//!
//! In: what was sent (`sent`, from the ledger) and what is allowed (`Limits`). Out: the first limit
//! that a touch breaks, in words. Only the names of zones come from a library.

use anyhow::ensure;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use chrono_tz::Tz;
use followup::domain::Instant;
use followup_tests::town::Town;

use super::audit;

/// Something that reached out to somebody.
#[derive(Debug, Clone)]
pub(super) struct Touch {
    pub(super) at: Instant,
    pub(super) contact: String,
    pub(super) account: Option<String>,
    /// None for what a person did by hand.
    pub(super) mail: Option<Mail>,
}

#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub(super) id: String,
    pub(super) sequence: String,
    pub(super) identity: String,
    pub(super) enrollment: i64,
    /// The number of the event that enrolled.
    pub(super) enrolled_by: i64,
}

/// `(count, span)`.
pub(super) type Cap = (usize, Span);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Span {
    Day,
    Week,
    Rolling(i64),
    /// So many on that date, one more on each date after.
    Climbing(NaiveDate),
}

/// What an administrator allowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    pub(super) contact_caps: Vec<Cap>,
    pub(super) account_caps: Vec<Cap>,
    pub(super) gap_ms: i64,
    /// Days from Monday (0) to Sunday (6), minutes of the day, the last not within.
    pub(super) window: Option<([u32; 2], [u32; 2])>,
    /// Days off, where only business days count.
    pub(super) holidays: Option<Vec<NaiveDate>>,
    pub(super) identity_caps: Vec<Cap>,
    pub(super) identity_gap_ms: i64,
    /// First and last date on which nobody is there.
    pub(super) absent: Option<[NaiveDate; 2]>,
}

impl Limits {
    /// Says which limit the mail breaks, given everything else that reached out until then. `zone` is
    /// the contact's, `home` the tenant's.
    pub(super) fn check(
        &self,
        mail: &Touch,
        others: &[Touch],
        zone: Tz,
        home: Tz,
    ) -> anyhow::Result<()> {
        let wall = wall(mail.at, zone);
        let minute = wall.hour() * 60 + wall.minute();
        if let Some(([first, last], [from, to])) = self.window {
            let day = wall.weekday().num_days_from_monday();
            let open = (first..=last).contains(&day) && (from..to).contains(&minute);
            ensure!(open, "outside the window at {wall} in {zone}: {mail:?}");
        }
        if let Some(holidays) = &self.holidays {
            let off = holidays.contains(&wall.date()) || wall.weekday().num_days_from_monday() > 4;
            ensure!(!off, "on a day off, {wall} in {zone}: {mail:?}");
        }
        if let Some([first, last]) = self.absent {
            let today = self::wall(mail.at, home).date();
            ensure!(today < first || today > last, "while absent: {mail:?}");
        }
        let identity = |touch: &Touch| touch.mail.as_ref().map(|mail| mail.identity.clone());
        let of_contact = moments(others, |other| other.contact == mail.contact);
        let of_account = moments(others, |other| {
            mail.account.is_some() && other.account == mail.account
        });
        let of_identity = moments(others, |other| identity(other) == identity(mail));
        for (what, caps, gap_ms, moments, zone) in [
            ("contact", &self.contact_caps, self.gap_ms, of_contact, zone),
            ("account", &self.account_caps, 0, of_account, zone),
            (
                "identity",
                &self.identity_caps,
                self.identity_gap_ms,
                of_identity,
                home,
            ),
        ] {
            for cap in caps {
                keeps(*cap, mail.at, &moments, zone)
                    .map_err(|e| anyhow::anyhow!("{what} cap {cap:?}: {e}: {mail:?}"))?;
            }
            let near = moments
                .iter()
                .find(|at| at.since_ms(mail.at).abs() < gap_ms);
            ensure!(near.is_none(), "{what} gap: {near:?} is too near: {mail:?}");
        }
        Ok(())
    }
}

/// Whether `at`, together with the others, leaves every span that it lies in within the cap.
fn keeps((count, span): Cap, at: Instant, others: &[Instant], zone: Tz) -> anyhow::Result<()> {
    let used = match span {
        Span::Day => same(at, others, |at| wall(at, zone).date()),
        Span::Climbing(from) => {
            let days = (wall(at, zone).date() - from).num_days();
            let more = usize::try_from(days).unwrap_or_default();
            same(at, others, |at| wall(at, zone).date()).saturating_sub(more)
        }
        Span::Week => same(at, others, |at| wall(at, zone).date().iso_week()),
        Span::Rolling(ms) => {
            let mut all: Vec<_> = others.iter().copied().chain([at]).collect();
            all.sort_unstable();
            // Spans that begin with a touch and hold this one; the far end is not within.
            let begins = all
                .iter()
                .filter(|begin| (0..ms).contains(&at.since_ms(**begin)));
            let within = |begin: &Instant| {
                let near = all
                    .iter()
                    .filter(|one| (0..ms).contains(&one.since_ms(*begin)));
                near.count()
            };
            begins.map(within).max().unwrap_or_default()
        }
    };
    ensure!(used <= count, "{used} touches");
    Ok(())
}

fn same<T: PartialEq>(at: Instant, others: &[Instant], period: impl Fn(Instant) -> T) -> usize {
    1 + others
        .iter()
        .filter(|other| period(**other) == period(at))
        .count()
}

fn moments(touches: &[Touch], wanted: impl Fn(&Touch) -> bool) -> Vec<Instant> {
    let wanted = touches.iter().filter(|touch| wanted(touch));
    wanted.map(|touch| touch.at).collect()
}

pub(super) fn wall(at: Instant, zone: Tz) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(at.0).expect("a moment of these years");
    utc.with_timezone(&zone).naive_local()
}

/// Every mail that was handed over, in that order, by the ledger; each has its file, and each file
/// is one of them.
pub(super) fn sent(town: &Town) -> anyhow::Result<Vec<Touch>> {
    audit::every_mail_is_a_message(town)?;
    audit::rows(
        town,
        "SELECT a.started_at, c.email, c.account_key, m.id, s.name, m.identity, e.event_seq, e.id
         FROM attempts a JOIN messages m ON m.seq = a.message_seq JOIN contacts c ON c.id = m.contact_id
         JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id
         JOIN touches t ON t.message_seq = m.seq ORDER BY t.seq",
        |row| {
            Ok(Touch {
                at: Instant(row.get(0)?),
                contact: row.get(1)?,
                account: row.get(2)?,
                mail: Some(Mail {
                    id: row.get(3)?,
                    sequence: row.get(4)?,
                    identity: row.get(5)?,
                    enrolled_by: row.get(6)?,
                    enrollment: row.get(7)?,
                }),
            })
        },
    )
}
