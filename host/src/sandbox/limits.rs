//! What a guest may use, by name: the same words stand in the configuration and in every message.

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
        }
    }
}

/// Processors that this process may use.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}
