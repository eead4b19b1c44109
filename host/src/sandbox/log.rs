//! The plugin's log of one call.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::domain::JsonMap;

/// What a line costs beside its text, so that a million empty lines end too.
const LINE_OVERHEAD_BYTES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    pub level: Level,
    pub message: String,
    pub fields: JsonMap,
}

/// The log of one call. A clone writes into the same one: requests under way do, beside the guest.
#[derive(Clone)]
pub(super) struct Log(Arc<Mutex<Lines>>);

/// Lines up to `log_max_bytes`; of the rest only the number.
struct Lines {
    kept: Vec<LogLine>,
    room: usize,
    max: usize,
    dropped: u64,
}

impl Log {
    pub(super) fn new(max: usize) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            kept: Vec::new(),
            room: max,
            max,
            dropped: 0,
        })))
    }

    pub(super) fn write(&self, line: LogLine) {
        let fields: usize = line
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.to_string().len())
            .sum();
        let cost = LINE_OVERHEAD_BYTES + line.message.len() + fields;
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.dropped == 0 && cost <= log.room {
            log.room -= cost;
            log.kept.push(line);
        } else {
            log.dropped += 1;
        }
    }

    /// The lines so far, with a note where some were dropped.
    pub(super) fn finish(&self) -> Vec<LogLine> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = std::mem::take(&mut log.kept);
        if log.dropped > 0 {
            lines.push(LogLine {
                level: Level::Warn,
                message: format!(
                    "{} more lines dropped: log_max_bytes is {}",
                    log.dropped, log.max
                ),
                fields: JsonMap::new(),
            });
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_past_the_limit_are_counted() {
        let check = |messages: &[&str], expect: &[&str]| {
            let log = Log::new(2 * LINE_OVERHEAD_BYTES + 10);
            for message in messages {
                log.write(LogLine {
                    level: Level::Info,
                    message: (*message).to_owned(),
                    fields: JsonMap::new(),
                });
            }
            let lines: Vec<_> = log.finish().into_iter().map(|line| line.message).collect();
            assert_eq!(lines, expect);
        };
        check(&["one", "two"], &["one", "two"]);
        check(
            &["one", "", "three"],
            &["one", "", "1 more lines dropped: log_max_bytes is 74"],
        );
        // Once full, always full: a short line after a dropped one would tell a false story.
        let long = "x".repeat(80);
        check(
            &[&long, "short"],
            &["2 more lines dropped: log_max_bytes is 74"],
        );
    }
}
