//! Followup.

pub mod domain;

pub mod compose;
pub mod decide;

pub mod cli;
pub mod config;
