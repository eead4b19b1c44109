//! Who the preview is for and what has happened: the values that a message is made of.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::domain::decision::{AccountView, ContactView};
use crate::domain::event::kind;
use crate::domain::{EmailAddress, Event, Instant, JsonMap};
use crate::store::ledger::ContactReport;

/// The largest file of JSON, in bytes.
const JSON_MAX_BYTES: u64 = 1024 * 1024;

/// Everything about the recipient.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) contact: ContactView,
    pub(super) account: Option<AccountView>,
    pub(super) event: Event,
    pub(super) vars: JsonMap,
}

impl Stage {
    /// A contact of the store, and the last that was heard of it.
    pub(super) fn of_report(report: &ContactReport, time_zone: &str, now: Instant) -> Self {
        let facts = &report.contact;
        let event = report.events.last().map(|event| Event {
            id: event.id.clone(),
            kind: event.kind.clone(),
            occurred_at: Instant::parse_rfc3339(&event.occurred_at).unwrap_or(now),
            data: event.data.clone(),
        });
        Self {
            contact: ContactView {
                id: facts.id.clone(),
                email: facts.email.clone(),
                time_zone: facts
                    .time_zone
                    .clone()
                    .unwrap_or_else(|| time_zone.to_owned()),
                locale: facts.locale.clone(),
                attributes: facts.attributes.clone(),
            },
            account: facts
                .account
                .as_ref()
                .and_then(Value::as_object)
                .map(account),
            event: event.unwrap_or_else(|| enrolled(now)),
            vars: JsonMap::new(),
        }
    }

    /// `{"email": ..., "first_name": ..., "account": {"id", "name"}}`, as CRMs tell contacts.
    pub(super) fn of_json(
        mut contact: JsonMap,
        time_zone: &str,
        now: Instant,
    ) -> anyhow::Result<Self> {
        let mut take = |key: &str| {
            let value = contact.shift_remove(key)?;
            value.as_str().map(str::to_owned)
        };
        let (email, zone, locale) = (take("email"), take("time_zone"), take("locale"));
        let company = contact.shift_remove("account");
        Ok(Self {
            contact: ContactView {
                id: "preview".to_owned(),
                email: Some(email.context("the contact needs \"email\": \"ada@example.com\"")?),
                time_zone: zone.unwrap_or_else(|| time_zone.to_owned()),
                locale,
                attributes: contact,
            },
            account: company.as_ref().and_then(Value::as_object).map(account),
            event: enrolled(now),
            vars: JsonMap::new(),
        })
    }

    pub(super) fn to(&self) -> anyhow::Result<EmailAddress> {
        let email = self.contact.email.as_deref().unwrap_or_default();
        EmailAddress::parse(email).with_context(|| format!("the contact's address {email:?}"))
    }

    /// `{"kind": "link-clicked", "data": {...}}`, or a CloudEvent with its `type`.
    pub(super) fn set_event(&mut self, event: &JsonMap, now: Instant) -> anyhow::Result<()> {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let kind = text("kind")
            .or(text("type"))
            .context("the event needs \"kind\": \"link-clicked\", or another kind")?;
        let at = text("occurred_at").or(text("time"));
        let data = event.get("data").and_then(Value::as_object);
        self.event = Event {
            id: "evt_preview".to_owned(),
            kind: kind.to_owned(),
            occurred_at: at.and_then(Instant::parse_rfc3339).unwrap_or(now),
            data: data.cloned().unwrap_or_default(),
        };
        Ok(())
    }

