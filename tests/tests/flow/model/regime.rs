//! A regime as configuration for the host, and as limits for the model.

use chrono::NaiveDate;
use followup::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::history::Regime;
use crate::limits::{Cap, Limits, Span};

/// Days off of the tenant.
const HOLIDAYS: [&str; 2] = ["2026-03-10", "2026-04-06"];

/// Each with its policy, who writes, and the rest of its section.
const SEQUENCES: [(&str, &str, &str, &str); 5] = [
    (
        "welcome",
        "cadence",
        "bob",
        "enrol = 'event.kind == \"form-submitted\"'\nre_enrol = \"after-10-days\"\nexclusive = true\n\
         config.steps = [{ template = \"step-1\" }, { template = \"step-2\", after_business_days = 2, at = \"09:30\" }, \
         { task = \"Call\", after_business_days = 1 }, { template = \"step-3\", after_business_days = 2 }]",
    ),
    (
        "warm",
        "behavioral",
        "eve",
        "enrol = 'event.kind == \"link-clicked\" || event.kind == \"resource-downloaded\"'\nre_enrol = \"after-finish\"\n\
         config = { cooldown = \"1d\", delay = \"20m\", max_mails = 2, on.link-clicked.template = \"after-click\", \
         on.resource-downloaded.template = \"after-download\" }",
    ),
    (
        "nudge",
        "no-response",
        "bob",
        "enrol = 'event.kind == \"email-sent\"'\nre_enrol = \"after-finish\"\n\
         config = { silence_days = 2, at = \"09:30\", nudges = [\"nudge-1\", \"nudge-2\"] }",
    ),
    (
        "meetings",
        "post-meeting",
        "eve",
        "enrol = 'event.kind == \"meeting-booked\"'\nre_enrol = \"after-finish\"\nexits.meeting_booked = false\n\
         config.booking_link = \"https://cal.acme.example/ada\"",
    ),
    (
        "flood",
        "rogue",
        "bob",
        "enrol = 'event.kind == \"page-visited\"'\nre_enrol = \"after-finish\"\nconfig.misbehave = \"drizzle\"",
    ),
];

pub(super) fn sequences() -> impl Iterator<Item = &'static str> {
    SEQUENCES.iter().map(|(name, ..)| *name)
}

impl Regime {
    /// Everything may go at once, and every sequence is there.
    pub(super) const OPEN: Self = Self {
        contact_caps: 9,
        account_caps: 9,
        gap: 9,
        window: 9,
        identity: 9,
        over_cap: 0,
        account_stop: 0,
        removed: 9,
        favoured: 9,
        absent: 9,
    };

    pub(super) fn has(self, sequence: &str) -> bool {
        let mut names = SEQUENCES.iter().enumerate();
        names.any(|(place, (name, ..))| *name == sequence && place != usize::from(self.removed))
    }

    pub(super) fn toml(self) -> String {
        let identity = match self.identity {
            0 => "caps = [\"3/day\"]\ngap_ms = 600_000\njitter_ms = 60_000\n",
            1 => "caps = [\"2/12h\", \"10/week\"]\n",
            2 => {
                "caps = [\"20/day\"]\ngap_ms = 3_600_000\n[identities.NAME.ramp]\nfrom = \"2026-03-01\"\nstart = 1\nstep = 1\n"
            }
            _ => "",
        };
        let absent = match self.absent {
            0 => "absent = [\"2026-03-16..2026-03-20\"]\n",
            // Longer than any moment is looked for.
            1 => "absent = [\"2026-03-01..2027-12-31\"]\n",
            _ => "",
        };
        let mut toml = vec![String::from(
            "[plugins]\nfiles = [\"rogue.wasm\"]\n[calendar]\ntime_zone = \"Europe/Berlin\"\n",
        )];
        toml.push(format!("holidays = {HOLIDAYS:?}\n"));
        for name in ["bob", "eve"] {
            toml.push(format!(
                "[identities.{name}]\nfrom = \"{name} <{name}@acme.example>\"\n{}{}",
                if name == "eve" { absent } else { "" },
                identity.replace("NAME", name)
            ));
        }
        toml.push(format!(
            "[guardrails]\nsoft_bounces_max = 2\ncontact_caps = [{}]\naccount_caps = [{}]\ngap_ms = {}\nover_cap = \"{}\"\naccount_stop = \"{}\"\n{}",
            ["\"1/day\", \"3/7d\"", "\"2/week\"", "\"2/24h\""]
                .get(usize::from(self.contact_caps))
                .unwrap_or(&""),
            ["\"3/week\"", "\"2/1d\""]
                .get(usize::from(self.account_caps))
                .unwrap_or(&""),
            self.gap_ms(),
            ["defer", "defer", "skip", "drop"][usize::from(self.over_cap)],
            ["nothing", "stop", "delay"][usize::from(self.account_stop)],
            match self.window {
                0 => "window = [\"mon-fri 09:00-17:00\"]\nbusiness_days_only = true\n",
                // Across the hour that a change of the clocks skips or repeats.
                1 => "window = [\"sat-sun 01:30-03:30\", \"mon-fri 01:30-03:30\"]\n",
                _ => "",
            },
        ));
        for (place, (name, policy, identity, rest)) in SEQUENCES.iter().enumerate() {
            if place == usize::from(self.removed) {
                continue;
            }
            let priority = if place == usize::from(self.favoured) {
                10
            } else {
                0
            };
            toml.push(format!(
                "[sequences.{name}]\npolicy = \"{policy}\"\nidentity = \"{identity}\"\npriority = {priority}\n{rest}\n"
            ));
        }
        toml.concat()
    }

    fn gap_ms(self) -> i64 {
        *[4 * HOUR_MS, 30 * MINUTE_MS]
            .get(usize::from(self.gap))
            .unwrap_or(&0)
    }

    /// The same for a mail of this identity.
    pub(super) fn limits(self, identity: &str) -> Limits {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let (identity_caps, identity_gap_ms): (Vec<Cap>, i64) = match self.identity {
            0 => (vec![(3, Span::Day)], 10 * MINUTE_MS),
            1 => (vec![(2, Span::Rolling(12 * HOUR_MS)), (10, Span::Week)], 0),
            2 => (
                vec![(20, Span::Day), (1, Span::Climbing(date("2026-03-01")))],
                HOUR_MS,
            ),
            _ => (vec![], 0),
        };
        Limits {
            contact_caps: match self.contact_caps {
                0 => vec![(1, Span::Day), (3, Span::Rolling(7 * DAY_MS))],
                1 => vec![(2, Span::Week)],
                2 => vec![(2, Span::Rolling(DAY_MS))],
                _ => vec![],
            },
            account_caps: match self.account_caps {
                0 => vec![(3, Span::Week)],
                1 => vec![(2, Span::Rolling(DAY_MS))],
                _ => vec![],
            },
            gap_ms: self.gap_ms(),
            window: match self.window {
                0 => Some(([0, 4], [9 * 60, 17 * 60])),
                1 => Some(([0, 6], [90, 210])),
                _ => None,
            },
            holidays: (self.window == 0).then(|| HOLIDAYS.map(date).to_vec()),
            identity_caps,
            identity_gap_ms,
            absent: match (self.absent, identity) {
                (0, "eve") => Some([date("2026-03-16"), date("2026-03-20")]),
                (1, "eve") => Some([date("2026-03-01"), date("2027-12-31")]),
                _ => None,
            },
        }
    }
}
