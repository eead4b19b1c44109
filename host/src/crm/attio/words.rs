//! Attio's words into our kinds. What is not here becomes `attio.NOUN.VERB`.

use crate::crm::stages::{Stages, plain};
use crate::domain::event::{custom_kind, kind};

/// What a record is, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Person,
    Deal,
    /// A company, a workspace, an object of the customer's own.
    Other,
    /// Named by an id that no setting explains.
    Unknown,
}

pub(super) fn kind_of(noun: &str, verb: &str, object: Object) -> String {
    let known = match (noun, object, verb) {
        ("record", Object::Person, "created") => Some(kind::CONTACT_CREATED),
        ("record", Object::Person, "updated") => Some(kind::CONTACT_UPDATED),
        ("record", Object::Person, "merged") => Some(kind::CONTACT_MERGED),
        // A record that is gone cannot be asked what it was. Where nobody is known by its id, nothing
        // happens.
        ("record", Object::Person | Object::Unknown, "deleted") => Some(kind::CONTACT_DELETED),
        ("record", Object::Deal, "created") => Some(kind::DEAL_CREATED),
        ("record", Object::Deal, verb) => return custom_kind("attio", &format!("deal.{verb}")),
        ("task", _, "created") => Some(kind::TASK_CREATED),
        _ => None,
    };
    known.map_or_else(
        || custom_kind("attio", &format!("{noun}.{verb}")),
        str::to_owned,
    )
}

/// The stages of a new workspace are "Lead", "In Progress", "Won 🎉" and "Lost"; they can be renamed,
/// and no flag says which ends a deal (Attio docs, "Standard objects: deals"): `celebration_enabled` may be set
/// on any.
pub(super) fn stage_kind(stages: &Stages, title: &str) -> &'static str {
    let usual = || match plain(title).as_str() {
        "won" | "closedwon" => kind::DEAL_WON,
        "lost" | "closedlost" => kind::DEAL_LOST,
        _ => kind::DEAL_STAGE_CHANGED,
    };
    stages.kind(title).unwrap_or_else(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (noun, verb, object, expect) in [
            ("record", "created", Object::Person, "contact-created"),
            ("record", "merged", Object::Person, "contact-merged"),
            ("record", "deleted", Object::Unknown, "contact-deleted"),
            ("record", "deleted", Object::Other, "attio.record.deleted"),
            ("record", "merged", Object::Unknown, "attio.record.merged"),
            ("record", "created", Object::Deal, "deal-created"),
            ("record", "updated", Object::Deal, "attio.deal.updated"),
            ("task", "created", Object::Other, "task-created"),
            ("task", "updated", Object::Other, "attio.task.updated"),
            (
                "list-entry",
                "created",
                Object::Other,
                "attio.list-entry.created",
            ),
        ] {
            assert_eq!(kind_of(noun, verb, object), expect);
        }
    }

    #[test]
    fn stages() {
        for (title, expect) in [
            ("Won 🎉", "deal-won"),
            ("Closed won", "deal-won"),
            ("Lost", "deal-lost"),
            ("In Progress", "deal-stage-changed"),
            ("Wonder", "deal-stage-changed"),
        ] {
            assert_eq!(stage_kind(&Stages::default(), title), expect, "{title}");
        }
    }
}