    /// `KEY=VALUE`: a variable of the policy, or `contact.KEY`, `account.KEY`, `event.KEY`,
    /// `vars.KEY`. A value that is JSON is read as JSON, any other as text.
    pub(super) fn set(&mut self, setting: &str) -> anyhow::Result<()> {
        let Some((path, text)) = setting.split_once('=') else {
            bail!("--set {setting:?} is not KEY=VALUE");
        };
        let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        let (room, key) = path.split_once('.').unwrap_or(("vars", path));
        match room {
            "vars" => self.vars.insert(key.to_owned(), value),
            "event" => {
                let key = key.strip_prefix("data.").unwrap_or(key);
                self.event.data.insert(key.to_owned(), value)
            }
            "account" => {
                let account = self.account.get_or_insert_with(|| account(&JsonMap::new()));
                if key == "name" {
                    account.name = Some(text.to_owned());
                    return Ok(());
                }
                account.attributes.insert(key.to_owned(), value)
            }
            "contact" => {
                match key {
                    "email" => self.contact.email = Some(text.to_owned()),
                    "time_zone" => text.clone_into(&mut self.contact.time_zone),
                    "locale" => self.contact.locale = Some(text.to_owned()),
                    _ => {
                        self.contact.attributes.insert(key.to_owned(), value);
                    }
                }
                return Ok(());
            }
            other => bail!(
                "--set {setting:?}: {other} cannot be set; use contact, account, event or vars"
            ),
        };
        Ok(())
    }
}

/// A JSON object from a file.
pub(super) fn object(path: &Path) -> anyhow::Result<JsonMap> {
    let shown = || path.display().to_string();
    let size = path.metadata().with_context(shown)?.len();
    if size > JSON_MAX_BYTES {
        bail!("{} is {size} bytes long, {JSON_MAX_BYTES} allowed", shown());
    }
    let text = std::fs::read_to_string(path).with_context(shown)?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON object", shown()))
}

fn enrolled(now: Instant) -> Event {
    Event {
        id: "evt_preview".to_owned(),
        kind: kind::ENROLLED.to_owned(),
        occurred_at: now,
        data: JsonMap::new(),
    }
}

fn account(map: &JsonMap) -> AccountView {
    let mut attributes = map.clone();
    let mut take = |key: &str| {
        let value = attributes.shift_remove(key)?;
        value.as_str().map(str::to_owned)
    };
    let (id, name) = (take("id"), take("name"));
    AccountView {
        id: id.unwrap_or_default(),
        name,
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_772_442_000_000);

    fn stage() -> Stage {
        let contact = json!({
            "email": "ada@example.com", "first_name": "Ada", "account": { "name": "Acme", "size": 7 },
        });
        let contact = contact.as_object().expect("an object").clone();
        Stage::of_json(contact, "Europe/Berlin", NOW).expect("a contact")
    }

    #[test]
    fn a_contact_is_read_as_crms_tell_it() {
        let stage = stage();
        assert_eq!(stage.to().expect("address").as_str(), "ada@example.com");
        assert_eq!(stage.contact.time_zone, "Europe/Berlin");
        assert_eq!(stage.contact.attributes["first_name"], "Ada");
        let account = stage.account.expect("an account");
        assert_eq!(account.name.as_deref(), Some("Acme"));
        assert_eq!(account.attributes["size"], 7);
        assert!(Stage::of_json(JsonMap::new(), "UTC", NOW).is_err());
    }

    #[test]
    fn values_are_set_where_their_name_says() {
        let mut stage = stage();
        for setting in [
            "step=2",
            "vars.what=Pricing",
            "contact.title=Dr",
            "contact.locale=de",
            "event.data.url=https://x.example",
            "account.name=Beta",
        ] {
            stage.set(setting).expect(setting);
        }
        assert_eq!(json!(stage.vars), json!({ "step": 2, "what": "Pricing" }));
        assert_eq!(stage.contact.attributes["title"], "Dr");
        assert_eq!(stage.contact.locale.as_deref(), Some("de"));
        assert_eq!(stage.event.data["url"], "https://x.example");
        assert_eq!(
            stage.account.as_ref().and_then(|a| a.name.as_deref()),
            Some("Beta")
        );
        for setting in ["step", "sender.name=x"] {
            assert!(stage.set(setting).is_err(), "{setting}");
        }
    }

    #[test]
    fn events_are_read_as_ours_and_as_cloudevents() {
        let mut stage = stage();
        let event = json!({ "type": "page-visited", "time": "2026-03-01T00:00:00Z", "data": { "url": "u" } });
        stage
            .set_event(event.as_object().expect("an object"), NOW)
            .expect("an event");
        assert_eq!(stage.event.kind, "page-visited");
        assert_eq!(stage.event.occurred_at.to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(stage.event.data["url"], "u");
        assert!(stage.set_event(&JsonMap::new(), NOW).is_err());
    }
}
