//! A policy under test, natively: one contact, one enrollment, a clock that the test moves.
//!
//! [`Scenario`] does what the host does between decisions, without its guardrails: it keeps the
//! state (as JSON, so that it is read back), the timers, and the e-mails as touches. Panics where
//! a test asks for what is not there; never part of a component. [`TriggerScenario`] is the same for triggers.
//!
//! ```
//! # use followup_guest::{Context, Decision, Email, Event, Policy, PolicyError, When};
//! # struct Hello;
//! # impl Policy for Hello {
//! #     type Config = followup_guest::serde_json::Value;
//! #     type State = u32;
//! #     fn decide(_: &Context<Self::Config>, state: &mut u32, event: &Event) -> Result<Decision, PolicyError> {
//! #         *state += 1;
//! #         if event.is_timer("bye") { return Ok(Decision::because("done").exit("completed")); }
//! #         Ok(Decision::because("hello").send(Email::template("hello")).timer("bye", When::after_days(1)))
//! #     }
//! # }
//! use followup_guest::{json, kind, testing::Scenario};
//!
//! let mut s = Scenario::<Hello>::new(json!({}));
//! let decision = s.event(kind::ENROLLED, json!({}));
//! assert_eq!(decision.emails().next().map(|e| e.template.as_str()), Some("hello"));
//! assert_eq!(s.fire("bye").outcome(), Some("completed"));
//! ```

pub(crate) mod fake;
mod trigger;

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use crate::policy::{self, Call};
use crate::{
    Action, Attributes, Contact, Context, Decision, Email, Enrollment, Event, Instant, Policy,
    PolicyError, Span, Timer, Touch, Value, kind,
};

pub use trigger::{TriggerScenario, hmac, hmac_hex};

/// Where the clock starts: a Monday morning.
pub const START: &str = "2026-03-02T09:00:00Z";

/// One contact's run through one sequence. Starts on Monday, 2 March 2026, 09:00 UTC, with Ada
/// Lovelace (`ada@example.com`), no state and no touches.
#[derive(Debug)]
pub struct Scenario<P> {
    /// What the next decision will be given. Tests may change anything in it.
    pub cx: Context<String>,
    state: Option<String>,
    /// The status of e-mails sent from now on: `sent`, until a test says otherwise.
    mail_status: String,
    ids: u32,
    outcome: Option<String>,
    policy: PhantomData<P>,
}

