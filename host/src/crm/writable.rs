//! Whether a write can be a call at all, told before it is made: whom it is about, which fields it sets.

use serde_json::Value;

use crate::domain::connector::{Write, WriteKind};

/// A write about somebody whom the CRM has no name for is none: `name` is what it would have to be.
pub(super) fn contact(write: &Write, is_one: bool, name: &str) -> Result<(), String> {
    if is_one {
        return Ok(());
    }
    Err(format!("{:?} is no {name}", write.contact_id))
}

/// Every field that is set must fit; `complain` says what is wrong with the first that does not.
pub(super) fn fields(
    write: &Write,
    fits: impl Fn(&str, &Value) -> bool,
    complain: impl Fn(&str) -> String,
) -> Result<(), String> {
    let WriteKind::Properties(properties) = &write.kind else {
        return Ok(());
    };
    match properties.iter().find(|(key, value)| !fits(key, value)) {
        Some((key, _)) => Err(complain(key)),
        None => Ok(()),
    }
}
