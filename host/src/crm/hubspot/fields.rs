//! HubSpot's contact properties into our contact.
//!
//! "All property values are strings" (HubSpot docs, CRM objects); an empty string or null means the
//! property was cleared, and clears ours.

use serde_json::{Value, json};

use crate::crm::time_zone;
use crate::domain::{ContactPatch, ContactRef, EmailAddress};

/// What is asked for when a contact is hydrated.
pub(super) const CONTACT_PROPERTIES: &[&str] = &[
    "email",
    "firstname",
    "lastname",
    "company",
    "jobtitle",
    "phone",
    "website",
    "industry",
    "city",
    "state",
    "country",
    "lifecyclestage",
    "hs_lead_status",
    "hubspot_owner_id",
    "hs_timezone",
    "hs_language",
    "hs_additional_emails",
    "hs_email_optout",
    "associatedcompanyid",
];

/// Their names and ours; a property that is not here keeps its name.
const NAMES: &[(&str, &str)] = &[
    ("firstname", "first_name"),
    ("lastname", "last_name"),
    ("jobtitle", "job_title"),
    ("hubspot_owner_id", "owner_id"),
];

/// Merges one property into what is told about the contact.
pub(super) fn merge(
    property: &str,
    value: Option<&str>,
    contact: &mut ContactRef,
    patch: &mut ContactPatch,
) {
    let value = value.filter(|text| !text.is_empty());
    match (property, value) {
        // An address we could not write to is left for people to see, among the attributes.
        ("email", Some(text)) => match EmailAddress::parse(text) {
            Ok(address) => contact.email = Some(address),
            Err(_) => set(patch, "email", value),
        },
        ("email", None) => {}
        ("hs_timezone", Some(text)) => match time_zone::canonical(text) {
            Some(zone) => patch.time_zone = Some(zone.to_owned()),
            None => set(patch, "hs_timezone", value),
        },
        // "Semicolon-separated list of additional email addresses" (HubSpot's default contact properties).
        ("hs_additional_emails", Some(text)) => {
            patch.other_emails = text
                .split(';')
                .filter_map(|email| EmailAddress::parse(email).ok())
                .collect();
        }
        ("hs_language", Some(text)) => patch.locale = Some(text.to_owned()),
        ("associatedcompanyid", Some(id)) => {
            patch
                .account
                .get_or_insert_default()
                .insert("id".to_owned(), json!(id));
        }
        _ => {
            let ours = NAMES.iter().find(|(theirs, _)| *theirs == property);
            set(patch, ours.map_or(property, |(_, ours)| ours), value);
        }
    }
}

fn set(patch: &mut ContactPatch, name: &str, value: Option<&str>) {
    let value = value.map_or(Value::Null, Value::from);
    patch.attributes.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(property: &str, value: Option<&str>, expect: &Value) {
        let (mut contact, mut patch) = (ContactRef::default(), ContactPatch::default());
        merge(property, value, &mut contact, &mut patch);
        let got = json!({
            "email": contact.email, "time_zone": patch.time_zone, "locale": patch.locale,
            "attributes": patch.attributes, "account": patch.account,
        });
        let mut all = json!({
            "email": null, "time_zone": null, "locale": null, "attributes": {}, "account": null,
        });
        for (key, value) in expect.as_object().expect("an object") {
            all[key] = value.clone();
        }
        assert_eq!(got, all, "{property} = {value:?}");
    }

    #[test]
    fn properties() {
        check(
            "email",
            Some("Ada@Example.com"),
            &json!({"email": "ada@example.com"}),
        );
        check(
            "email",
            Some("nobody"),
            &json!({"attributes": {"email": "nobody"}}),
        );
        check("email", Some(""), &json!({}));
        check(
            "firstname",
            Some("Zoë"),
            &json!({"attributes": {"first_name": "Zoë"}}),
        );
        check(
            "firstname",
            Some(""),
            &json!({"attributes": {"first_name": null}}),
        );
        check(
            "jobtitle",
            None,
            &json!({"attributes": {"job_title": null}}),
        );
        check(
            "hubspot_owner_id",
            Some("7"),
            &json!({"attributes": {"owner_id": "7"}}),
        );
        check(
            "plan__c",
            Some("pro"),
            &json!({"attributes": {"plan__c": "pro"}}),
        );
        check(
            "hs_timezone",
            Some("us_slash_eastern"),
            &json!({"time_zone": "US/Eastern"}),
        );
        check(
            "hs_timezone",
            Some("mars"),
            &json!({"attributes": {"hs_timezone": "mars"}}),
        );
        check("hs_language", Some("pt-br"), &json!({"locale": "pt-br"}));
        check(
            "associatedcompanyid",
            Some("42"),
            &json!({"account": {"id": "42"}}),
        );
    }
}
