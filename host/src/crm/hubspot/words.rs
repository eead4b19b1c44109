//! HubSpot's words into our kinds. What is not here becomes `hubspot.OBJECT.VERB`.

use crate::domain::event::{custom_kind, kind};

/// Our kind: the word table.
pub(super) fn kind_of(
    object: &str,
    verb: &str,
    property: Option<&str>,
    value: Option<&str>,
) -> String {
    let value = value.unwrap_or_default();
    let known = match (object, verb, property) {
        ("contact", "creation", _) => Some(kind::CONTACT_CREATED),
        ("contact", "deletion" | "privacyDeletion", _) => Some(kind::CONTACT_DELETED),
        ("contact", "merge", _) => Some(kind::CONTACT_MERGED),
        ("contact", "propertyChange", Some("hs_email_optout")) if is_true(value) => {
            Some(kind::UNSUBSCRIBED)
        }
        ("contact", "propertyChange", _) => Some(kind::CONTACT_UPDATED),
        ("deal", "creation", _) => Some(kind::DEAL_CREATED),
        ("deal", "propertyChange", Some("dealstage")) => Some(stage_kind(value)),
        ("meeting", "creation", _) => Some(kind::MEETING_BOOKED),
        ("meeting", "propertyChange", Some("hs_meeting_outcome")) => outcome_kind(value),
        ("call", "creation", _) => Some(kind::CALL_MADE),
        ("task", "creation", _) => Some(kind::TASK_CREATED),
        ("task", "propertyChange", Some("hs_task_status")) if value == "COMPLETED" => {
            Some(kind::TASK_COMPLETED)
        }
        ("email", "propertyChange", Some("hs_email_direction")) => direction_kind(value),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("hubspot", &format!("{object}.{verb}")),
        str::to_owned,
    )
}

pub(super) fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// The stages of the default pipeline. Pipelines made by the account number their stages; hydrating
/// tells whether one of those is won or lost.
fn stage_kind(stage: &str) -> &'static str {
    match stage {
        "closedwon" => kind::DEAL_WON,
        "closedlost" => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    }
}

/// "The outcome values are scheduled, completed, rescheduled, no show, and canceled" (HubSpot docs,
/// Meetings). SCHEDULED is set with the creation, which has an event of its own.
pub(super) fn outcome_kind(outcome: &str) -> Option<&'static str> {
    match outcome.to_ascii_uppercase().as_str() {
        "COMPLETED" => Some(kind::MEETING_HELD),
        "NO_SHOW" => Some(kind::MEETING_NO_SHOW),
        "CANCELED" | "CANCELLED" => Some(kind::MEETING_CANCELLED),
        "RESCHEDULED" => Some(kind::MEETING_RESCHEDULED),
        _ => None,
    }
}

/// "EMAIL: the email was sent from the CRM or sent and logged to the CRM with the BCC address.
/// `INCOMING_EMAIL`: the email was a reply to a logged outgoing email. `FORWARDED_EMAIL`: the email
/// was forwarded to the CRM" (HubSpot docs, Email): the last says nothing of who wrote to whom.
pub(super) fn direction_kind(direction: &str) -> Option<&'static str> {
    match direction {
        "INCOMING_EMAIL" => Some(kind::REPLIED),
        "EMAIL" => Some(kind::EMAIL_SENT),
        _ => None,
    }
}

/// "The statuses are `BUSY`, `CALLING_CRM_USER`, `CANCELED`, `COMPLETED`, `CONNECTING`, `FAILED`,
/// `IN_PROGRESS`, `NO_ANSWER`, `QUEUED`, and `RINGING`" (HubSpot docs, Calls): the line was taken up, or it
/// was tried. A call logged by hand has no status, or COMPLETED.
pub(super) fn was_called(status: &str) -> bool {
    matches!(
        status,
        "" | "COMPLETED" | "IN_PROGRESS" | "NO_ANSWER" | "BUSY"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, property: &str, value: &str, expect: &str) {
        let (object, verb) = word.split_once('.').expect("object.verb");
        let told = (!property.is_empty()).then_some((property, value));
        let got = kind_of(object, verb, told.map(|t| t.0), told.map(|t| t.1));
        assert_eq!(got, expect, "{word} {property}={value}");
    }

    #[test]
    fn contacts() {
        check("contact.creation", "", "", "contact-created");
        check(
            "contact.propertyChange",
            "lifecyclestage",
            "lead",
            "contact-updated",
        );
        check(
            "contact.propertyChange",
            "hs_email_optout",
            "true",
            "unsubscribed",
        );
        check(
            "contact.propertyChange",
            "hs_email_optout",
            "false",
            "contact-updated",
        );
        check("contact.deletion", "", "", "contact-deleted");
        check("contact.privacyDeletion", "", "", "contact-deleted");
        check("contact.merge", "", "", "contact-merged");
        check("contact.restore", "", "", "hubspot.contact.restore");
    }

    #[test]
    fn deals() {
        check("deal.creation", "", "", "deal-created");
        check("deal.propertyChange", "dealstage", "closedwon", "deal-won");
        check(
            "deal.propertyChange",
            "dealstage",
            "closedlost",
            "deal-lost",
        );
        check(
            "deal.propertyChange",
            "dealstage",
            "2310",
            "deal-stage-changed",
        );
        check(
            "deal.propertyChange",
            "amount",
            "10",
            "hubspot.deal.propertyChange",
        );
    }

    #[test]
    fn meetings_and_emails() {
        let (outcome, other) = ("hs_meeting_outcome", "hubspot.meeting.propertyChange");
        check("meeting.creation", "", "", "meeting-booked");
        check(
            "meeting.propertyChange",
            outcome,
            "COMPLETED",
            "meeting-held",
        );
        check(
            "meeting.propertyChange",
            outcome,
            "NO_SHOW",
            "meeting-no-show",
        );
        check(
            "meeting.propertyChange",
            outcome,
            "CANCELED",
            "meeting-cancelled",
        );
        check(
            "meeting.propertyChange",
            outcome,
            "RESCHEDULED",
            "meeting-rescheduled",
        );
        check("meeting.propertyChange", outcome, "SCHEDULED", other);
        check(
            "meeting.propertyChange",
            "hs_meeting_title",
            "NO_SHOW",
            other,
        );

        let (direction, other) = ("hs_email_direction", "hubspot.email.propertyChange");
        check("email.creation", "", "", "hubspot.email.creation");
        check(
            "email.propertyChange",
            direction,
            "INCOMING_EMAIL",
            "replied",
        );
        check("email.propertyChange", direction, "EMAIL", "email-sent");
        check("email.propertyChange", direction, "FORWARDED_EMAIL", other);
    }

    #[test]
    fn calls_and_tasks() {
        let (status, other) = ("hs_task_status", "hubspot.task.propertyChange");
        check("call.creation", "", "", "call-made");
        check("task.creation", "", "", "task-created");
        check("task.propertyChange", status, "COMPLETED", "task-completed");
        check("task.propertyChange", status, "WAITING", other);
        for (status, expect) in [
            ("COMPLETED", true),
            ("", true),
            ("QUEUED", false),
            ("CANCELED", false),
        ] {
            assert_eq!(was_called(status), expect, "{status}");
        }
    }

    #[test]
    fn everything_else() {
        check("company.creation", "", "", "hubspot.company.creation");
        check(
            "conversation.newMessage",
            "",
            "",
            "hubspot.conversation.newMessage",
        );
    }
}
