//! What a person may choose, and the event that says so. Pure.

use serde_json::{Value, json};

use crate::domain::event::kind;
use crate::domain::instant::DAY_MS;
use crate::domain::{ContactPatch, ContactRef, Instant, JsonMap, NewEvent};
use crate::store::recipient::Addressee;

/// Changes of mind that one person's pages take; unsubscribing is always heard.
const CHOICES_MAX: usize = 200;

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// No mail at all any more.
    Unsubscribe,
    /// Takes the unsubscription or the pause back.
    Return,
    /// No more of this sequence.
    StopSequence,
    ReturnToSequence,
    /// For 30 days.
    PauseShort,
    /// For 90 days.
    PauseLong,
}

impl Choice {
    pub(super) const ALL: [Self; 6] = [
        Self::Unsubscribe,
        Self::Return,
        Self::StopSequence,
        Self::ReturnToSequence,
        Self::PauseShort,
        Self::PauseLong,
    ];

    /// As the form sends it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe",
            Self::Return => "return",
            Self::StopSequence => "stop-sequence",
            Self::ReturnToSequence => "return-to-sequence",
            Self::PauseShort => "pause-30",
            Self::PauseLong => "pause-90",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }

    /// Whether it can be chosen as things are: what is so already, or is not the person's to change,
    /// cannot.
    pub(super) fn is_open(self, addressee: &Addressee) -> bool {
        let reachable = addressee.suppressed.is_none();
        match self {
            Self::Unsubscribe => !addressee.is_off(),
            Self::Return => addressee.may_return(),
            Self::StopSequence => reachable && !addressee.opted_out,
            Self::ReturnToSequence => reachable && addressee.opted_out,
            Self::PauseShort | Self::PauseLong => reachable,
        }
    }

    /// The event that says it; none where it cannot be chosen.
    ///
    /// Its key counts the choices before it: the same request twice is one event, and a choice made
    /// again after it was taken back is another.
    pub(super) fn event(self, addressee: &Addressee, now: Instant) -> Option<NewEvent> {
        let heard = self == Self::Unsubscribe || addressee.choices < CHOICES_MAX;
        if !heard || !self.is_open(addressee) {
            return None;
        }
        let sequence = || json!({"sequence": addressee.sequence});
        let until = |days: i64| json!({"until": now.plus_ms(days * DAY_MS).to_string()});
        let (event_kind, data) = match self {
            Self::Unsubscribe => (kind::UNSUBSCRIBED, json!({})),
            Self::Return => (kind::OPTED_IN, json!({})),
            Self::StopSequence => (kind::OPTED_OUT, sequence()),
            Self::ReturnToSequence => (kind::OPTED_IN, sequence()),
            Self::PauseShort => (kind::PAUSED_BY_CONTACT, until(30)),
            Self::PauseLong => (kind::PAUSED_BY_CONTACT, until(90)),
        };
        let key = format!("{}/{}", self.as_str(), addressee.choices);
        let data = data.as_object().cloned().unwrap_or_default();
        Some(event(addressee, event_kind, &key, data, now))
    }
}

/// An event about the addressee's message. `key` tells it from the others of that message.
pub(super) fn event(
    addressee: &Addressee,
    event_kind: &str,
    key: &str,
    data: JsonMap,
    now: Instant,
) -> NewEvent {
    NewEvent {
        source_key: format!("{}/{key}", addressee.message_id),
        kind: event_kind.to_owned(),
        occurred_at: now,
        contact: addressee
            .address
            .clone()
            .map(ContactRef::email)
            .unwrap_or_default(),
        patch: ContactPatch::default(),
        message_id: Some(addressee.message_id.clone()),
        answers: Vec::new(),
        data,
        raw: Value::Null,
        hydrate: None,
        about: None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::EmailAddress;
    use crate::store::recipient::Suppressed;

    pub fn addressee() -> Addressee {
        Addressee {
            message_id: "msg_1".to_owned(),
            address: EmailAddress::parse("zoe@x.example").ok(),
            sequence: "pricing".to_owned(),
            links: Vec::new(),
            opted_out: false,
            paused_until: None,
            suppressed: None,
            unsubscribed_last: false,
            choices: 0,
            recorded: 0,
        }
    }

    fn suppressed(reason: &str, own: bool) -> Suppressed {
        let reason = reason.to_owned();
        Suppressed { reason, own }
    }

    fn check(addressee: &Addressee, open: &[Choice]) {
        for choice in Choice::ALL {
            let event = choice.event(addressee, Instant(0));
            assert_eq!(
                event.is_some(),
                open.contains(&choice),
                "{choice:?} {addressee:?}"
            );
        }
    }

    #[test]
    fn what_is_open() {
        use Choice::{PauseLong, PauseShort, Return, ReturnToSequence, StopSequence, Unsubscribe};
        let fresh = addressee();
        check(&fresh, &[Unsubscribe, StopSequence, PauseShort, PauseLong]);
        check(
            &Addressee {
                opted_out: true,
                paused_until: Some(Instant(1)),
                ..fresh.clone()
            },
            &[Unsubscribe, Return, ReturnToSequence, PauseShort, PauseLong],
        );
        let off = Addressee {
            suppressed: Some(suppressed("unsubscribed", true)),
            unsubscribed_last: true,
            ..fresh.clone()
        };
        check(&off, &[Return]);
        // An operator, a complaint or a bounce stopped it: the person may only add their own word.
        for reason in ["complaint", "hard-bounce", "unsubscribed"] {
            let others = Addressee {
                suppressed: Some(suppressed(reason, false)),
                ..fresh.clone()
            };
            check(&others, &[Unsubscribe]);
        }
        let undecided = Addressee {
            choices: CHOICES_MAX,
            ..fresh
        };
        check(&undecided, &[Unsubscribe]);
    }

    #[test]
    fn keys_tell_repetitions_from_changes_of_mind() {
        let key = |choices| {
            let addressee = Addressee {
                choices,
                ..addressee()
            };
            Choice::Unsubscribe
                .event(&addressee, Instant(7))
                .expect("open")
                .source_key
        };
        assert_eq!(key(0), "msg_1/unsubscribe/0");
        assert_ne!(key(0), key(2));
    }

    #[test]
    fn words_round_trip() {
        for choice in Choice::ALL {
            assert_eq!(Choice::parse(choice.as_str()), Some(choice));
        }
        assert_eq!(Choice::parse("delete everything"), None);
    }
}
