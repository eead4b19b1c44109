//! The rules that only ask for another moment, taken together.
//!
//! Each rule names the first moment, from a given one on, at which it would let the message go. They
//! are asked in turn until none moves it any more: the moment found is then the first that suits all
//! of them, since no rule ever names an earlier one. What is too many for a contact or an account is
//! looked at last, at a moment that suits everything else: so a touch is skipped only where it would
//! really have gone.

use super::{OverCap, Proposal, Ruling};
use super::{absent, business_day, caps, gap, identity, quiet, send_window};
use crate::calendar::Calendar;
use crate::domain::Instant;
use crate::domain::instant::DAY_MS;

/// How often the rules may hand a message to each other.
pub const ROUNDS_MAX: usize = 500;

/// How far ahead a moment is looked for.
pub const HORIZON_MS: i64 = 400 * DAY_MS;

/// What a pacing rule looks at beside the moment.
pub(super) struct Scope<'a> {
    pub(super) proposal: &'a Proposal<'a>,
    pub(super) calendar: &'a Calendar,
}

/// A rule's word: not before `until`, and why. None where there is no moment in reach.
pub(super) struct Later {
    pub(super) until: Option<Instant>,
    pub(super) rule: &'static str,
    pub(super) reason: String,
}

type Rule = fn(&Scope<'_>, Instant) -> Option<Later>;

const RULES: &[Rule] = &[
    quiet::rule,
    absent::rule,
    business_day::rule,
    send_window::rule,
    gap::rule,
    identity::gap,
    identity::caps,
    identity::ramp,
    caps::domain,
];

/// Touches that are too many: what follows is `over_cap`.
const CAPS: &[Rule] = &[caps::contact, caps::account];

/// When the message may go, at `at` or later.
pub(super) fn pace(proposal: &Proposal<'_>, calendar: &Calendar, at: Instant) -> Ruling {
    let scope = Scope { proposal, calendar };
    let mut search = Search {
        scope: &scope,
        start: at,
        at,
        moves: Vec::new(),
    };
    for _ in 0..ROUNDS_MAX {
        match search.round(RULES) {
            Err(hopeless) => return hopeless,
            Ok(true) => continue,
            Ok(false) => {}
        }
        let over = |rule: &Rule| rule(&scope, search.at);
        if proposal.rules.over_cap != OverCap::Defer
            && let Some(Later { rule, reason, .. }) = CAPS.iter().find_map(over)
        {
            return match proposal.rules.over_cap {
                OverCap::Drop => Ruling::Drop { rule, reason },
                OverCap::Skip | OverCap::Defer => Ruling::Refuse { rule, reason },
            };
        }
        match search.round(CAPS) {
            Err(hopeless) => return hopeless,
            Ok(true) => {}
            Ok(false) => return search.found(),
        }
    }
    search.hopeless()
}

struct Search<'a> {
    scope: &'a Scope<'a>,
    start: Instant,
    at: Instant,
    moves: Vec<Move>,
}

/// How far one rule has moved the message so far, with its last reason.
struct Move {
    rule: &'static str,
    reason: String,
    ms: i64,
}

impl Search<'_> {
    /// Asks each rule once; whether any moved the message. The error: nothing suits them all.
    fn round(&mut self, rules: &[Rule]) -> Result<bool, Ruling> {
        let before = self.at;
        for rule in rules {
            let Some(later) = rule(self.scope, self.at) else {
                continue;
            };
            let until = later
                .until
                .filter(|until| until.since_ms(self.start) <= HORIZON_MS);
            // A rule that moves nothing forward would be asked for ever.
            let until_ms = until.map_or(HORIZON_MS, |until| until.since_ms(self.at).max(1));
            self.note(later, until_ms);
            if until.is_none() {
                return Err(self.hopeless());
            }
            self.at = self.at.plus_ms(until_ms);
        }
        Ok(self.at > before)
    }

    fn note(&mut self, later: Later, ms: i64) {
        let known = self.moves.iter_mut().find(|known| known.rule == later.rule);
        match known {
            Some(known) => {
                known.ms += ms;
                known.reason = later.reason;
            }
            None => self.moves.push(Move {
                rule: later.rule,
                reason: later.reason,
                ms,
            }),
        }
    }

    fn found(mut self) -> Ruling {
        // Of equals the first, which is the stricter.
        self.moves.sort_by_key(|moved| std::cmp::Reverse(moved.ms));
        match self.moves.into_iter().next() {
            None => Ruling::Allow,
            Some(Move { rule, reason, .. }) => Ruling::Delay {
                until: self.at,
                rule,
                reason,
            },
        }
    }

    fn hopeless(&self) -> Ruling {
        let names: Vec<&str> = self.moves.iter().map(|moved| moved.rule).collect();
        let reasons: Vec<&str> = self
            .moves
            .iter()
            .map(|moved| moved.reason.as_str())
            .collect();
        Ruling::Hold {
            rule: "no-moment",
            reason: format!(
                "no moment within {} days suits {}: {}",
                HORIZON_MS / DAY_MS,
                names.join(", "),
                reasons.join("; ")
            ),
        }
    }
}

impl Later {
    /// The rule's word where `until` is after `at`; nothing where the rule has no objection.
    pub(super) fn than(
        at: Instant,
        until: Option<Instant>,
        rule: &'static str,
        reason: impl FnOnce() -> String,
    ) -> Option<Self> {
        (until != Some(at)).then(|| Self {
            until,
            rule,
            reason: reason(),
        })
    }
}
