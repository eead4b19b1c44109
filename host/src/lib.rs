//! Followup.

pub mod domain;
