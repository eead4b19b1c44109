//! A record into an event: of an outbound message, of a query and of a poll alike.
//!
//! A message says how a record is, not what became of it: the kind is read off its state. Leads that
//! were converted and records that were merged become `contact-merged` into the one that stayed.

use serde_json::{Value, json};

use crate::crm::event::{self, with_person};
use crate::crm::person::is_set;
use crate::domain::connector::marker_in;
use crate::domain::event::{About, Hydrate, custom_kind, kind};
use crate::domain::{ContactRef, EmailAddress, Instant, JsonMap, NewEvent};

use super::fields::{data_of, moment, person_of};
use super::id::{long, person_object};

/// One state of one record.
pub(super) struct State<'a> {
    pub object: &'a str,
    /// In the long form.
    pub id: String,
    pub record: &'a JsonMap,
}

impl<'a> State<'a> {
    pub(super) fn of(object: &'a str, record: &'a JsonMap) -> Result<Self, String> {
        let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            object,
            id: long(id).ok_or_else(|| format!("{id:?} is no Salesforce id"))?,
            record,
        })
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        let text = self.record.get(field)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    fn is(&self, field: &str) -> bool {
        self.record.get(field).is_some_and(is_set)
    }

    pub(super) fn at(&self, field: &str) -> Option<Instant> {
        self.text(field).and_then(moment)
    }

    fn id_in(&self, field: &str) -> Option<String> {
        self.text(field).and_then(long)
    }

    pub(super) fn modified_at(&self) -> Option<Instant> {
        self.at("LastModifiedDate")
            .or_else(|| self.at("SystemModstamp"))
            .or_else(|| self.at("CreatedDate"))
    }

    /// Whether it was made not longer than this before it was last changed.
    pub(super) fn is_new(&self, within_ms: i64) -> bool {
        let created = self.at("CreatedDate");
        let since = created.zip(self.modified_at());
        since.is_some_and(|(created, modified)| modified.since_ms(created) <= within_ms)
    }

    pub(super) fn is_person(&self) -> bool {
        matches!(self.object, "Lead" | "Contact")
    }

    /// Who the person went on as: the one they were merged into, the contact a lead became.
    fn survivor(&self) -> Option<String> {
        let into = ["MasterRecordId", "ConvertedContactId"];
        into.iter().find_map(|field| self.id_in(field))
    }

    pub(super) fn kind(&self, new_within_ms: i64) -> String {
        let is_new = self.is_new(new_within_ms);
        let deleted = self.is("IsDeleted");
        let known = match self.object {
            "Lead" | "Contact" if self.survivor().is_some() => Some(kind::CONTACT_MERGED),
            "Lead" | "Contact" if deleted => Some(kind::CONTACT_DELETED),
            "Lead" | "Contact" if is_new => Some(kind::CONTACT_CREATED),
            "Lead" | "Contact" => Some(kind::CONTACT_UPDATED),
            "Event" if deleted => Some(kind::MEETING_CANCELLED),
            "Event" => Some(kind::MEETING_BOOKED),
            _ if deleted => None,
            "Opportunity" => Some(self.deal_kind(is_new)),
            "Task" => self.task_kind(is_new),
            "EmailMessage" => self.mail_kind(),
            _ => None,
        };
        known.map_or_else(|| custom_kind("salesforce", self.object), str::to_owned)
    }

    /// "Closed Won" and "Closed Lost" are stages of every new organization; others may be named as one
    /// likes and are known by `IsWon` and `IsClosed`.
    fn deal_kind(&self, is_new: bool) -> &'static str {
        let stage = self.text("StageName").unwrap_or_default();
        if self.is("IsWon") || stage == "Closed Won" {
            kind::DEAL_WON
        } else if self.is("IsClosed") || stage == "Closed Lost" {
            kind::DEAL_LOST
        } else if is_new {
            kind::DEAL_CREATED
        } else {
            kind::DEAL_STAGE_CHANGED
        }
    }

    /// `TaskSubtype` is `Task`, `Email`, `ListEmail` or `Call`; tools that log by the API often leave it and set
    /// `Type`. What we wrote ourselves is no news.
    fn task_kind(&self, is_new: bool) -> Option<&'static str> {
        if self.text("Description").and_then(marker_in).is_some() {
            return None;
        }
        let subtype = self.text("TaskSubtype").filter(|word| *word != "Task");
        let sort = subtype.or_else(|| self.text("Type")).unwrap_or("Task");
        let closed = self.is("IsClosed") || self.text("Status") == Some("Completed");
        match sort {
            "Email" | "ListEmail" if closed => Some(kind::EMAIL_SENT),
            "Call" if closed => Some(kind::CALL_MADE),
            _ if closed => Some(kind::TASK_COMPLETED),
            _ if is_new || self.at("CreatedDate").is_none() => Some(kind::TASK_CREATED),
            _ => None,
        }
    }

    /// "Status: 0 (New), 1 (Read), 2 (Replied), 3 (Sent), 4 (Forwarded), 5 (Draft)" (Salesforce docs,
    /// `EmailMessage`).
    fn mail_kind(&self) -> Option<&'static str> {
        match self.text("Status") {
            _ if self.is("Incoming") => Some(kind::REPLIED),
            Some("3") | None => Some(kind::EMAIL_SENT),
            Some(_) => None,
        }
    }

    /// The people it belongs to: leads and contacts.
    pub(super) fn people(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        let listed = [
            ("OpportunityContactRoles", "ContactId"),
            ("EmailMessageRelations", "RelationId"),
        ];
        let listed = listed.iter().flat_map(|(list, field)| {
            let records = self.record.get(*list).and_then(|list| list.get("records"));
            let records = records.and_then(Value::as_array).into_iter().flatten();
            records.filter_map(|record| record.get(*field)?.as_str())
        });
        let own = ["WhoId", "ContactId"]
            .iter()
            .filter_map(|field| self.text(field));
        for id in own.chain(listed).filter_map(long) {
            if person_object(&id).is_some() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// Who wrote a mail that came in.
    pub(super) fn sender(&self) -> Option<EmailAddress> {
        let from = self.text("FromAddress").filter(|_| self.is("Incoming"))?;
        EmailAddress::parse(from).ok()
    }

    /// The event of this state. Of a person it is complete where the record has an address; everything
    /// else leads to its people.
    pub(super) fn events(
        &self,
        key: &str,
        kind: String,
        now: Instant,
        raw: Value,
    ) -> Vec<NewEvent> {
        let asks = |object: &str, id: &str| {
            Some(Hydrate {
                object: object.to_owned(),
                id: id.to_owned(),
            })
        };
        let at = self.modified_at().unwrap_or(now);
        let about = Some(About::new(self.object, &self.id));
        let mut event = event::event(key.to_owned(), kind, at, about, &raw);
        if !self.is_person() {
            event.data = data_of(self.object, self.record);
            // The one who is named; the others, by the query of the record.
            if let Some(who) = self.id_in("WhoId") {
                event.hydrate = person_object(&who).and_then(|object| asks(object, &who));
                event.contact = event
                    .hydrate
                    .as_ref()
                    .map_or_else(ContactRef::default, |_| ContactRef::external(&who));
            } else if matches!(self.object, "Opportunity" | "EmailMessage") && !self.is("IsDeleted")
            {
                event.hydrate = asks(self.object, &self.id);
            }
            return vec![event];
        }
        if let Some(survivor) = self.survivor() {
            event.data.insert("merged_ids".to_owned(), json!([self.id]));
            event.contact = ContactRef::external(&survivor);
            event.hydrate = person_object(&survivor).and_then(|object| asks(object, &survivor));
            return vec![event];
        }
        if event.kind == kind::CONTACT_DELETED {
            event.contact = ContactRef::external(&self.id);
            return vec![event];
        }
        let mut events = with_person(event, person_of(&self.id, self.record));
        for event in &mut events {
            if event.contact.email.is_none() && event.about.is_some() {
                event.hydrate = asks(self.object, &self.id);
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, record: &Value, expect: &str) {
        let mut record = record.as_object().expect("an object").clone();
        record.insert("Id".to_owned(), json!("00Q000000000001"));
        let state = State::of(object, &record).expect("a record");
        assert_eq!(state.kind(1_000), expect, "{object} {record:?}");
    }

    #[test]
    fn kinds() {
        let new = json!({"CreatedDate": "2026-03-02T09:00:00Z", "LastModifiedDate": "2026-03-02T09:00:00Z"});
        check("Lead", &new, "contact-created");
        check("Lead", &json!({}), "contact-updated");
        check("Contact", &json!({"IsDeleted": "true"}), "contact-deleted");
        check(
            "Contact",
            &json!({"IsDeleted": true, "MasterRecordId": "003000000000001"}),
            "contact-merged",
        );
        check(
            "Lead",
            &json!({"IsConverted": true, "ConvertedContactId": "003000000000001"}),
            "contact-merged",
        );
        check("Opportunity", &new, "deal-created");
        check(
            "Opportunity",
            &json!({"StageName": "Closed Won"}),
            "deal-won",
        );
        check(
            "Opportunity",
            &json!({"StageName": "Gewonnen", "IsWon": true, "IsClosed": true}),
            "deal-won",
        );
        check("Opportunity", &json!({"IsClosed": "true"}), "deal-lost");
        check(
            "Opportunity",
            &json!({"StageName": "Proposal"}),
            "deal-stage-changed",
        );
        check("Event", &json!({}), "meeting-booked");
        check("Event", &json!({"IsDeleted": "true"}), "meeting-cancelled");
        check("Task", &json!({"Status": "Completed"}), "task-completed");
        check(
            "Task",
            &json!({"Status": "Completed", "TaskSubtype": "Call"}),
            "call-made",
        );
        check(
            "Task",
            &json!({"Status": "Completed", "TaskSubtype": "Task", "Type": "Email"}),
            "email-sent",
        );
        check("Task", &json!({"Status": "Not Started"}), "task-created");
        check(
            "Task",
            &json!({"Description": "x followup:wb_a1"}),
            "salesforce.Task",
        );
        check(
            "EmailMessage",
            &json!({"Incoming": "true", "Status": "0"}),
            "replied",
        );
        check("EmailMessage", &json!({"Status": "3"}), "email-sent");
        check(
            "EmailMessage",
            &json!({"Status": "5"}),
            "salesforce.EmailMessage",
        );
        check("Warp__c", &json!({}), "salesforce.Warp__c");
    }
}