impl<P: Policy> Scenario<P> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write json!({..}) in place"
    )]
    pub fn new(config: Json) -> Self {
        let call = call(&config.to_string(), None);
        Self {
            cx: call.context,
            state: None,
            mail_status: "sent".to_owned(),
            ids: 0,
            outcome: None,
            policy: PhantomData,
        }
    }

    /// Moves the clock to an RFC 3339 time.
    #[must_use]
    pub fn at(mut self, time: &str) -> Self {
        self.cx.now = instant(time);
        self.cx.enrollment.enrolled_at = self.cx.now;
        self
    }

    /// Sets a field of the contact.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.cx.contact.attributes.set(name, value);
        self
    }

    /// E-mails sent from now on get this status: `queued` leaves them waiting.
    pub fn mails_are(&mut self, status: &str) {
        status.clone_into(&mut self.mail_status);
    }

    /// Every e-mail that waits leaves now.
    pub fn mails_leave(&mut self) {
        for touch in self.cx.touches.iter_mut().filter(|t| t.is_waiting()) {
            "sent".clone_into(&mut touch.status);
            touch.at = self.cx.now;
        }
    }

    /// Adds a touch from outside this enrollment: a rep's e-mail, another sequence's.
    pub fn touch(&mut self, touch: Touch) {
        self.cx.touches.insert(0, touch);
    }

    /// Lets time pass. Timers that come due on the way do not ring by themselves: see `fire`.
    pub fn wait(&mut self, span: Span) {
        self.cx.now = self.cx.now.plus_ms(span.as_ms());
    }

    /// The decision on an event that happens now.
    pub fn event(&mut self, kind: &str, data: Json) -> Decision {
        match self.try_event(kind, data) {
            Ok(decision) => decision,
            Err(error) => panic!("{kind} at {}: {error}", self.cx.now),
        }
    }

    /// The same, where the policy may give an error.
    pub fn try_event(&mut self, kind: &str, data: Json) -> Result<Decision, PolicyError> {
        self.ids += 1;
        let event = Event {
            id: format!("evt_{}", self.ids),
            occurred_at: self.cx.now,
            ..event(kind, data)
        };
        self.decide(event)
    }

    /// Moves the clock to the timer of this name and rings it.
    pub fn fire(&mut self, name: &str) -> Decision {
        let timers = &mut self.cx.enrollment.timers;
        let Some(index) = timers.iter().position(|timer| timer.name == name) else {
            panic!("no timer {name:?} among {timers:?}");
        };
        let timer = timers.remove(index);
        self.cx.now = self.cx.now.max(timer.at);
        self.event(
            kind::TIMER_FIRED,
            json!({"timer": timer.name, "data": timer.data}),
        )
    }

    /// When the timer of this name will ring, as RFC 3339; none where it is not set.
    pub fn timer_at(&self, name: &str) -> Option<String> {
        let timers = &self.cx.enrollment.timers;
        let timer = timers.iter().find(|timer| timer.name == name)?;
        Some(timer.at.to_string())
    }

    /// The outcome the policy exited with.
    pub fn outcome(&self) -> Option<&str> {
        self.outcome.as_deref()
    }

    /// The stored state; null at first.
    pub fn state(&self) -> Json {
        let text = self.state.as_deref().unwrap_or("null");
        serde_json::from_str(text).unwrap_or_else(|e| panic!("state {text}: {e}"))
    }

    /// The decision on an event made by hand, with its own time.
    pub fn decide(&mut self, event: Event) -> Result<Decision, PolicyError> {
        assert_eq!(
            self.outcome, None,
            "the enrollment is over: nothing is asked any more"
        );
        let answer = policy::run::<P>(Call {
            context: self.cx.clone(),
            state: self.state.clone(),
            event: event.clone(),
        })?;
        let decision = answer.decision;
        assert!(
            !decision.reason.trim().is_empty(),
            "a decision needs a reason"
        );
        if answer.state.is_some() {
            self.state = answer.state;
        }
        self.cx.enrollment.decisions += 1;
        self.cx.history.insert(0, event);
        for action in &decision.actions {
            self.carry_out(action)?;
        }
        Ok(decision)
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), PolicyError> {
        let timers = &mut self.cx.enrollment.timers;
        match action {
            Action::SendEmail(email) => self.send(email)?,
            Action::SetTimer { name, when, data } => {
                let at = self.cx.resolve(*when, self.cx.now)?;
                let timers = &mut self.cx.enrollment.timers;
                timers.retain(|timer| timer.name != *name);
                timers.push(Timer {
                    name: name.clone(),
                    at,
                    data: data.clone(),
                });
                timers.sort_by_key(|timer| timer.at);
            }
            Action::CancelTimer { name } => timers.retain(|timer| timer.name != *name),
            Action::Exit { outcome } => {
                timers.clear();
                self.outcome = Some(outcome.clone());
            }
            Action::SetProperties(fields) => {
                for (name, value) in fields.iter() {
                    self.cx.contact.attributes.set(name, value.clone());
                }
            }
            Action::CreateTask(_)
            | Action::AddNote { .. }
            | Action::EmitEvent { .. }
            | Action::Custom { .. } => {}
        }
        Ok(())
    }

    fn send(&mut self, email: &Email) -> Result<(), PolicyError> {
        if let Some(id) = &email.reply_to {
            assert!(self.cx.touch(id).is_some(), "no touch {id:?} to reply to");
        }
        self.ids += 1;
        let at = self.cx.resolve(email.when, self.cx.now)?;
        let touch = Touch {
            template: Some(email.template.clone()),
            sequence: Some(self.cx.enrollment.sequence.clone()),
            status: self.mail_status.clone(),
            ..email_touch(&format!("msg_{}", self.ids), at)
        };
        self.cx.touches.insert(0, touch);
        Ok(())
    }
}

/// An RFC 3339 time, which must be one.
pub fn instant(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap_or_else(|| panic!("{text:?} is not RFC 3339"))
}

/// An event at [`START`] with this data, which must be an object.
pub fn event(kind: &str, data: Json) -> Event {
    let Json::Object(data) = data else {
        panic!("the data of {kind} must be an object: {data}");
    };
    Event {
        id: "evt_0".to_owned(),
        kind: kind.to_owned(),
        occurred_at: instant(START),
        data,
        extra: Attributes::default(),
    }
}

/// An e-mail that a rep sent, as the CRM reported it.
pub fn email_touch(id: &str, at: Instant) -> Touch {
    Touch {
        id: id.to_owned(),
        kind: "email".to_owned(),
        at,
        subject: Some(format!("Subject of {id}")),
        template: None,
        sequence: None,
        status: "reported".to_owned(),
        extra: Attributes::default(),
    }
}

/// A call with defaults: what a scenario starts from.
pub(crate) fn call(config: &str, state: Option<&str>) -> Call {
    let now = instant(START);
    let attributes = [("first_name", "Ada"), ("last_name", "Lovelace")];
    Call {
        context: Context {
            now,
            seed: 1,
            contact: Contact {
                id: "con_1".to_owned(),
                email: Some("ada@example.com".to_owned()),
                time_zone: "UTC".to_owned(),
                locale: None,
                attributes: attributes.into_iter().collect(),
            },
            account: None,
            enrollment: Enrollment {
                id: "enr_1".to_owned(),
                sequence: "under-test".to_owned(),
                enrolled_at: now,
                decisions: 0,
                timers: Vec::new(),
                extra: Attributes::default(),
            },
            touches: Vec::new(),
            history: Vec::new(),
            config: config.to_owned(),
            extra: Attributes::default(),
        },
        state: state.map(str::to_owned),
        event: event(kind::ENROLLED, json!({})),
    }
}
