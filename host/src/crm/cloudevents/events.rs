//! One CloudEvent into ours.
//!
//! Required: `specversion` "1.0", `id`, `source`, `type` (CloudEvents 1.0, 3.1). `source` + `id`
//! identify the event: "If a duplicate event is re-sent (e.g. due to a network error) it MAY have the
//! same id". The contact is `subject`, an e-mail address, or `data.contact` by `email` or `id`; an
//! event about one of our messages may name `data.message_id` alone.

use serde_json::{Value, json};

use crate::crm::time_zone;
use crate::domain::event::kind;
use crate::domain::{
    ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent, digest, fields,
};

use super::kinds::kind_of;

pub(super) fn read(item: &Value, now: Instant) -> Result<NewEvent, String> {
    if !item.is_object() {
        return Err("is no JSON object".to_owned());
    }
    if required(item, "specversion")? != "1.0" {
        return Err("`specversion` must be \"1.0\"".to_owned());
    }
    let (id, source) = (required(item, "id")?, required(item, "source")?);
    let kind = kind_of(required(item, "type")?)?;
    let occurred_at = match item.get("time") {
        None | Some(Value::Null) => now,
        Some(time) => time
            .as_str()
            .and_then(Instant::parse_rfc3339)
            .ok_or("`time` must be an RFC 3339 timestamp with a zone, like 2026-03-02T09:00:00Z")?,
    };
    let mut data = data(item)?;
    let (told, patch) = contact(data.remove("contact"))?;
    // A rep's mail has an id of its own (RFC 5322), which is part of what happened.
    let message_id = if kind == kind::EMAIL_SENT {
        None
    } else {
        message_id(data.remove("message_id"))?
    };
    let contact = with_subject(told, fields::text(item, "subject"), message_id.is_some())?;
    Ok(NewEvent {
        source_key: digest::id("ce", &[source.as_bytes(), id.as_bytes()]),
        kind,
        occurred_at,
        contact,
        patch,
        message_id,
        answers: Vec::new(),
        data,
        raw: item.clone(),
        hydrate: None,
        about: None,
    })
}

fn required<'a>(item: &'a Value, key: &str) -> Result<&'a str, String> {
    fields::text(item, key).ok_or_else(|| {
        let fault = match item.get(key) {
            None | Some(Value::Null) => "is missing",
            Some(_) => "is empty or no string",
        };
        format!("`{key}` {fault}: CloudEvents 1.0 requires a non-empty string")
    })
}

fn data(item: &Value) -> Result<JsonMap, String> {
    if item
        .get("data_base64")
        .is_some_and(|value| !value.is_null())
    {
        return Err("`data_base64` is not understood: send JSON in `data`".to_owned());
    }
    match item.get("data") {
        None | Some(Value::Null) => Ok(JsonMap::new()),
        Some(Value::Object(data)) => Ok(data.clone()),
        Some(_) => Err("`data` must be a JSON object".to_owned()),
    }
}

fn message_id(value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) if !id.is_empty() => Ok(Some(id)),
        Some(_) => Err("`data.message_id` must be a non-empty string: msg_...".to_owned()),
    }
}

