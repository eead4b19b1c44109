//! Followup.

pub mod crm;
pub mod domain;
pub mod signatures;
