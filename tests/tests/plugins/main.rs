//! What administrators do with plugins, by the program itself over a host that lives on: adding,
//! approving, upgrading, going back, resuming.

mod admin;
mod live;
mod town;
mod upgrades;
