//! Followup.

pub mod calendar;
pub mod clock;
pub mod domain;
pub mod store;
