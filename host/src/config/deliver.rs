//! `[deliver]`: the loop that sends.

use std::path::PathBuf;

use super::decide::{check_pauses, pause};
use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    pub concurrent_max: usize,
    pub attempts_max: u32,
    pub retry_first_ms: i64,
    pub retry_max_ms: i64,
    pub timeout_ms: u64,
    /// The folder of the built-in capture provider.
    pub outbox: PathBuf,
}

impl Deliver {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let deliver = Self {
            concurrent_max: section.number("concurrent_max", 1_000) as usize,
            attempts_max: section.number("attempts_max", 1_000) as u32,
            retry_first_ms: pause(section, "retry_first_ms"),
            retry_max_ms: pause(section, "retry_max_ms"),
            timeout_ms: section.number("timeout_ms", 600_000),
            outbox: section.path("outbox"),
        };
        check_pauses(section, deliver.retry_first_ms, deliver.retry_max_ms);
        section.finish();
        deliver
    }
}
