//! A CRM's record of a person into our contact, by a table of words.
//!
//! In: the fields of a record, flat, in the CRM's names. Out: who it is and what is told of them. A field
//! that is not in the table keeps its name, as a text, number or truth value; a null or an empty text
//! clears ours; what is nested is left out (the event's `raw` has it).

use serde_json::{Value, json};

use crate::crm::time_zone;
use crate::domain::{ContactPatch, ContactRef, EmailAddress, JsonMap};

/// The longest text kept of a field, in bytes: a contact is read with every decision.
const FIELD_MAX_BYTES: usize = 1_000;
/// Fields of one person that are kept.
const FIELDS_MAX: usize = 200;

/// What a CRM calls the fields that we know.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Words {
    /// Those that hold addresses, the first that is one being the person's; the others are theirs too.
    pub emails: &'static [&'static str],
    /// Theirs and ours: `first_name`, `last_name`, `company`, `job_title`, `phone`, `owner_id`, ...
    pub names: &'static [(&'static str, &'static str)],
    pub time_zone: &'static [&'static str],
    pub locale: &'static [&'static str],
    pub account_id: &'static [&'static str],
    pub account_name: &'static [&'static str],
    /// Set (true, "true", 1) where the person must not be mailed.
    pub opted_out: &'static [&'static str],
    /// Bookkeeping that changes with every change: would make news of nothing.
    pub skip: &'static [&'static str],
}

/// What a record says of a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Person {
    pub contact: ContactRef,
    pub patch: ContactPatch,
    pub opted_out: bool,
}

/// `id` is the CRM's; `record` its fields, in its names.
pub(super) fn person(id: &str, record: &JsonMap, words: &Words) -> Person {
    let mut person = Person {
        contact: ContactRef::external(id),
        ..Person::default()
    };
    for key in words.emails {
        let Some(address) = record.get(*key).and_then(Value::as_str) else {
            continue;
        };
        match EmailAddress::parse(address) {
            Ok(address) if person.contact.email.is_none() => person.contact.email = Some(address),
            Ok(address) => person.patch.other_emails.push(address),
            // An address we could not write to is left for people to see.
            Err(_) => set(&mut person.patch, key, record.get(*key)),
        }
    }
    for (key, value) in record.iter().take(FIELDS_MAX) {
        field(&mut person, key, value, words);
    }
    person
}

fn field(person: &mut Person, key: &str, value: &Value, words: &Words) {
    let has = |list: &[&str]| list.contains(&key);
    let patch = &mut person.patch;
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    if has(words.emails) || has(words.skip) {
        return;
    }
    if has(words.time_zone) {
        match text.and_then(time_zone::canonical) {
            Some(zone) => patch.time_zone = Some(zone.to_owned()),
            None => set(patch, key, Some(value)),
        }
    } else if has(words.locale) {
        patch.locale = text.map(str::to_owned);
    } else if has(words.account_id) {
        if let Some(id) = id_of(value) {
            let account = patch.account.get_or_insert_default();
            account.insert("id".to_owned(), json!(id));
        }
    } else if has(words.account_name) {
        if let Some(name) = text {
            let account = patch.account.get_or_insert_default();
            account.insert("name".to_owned(), json!(name));
            set(patch, "company", Some(value));
        }
    } else {
        if has(words.opted_out) {
            person.opted_out |= is_set(value);
        }
        let ours = words.names.iter().find(|(theirs, _)| *theirs == key);
        set(patch, ours.map_or(key, |(_, ours)| ours), Some(value));
    }
}

/// An id, as a text or a whole number.
pub(super) fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a flag is set, as CRMs write it.
pub(super) fn is_set(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(text) => {
            ["true", "1", "yes", "on"].contains(&text.trim().to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

fn set(patch: &mut ContactPatch, name: &str, value: Option<&Value>) {
    let value = match value {
        Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
        Some(Value::String(text)) => {
            let end = text.floor_char_boundary(FIELD_MAX_BYTES);
            Value::from(&text[..end])
        }
        Some(plain @ (Value::Null | Value::Bool(_) | Value::Number(_))) => plain.clone(),
        _ => return,
    };
    patch.attributes.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words {
        emails: &["Email", "Email2"],
        names: &[("FirstName", "first_name")],
        time_zone: &["TimeZone"],
        locale: &["Language"],
        account_id: &["AccountId"],
        account_name: &["Company"],
        opted_out: &["OptOut"],
        skip: &["Modified"],
    };

    #[test]
    fn a_record_becomes_a_person() {
        let record = json!({"Email": "Ada@X.example", "Email2": "ada@home.example", "FirstName": "Ada",
            "TimeZone": "Europe/Berlin", "Language": "de", "AccountId": 7, "Company": "Acme",
            "OptOut": true, "Modified": "now", "Plan": "gold", "Nick": "", "Nested": {"a": 1}});
        let got = person("42", record.as_object().expect("an object"), &WORDS);
        assert!(got.opted_out);
        assert_eq!(
            json!({"contact": got.contact, "patch": got.patch}),
            json!({
                "contact": {"email": "ada@x.example", "external_id": "42"},
                "patch": {"time_zone": "Europe/Berlin", "locale": "de",
                    "attributes": {"first_name": "Ada", "company": "Acme", "OptOut": true, "Plan": "gold",
                        "Nick": null},
                    "other_emails": ["ada@home.example"],
                    "account": {"id": "7", "name": "Acme"}},
            })
        );
    }

    #[test]
    fn flags() {
        for (value, expect) in [
            (json!(true), true),
            (json!("Yes"), true),
            (json!("1"), true),
            (json!(1), true),
            (json!("false"), false),
            (json!(0), false),
            (json!(null), false),
            (json!([]), false),
        ] {
            assert_eq!(is_set(&value), expect, "{value}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_kept_to_be_seen() {
        let record = json!({"Email": "ada at x"});
        let got = person("42", record.as_object().expect("an object"), &WORDS);
        assert_eq!(got.contact.email, None);
        assert_eq!(got.patch.attributes["Email"], "ada at x");
    }
}
