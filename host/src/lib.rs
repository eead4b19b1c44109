//! Followup.

pub mod calendar;
pub mod domain;
pub mod sandbox;
