//! A policy's answer: why, and what to do.

use serde_json::Value as Json;

use crate::{Action, Attributes, Email, Task, Value, When};

/// Begins with its reason, because every decision needs one:
///
/// ```
/// use followup_guest::{Decision, Email, When};
///
/// let decision = Decision::because("nobody answered for 3 days")
///     .send(Email::template("nudge").in_thread("msg_1"))
///     .timer("silence", When::after_business_days(3));
/// assert_eq!(decision.actions.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// A sentence that an administrator understands.
    pub reason: String,
    /// Carried out in this order, all or none.
    pub actions: Vec<Action>,
}

impl Decision {
    /// A decision for this reason; with no action, to do nothing.
    pub fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            actions: Vec::new(),
        }
    }

    #[must_use]
    pub fn send(self, email: Email) -> Self {
        self.action(Action::SendEmail(email))
    }

    /// Sets a timer, or replaces the one of that name.
    #[must_use]
    pub fn timer(self, name: impl Into<String>, when: When) -> Self {
        self.timer_with(name, when, Json::Null)
    }

    /// The same, with data that comes back when it rings (`event.timer_data()`).
    #[must_use]
    pub fn timer_with(self, name: impl Into<String>, when: When, data: Json) -> Self {
        let name = name.into();
        self.action(Action::SetTimer { name, when, data })
    }

    #[must_use]
    pub fn cancel_timer(self, name: impl Into<String>) -> Self {
        self.action(Action::CancelTimer { name: name.into() })
    }

    #[must_use]
    pub fn task(self, task: Task) -> Self {
        self.action(Action::CreateTask(task))
    }

    /// A note on the contact, Markdown.
    #[must_use]
    pub fn note(self, text: impl Into<String>) -> Self {
        self.action(Action::AddNote { text: text.into() })
    }

    /// Sets a field of the contact; calls in a row make one action.
    #[must_use]
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Some(Action::SetProperties(fields)) = self.actions.last_mut() {
            fields.set(field, value);
            return self;
        }
        let mut fields = Attributes::default();
        fields.set(field, value);
        self.action(Action::SetProperties(fields))
    }

    /// Tells the rest of the system. The kind is a dotted name of your own: `acme.lead-warm`.
    #[must_use]
    pub fn emit(self, kind: impl Into<String>, data: Json) -> Self {
        let kind = kind.into();
        self.action(Action::EmitEvent { kind, data })
    }

    /// Ends the enrollment. That cancels its timers and every e-mail that has not left yet, one of
    /// this decision too: wait until `cx.waiting_email()` is none. The outcome is a short word for
    /// counting: `completed`.
    #[must_use]
    pub fn exit(self, outcome: impl Into<String>) -> Self {
        let outcome = outcome.into();
        self.action(Action::Exit { outcome })
    }

    /// An action newer than this SDK.
    #[must_use]
    pub fn custom(self, kind: impl Into<String>, data: Json) -> Self {
        let kind = kind.into();
        self.action(Action::Custom { kind, data })
    }

    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// The e-mails asked for, in order.
    pub fn emails(&self) -> impl Iterator<Item = &Email> {
        self.actions.iter().filter_map(|action| match action {
            Action::SendEmail(email) => Some(email),
            _ => None,
        })
    }

    /// The tasks asked for, in order.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.actions.iter().filter_map(|action| match action {
            Action::CreateTask(task) => Some(task),
            _ => None,
        })
    }

    /// The outcome, where the decision ends the enrollment.
    pub fn outcome(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| match action {
            Action::Exit { outcome } => Some(outcome.as_str()),
            _ => None,
        })
    }
}
