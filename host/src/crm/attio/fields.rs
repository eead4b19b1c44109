//! The values of a record, flat, and a person's fields among them.
//!
//! "Attribute values are always returned as an array", each with its `attribute_type` and the
//! properties of that type (Attio docs, "Attribute types").

use serde_json::{Value, json};

use crate::crm::person::Words;
use crate::domain::JsonMap;

/// Further addresses get names of their own: `email_addresses.2`.
pub(super) const PERSON: Words = Words {
    emails: &[
        "email_addresses",
        "email_addresses.2",
        "email_addresses.3",
        "email_addresses.4",
        "email_addresses.5",
    ],
    names: &[
        ("phone_numbers", "phone"),
        ("primary_location.locality", "city"),
        ("primary_location.region", "state"),
        ("primary_location.country_code", "country"),
        ("owner", "owner_id"),
    ],
    time_zone: &["timezone"],
    locale: &[],
    account_id: &["company"],
    account_name: &[],
    opted_out: &[],
    skip: &[
        "record_id",
        "created_at",
        "created_by",
        "full_name",
        "avatar_url",
    ],
};

/// The values by slug. A name and a location become a field for each part, what has several values
/// becomes their list in one text.
pub(super) fn flat(values: &Value) -> JsonMap {
    let mut record = JsonMap::new();
    for (slug, list) in values.as_object().into_iter().flatten() {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let kind = list.first().map(|value| text(value, "attribute_type"));
        match kind {
            None => {
                record.insert(slug.clone(), Value::Null);
            }
            // They change with every mail and every meeting, and are told by those.
            Some("interaction") => {}
            Some("personal-name") => parts(&mut record, "", &list[0], &["first_name", "last_name"]),
            Some("location") => {
                let names = ["line_1", "postcode", "locality", "region", "country_code"];
                parts(&mut record, &format!("{slug}."), &list[0], &names);
            }
            Some("email-address") => {
                for (index, value) in list.iter().enumerate() {
                    let name = match index {
                        0 => slug.clone(),
                        index => format!("{slug}.{}", index + 1),
                    };
                    record.insert(name, plain(value));
                }
            }
            Some("currency") => {
                record.insert(slug.clone(), plain(&list[0]));
                record.insert(
                    format!("{slug}.currency"),
                    json!(text(&list[0], "currency_code")),
                );
            }
            Some(_) => {
                record.insert(slug.clone(), joined(list));
            }
        }
    }
    record
}

/// A record that an attribute refers to: its object and its id.
pub(super) fn references<'a>(
    values: &'a Value,
    slug: &str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let list = values.get(slug).and_then(Value::as_array);
    let reference = |value| {
        (
            text(value, "target_object"),
            text(value, "target_record_id"),
        )
    };
    list.into_iter().flatten().map(reference)
}

fn parts(record: &mut JsonMap, prefix: &str, value: &Value, names: &[&str]) {
    for name in names {
        let part = value.get(*name).cloned().unwrap_or_default();
        record.insert(format!("{prefix}{name}"), part);
    }
}

fn joined(list: &[Value]) -> Value {
    match list {
        [one] => plain(one),
        many => {
            let texts = many.iter().map(plain);
            let texts: Vec<String> = texts
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect();
            json!(texts.join(", "))
        }
    }
}

/// What a value is in one word; null where its type is not known.
fn plain(value: &Value) -> Value {
    let path = match text(value, "attribute_type") {
        "email-address" => "/email_address",
        "phone-number" => "/phone_number",
        "domain" => "/domain",
        "select" => "/option/title",
        "status" => "/status/title",
        "currency" => "/currency_value",
        "record-reference" => "/target_record_id",
        "actor-reference" => "/referenced_actor_id",
        _ => "/value",
    };
    value.pointer(path).cloned().unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_flat() {
        let values = json!({
            "name": [{"attribute_type": "personal-name", "first_name": "Ada", "last_name": "L", "full_name": "Ada L"}],
            "email_addresses": [
                {"attribute_type": "email-address", "email_address": "ada@x.example"},
                {"attribute_type": "email-address", "email_address": "ada@home.example"}],
            "tags": [
                {"attribute_type": "select", "option": {"title": "VIP"}},
                {"attribute_type": "select", "option": {"title": "Board"}}],
            "value": [{"attribute_type": "currency", "currency_value": 10, "currency_code": "EUR"}],
            "last_interaction": [{"attribute_type": "interaction", "interaction_type": "email"}],
            "job_title": [],
            "odd": [7],
        });
        assert_eq!(
            Value::from(flat(&values)),
            json!({
                "first_name": "Ada", "last_name": "L",
                "email_addresses": "ada@x.example", "email_addresses.2": "ada@home.example",
                "tags": "VIP, Board", "value": 10, "value.currency": "EUR", "job_title": null, "odd": null,
            })
        );
    }
}