/// `data.contact`: `email`, `id`, `time_zone`, `locale` and `account` have a place of their own;
/// everything else, and what stands in `attributes`, becomes an attribute.
fn contact(value: Option<Value>) -> Result<(ContactRef, ContactPatch), String> {
    let mut told = match value {
        None | Some(Value::Null) => JsonMap::new(),
        Some(Value::Object(told)) => told,
        Some(_) => return Err("`data.contact` must be a JSON object".to_owned()),
    };
    let contact = ContactRef {
        email: match told.remove("email") {
            None | Some(Value::Null) => None,
            Some(email) => Some(address(
                "data.contact.email",
                email.as_str().unwrap_or_default(),
            )?),
        },
        external_id: match told.remove("id") {
            None | Some(Value::Null) => None,
            Some(id) => Some(
                fields::id(&json!({ "id": id }), "id")
                    .ok_or("`data.contact.id` must be a non-empty string or a whole number")?,
            ),
        },
    };
    let account = match told.remove("account") {
        None | Some(Value::Null) => None,
        Some(Value::Object(account)) => Some(account),
        Some(_) => return Err("`data.contact.account` must be a JSON object".to_owned()),
    };
    let nested = match told.remove("attributes") {
        None | Some(Value::Null) => JsonMap::new(),
        Some(Value::Object(nested)) => nested,
        Some(_) => return Err("`data.contact.attributes` must be a JSON object".to_owned()),
    };
    let other_emails = other_emails(told.remove("other_emails"))?;
    let locale = told
        .remove("locale")
        .and_then(|value| value.as_str().map(str::to_owned));
    // A zone that is none stays among the attributes, where people will see it.
    let zone = told
        .get("time_zone")
        .and_then(Value::as_str)
        .and_then(time_zone::canonical);
    if zone.is_some() {
        told.remove("time_zone");
    }
    told.extend(nested);
    let patch = ContactPatch {
        time_zone: zone.map(str::to_owned),
        locale,
        attributes: told,
        account,
        other_emails,
    };
    Ok((contact, patch))
}

/// Further mailboxes of the person.
fn other_emails(told: Option<Value>) -> Result<Vec<EmailAddress>, String> {
    const KEY: &str = "data.contact.other_emails";
    match told {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => all
            .iter()
            .map(|email| address(KEY, email.as_str().unwrap_or_default()))
            .collect(),
        Some(_) => Err(format!("`{KEY}` must be a list of e-mail addresses")),
    }
}

fn with_subject(
    mut contact: ContactRef,
    subject: Option<&str>,
    about_a_message: bool,
) -> Result<ContactRef, String> {
    let named = contact.email.is_some() || contact.external_id.is_some();
    match subject.map(EmailAddress::parse) {
        Some(Ok(subject)) => match &contact.email {
            Some(email) if *email != subject => {
                return Err("`subject` and `data.contact.email` name two people".to_owned());
            }
            _ => contact.email = Some(subject),
        },
        // A subject may be something else where the contact is named in the data.
        Some(Err(fault)) if !named && !about_a_message => {
            return Err(format!(
                "`subject` must be the e-mail address of the contact: it {fault}"
            ));
        }
        None if !named && !about_a_message => {
            return Err(
                "names nobody: set `subject` to the e-mail address of the contact, or \
                 `data.contact.email`, `data.contact.id` or `data.message_id`"
                    .to_owned(),
            );
        }
        _ => {}
    }
    Ok(contact)
}

