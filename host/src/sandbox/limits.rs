//! What a guest may use, by name: the same words stand in the configuration and in every message.

use crate::domain::manifest::{Manifest, PluginKind};

use super::LoadError;

/// The limits of one sandbox. The defaults leave a policy written in Rust some hundred times what
/// it needs, and one in an interpreted language ten times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Instructions of one call, roughly.
    pub fuel_max: u64,
    /// Wall time of one call, a guest that sleeps included.
    pub deadline_ms: u64,
    pub memory_max_bytes: usize,
    pub stack_max_bytes: usize,
    /// The whole decision, as the ledger writes it.
    pub output_max_bytes: usize,
    pub state_max_bytes: usize,
    pub actions_max: usize,
    pub reason_max_bytes: usize,
    /// Lines of the plugin's log per call.
    pub log_max_bytes: usize,
    /// The end that is kept of what a guest prints.
    pub stderr_max_bytes: usize,
    /// The file of a component.
    pub component_max_bytes: usize,
    /// Calls at the same time; the others wait for their turn.
    pub instances_max: u32,
    /// Compiled components kept on disk; the oldest go first.
    pub cache_files_max: usize,
    /// Processor time of compiling one component, all cores together.
    pub compile_cpu_max_s: u64,
    /// Memory of compiling one component.
    pub compile_memory_max_bytes: u64,
    pub triggers: TriggerLimits,
}

/// What one call of a trigger may use, where that is not what a policy may. It waits for others
/// across the network, so it gets more time; it has a pool of its own, so no decision waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerLimits {
    pub fuel_max: u64,
    pub deadline_ms: u64,
    pub memory_max_bytes: usize,
    /// Calls at the same time, over all connections.
    pub instances_max: u32,
    /// Everything that one call hands over.
    pub output_max_bytes: usize,
    pub log_max_bytes: usize,
    /// Events of one call.
    pub events_max: usize,
    /// One event, as JSON.
    pub event_max_bytes: usize,
    pub cursor_max_bytes: usize,
    /// What it answers to a webhook, headers included.
    pub response_max_bytes: usize,
    /// Requests of one call, ...
    pub http_calls_max: usize,
    /// ... of one connection at the same time, ...
    pub http_concurrent_max: usize,
    /// ... and within a minute.
    pub http_per_minute_max: usize,
    /// One request, to the last byte of its answer.
    pub http_timeout_ms: u64,
    pub http_request_max_bytes: usize,
    pub http_response_max_bytes: usize,
    /// Headers of a request or of an answer.
    pub http_headers_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_max: 50_000_000,
            // Fuel is the rule (50 million take under 100 ms); this only has to end a guest that sleeps, and
            // must not punish an honest one on a busy machine.
            deadline_ms: 1_000,
            memory_max_bytes: 64 << 20,
            stack_max_bytes: 512 << 10,
            output_max_bytes: 256 << 10,
            state_max_bytes: 64 << 10,
            actions_max: 32,
            reason_max_bytes: 1_000,
            log_max_bytes: 16 << 10,
            stderr_max_bytes: 8 << 10,
            component_max_bytes: 32 << 20,
            instances_max: 4 * cores(),
            cache_files_max: 64,
            compile_cpu_max_s: 120,
            compile_memory_max_bytes: 4 << 30,
            triggers: TriggerLimits::default(),
        }
    }
}

impl Default for TriggerLimits {
    fn default() -> Self {
        Self {
            fuel_max: 500_000_000,
            deadline_ms: 10_000,
            memory_max_bytes: 128 << 20,
            instances_max: 4,
            output_max_bytes: 1 << 20,
            log_max_bytes: 16 << 10,
            events_max: 500,
            event_max_bytes: 64 << 10,
            cursor_max_bytes: 64 << 10,
            response_max_bytes: 64 << 10,
            http_calls_max: 16,
            http_concurrent_max: 4,
            http_per_minute_max: 60,
            http_timeout_ms: 8_000,
            http_request_max_bytes: 1 << 20,
            http_response_max_bytes: 1 << 20,
            http_headers_max_bytes: 32 << 10,
        }
    }
}

/// What one call of one plugin may use: the host's limits for its kind, or less where its manifest
/// asks for less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) fuel_max: u64,
    pub(super) deadline_ms: u64,
    pub(super) memory_max_bytes: usize,
    pub(super) stack_max_bytes: usize,
    pub(super) output_max_bytes: usize,
    pub(super) log_max_bytes: usize,
    pub(super) stderr_max_bytes: usize,
    /// Of a trigger's own requests.
    pub(super) http_headers_max_bytes: usize,
}

