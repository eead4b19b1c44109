//! Which stages end a deal, as the administrator says it: for CRMs whose records do not tell.
//!
//! In: the settings `won_stages` and `lost_stages`. Out: what a stage makes of an event. Never the names that
//! a new account begins with: those are in the CRM's own words.

use crate::domain::connector::{Field, Settings};
use crate::domain::event::kind;

pub(super) const WON: Field = Field::text(
    "won_stages",
    "Signed, Paid",
    "The stages in which a deal is won, with commas between, if yours have names of their own.",
);
pub(super) const LOST: Field = Field::text(
    "lost_stages",
    "Gone, No budget",
    "The stages in which a deal is lost, with commas between, if yours have names of their own.",
);

#[derive(Debug, Default)]
pub(super) struct Stages {
    won: Vec<String>,
    lost: Vec<String>,
}

impl Stages {
    pub(super) fn of(settings: &Settings) -> Self {
        let names = |field: &Field| {
            let names = settings.text(field.key).unwrap_or_default().split(',');
            let names = names.map(plain).filter(|name| !name.is_empty());
            names.collect()
        };
        Self {
            won: names(&WON),
            lost: names(&LOST),
        }
    }

    /// None where the settings do not speak of the stage.
    pub(super) fn kind(&self, stage: &str) -> Option<&'static str> {
        let stage = plain(stage);
        if self.won.contains(&stage) {
            Some(kind::DEAL_WON)
        } else if self.lost.contains(&stage) {
            Some(kind::DEAL_LOST)
        } else {
            None
        }
    }
}

/// A name without signs and in small letters: some CRMs show `Closed won` and tell `CLOSED_WON`.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_administrator_named() {
        let settings = Settings::default()
            .with_text("won_stages", "Signed, Paid 🎉,")
            .with_text("lost_stages", "No budget");
        let stages = Stages::of(&settings);
        for (stage, expect) in [
            ("Signed", Some("deal-won")),
            ("PAID", Some("deal-won")),
            ("NO_BUDGET", Some("deal-lost")),
            ("Signed off", None),
            ("", None),
        ] {
            assert_eq!(stages.kind(stage), expect, "{stage}");
        }
        assert_eq!(Stages::default().kind("Won"), None);
    }
}
