//! What can go wrong inside a guest: a closed list, so that every caller handles every one.

use serde::{Deserialize, Serialize};

use super::Instant;

/// One failed call of a guest. It costs that call: never the host, never the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Fault {
    pub kind: FaultKind,
    /// One line for people: the cause, with the guest's own words where it had any.
    pub message: String,
    /// The end of what the guest wrote: stderr, stdout and its log; empty where it wrote nothing.
    pub stderr_tail: String,
    pub remedy: Remedy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A WebAssembly trap other than those below.
    Trap,
    /// The guest gave up by itself: a panic, an abort, an exit.
    Panic,
    /// More instructions than `fuel_max`.
    OutOfFuel,
    /// Longer than `deadline_ms`.
    Deadline,
    /// More than `memory_max_bytes`.
    OutOfMemory,
    /// Deeper than `stack_max_bytes`.
    StackOverflow,
    /// A decision that breaks the contract: too large, too many actions, no reason, no JSON, ...
    BadOutput,
    /// The plugin answered with an error of its own.
    ErrorResult,
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Trap => "trap",
            Self::Panic => "panic",
            Self::OutOfFuel => "out of fuel",
            Self::Deadline => "deadline",
            Self::OutOfMemory => "out of memory",
            Self::StackOverflow => "stack overflow",
            Self::BadOutput => "bad output",
            Self::ErrorResult => "error result",
        })
    }
}

/// What the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Call again after a backoff, a limited number of times, then park.
    Retry,
    /// The same, but not before the moment the plugin named.
    RetryNotBefore(Instant),
    /// The same input would fail again: park at once.
    Park,
}
