//! `[decide]`: the loop that asks policies.

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decide {
    pub batch_max: usize,
    pub history_max: usize,
    pub touches_max: usize,
    pub retry_first_ms: i64,
    pub retry_max_ms: i64,
    /// Failures in a row after which an event is parked.
    pub attempts_max: u32,
    /// Failures in a row, over all its enrollments, after which a plugin is parked.
    pub plugin_failures_max: u64,
}

impl Decide {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let decide = Self {
            batch_max: section.number("batch_max", 10_000) as usize,
            history_max: section.number("history_max", 1_000) as usize,
            touches_max: section.number("touches_max", 1_000) as usize,
            retry_first_ms: pause(section, "retry_first_ms"),
            retry_max_ms: pause(section, "retry_max_ms"),
            attempts_max: section.number("attempts_max", 1_000) as u32,
            plugin_failures_max: section.number("plugin_failures_max", 1_000_000),
        };
        check_pauses(section, decide.retry_first_ms, decide.retry_max_ms);
        section.finish();
        decide
    }
}

/// The longest pause between two attempts: a week.
const PAUSE_MAX_MS: u64 = 7 * 24 * 3_600_000;

pub(super) fn pause(section: &Section<'_>, key: &str) -> i64 {
    section.number(key, PAUSE_MAX_MS) as i64
}

pub(super) fn check_pauses(section: &Section<'_>, first_ms: i64, max_ms: i64) {
    if first_ms > max_ms {
        section.problem(
            "retry_first_ms",
            "is longer than retry_max_ms",
            "make it the shorter one",
        );
    }
}
