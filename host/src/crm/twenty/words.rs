//! Twenty's words into our kinds. What is not here becomes `twenty.OBJECT.VERB`.

use serde_json::Value;

use crate::crm::stages::{Stages, plain};
use crate::domain::event::{custom_kind, kind};
use crate::domain::fields;

/// `changed` are the names of the fields that an update tells of.
pub(super) fn kind_of(
    object: &str,
    verb: &str,
    changed: &[&str],
    record: &Value,
    stages: &Stages,
) -> String {
    let has = |field: &str| changed.contains(&field);
    let says = |field: &str| fields::text(record, field).unwrap_or_default();
    let known = match (object, verb) {
        ("person", "created" | "restored") => Some(kind::CONTACT_CREATED),
        ("person", "updated" | "upserted") => Some(kind::CONTACT_UPDATED),
        // "deleted" can be restored, "destroyed" cannot.
        ("person", "deleted" | "destroyed") => Some(kind::CONTACT_DELETED),
        ("opportunity", "created") => Some(kind::DEAL_CREATED),
        ("opportunity", "updated") if has("stage") => Some(stage_kind(stages, says("stage"))),
        ("task", "created") => Some(kind::TASK_CREATED),
        ("task", "updated") if has("status") && says("status") == "DONE" => {
            Some(kind::TASK_COMPLETED)
        }
        ("calendarEvent", "created") => Some(kind::MEETING_BOOKED),
        ("calendarEvent", "updated") if has("isCanceled") && is_true(record, "isCanceled") => {
            Some(kind::MEETING_CANCELLED)
        }
        ("calendarEvent", "updated") if has("startsAt") => Some(kind::MEETING_RESCHEDULED),
        ("calendarEvent", "deleted" | "destroyed") => Some(kind::MEETING_CANCELLED),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("twenty", &format!("{object}.{verb}")),
        str::to_owned,
    )
}

/// The stages of a new workspace are NEW, SCREENING, MEETING, PROPOSAL and CUSTOMER; there is none for
/// what was lost, so the usual names count.
pub(super) fn stage_kind(stages: &Stages, stage: &str) -> &'static str {
    let usual = || match plain(stage).as_str() {
        "customer" | "won" | "closedwon" => kind::DEAL_WON,
        "lost" | "closedlost" => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    };
    stages.kind(stage).unwrap_or_else(usual)
}

fn is_true(record: &Value, field: &str) -> bool {
    record.get(field).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds() {
        for (object, verb, changed, record, expect) in [
            (
                "person",
                "updated",
                "position",
                json!({}),
                "contact-updated",
            ),
            ("person", "destroyed", "", json!({}), "contact-deleted"),
            (
                "opportunity",
                "updated",
                "stage",
                json!({"stage": "CUSTOMER"}),
                "deal-won",
            ),
            (
                "opportunity",
                "updated",
                "stage",
                json!({"stage": "MEETING"}),
                "deal-stage-changed",
            ),
            (
                "opportunity",
                "updated",
                "amount",
                json!({"stage": "CUSTOMER"}),
                "twenty.opportunity.updated",
            ),
            (
                "task",
                "updated",
                "status",
                json!({"status": "DONE"}),
                "task-completed",
            ),
            (
                "task",
                "updated",
                "title",
                json!({"status": "DONE"}),
                "twenty.task.updated",
            ),
            (
                "calendarEvent",
                "updated",
                "isCanceled",
                json!({"isCanceled": true}),
                "meeting-cancelled",
            ),
            (
                "calendarEvent",
                "updated",
                "isCanceled",
                json!({"isCanceled": false}),
                "twenty.calendarEvent.updated",
            ),
            (
                "calendarEvent",
                "updated",
                "startsAt",
                json!({}),
                "meeting-rescheduled",
            ),
            ("rocket", "created", "", json!({}), "twenty.rocket.created"),
        ] {
            assert_eq!(
                kind_of(object, verb, &[changed], &record, &Stages::default()),
                expect,
                "{object} {verb} {changed}"
            );
        }
    }
}