fn address(key: &str, text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| format!("`{key}` is no e-mail address: it {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A good event, with some of its fields replaced (null removes one).
    fn event(changes: &Value) -> Value {
        let mut event = json!({"specversion": "1.0", "id": "e-1", "source": "/site",
            "type": "page.visited", "subject": "Ada@Example.com"});
        for (key, value) in changes.as_object().expect("an object") {
            event[key] = value.clone();
        }
        event
    }

    fn accepted(changes: &Value) -> NewEvent {
        read(&event(changes), Instant(5)).expect("readable")
    }

    fn check_refused(changes: &Value, expect: &str) {
        let what = read(&event(changes), Instant(5)).expect_err("refused");
        assert!(what.contains(expect), "{changes}: {what}");
    }

    #[test]
    fn the_whole_of_an_event() {
        let told = accepted(&json!({"time": "2026-03-02T10:00:00+01:00", "data": {
            "url": "https://x.example/pricing", "message_id": "msg_a", "contact": {
                "id": 77, "first_name": "Zoë", "time_zone": "europe/berlin", "locale": "de-AT",
                "account": {"id": "acme"}, "attributes": {"plan": "pro"}}}}));
        assert_eq!(told.kind, "page-visited");
        assert_eq!(
            told.occurred_at,
            Instant::parse_rfc3339("2026-03-02T09:00:00Z").expect("valid")
        );
        assert_eq!(
            told.contact.email.as_ref().map(EmailAddress::as_str),
            Some("ada@example.com")
        );
        assert_eq!(told.contact.external_id.as_deref(), Some("77"));
        assert_eq!(told.message_id.as_deref(), Some("msg_a"));
        assert_eq!(
            json!(told.data),
            json!({"url": "https://x.example/pricing"})
        );
        assert_eq!(
            json!(told.patch),
            json!({"time_zone": "Europe/Berlin", "locale": "de-AT",
                "attributes": {"first_name": "Zoë", "plan": "pro"}, "account": {"id": "acme"}})
        );
    }

    #[test]
    fn who_it_is_about() {
        let by_email =
            accepted(&json!({"subject": null, "data": {"contact": {"email": "b@x.example"}}}));
        assert_eq!(
            by_email.contact.email.as_ref().map(EmailAddress::as_str),
            Some("b@x.example")
        );
        let by_id = accepted(&json!({"subject": "order/7", "data": {"contact": {"id": "c-1"}}}));
        assert_eq!(by_id.contact, ContactRef::external("c-1"));
        let by_message = accepted(&json!({"subject": null, "data": {"message_id": "msg_a"}}));
        assert_eq!(by_message.contact, ContactRef::default());
    }

    #[test]
    fn a_reps_mail_is_none_of_our_messages() {
        let told =
            accepted(&json!({"type": "email-sent", "data": {"message_id": "p-1@x.example"}}));
        assert_eq!(told.message_id, None);
        assert_eq!(told.facts()["message_id"], "p-1@x.example");
        let ours = accepted(&json!({"type": "email-opened", "data": {"message_id": "msg_a"}}));
        assert_eq!(ours.message_id.as_deref(), Some("msg_a"));
        assert_eq!(ours.facts()["message_id"], "msg_a");
    }

    #[test]
    fn source_and_id_are_the_identity() {
        let key =
            |source: &str, id: &str| accepted(&json!({"source": source, "id": id})).source_key;
        assert_eq!(key("/a", "1"), key("/a", "1"));
        assert_ne!(key("/a", "1"), key("/b", "1"));
        assert_ne!(key("/a", "11"), key("/a1", "1"));
    }

    #[test]
    fn without_a_time_it_happened_now() {
        assert_eq!(accepted(&json!({})).occurred_at, Instant(5));
    }

    #[test]
    fn an_unknown_zone_stays_visible() {
        let told = accepted(&json!({"data": {"contact": {"time_zone": "Mars/Olympus"}}}));
        assert_eq!(told.patch.time_zone, None);
        assert_eq!(told.patch.attributes["time_zone"], "Mars/Olympus");
    }

    #[test]
    fn refusals_say_what_would_be_right() {
        let missing = "is missing: CloudEvents 1.0 requires a non-empty string";
        for key in ["specversion", "id", "source", "type"] {
            check_refused(&json!({key: null}), &format!("`{key}` {missing}"));
        }
        check_refused(&json!({"id": 7}), "`id` is empty or no string");
        check_refused(&json!({"id": ""}), "`id` is empty or no string");
        check_refused(&json!({"specversion": "0.3"}), "must be \"1.0\"");
        check_refused(&json!({"type": "timer-fired"}), "Followup's own");
        check_refused(&json!({"time": "yesterday"}), "`time` must be");
        check_refused(&json!({"time": 1_772_442_000}), "`time` must be");
        check_refused(&json!({"data": "text"}), "`data` must be");
        check_refused(&json!({"data_base64": "AA=="}), "`data_base64`");
        check_refused(
            &json!({"subject": "somebody"}),
            "`subject` must be the e-mail",
        );
        check_refused(&json!({"subject": null}), "names nobody");
        check_refused(&json!({"data": {"contact": 1}}), "`data.contact` must be");
        check_refused(
            &json!({"data": {"contact": {"email": "b@x.example"}}}),
            "two people",
        );
        check_refused(
            &json!({"data": {"contact": {"email": "b"}}}),
            "`data.contact.email`",
        );
        check_refused(
            &json!({"data": {"contact": {"id": 1.5}}}),
            "`data.contact.id`",
        );
        check_refused(
            &json!({"data": {"contact": {"account": "x"}}}),
            "`data.contact.account`",
        );
        check_refused(&json!({"data": {"message_id": 1}}), "`data.message_id`");
    }
}
