//! Salesforce's fields: which are asked for, and what they are called here.
//!
//! An explicit list and not `FIELDS(STANDARD)`: a field that the user may not read is then an error that an
//! administrator sees, rather than an opt-out that nobody does.

use serde_json::{Value, json};

use crate::crm::person::{Person, Words, person};
use crate::domain::{Instant, JsonMap};

use super::id::long;

/// The fields of an object, as SOQL selects them.
pub(super) fn selected(object: &str) -> Option<&'static str> {
    Some(match object {
        "Lead" => {
            "Id, Email, FirstName, LastName, Company, Title, Phone, MobilePhone, Website, Industry, City, \
             State, Country, Status, LeadSource, OwnerId, HasOptedOutOfEmail, IsConverted, \
             ConvertedContactId, MasterRecordId, IsDeleted, CreatedDate, LastModifiedDate"
        }
        "Contact" => {
            "Id, Email, FirstName, LastName, Title, Department, Phone, MobilePhone, MailingCity, \
             MailingState, MailingCountry, LeadSource, AccountId, Account.Name, OwnerId, \
             HasOptedOutOfEmail, MasterRecordId, IsDeleted, CreatedDate, LastModifiedDate"
        }
        "Opportunity" => {
            "Id, Name, StageName, Amount, CloseDate, Probability, IsClosed, IsWon, AccountId, OwnerId, \
             LastStageChangeDate, IsDeleted, CreatedDate, LastModifiedDate, \
             (SELECT ContactId FROM OpportunityContactRoles)"
        }
        "Task" => {
            "Id, Subject, Status, IsClosed, TaskSubtype, Type, ActivityDate, Description, WhoId, WhatId, \
             OwnerId, IsDeleted, CreatedDate, LastModifiedDate"
        }
        "Event" => {
            "Id, Subject, StartDateTime, EndDateTime, Location, WhoId, WhatId, OwnerId, IsDeleted, \
             CreatedDate, LastModifiedDate"
        }
        "EmailMessage" => {
            "Id, Subject, FromAddress, ToAddress, Incoming, Status, MessageDate, RelatedToId, IsDeleted, \
             CreatedDate, LastModifiedDate, \
             (SELECT RelationId FROM EmailMessageRelations)"
        }
        _ => return None,
    })
}

const WORDS: Words = Words {
    emails: &["Email"],
    names: &[
        ("FirstName", "first_name"),
        ("LastName", "last_name"),
        ("Title", "job_title"),
        ("Phone", "phone"),
        ("MobilePhone", "mobile_phone"),
        ("Website", "website"),
        ("Industry", "industry"),
        ("City", "city"),
        ("State", "state"),
        ("Country", "country"),
        ("MailingCity", "city"),
        ("MailingState", "state"),
        ("MailingCountry", "country"),
        ("Status", "lead_status"),
        ("LeadSource", "source"),
        ("OwnerId", "owner_id"),
    ],
    time_zone: &[],
    locale: &[],
    account_id: &["AccountId"],
    account_name: &["Company", "Account.Name"],
    opted_out: &["HasOptedOutOfEmail"],
    skip: BOOKKEEPING,
};

/// What changes with every change, or says nothing of the person or the deal.
const BOOKKEEPING: &[&str] = &[
    "Id",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "LastActivityDate",
    "LastReferencedDate",
    "LastViewedDate",
    "LastStageChangeDate",
    "SystemModstamp",
    "IsDeleted",
    "MasterRecordId",
    "IsConverted",
    "ConvertedContactId",
    "PhotoUrl",
    "WhoId",
    "WhatId",
    "RelatedToId",
    "Description",
    "TextBody",
    "HtmlBody",
];

/// A Lead or a Contact.
pub(super) fn person_of(id: &str, record: &JsonMap) -> Person {
    let mut flat = record.clone();
    if let Some(name) = record
        .get("Account")
        .and_then(|account| account.get("Name"))
    {
        flat.insert("Account.Name".to_owned(), name.clone());
    }
    // Null clears with us, and a record has far more empty fields than anybody asked for.
    flat.retain(|_, value| !value.is_null());
    for field in ["AccountId", "OwnerId"] {
        let id = record.get(field).and_then(Value::as_str).and_then(long);
        flat.extend(id.map(|id| (field.to_owned(), json!(id))));
    }
    person(id, &flat, &WORDS)
}

/// The key of a field of a deal, a meeting, a mail or a task in our event data; none for what is left out.
fn name_of<'a>(object: &str, field: &'a str) -> Option<&'a str> {
    let (id, title) = match object {
        "Opportunity" => ("deal_id", "deal_name"),
        "Event" => ("meeting_id", "title"),
        "EmailMessage" => ("email_id", "subject"),
        "Task" => ("task_id", "title"),
        _ => ("record_id", "title"),
    };
    Some(match field {
        "Id" => id,
        "Name" | "Subject" => title,
        "StageName" => "stage",
        "Amount" => "amount",
        "CloseDate" => "close_date",
        "CurrencyIsoCode" => "currency",
        "OwnerId" => "owner_id",
        "AccountId" => "account_id",
        "StartDateTime" => "starts_at",
        "EndDateTime" => "ends_at",
        "Location" => "location",
        "ActivityDate" => "due_at",
        "Status" => "status",
        "FromAddress" => "from",
        "ToAddress" => "to",
        "MessageDate" => "sent_at",
        "CallDisposition" => "outcome",
        field if BOOKKEEPING.contains(&field) => return None,
        field => field,
    })
}

pub(super) fn data_of(object: &str, record: &JsonMap) -> JsonMap {
    let mut data = JsonMap::new();
    for (field, value) in record {
        let Some(name) = name_of(object, field) else {
            continue;
        };
        if value.is_string() || value.is_number() || value.is_boolean() {
            data.insert(name.to_owned(), ours(name, value));
        }
    }
    // A meeting and a mail that belong to a deal say so.
    let what = ["WhatId", "RelatedToId"];
    let what = what
        .iter()
        .find_map(|key| record.get(*key).and_then(Value::as_str));
    if let Some(deal) = what.and_then(long).filter(|id| id.starts_with("006")) {
        data.insert("deal_id".to_owned(), json!(deal));
    }
    data
}

/// Moments in UTC and ids in the long form, whichever way the field was told.
fn ours(name: &str, value: &Value) -> Value {
    let text = value.as_str();
    let at = text.filter(|_| name.ends_with("_at")).and_then(moment);
    let id = text.filter(|_| name.ends_with("_id")).and_then(long);
    let better = at.map(|at| at.to_string()).or(id);
    better.map_or_else(|| value.clone(), Value::from)
}

/// A moment as SOAP writes it (RFC 3339) or REST (`2026-03-02T09:00:00.000+0000`).
pub(super) fn moment(text: &str) -> Option<Instant> {
    let rest = || chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok();
    Instant::parse_rfc3339(text).or_else(|| rest().map(|at| Instant(at.timestamp_millis())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let nine = Instant::parse_rfc3339("2026-03-02T09:00:00Z");
        for (text, expect) in [
            ("2026-03-02T09:00:00.000Z", nine),
            ("2026-03-02T09:00:00.000+0000", nine),
            ("2026-03-02T10:00:00.000+0100", nine),
            ("2026-03-02", None),
        ] {
            assert_eq!(moment(text), expect, "{text}");
        }
    }
}
