//! `[sandbox]`: what one call of a plugin may use.

use std::path::PathBuf;

use crate::sandbox::{Limits, TriggerLimits};

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    pub limits: Limits,
    /// The folder of compiled components.
    pub cache: PathBuf,
}

impl Sandbox {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let bytes = |key: &str, max: u64| section.number(key, max) as usize;
        let limits = Limits {
            fuel_max: section.number("fuel_max", 1_000_000_000_000),
            deadline_ms: section.number("deadline_ms", 60_000),
            memory_max_bytes: bytes("memory_max_bytes", 4 << 30),
            stack_max_bytes: bytes("stack_max_bytes", 16 << 20),
            output_max_bytes: bytes("output_max_bytes", 16 << 20),
            state_max_bytes: bytes("state_max_bytes", 1 << 20),
            actions_max: bytes("actions_max", 1_000),
            reason_max_bytes: bytes("reason_max_bytes", 64 << 10),
            log_max_bytes: bytes("log_max_bytes", 1 << 20),
            stderr_max_bytes: bytes("stderr_max_bytes", 1 << 20),
            component_max_bytes: bytes("component_max_bytes", 1 << 30),
            instances_max: section.number("instances_max", 10_000) as u32,
            cache_files_max: bytes("cache_files_max", 100_000),
            compile_cpu_max_s: section.number("compile_cpu_max_s", 24 * 3600),
            // Less is less than the compiler itself needs.
            compile_memory_max_bytes: section
                .number_in("compile_memory_max_bytes", 256 << 20..=1 << 40),
            triggers: triggers(&section.section("triggers")),
        };
        let cache = section.path("cache");
        section.finish();
        Self { limits, cache }
    }
}

fn triggers(section: &Section<'_>) -> TriggerLimits {
    let bytes = |key: &str, max: u64| section.number(key, max) as usize;
    let limits = TriggerLimits {
        fuel_max: section.number("fuel_max", 1_000_000_000_000),
        deadline_ms: section.number("deadline_ms", 600_000),
        memory_max_bytes: bytes("memory_max_bytes", 4 << 30),
        instances_max: section.number("instances_max", 1_000) as u32,
        output_max_bytes: bytes("output_max_bytes", 64 << 20),
        log_max_bytes: bytes("log_max_bytes", 1 << 20),
        events_max: bytes("events_max", 10_000),
        event_max_bytes: bytes("event_max_bytes", 1 << 20),
        cursor_max_bytes: bytes("cursor_max_bytes", 1 << 20),
        response_max_bytes: bytes("response_max_bytes", 16 << 20),
        http_calls_max: bytes("http_calls_max", 10_000),
        http_concurrent_max: bytes("http_concurrent_max", 1_000),
        http_per_minute_max: bytes("http_per_minute_max", 100_000),
        http_timeout_ms: section.number("http_timeout_ms", 600_000),
        http_request_max_bytes: bytes("http_request_max_bytes", 64 << 20),
        http_response_max_bytes: bytes("http_response_max_bytes", 64 << 20),
        http_headers_max_bytes: bytes("http_headers_max_bytes", 1 << 20),
    };
    section.finish();
    limits
}
