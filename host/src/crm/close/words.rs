//! Close's words into our kinds. What is not here becomes `close.OBJECT_TYPE.ACTION`.
//!
//! Source: "List of Event Types". Status changes of opportunities are events of their own
//! (`activity.opportunity_status_change`) beside the update of the opportunity, which is the one we read.

use serde_json::Value;

use crate::crm::moment;
use crate::domain::Instant;
use crate::domain::event::{custom_kind, kind};

/// What an event of the log says of an object.
pub(super) struct Change<'a> {
    pub object: &'a str,
    pub action: &'a str,
    pub data: &'a Value,
    pub previous: &'a Value,
    pub at: Instant,
}

pub(super) fn kind_of(change: &Change<'_>) -> String {
    let known = match (change.object, change.action) {
        ("contact", "created") => Some(kind::CONTACT_CREATED),
        ("contact" | "lead", "updated") => Some(kind::CONTACT_UPDATED),
        ("contact", "deleted") => Some(kind::CONTACT_DELETED),
        ("opportunity", "created") => Some(kind::DEAL_CREATED),
        ("opportunity", "updated") => opportunity(change),
        ("activity.email", "created") => received(change.data),
        ("activity.email", "sent") => Some(kind::EMAIL_SENT),
        ("activity.call", "created" | "completed") => call(change.data),
        ("activity.meeting", action) => meeting(action, change),
        ("activity.form_submission", "created") => Some(kind::FORM_SUBMITTED),
        ("unsubscribed_email", "created") => Some(kind::UNSUBSCRIBED),
        (object, "created") if object.starts_with("task.") => Some(kind::TASK_CREATED),
        (object, "completed") if object.starts_with("task.") => Some(kind::TASK_COMPLETED),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("close", &format!("{}.{}", change.object, change.action)),
        str::to_owned,
    )
}

/// "`status_type`: won, lost, active" (Opportunities).
fn opportunity(change: &Change<'_>) -> Option<&'static str> {
    let changed = |key: &str| change.previous.get(key).is_some();
    if !changed("status_id") && !changed("status_type") {
        return None;
    }
    Some(match change.data["status_type"].as_str() {
        Some("won") => kind::DEAL_WON,
        Some("lost") => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    })
}

/// "created: incoming synced email or outgoing email (scheduled/draft)".
fn received(data: &Value) -> Option<&'static str> {
    (data["direction"].as_str() == Some("incoming")).then_some(kind::REPLIED)
}

/// "completed is not triggered for manually logged calls": those are complete when they are created.
fn call(data: &Value) -> Option<&'static str> {
    let said = |key: &str| data[key].as_str().unwrap_or_default();
    (said("direction") == "outbound" && said("status") == "completed").then_some(kind::CALL_MADE)
}

/// "scheduled: future meeting created or rescheduled"; "completed: status moves to completed"; "canceled".
/// A meeting that is deleted before it begins does not take place either.
fn meeting(action: &str, change: &Change<'_>) -> Option<&'static str> {
    match action {
        "scheduled"
            if change
                .previous
                .get("starts_at")
                .is_some_and(|at| !at.is_null()) =>
        {
            Some(kind::MEETING_RESCHEDULED)
        }
        "scheduled" => Some(kind::MEETING_BOOKED),
        "completed" => Some(kind::MEETING_HELD),
        "canceled" => Some(kind::MEETING_CANCELLED),
        "deleted" => moment::read(change.previous.get("starts_at"))
            .filter(|starts_at| *starts_at > change.at)
            .map(|_| kind::MEETING_CANCELLED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(object: &str, action: &str, data: &Value, previous: &Value, expect: &str) {
        let at = Instant::parse_rfc3339("2026-03-02T09:00:00Z").expect("a moment");
        let change = Change {
            object,
            action,
            data,
            previous,
            at,
        };
        assert_eq!(
            kind_of(&change),
            expect,
            "{object}.{action} {data} {previous}"
        );
    }

    #[test]
    fn words() {
        let none = json!({});
        check("contact", "created", &none, &none, "contact-created");
        check("contact", "deleted", &json!(null), &none, "contact-deleted");
        check("lead", "updated", &none, &none, "contact-updated");
        check("lead", "merged", &none, &none, "close.lead.merged");
        let moved = json!({"status_id": "stat_1"});
        check(
            "opportunity",
            "updated",
            &json!({"status_type": "won"}),
            &moved,
            "deal-won",
        );
        check(
            "opportunity",
            "updated",
            &json!({"status_type": "lost"}),
            &moved,
            "deal-lost",
        );
        check(
            "opportunity",
            "updated",
            &json!({"status_type": "active"}),
            &moved,
            "deal-stage-changed",
        );
        check(
            "opportunity",
            "updated",
            &json!({"status_type": "won"}),
            &json!({"value": 1}),
            "close.opportunity.updated",
        );
        check(
            "activity.email",
            "created",
            &json!({"direction": "incoming"}),
            &none,
            "replied",
        );
        check(
            "activity.email",
            "created",
            &json!({"direction": "outgoing"}),
            &none,
            "close.activity.email.created",
        );
        check("activity.email", "sent", &none, &none, "email-sent");
        let call = json!({"direction": "outbound", "status": "completed"});
        check("activity.call", "completed", &call, &none, "call-made");
        check(
            "activity.call",
            "created",
            &json!({"direction": "outbound", "status": "in-progress"}),
            &none,
            "close.activity.call.created",
        );
        check("task.lead", "created", &none, &none, "task-created");
        check(
            "task.outgoing_call",
            "completed",
            &none,
            &none,
            "task-completed",
        );
        check(
            "unsubscribed_email",
            "created",
            &none,
            &none,
            "unsubscribed",
        );
        check(
            "warp_drive",
            "engaged",
            &none,
            &none,
            "close.warp_drive.engaged",
        );
    }

    #[test]
    fn meetings() {
        let (none, at) = (json!({}), |at: &str| json!({"starts_at": at}));
        check(
            "activity.meeting",
            "scheduled",
            &none,
            &none,
            "meeting-booked",
        );
        check(
            "activity.meeting",
            "scheduled",
            &none,
            &at("2026-03-01T09:00:00+00:00"),
            "meeting-rescheduled",
        );
        check(
            "activity.meeting",
            "completed",
            &none,
            &none,
            "meeting-held",
        );
        check(
            "activity.meeting",
            "canceled",
            &none,
            &none,
            "meeting-cancelled",
        );
        let (later, earlier) = (
            at("2026-03-03T09:00:00+00:00"),
            at("2026-03-01T09:00:00+00:00"),
        );
        check(
            "activity.meeting",
            "deleted",
            &json!(null),
            &later,
            "meeting-cancelled",
        );
        check(
            "activity.meeting",
            "deleted",
            &json!(null),
            &earlier,
            "close.activity.meeting.deleted",
        );
        check(
            "activity.meeting",
            "started",
            &none,
            &none,
            "close.activity.meeting.started",
        );
    }
}
