//! Pipedrive's words into our kinds. What is not here becomes `pipedrive.ENTITY.ACTION`.
//!
//! Actions: create, change, delete. What a change was about is told by `previous`, which "contains only
//! the fields that were changed" (Guide for Webhooks v2).

use serde_json::Value;

use crate::domain::event::{custom_kind, kind};

/// Our kind of what happened to an object.
pub(super) fn kind_of(entity: &str, action: &str, data: &Value, previous: &Value) -> String {
    let known = match (entity, action) {
        ("person", "create") => Some(kind::CONTACT_CREATED),
        ("person", "change") => Some(kind::CONTACT_UPDATED),
        ("person", "delete") => Some(kind::CONTACT_DELETED),
        ("deal", "create") => Some(kind::DEAL_CREATED),
        ("deal", "change") => deal_changed(data, previous),
        ("activity", _) => activity(action, data, previous),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("pipedrive", &format!("{entity}.{action}")),
        str::to_owned,
    )
}

/// "status: open, won, lost, deleted" (API v2, Deals).
pub(super) fn deal_state(data: &Value) -> &'static str {
    match data["status"].as_str() {
        Some("won") => kind::DEAL_WON,
        Some("lost") => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    }
}

fn deal_changed(data: &Value, previous: &Value) -> Option<&'static str> {
    let changed = |key: &str| previous.get(key).is_some();
    if changed("status") {
        Some(deal_state(data))
    } else if changed("stage_id") || changed("pipeline_id") {
        Some(kind::DEAL_STAGE_CHANGED)
    } else {
        None
    }
}

/// The types that every company has; types of its own are keys that it chose.
fn activity(action: &str, data: &Value, previous: &Value) -> Option<&'static str> {
    let told = if action == "delete" { previous } else { data };
    let changed = |key: &str| previous.get(key).is_some();
    let done = is_done(data);
    let just_done = done && (action == "create" || changed("done"));
    let moved = ["due_date", "due_time"].into_iter().any(changed);
    match (told["type"].as_str()?, action) {
        ("meeting" | "lunch", _) if just_done => Some(kind::MEETING_HELD),
        ("meeting" | "lunch", "create") => Some(kind::MEETING_BOOKED),
        ("meeting" | "lunch", "change") if moved && !done => Some(kind::MEETING_RESCHEDULED),
        ("meeting" | "lunch", "delete") if !is_done(previous) => Some(kind::MEETING_CANCELLED),
        ("call", _) if just_done => Some(kind::CALL_MADE),
        ("email", _) if just_done => Some(kind::EMAIL_SENT),
        ("task" | "deadline", _) if just_done => Some(kind::TASK_COMPLETED),
        ("call" | "email" | "task" | "deadline", "create") => Some(kind::TASK_CREATED),
        _ => None,
    }
}

/// What an activity is now, for one that no webhook told of. None: nothing that we have a word for.
pub(super) fn activity_state(data: &Value) -> Option<&'static str> {
    match (data["type"].as_str()?, is_done(data)) {
        ("meeting" | "lunch", true) => Some(kind::MEETING_HELD),
        ("meeting" | "lunch", false) => Some(kind::MEETING_BOOKED),
        ("call", true) => Some(kind::CALL_MADE),
        ("email", true) => Some(kind::EMAIL_SENT),
        ("task" | "deadline", true) => Some(kind::TASK_COMPLETED),
        ("call" | "email" | "task" | "deadline", false) => Some(kind::TASK_CREATED),
        _ => None,
    }
}

fn is_done(data: &Value) -> bool {
    data.get("done").is_some_and(crate::crm::person::is_set)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(entity: &str, action: &str, data: &Value, previous: &Value, expect: &str) {
        let got = kind_of(entity, action, data, previous);
        assert_eq!(got, expect, "{entity}.{action} {data} {previous}");
    }

    #[test]
    fn deals() {
        let (won, open) = (json!({"status": "won"}), json!({"status": "open"}));
        check("deal", "create", &open, &json!(null), "deal-created");
        check(
            "deal",
            "change",
            &won,
            &json!({"status": "open"}),
            "deal-won",
        );
        check(
            "deal",
            "change",
            &json!({"status": "lost"}),
            &json!({"status": "open"}),
            "deal-lost",
        );
        // Opened again, and a won deal that only got another title.
        check(
            "deal",
            "change",
            &open,
            &json!({"status": "lost"}),
            "deal-stage-changed",
        );
        check(
            "deal",
            "change",
            &open,
            &json!({"stage_id": 1}),
            "deal-stage-changed",
        );
        check(
            "deal",
            "change",
            &won,
            &json!({"title": "x"}),
            "pipedrive.deal.change",
        );
        check(
            "deal",
            "delete",
            &json!(null),
            &won,
            "pipedrive.deal.delete",
        );
    }

    #[test]
    fn activities() {
        let of = |word: &str, done: bool| json!({"type": word, "done": done});
        let null = json!(null);
        check(
            "activity",
            "create",
            &of("meeting", false),
            &null,
            "meeting-booked",
        );
        check(
            "activity",
            "change",
            &of("meeting", false),
            &json!({"due_time": "09:00"}),
            "meeting-rescheduled",
        );
        check(
            "activity",
            "change",
            &of("meeting", true),
            &json!({"done": false}),
            "meeting-held",
        );
        check(
            "activity",
            "delete",
            &null,
            &of("meeting", false),
            "meeting-cancelled",
        );
        check(
            "activity",
            "delete",
            &null,
            &of("meeting", true),
            "pipedrive.activity.delete",
        );
        check("activity", "create", &of("call", true), &null, "call-made");
        check(
            "activity",
            "create",
            &of("call", false),
            &null,
            "task-created",
        );
        check(
            "activity",
            "create",
            &of("task", false),
            &null,
            "task-created",
        );
        check(
            "activity",
            "change",
            &of("task", true),
            &json!({"done": false}),
            "task-completed",
        );
        check(
            "activity",
            "change",
            &of("task", true),
            &json!({"subject": "x"}),
            "pipedrive.activity.change",
        );
        check(
            "activity",
            "create",
            &of("demo", false),
            &null,
            "pipedrive.activity.create",
        );
    }

    #[test]
    fn everything_else() {
        check(
            "organization",
            "change",
            &json!({}),
            &json!({}),
            "pipedrive.organization.change",
        );
        check(
            "note",
            "create",
            &json!({}),
            &json!(null),
            "pipedrive.note.create",
        );
        check(
            "warp_drive",
            "engage",
            &json!({}),
            &json!({}),
            "pipedrive.warp_drive.engage",
        );
    }
}
