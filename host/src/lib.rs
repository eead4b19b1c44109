//! Followup.

pub mod calendar;
pub mod crm;
pub mod domain;
pub mod net;
pub mod providers;
pub mod signatures;
