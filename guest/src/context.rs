//! Everything a decision may depend on, beside the event and the policy's own state.

use crate::calendar::{self, CalendarError, LocalTime};
use crate::{Account, Attributes, Contact, Enrollment, Event, Instant, Touch, When};

/// The input of a decision, with the configuration in the policy's own type.
#[derive(Debug, Clone, PartialEq)]
pub struct Context<C> {
    /// The only clock there is.
    pub now: Instant,
    /// Repeatable randomness: differs from decision to decision, the same when one is repeated.
    pub seed: u64,
    pub contact: Contact,
    pub account: Option<Account>,
    pub enrollment: Enrollment,
    /// The contact's latest touches over all sequences, newest first.
    pub touches: Vec<Touch>,
    /// The contact's latest events before this one, newest first.
    pub history: Vec<Event>,
    pub config: C,
    pub extra: Attributes,
}

impl<C> Context<C> {
    /// Whether this is the enrollment's first decision, with the event that enrolled the contact.
    pub fn is_first(&self) -> bool {
        self.enrollment.decisions == 0
    }

    /// The touch of this id, if it is among the latest.
    pub fn touch(&self, id: &str) -> Option<&Touch> {
        self.touches.iter().find(|touch| touch.id == id)
    }

    /// The e-mails among the latest touches, newest first: ours and those of reps.
    pub fn emails(&self) -> impl Iterator<Item = &Touch> {
        self.touches.iter().filter(|touch| touch.is_email())
    }

    /// The e-mails of this enrollment, newest first.
    pub fn own_emails(&self) -> impl Iterator<Item = &Touch> {
        let enrollment = &self.enrollment;
        self.emails().filter(|touch| {
            touch.sequence.as_ref() == Some(&enrollment.sequence)
                && touch.at >= enrollment.enrolled_at
        })
    }

    /// An e-mail of this enrollment that has not left yet: held back by a guardrail, a missing
    /// field, or because its time has not come. Exiting now would cancel it.
    pub fn waiting_email(&self) -> Option<&Touch> {
        self.own_emails().find(|touch| touch.is_waiting())
    }

    /// The moment on the contact's clock.
    pub fn local(&self, at: Instant) -> Result<LocalTime, CalendarError> {
        calendar::to_local(at, &self.contact.time_zone)
    }

    /// The moment of a time on the contact's clock.
    pub fn moment(&self, local: LocalTime) -> Result<Instant, CalendarError> {
        calendar::from_local(local, &self.contact.time_zone)
    }

    /// The moment the host would choose for `when`, were it asked at `from`.
    pub fn resolve(&self, when: When, from: Instant) -> Result<Instant, CalendarError> {
        calendar::resolve(when, from, &self.contact.time_zone)
    }

    pub(crate) fn try_map_config<D, E>(
        self,
        parse: impl FnOnce(C) -> Result<D, E>,
    ) -> Result<Context<D>, E> {
        Ok(Context {
            now: self.now,
            seed: self.seed,
            contact: self.contact,
            account: self.account,
            enrollment: self.enrollment,
            touches: self.touches,
            history: self.history,
            config: parse(self.config)?,
            extra: self.extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::call;

    #[test]
    fn own_emails_are_those_of_this_enrollment() {
        let mut cx = call("{}", None).context;
        let touch = crate::testing::email_touch("msg_1", cx.now);
        let own = crate::Touch {
            sequence: Some(cx.enrollment.sequence.clone()),
            status: "held".into(),
            ..touch.clone()
        };
        let earlier = crate::Touch {
            at: cx.enrollment.enrolled_at.minus_ms(1),
            ..own.clone()
        };
        cx.touches = vec![own.clone(), touch, earlier];
        assert_eq!(cx.own_emails().collect::<Vec<_>>(), [&own]);
        assert_eq!(cx.waiting_email(), Some(&own));
    }
}
