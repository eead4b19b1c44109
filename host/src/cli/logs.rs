//! Logs: to stderr, for people on a terminal, as JSON lines elsewhere.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One object a line: timestamp, level, target, message, and the fields of what is told.
    Json,
    Text,
}

/// Starts logging at `RUST_LOG`, or at `level` where that is not set.
pub(super) fn start(level: &str, format: Format) {
    let is_terminal = std::io::stderr().is_terminal();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        // A line that cannot be written (a full disk) is lost; to complain of it on stderr would panic.
        .log_internal_errors(false);
    let is_text = match format {
        Format::Auto => is_terminal,
        Format::Json => false,
        Format::Text => true,
    };
    // A second start (in tests) keeps the first one's settings.
    let _ = if is_text {
        logs.try_init()
    } else {
        logs.json().flatten_event(true).try_init()
    };
}
