//! Reading the fields of a foreign JSON object: what is there, or a sentence about what is wrong.
//!
//! Senders write ids as numbers one day and as strings the next, and send null for "not set".

use serde_json::Value;

use super::Instant;

/// The last moment of the year 9999: later ones are a sender's mistake in the unit.
const LATEST_MS: i64 = 253_402_300_799_999;

/// A text that is there and not empty.
pub fn text<'a>(item: &'a Value, key: &str) -> Option<&'a str> {
    item.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// A text that must be there.
pub fn required_text<'a>(item: &'a Value, key: &str) -> Result<&'a str, String> {
    match item.get(key) {
        None | Some(Value::Null) => Err(format!(
            "`{key}` is missing: a non-empty string is required"
        )),
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(format!("`{key}` must be a non-empty string")),
    }
}

/// An id: a whole number or a text.
pub fn id(item: &Value, key: &str) -> Option<String> {
    match item.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A moment as a whole number of units since 1970, the unit given in milliseconds. Missing is none.
pub fn unix_time(item: &Value, key: &str, unit_ms: i64) -> Result<Option<Instant>, String> {
    let number = match item.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_i64(),
    };
    number
        .and_then(|number| number.checked_mul(unit_ms))
        .filter(|ms| (0..=LATEST_MS).contains(ms))
        .map(|ms| Some(Instant(ms)))
        .ok_or_else(|| {
            let unit = if unit_ms == 1 {
                "milliseconds"
            } else {
                "seconds"
            };
            format!("`{key}` must be a whole number of {unit} since 1970, before the year 10000")
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_numbers_or_texts() {
        let item = json!({"n": 12, "big": u64::MAX, "t": "a1", "f": 1.5, "e": "", "z": null});
        for (key, expect) in [
            ("n", Some("12")),
            ("big", Some("18446744073709551615")),
            ("t", Some("a1")),
            ("f", None),
            ("e", None),
            ("z", None),
            ("missing", None),
        ] {
            assert_eq!(id(&item, key).as_deref(), expect, "{key}");
        }
    }

    #[test]
    fn times_have_bounds() {
        let item = json!({"s": 1_513_299_569, "neg": -1, "huge": 1e300, "max": i64::MAX, "t": "1", "z": null});
        assert_eq!(
            unix_time(&item, "s", 1000),
            Ok(Some(Instant(1_513_299_569_000)))
        );
        assert_eq!(unix_time(&item, "z", 1000), Ok(None));
        for key in ["neg", "huge", "max", "t"] {
            assert!(unix_time(&item, key, 1000).is_err(), "{key}");
        }
    }
}
