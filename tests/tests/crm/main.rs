//! What the host writes into a CRM and asks of it, over real HTTP, against a CRM that misbehaves.

mod bench;
mod echoes;
mod fake;
mod reconciling;
mod writing;
