//! One state of one record: what it tells, and whose it is.

use serde_json::{Value, json};

use crate::crm::event::CONTACTS_MAX;
use crate::crm::stages::{Stages, plain};
use crate::domain::connector::marker_in;
use crate::domain::event::kind;
use crate::domain::{Instant, JsonMap};

use super::api::is_id;
use super::fields::{lookup, name_of};

pub(super) fn is_person(module: &str) -> bool {
    matches!(module, "Leads" | "Contacts")
}

/// Where the id of a record stands in our event data.
pub(super) fn id_key(module: &str) -> &'static str {
    match module {
        "Deals" => "deal_id",
        "Events" => "meeting_id",
        "Calls" => "call_id",
        "Tasks" => "task_id",
        _ => "record_id",
    }
}

pub(super) struct State<'a> {
    pub module: &'a str,
    pub record: &'a JsonMap,
    pub stages: &'a Stages,
}

impl State<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        let text = self.record.get(field)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn at(&self, field: &str) -> Option<Instant> {
        self.text(field).and_then(Instant::parse_rfc3339)
    }

    /// What the state makes of an event that left it open; none where it adds nothing. Stages may be named as
    /// one likes, and a record does not tell which are ends (their `forecast_type` does, in the settings of a
    /// pipeline): these are those of a new account, beside what the administrator named.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self.module {
            "Deals" => {
                let stage = self.text("Stage")?;
                let usual = || match plain(stage).as_str() {
                    "closedwon" => Some(kind::DEAL_WON),
                    lost if lost.starts_with("closedlost") => Some(kind::DEAL_LOST),
                    _ => None,
                };
                self.stages.kind(stage).or_else(usual)
            }
            "Tasks" if self.is_ours() => Some("zoho.Tasks.own"),
            "Tasks" if self.text("Status") == Some("Completed") => Some(kind::TASK_COMPLETED),
            "Calls" if !self.was_called() => Some("zoho.Calls.insert"),
            _ => None,
        }
    }

    /// "`Outgoing_Call_Status`: Scheduled, Completed, Overdue, Cancelled" (Zoho CRM docs, Calls).
    fn was_called(&self) -> bool {
        let planned = matches!(
            self.text("Outgoing_Call_Status"),
            Some("Scheduled" | "Overdue" | "Cancelled")
        );
        !planned && self.text("Call_Type") != Some("Missed")
    }

    fn is_ours(&self) -> bool {
        self.text("Description").and_then(marker_in).is_some()
    }

    pub(super) fn data(&self, id: &str) -> JsonMap {
        let mut data = JsonMap::new();
        data.insert(id_key(self.module).to_owned(), json!(id));
        for (field, value) in self.record {
            let is_plain = value.is_string() || value.is_number() || value.is_boolean();
            if let (Some(name), true) = (name_of(field), is_plain) {
                data.insert(name.to_owned(), value.clone());
            }
        }
        let what = lookup(self.record, "What_Id").filter(|_| self.of() == Some("Deals"));
        for (name, id) in [
            ("owner_id", lookup(self.record, "Owner")),
            ("account_id", lookup(self.record, "Account_Name")),
            ("deal_id", what),
        ] {
            if let Some(id) = id {
                data.insert(name.to_owned(), json!(id));
            }
        }
        data
    }

    /// The module of `What_Id`.
    fn of(&self) -> Option<&str> {
        self.text("$se_module")
    }

    /// The people it belongs to, by module and id. Contacts stand in a field of their own; a lead is what a
    /// task, call or meeting is about.
    pub(super) fn people(&self) -> Vec<(&'static str, String)> {
        let mut people = Vec::new();
        let mut add = |module, id: Option<&str>| {
            let id = id.filter(|id| is_id(id)).map(|id| (module, id.to_owned()));
            people.extend(id.filter(|found| !people.contains(found)));
        };
        add("Contacts", lookup(self.record, "Contact_Name"));
        add("Contacts", lookup(self.record, "Who_Id"));
        if self.of() == Some("Leads") {
            add("Leads", lookup(self.record, "What_Id"));
        }
        let participants = self.record.get("Participants").and_then(Value::as_array);
        for participant in participants.into_iter().flatten().take(CONTACTS_MAX) {
            let id = participant.get("participant").and_then(Value::as_str);
            match participant.get("type").and_then(Value::as_str) {
                Some("contact") => add("Contacts", id),
                Some("lead") => add("Leads", id),
                _ => {}
            }
        }
        people
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(module: &str, record: &Value, expect: Option<&str>) {
        let record = record.as_object().expect("an object");
        assert_eq!(
            State {
                module,
                record,
                stages: &Stages::default()
            }
            .kind(),
            expect,
            "{module} {record:?}"
        );
    }

    #[test]
    fn states() {
        check("Deals", &json!({"Stage": "Closed Won"}), Some("deal-won"));
        check(
            "Deals",
            &json!({"Stage": "Closed Lost to Competition"}),
            Some("deal-lost"),
        );
        check("Deals", &json!({"Stage": "Negotiation/Review"}), None);
        check(
            "Tasks",
            &json!({"Status": "Completed"}),
            Some("task-completed"),
        );
        check(
            "Tasks",
            &json!({"Description": "followup:wb_a1"}),
            Some("zoho.Tasks.own"),
        );
        check(
            "Calls",
            &json!({"Outgoing_Call_Status": "Scheduled"}),
            Some("zoho.Calls.insert"),
        );
        check("Calls", &json!({"Call_Type": "Inbound"}), None);
    }

    #[test]
    fn people_of_a_meeting() {
        let record = json!({"Who_Id": {"id": "11"}, "What_Id": {"id": "21"}, "$se_module": "Leads",
            "Participants": [{"type": "contact", "participant": "11"}, {"type": "lead", "participant": "22"},
                {"type": "email", "participant": "a@x.example"}, {"type": "user", "participant": "9"}]});
        let record = record.as_object().expect("an object");
        let people = State {
            module: "Events",
            record,
            stages: &Stages::default(),
        }
        .people();
        let expect = [("Contacts", "11"), ("Leads", "21"), ("Leads", "22")];
        assert_eq!(people, expect.map(|(module, id)| (module, id.to_owned())));
    }
}
