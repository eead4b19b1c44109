//! An event passed on to the people it belongs to, and completed with what is known of one.

use crate::domain::event::Hydrate;
use crate::domain::{ContactRef, NewEvent};

use super::opt_out;
use super::person::Person;

/// The most contacts that one deal, meeting or mail is passed on to.
pub const ASSOCIATED_MAX: usize = 100;

/// The event for one of the contacts it belongs to, who is asked for next: `object` is the CRM's word
/// for a person.
pub(super) fn for_contact(event: &NewEvent, object: &str, id: &str) -> NewEvent {
    NewEvent {
        source_key: format!("{}/{id}", event.source_key),
        contact: ContactRef::external(id),
        hydrate: Some(Hydrate {
            object: object.to_owned(),
            id: id.to_owned(),
        }),
        ..event.clone()
    }
}

/// The event with its person, and the opt-out where the person has one. What the record says lies on top of
/// what the event told, but what the event cleared and the record leaves out stays cleared.
pub(super) fn with_person(event: &NewEvent, person: Person) -> Vec<NewEvent> {
    let mut event = NewEvent {
        hydrate: None,
        contact: person.contact,
        ..event.clone()
    };
    let (told, known) = (&mut event.patch, person.patch);
    told.time_zone = known.time_zone.or(told.time_zone.take());
    told.locale = known.locale.or(told.locale.take());
    told.account = known.account.or(told.account.take());
    if !known.other_emails.is_empty() {
        told.other_emails = known.other_emails;
    }
    told.attributes.extend(known.attributes);
    if person.opted_out {
        let opt_out = opt_out(&event);
        return vec![event, opt_out];
    }
    vec![event]
}
