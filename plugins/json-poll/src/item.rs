//! One item of an answer as an event.

use std::collections::BTreeMap;

use followup_guest::serde_json::{Map, Value};
use followup_guest::{ContactRef, Instant, TriggerEvent};

use crate::config::Config;

/// The longest id of an item, in bytes, that is its event's key as it stands.
const KEY_MAX_BYTES: usize = 200;
/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// None where the item names nobody, or itself by nothing.
pub fn event(config: &Config, item: &Value) -> Option<TriggerEvent> {
    let ids = config.id.all().iter();
    let ids: Option<Vec<String>> = ids.map(|place| text(item.pointer(place)?)).collect();
    let mut event = TriggerEvent::new(key(&ids?), &config.kind)
        .contact(person(config, item)?)
        .at(config
            .at
            .as_deref()
            .and_then(|at| moment(item.pointer(at)?)));
    event.data = match &config.data {
        Some(places) => picked(places, item),
        None => item.as_object().cloned().unwrap_or_default(),
    };
    for (name, value) in picked(&config.fields, item) {
        event = event.field(name, value);
    }
    Some(event)
}

/// Text, or a number as it is written; none where there is nothing.
pub fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn person(config: &Config, item: &Value) -> Option<ContactRef> {
    let at = |place: &Option<String>| text(item.pointer(place.as_deref()?)?);
    at(&config.email)
        .map(ContactRef::Email)
        .or_else(|| at(&config.contact_id).map(ContactRef::External))
}

/// Ids as they are; where they are too long for a key, their beginning and a number made of all.
fn key(ids: &[String]) -> String {
    let mut key = ids.join("/");
    if key.len() > KEY_MAX_BYTES {
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let hash = format!("#{hash:016x}");
        key.truncate(key.floor_char_boundary(KEY_MAX_BYTES - hash.len()));
        key += &hash;
    }
    key
}

fn picked(places: &BTreeMap<String, String>, item: &Value) -> Map<String, Value> {
    let found = |(name, place): (&String, &String)| {
        let value = item.pointer(place).filter(|value| !value.is_null())?;
        Some((name.clone(), value.clone()))
    };
    places.iter().filter_map(found).collect()
}

fn moment(value: &Value) -> Option<Instant> {
    if let Some(text) = value.as_str() {
        return Instant::parse_rfc3339(text);
    }
    let number = value.as_i64().or_else(|| Some(value.as_f64()? as i64))?;
    let in_ms = number.abs() >= MILLISECONDS_FROM;
    Some(Instant(if in_ms { number } else { number * 1_000 }))
}

#[cfg(test)]
mod tests {
    use followup_guest::json;

    use super::*;

    #[test]
    fn moments() {
        for (value, expect) in [
            (json!("2026-03-02T09:00:00Z"), Some(1_772_442_000_000)),
            (json!(1_772_442_000), Some(1_772_442_000_000)),
            (json!(1_772_442_000_000_i64), Some(1_772_442_000_000)),
            (json!("monday"), None),
            (json!(null), None),
        ] {
            assert_eq!(moment(&value).map(|at| at.0), expect, "{value}");
        }
    }

    #[test]
    fn keys() {
        let of = |ids: &[&str]| key(&ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["7"]), "7");
        assert_eq!(of(&["7", "2026"]), "7/2026");
        let (one, two) = ("ü".repeat(150), format!("{}x", "ü".repeat(150)));
        assert!(of(&[&one]).len() <= KEY_MAX_BYTES);
        assert_ne!(of(&[&one]), of(&[&two]));
    }
}
