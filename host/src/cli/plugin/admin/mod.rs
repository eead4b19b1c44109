//! What administrators do: install what others publish, go over to another version and back.
//!
//! `candidate` fetches and checks, `offer` shows and asks, `switch` goes over, `preview` tells what
//! would be otherwise; `desk` is where all of them work.

pub(super) mod add;
pub(super) mod approve;
mod candidate;
mod desk;
mod offer;
mod preview;
pub(super) mod remove;
pub(super) mod resume;
pub(super) mod rollback;
pub(super) mod show;
mod switch;
pub(super) mod sync;
pub(super) mod upgrade;

pub(super) use switch::manifest_of;
