//! `[sandbox]`: what one call of a plugin may use.

use std::path::PathBuf;

use crate::sandbox::Limits;

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
        };
        let cache = section.path("cache");
        section.finish();
        Self { limits, cache }
    }
}
