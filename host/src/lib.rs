//! Followup.

pub mod domain;
pub mod embedded;
