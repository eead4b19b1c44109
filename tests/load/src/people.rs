//! The people that a CRM tells of: each is new, with an address at a company of a few.

use std::sync::atomic::{AtomicUsize, Ordering};

use followup::clock::{Clock, SystemClock};
use followup::domain::Instant;
use followup::signatures::standard_webhooks::{self, Secret};
use serde_json::{Map, json};

/// What the CRM signs with.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What stands before a person's number in their address.
pub(crate) const MARK: &str = "person-";

/// Who work for one company.
const COLLEAGUES: usize = 4;

/// What a CRM tells of everybody; more fields have made-up names.
const FIELDS: [(&str, &str); 5] = [
    ("first_name", "Grace"),
    ("last_name", "Hopper"),
    ("company", "Acme Navigation Ltd"),
    ("job_title", "Head of Research"),
    ("country", "NZ"),
];

pub(crate) struct People {
    next: AtomicUsize,
    fields: usize,
    secret: Secret,
}

impl People {
    pub(crate) fn new(fields: usize) -> anyhow::Result<Self> {
        Ok(Self {
            next: AtomicUsize::new(0),
            fields,
            secret: Secret::parse(&SECRET.to_owned().into())
                .map_err(|e| anyhow::anyhow!("the secret: {e}"))?,
        })
    }

    /// A person who asks for prices, as a CloudEvent of the moment: its id, and its body.
    pub(crate) fn event(&self, at: Instant) -> (String, Vec<u8>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let known = FIELDS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let more = (FIELDS.len()..self.fields).map(|n| {
            let text = format!("what field {n} holds");
            (format!("crm_field_{n:02}"), json!(text))
        });
        let contact: Map<_, _> = known.chain(more).take(self.fields).collect();
        let id = format!("evt-{number}");
        let event = json!({
            "specversion": "1.0",
            "id": id,
            "source": "https://crm.example",
            "type": "form-submitted",
            "subject": address(number),
            "time": at.to_utc().to_rfc3339(),
            "data": { "form": "pricing", "contact": contact },
        });
        (id, event.to_string().into_bytes())
    }

    /// A known person looks at a page.
    fn visit(number: usize, at: Instant) -> (String, Vec<u8>) {
        let id = format!("visit-{number}");
        let event = json!({
            "specversion": "1.0",
            "id": id,
            "source": "https://crm.example",
            "type": "page-visited",
            "subject": address(number),
            "time": at.to_utc().to_rfc3339(),
            "data": { "url": "https://acme.example/prices", "title": "Our prices", "visit": number },
        });
        (id, event.to_string().into_bytes())
    }

    /// The next person's number.
    pub(crate) fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Signed webhooks as they go over the wire, each about somebody new.
    pub(crate) fn webhooks(&self, count: usize) -> Vec<Vec<u8>> {
        let now = SystemClock.now();
        (0..count)
            .map(|_| self.signed(self.event(now), now))
            .collect()
    }

    /// The same about visits of the people of these numbers, once each.
    pub(crate) fn visits(&self, people: std::ops::Range<usize>) -> Vec<Vec<u8>> {
        let now = SystemClock.now();
        people
            .map(|number| self.signed(Self::visit(number, now), now))
            .collect()
    }

    fn signed(&self, (id, body): (String, Vec<u8>), now: Instant) -> Vec<u8> {
        let timestamp_s = now.0 / 1_000;
        let signature = standard_webhooks::sign(&self.secret, &id, timestamp_s, &body);
        let mut request = format!(
            "POST /hooks/crm HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\n\
             webhook-id: {id}\r\nwebhook-timestamp: {timestamp_s}\r\nwebhook-signature: {signature}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend(body);
        request
    }
}

fn address(number: usize) -> String {
    let company = number / COLLEAGUES;
    format!("{MARK}{number}@company-{company}.example")
}
