//! From what wasmtime reports to the closed list of `domain::fault`.
//!
//! Every fault names its cause in one line: the limit with its value, or the guest's own words.

use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::domain::fault::{Fault, FaultKind, Remedy};

use super::last_words::last_words;
use super::limits::Allowance;
use super::memory::Memory;

/// The longest message; guests write some of them.
const MESSAGE_MAX_CHARS: usize = 500;

/// Something in a decision that breaks the contract.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadOutput(pub String);

pub(super) fn of_bad_output(bad: &BadOutput, said: String) -> Fault {
    fault(FaultKind::BadOutput, &bad.0, said, Remedy::Retry)
}

/// The plugin's own answer that it has none.
pub(super) fn of_error_result(message: &str, remedy: Remedy, said: String) -> Fault {
    fault(FaultKind::ErrorResult, message, said, remedy)
}

pub(super) fn of_deadline(allowance: &Allowance, said: String) -> Fault {
    let message = format!("took longer than deadline_ms, {}", allowance.deadline_ms);
    fault(FaultKind::Deadline, &message, said, Remedy::Retry)
}

/// A plugin of another kind, or one that lacks an optional part of the contract.
pub(super) fn of_missing_export(export: &str) -> Fault {
    let message = format!("the plugin does not export followup:plugin/{export}");
    fault(
        FaultKind::ErrorResult,
        &message,
        String::new(),
        Remedy::Park,
    )
}

/// A call that ended without an answer.
pub(super) fn of_error(
    error: &Error,
    memory: &Memory,
    said: String,
    allowance: &Allowance,
) -> Fault {
    let (kind, message) = if let Some(exit) = error.downcast_ref::<I32Exit>() {
        gave_up(memory, || {
            last_words(&said).unwrap_or(format!("exited with code {}", exit.0))
        })
    } else if let Some(trap) = error.downcast_ref::<Trap>() {
        of_trap(*trap, error, memory, &said, allowance)
    } else {
        let message = error.root_cause().to_string();
        if message.contains("fuel allocated for hostcalls has been exhausted") {
            let max = allowance.output_max_bytes;
            let message = format!("hands over far more than output_max_bytes, {max}");
            (FaultKind::BadOutput, message)
        } else if message.contains("total size of fields exceeds limit") {
            let max = allowance.http_headers_max_bytes;
            let message = format!("builds headers longer than http_headers_max_bytes, {max}");
            (FaultKind::BadOutput, message)
        } else if let Some(refusal) = memory.refusal() {
            (FaultKind::OutOfMemory, refusal)
        } else {
            (FaultKind::Trap, message)
        }
    };
    fault(kind, &message, said, Remedy::Retry)
}

fn of_trap(
    trap: Trap,
    error: &Error,
    memory: &Memory,
    said: &str,
    allowance: &Allowance,
) -> (FaultKind, String) {
    let place = place(error);
    match trap {
        Trap::OutOfFuel => {
            let max = allowance.fuel_max;
            (
                FaultKind::OutOfFuel,
                format!("used more than fuel_max, {max} instructions{place}"),
            )
        }
        Trap::Interrupt => {
            let max = allowance.deadline_ms;
            (
                FaultKind::Deadline,
                format!("took longer than deadline_ms, {max}{place}"),
            )
        }
        Trap::StackOverflow => {
            let max = allowance.stack_max_bytes;
            (
                FaultKind::StackOverflow,
                format!("went deeper than stack_max_bytes, {max}{place}"),
            )
        }
        Trap::UnreachableCodeReached => gave_up(memory, || {
            last_words(said).unwrap_or_else(|| format!("gave up without a word{place}"))
        }),
        // The stack that Rust and C keep in memory lies at its beginning: a recursion runs off the edge.
        Trap::MemoryOutOfBounds => (
            FaultKind::Trap,
            format!("{trap}, a wild pointer or a recursion without end{place}"),
        ),
        trap => (FaultKind::Trap, format!("{trap}{place}")),
    }
}

/// Where the guest was: `, in nudge.wasm!nudge::decide`; empty where its names were stripped.
fn place(error: &Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else {
        return String::new();
    };
    let trace = trace.to_string();
    let frame = trace.lines().find_map(|line| line.split_once(" - "));
    frame
        .filter(|(_, name)| !name.contains("<wasm function"))
        .map_or_else(String::new, |(_, name)| format!(", in {name}"))
}

/// A guest that gives up after it was refused memory did so for want of it: languages abort there
/// in the same way as on a panic.
fn gave_up(memory: &Memory, why: impl FnOnce() -> String) -> (FaultKind, String) {
    match memory.refusal() {
        Some(refusal) => (FaultKind::OutOfMemory, refusal),
        None => (FaultKind::Panic, why()),
    }
}

fn fault(kind: FaultKind, message: &str, stderr_tail: String, remedy: Remedy) -> Fault {
    Fault {
        kind,
        message: message
            .chars()
            .map(printable)
            .take(MESSAGE_MAX_CHARS)
            .collect(),
        stderr_tail,
        remedy,
    }
}

/// One line, and nothing that a terminal would obey.
fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
