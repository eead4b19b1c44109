//! Ids of traces and spans, out of our own: whoever knows what happened knows them.

use opentelemetry::{SpanId, TraceId};

use crate::domain::digest;

/// Where in a trace a span stands: its id follows from it, and its parent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The event came in.
    Event,
    /// Its object was asked for.
    Question { attempt: u32 },
    /// A policy was asked.
    Decision { sequence: String, failures: u32 },
    /// The same for a timer, of which nobody told: the trace begins here.
    Alarm { sequence: String, failures: u32 },
    /// A message that the decision asked for was handed to a provider.
    Call {
        sequence: String,
        message: String,
        attempt: u32,
    },
}

/// A span in somebody else's trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    pub trace: TraceId,
    pub span: SpanId,
}

impl Remote {
    /// Reads `traceparent` (W3C Trace Context, 3.2): `00-TRACE-SPAN-FLAGS`.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next()?;
        let hex = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let fits = version.len() == 2 && version != "ff" && trace.len() == 32 && span.len() == 16;
        if !fits || !hex(version) || !hex(trace) || !hex(span) {
            return None;
        }
        let remote = Self {
            trace: TraceId::from_hex(trace).ok()?,
            span: SpanId::from_hex(span).ok()?,
        };
        let is_nothing = remote.trace == TraceId::INVALID || remote.span == SpanId::INVALID;
        (!is_nothing).then_some(remote)
    }
}

/// The ids of one event's trace.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) trace: [u8; 16],
    event: String,
}

impl Ids {
    pub(super) fn of(event_id: &str) -> Self {
        let hash = digest::sha256(&[b"trace", event_id.as_bytes()]);
        Self {
            trace: hash[..16].try_into().expect("32 bytes have 16"),
            event: event_id.to_owned(),
        }
    }

    pub(super) fn remote(&self, place: &Place) -> Remote {
        Remote {
            trace: TraceId::from_bytes(self.trace),
            span: self.span(place),
        }
    }

    pub(super) fn span(&self, place: &Place) -> SpanId {
        let part = |word: &str, parts: &[&[u8]], number: u32| {
            let number = number.to_be_bytes();
            let mut all = vec![word.as_bytes(), self.event.as_bytes()];
            all.extend(parts);
            all.push(&number);
            let hash = digest::sha256(&all);
            SpanId::from_bytes(hash[..8].try_into().expect("32 bytes have 8"))
        };
        match place {
            Place::Event => part("event", &[], 0),
            Place::Question { attempt } => part("question", &[], *attempt),
            Place::Decision { sequence, failures } | Place::Alarm { sequence, failures } => {
                part("decision", &[sequence.as_bytes()], *failures)
            }
            Place::Call {
                message, attempt, ..
            } => part("call", &[message.as_bytes()], *attempt),
        }
    }

    /// A message does not know at which attempt its decision succeeded: it hangs at the first one, whatever became
    /// of that.
    pub(super) fn parent(&self, place: &Place) -> SpanId {
        match place {
            Place::Event | Place::Alarm { .. } => SpanId::INVALID,
            Place::Question { .. } | Place::Decision { .. } => self.span(&Place::Event),
            Place::Call { sequence, .. } => self.span(&Place::Decision {
                sequence: sequence.clone(),
                failures: 0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_is_the_same_trace_and_what_it_led_to_hangs_together() {
        let ids = Ids::of("evt_1");
        assert_eq!(ids.trace, Ids::of("evt_1").trace);
        assert_ne!(ids.trace, Ids::of("evt_2").trace);
        let decision = Place::Decision {
            sequence: "welcome".to_owned(),
            failures: 0,
        };
        let call = |attempt| Place::Call {
            sequence: "welcome".to_owned(),
            message: "msg_1".to_owned(),
            attempt,
        };
        assert_eq!(ids.parent(&Place::Event), SpanId::INVALID);
        assert_eq!(ids.parent(&decision), ids.span(&Place::Event));
        assert_eq!(ids.parent(&call(1)), ids.span(&decision));
        assert_ne!(ids.span(&call(1)), ids.span(&call(2)));
    }

    #[test]
    fn a_traceparent_is_read_as_the_standard_has_it() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let read = Remote::read(good).expect("the standard's own example");
        assert_eq!(read.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(read.span.to_string(), "00f067aa0ba902b7");
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Remote::read(bad), None, "{bad}");
        }
    }
}