impl Allowance {
    pub(super) fn of(limits: &Limits, manifest: &Manifest) -> Result<Self, LoadError> {
        let mut allowance = match manifest.kind {
            PluginKind::Policy => Self {
                fuel_max: limits.fuel_max,
                deadline_ms: limits.deadline_ms,
                memory_max_bytes: limits.memory_max_bytes,
                output_max_bytes: limits.output_max_bytes,
                log_max_bytes: limits.log_max_bytes,
                stack_max_bytes: limits.stack_max_bytes,
                stderr_max_bytes: limits.stderr_max_bytes,
                http_headers_max_bytes: 0,
            },
            PluginKind::Trigger => Self {
                fuel_max: limits.triggers.fuel_max,
                deadline_ms: limits.triggers.deadline_ms,
                memory_max_bytes: limits.triggers.memory_max_bytes,
                output_max_bytes: limits.triggers.output_max_bytes,
                log_max_bytes: limits.triggers.log_max_bytes,
                stack_max_bytes: limits.stack_max_bytes,
                stderr_max_bytes: limits.stderr_max_bytes,
                http_headers_max_bytes: limits.triggers.http_headers_max_bytes,
            },
        };
        let needs = manifest.limits;
        let lower = |limit: &'static str, allowed: &mut u64, asked: Option<u64>| match asked {
            Some(asked) if asked > *allowed => Err(LoadError::AsksTooMuch {
                plugin: manifest.id.clone(),
                limit,
                asked,
                allowed: *allowed,
                section: section(manifest.kind),
            }),
            Some(asked) => {
                *allowed = asked;
                Ok(())
            }
            None => Ok(()),
        };
        let mut memory = allowance.memory_max_bytes as u64;
        lower("fuel_max", &mut allowance.fuel_max, needs.fuel_max)?;
        lower("deadline_ms", &mut allowance.deadline_ms, needs.deadline_ms)?;
        let asked = needs.memory_max_bytes.map(|bytes| bytes as u64);
        lower("memory_max_bytes", &mut memory, asked)?;
        allowance.memory_max_bytes = memory as usize;
        Ok(allowance)
    }
}

/// Where an administrator writes the limits of this kind.
fn section(kind: PluginKind) -> &'static str {
    match kind {
        PluginKind::Policy => "sandbox",
        PluginKind::Trigger => "sandbox.triggers",
    }
}

/// Processors that this process may use.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(kind: &str, asks: &str) -> Result<Allowance, LoadError> {
        let text = format!(
            "id = \"test\"\nname = \"Test\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"\"\nevents = [\"acme.event\"]\n[config]\n[limits]\n{asks}\n"
        );
        Allowance::of(
            &Limits::default(),
            &Manifest::parse(&text).expect("manifest"),
        )
    }

    #[test]
    fn a_plugin_is_held_to_less_where_it_asks_for_less() {
        let check = |kind: &str, asks: &str, fuel: u64, ms: u64, bytes: usize| {
            let got = allowance(kind, asks).expect("allowed");
            assert_eq!(
                (got.fuel_max, got.deadline_ms, got.memory_max_bytes),
                (fuel, ms, bytes),
                "{kind} {asks}"
            );
        };
        check("policy", "", 50_000_000, 1_000, 64 << 20);
        check("trigger", "", 500_000_000, 10_000, 128 << 20);
        check("policy", "fuel_max = 7", 7, 1_000, 64 << 20);
        check(
            "trigger",
            "deadline_ms = 8\nmemory_max_bytes = 9",
            500_000_000,
            8,
            9,
        );
        check(
            "policy",
            "fuel_max = 50_000_000",
            50_000_000,
            1_000,
            64 << 20,
        );
    }

    #[test]
    fn asking_for_more_is_refused_with_the_line_that_allows_it() {
        let check = |kind: &str, asks: &str, expect: &str| {
            let told = allowance(kind, asks).expect_err("too much").to_string();
            assert!(told.contains(expect), "{told}");
        };
        check(
            "policy",
            "fuel_max = 50_000_001",
            "[sandbox]\nfuel_max = 50000001",
        );
        check(
            "policy",
            "memory_max_bytes = 99_000_000",
            "[sandbox]\nmemory_max_bytes = 99000000",
        );
        check(
            "trigger",
            "deadline_ms = 10_001",
            "[sandbox.triggers]\ndeadline_ms = 10001",
        );
    }
}
