//! A limiter that remembers what it refused: the trap that follows looks like the guest's own bug.

use wasmtime::ResourceLimiter;

use super::engine::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};

/// Counts all memories of a guest together.
pub(super) struct Memory {
    max: usize,
    used: usize,
    refused: Option<usize>,
}

impl Memory {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            used: 0,
            refused: None,
        }
    }

    /// Bytes in use: a guest's memory only ever grows.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// What was asked for and not given.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refused.map(|desired| {
            format!(
                "asked for {desired} bytes, memory_max_bytes is {}",
                self.max
            )
        })
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.used.saturating_sub(current).saturating_add(desired);
        let granted = total <= self.max;
        if granted {
            self.used = total;
        } else {
            self.refused = Some(total);
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }
}
