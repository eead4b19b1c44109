//! The moments around every commit, for whoever tests what a death there leaves behind.
//!
//! Nobody watches in the program that people run: then a moment passes without effect.

use std::sync::OnceLock;

/// Where a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Everything is written, nothing committed.
    Before,
    /// It is committed, and nobody was told.
    After,
}

static WATCHER: OnceLock<fn(Moment)> = OnceLock::new();

/// Has `watcher` called at every moment, on the thread that commits. The first one stays.
pub fn watch(watcher: fn(Moment)) {
    let _ = WATCHER.set(watcher);
}

pub(super) fn pass(moment: Moment) {
    if let Some(watcher) = WATCHER.get() {
        watcher(moment);
    }
}
