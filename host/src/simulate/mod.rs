//! What would have been: recorded decisions made again.
//!
//! In go rows of the ledger and a component; out comes where it decides otherwise. Nothing is stored,
//! nothing is sent.

mod compare;
mod recompute;

pub use compare::{Comparison, Difference, compare};
pub use recompute::{Recomputed, recompute};
