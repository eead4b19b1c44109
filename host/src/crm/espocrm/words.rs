//! EspoCRM's words into our kinds. What is not here becomes `espocrm.ENTITY.VERB`.

use serde_json::Value;

use crate::domain::event::{custom_kind, kind};
use crate::domain::fields;

/// `record` holds what an update changed, or all of it.
pub(super) fn kind_of(entity: &str, verb: &str, record: &Value) -> String {
    let says = |field: &str| fields::text(record, field).unwrap_or_default();
    let tells = |field: &str| record.get(field).is_some();
    let known = match (entity, verb) {
        ("Contact" | "Lead", "create") => Some(kind::CONTACT_CREATED),
        ("Lead", "update") if !says("createdContactId").is_empty() => Some(kind::CONTACT_MERGED),
        ("Contact" | "Lead", "update" | "fieldUpdate") => Some(kind::CONTACT_UPDATED),
        ("Contact" | "Lead", "delete") => Some(kind::CONTACT_DELETED),
        ("Opportunity", "create") => Some(kind::DEAL_CREATED),
        ("Opportunity", "update" | "fieldUpdate") if tells("stage") => {
            Some(stage_kind(says("stage"), record.get("probability")))
        }
        ("Meeting", "create") => status_kind(says("status")).or(Some(kind::MEETING_BOOKED)),
        ("Meeting", "update" | "fieldUpdate") => status_kind(says("status"))
            .or_else(|| tells("dateStart").then_some(kind::MEETING_RESCHEDULED)),
        ("Meeting", "delete") => Some(kind::MEETING_CANCELLED),
        ("Call", "create" | "update" | "fieldUpdate") if says("status") == "Held" => {
            Some(kind::CALL_MADE)
        }
        ("Task", "create") => Some(kind::TASK_CREATED),
        ("Task", "update" | "fieldUpdate") if says("status") == "Completed" => {
            Some(kind::TASK_COMPLETED)
        }
        _ => None,
    };
    known.map_or_else(
        || custom_kind("espocrm", &format!("{entity}.{verb}")),
        str::to_owned,
    )
}

/// "Closed Won" and "Closed Lost" end a deal; stages of the customer's own do by their probability, which
/// the form sets with them (`probabilityMap`; a stage that is added begins with 50, `views/opportunity/admin`).
pub(super) fn stage_kind(stage: &str, probability: Option<&Value>) -> &'static str {
    match (stage, probability.and_then(Value::as_i64)) {
        ("Closed Won", _) | (_, Some(100)) => kind::DEAL_WON,
        ("Closed Lost", _) | (_, Some(0)) => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    }
}

/// "Planned, Held, Not Held" (`entityDefs/Meeting`): who did not come is told nowhere.
fn status_kind(status: &str) -> Option<&'static str> {
    match status {
        "Held" => Some(kind::MEETING_HELD),
        "Not Held" => Some(kind::MEETING_CANCELLED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds() {
        for (event, record, expect) in [
            ("Contact.create", json!({}), "contact-created"),
            ("Lead.update", json!({"status": "Dead"}), "contact-updated"),
            (
                "Lead.update",
                json!({"status": "Converted", "createdContactId": "1"}),
                "contact-merged",
            ),
            ("Lead.delete", json!({}), "contact-deleted"),
            ("Contact.fieldUpdate", json!({}), "contact-updated"),
            (
                "Opportunity.update",
                json!({"stage": "Closed Won"}),
                "deal-won",
            ),
            (
                "Opportunity.update",
                json!({"stage": "Verloren", "probability": 0}),
                "deal-lost",
            ),
            (
                "Opportunity.update",
                json!({"stage": "Proposal"}),
                "deal-stage-changed",
            ),
            (
                "Opportunity.update",
                json!({"amount": 1}),
                "espocrm.Opportunity.update",
            ),
            (
                "Meeting.create",
                json!({"status": "Planned"}),
                "meeting-booked",
            ),
            ("Meeting.update", json!({"status": "Held"}), "meeting-held"),
            (
                "Meeting.update",
                json!({"status": "Not Held"}),
                "meeting-cancelled",
            ),
            (
                "Meeting.update",
                json!({"dateStart": "x"}),
                "meeting-rescheduled",
            ),
            (
                "Meeting.update",
                json!({"name": "x"}),
                "espocrm.Meeting.update",
            ),
            ("Call.update", json!({"status": "Held"}), "call-made"),
            (
                "Call.create",
                json!({"status": "Planned"}),
                "espocrm.Call.create",
            ),
            (
                "Task.update",
                json!({"status": "Completed"}),
                "task-completed",
            ),
            ("Rocket.create", json!({}), "espocrm.Rocket.create"),
        ] {
            let (entity, verb) = event.split_once('.').expect("entity.verb");
            assert_eq!(kind_of(entity, verb, &record), expect, "{event} {record}");
        }
    }
}
