//! The loop that decides.

pub mod enrol;
