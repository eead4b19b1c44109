//! Lines for the plugin's log, shown beside the decision. Natively they go to stderr.
//!
//! A line is for the author who looks for a mistake; what an administrator needs to know belongs
//! into the decision's reason.

use crate::Attributes;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

pub fn debug(message: &str) {
    write(Level::Debug, message, &Attributes::default());
}

pub fn info(message: &str) {
    write(Level::Info, message, &Attributes::default());
}

pub fn warn(message: &str) {
    write(Level::Warn, message, &Attributes::default());
}

/// Writes one line with fields. The host drops lines past its limit, with a note.
#[cfg(target_arch = "wasm32")]
pub fn write(level: Level, message: &str, fields: &Attributes) {
    use crate::bindings::followup::plugin::log as wire;
    let level = match level {
        Level::Trace => wire::Level::Trace,
        Level::Debug => wire::Level::Debug,
        Level::Info => wire::Level::Info,
        Level::Warn => wire::Level::Warn,
        Level::Error => wire::Level::Error,
    };
    wire::write(
        level,
        message,
        &crate::convert::attributes_out(fields.clone()),
    );
}

/// Writes one line with fields.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(level: Level, message: &str, fields: &Attributes) {
    if fields.is_empty() {
        eprintln!("{level:?}: {message}");
    } else {
        eprintln!("{level:?}: {message} {fields:?}");
    }
}
