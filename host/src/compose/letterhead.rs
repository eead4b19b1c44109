//! What every mail of this host carries beside its text: who stands behind it, the way out, where
//! answers go. Made for one message, signed, so that each leads back to that very message.

use std::collections::HashSet;

use secrecy::{ExposeSecret, SecretSlice};

use super::mail::Manner;
use super::{Tracking, Visits};
use crate::domain::EmailAddress;
use crate::domain::mail::Identity;
use crate::domain::token::{Token, purpose};

/// The part that is the same for all.
pub struct Letterhead {
    pub company_name: Option<String>,
    pub postal_address: Option<String>,
    /// Where recipients reach this host, without a slash at the end; none where they cannot.
    pub public_url: Option<String>,
    /// Signs tokens.
    pub key: SecretSlice<u8>,
    /// The sequences whose mails are plain text alone.
    pub plain_text: HashSet<String>,
    /// Hosts of the company's own pages: links to them carry who followed them.
    pub identify: Vec<String>,
}

/// The part of one message.
pub struct Stamp<'a> {
    letterhead: &'a Letterhead,
    identity: &'a Identity,
    plain_text: bool,
    unsubscribe_url: Option<String>,
    preferences_url: Option<String>,
    reply_to: Option<EmailAddress>,
    click_token: String,
    open_token: String,
    visit_token: String,
}

impl Letterhead {
    /// For the message of this id, written by that identity in that sequence.
    pub fn stamp<'a>(&'a self, id: &str, identity: &'a Identity, sequence: &str) -> Stamp<'a> {
        let sign = |what: &str| Token::sign(self.key.expose_secret(), what, id);
        let page = |path: char, token: &str| {
            let url = self.public_url.as_deref()?;
            Some(format!("{url}/{path}/{token}"))
        };
        let way_out = sign(purpose::UNSUBSCRIBE);
        Stamp {
            letterhead: self,
            identity,
            plain_text: self.plain_text.contains(sequence),
            unsubscribe_url: page('u', &way_out),
            preferences_url: page('p', &way_out),
            reply_to: identity
                .inbound
                .as_ref()
                .and_then(|inbound| with_token(inbound, &sign(purpose::REPLY))),
            click_token: sign(purpose::CLICK),
            open_token: sign(purpose::OPEN),
            visit_token: sign(purpose::VISIT),
        }
    }
}

impl Stamp<'_> {
    /// How the message goes. `cold`: to somebody who never asked.
    pub fn manner(&self, cold: bool) -> Manner<'_> {
        Manner {
            plain_text: self.plain_text,
            cold,
            unsubscribe_url: self.unsubscribe_url.as_deref(),
            preferences_url: self.preferences_url.as_deref(),
            unsubscribe_mailto: None,
            reply_to_override: self.reply_to.as_ref(),
            company_name: self.letterhead.company_name.as_deref(),
            postal_address: self.letterhead.postal_address.as_deref(),
            tracking: self.identity.tracking.as_ref().map(|tracking| Tracking {
                base: &tracking.base_url,
                click_token: &self.click_token,
                open_token: &self.open_token,
                opens: tracking.opens,
                clicks: tracking.clicks,
            }),
            visits: Some(Visits {
                hosts: &self.letterhead.identify,
                token: &self.visit_token,
            }),
        }
    }

    /// Whether the recipient has a way out.
    pub fn unsubscribable(&self) -> bool {
        self.unsubscribe_url.is_some() || self.identity.unsubscribe_mailto.is_some()
    }

    pub fn has_postal_address(&self) -> bool {
        self.letterhead.postal_address.is_some()
    }
}

/// `reply@in.example.com` as `reply+TOKEN@in.example.com` (RFC 5233: "user+detail").
fn with_token(address: &EmailAddress, token: &str) -> Option<EmailAddress> {
    let (local, domain) = address.as_str().split_once('@')?;
    EmailAddress::parse(&format!("{local}+{token}@{domain}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::{Mailbox, Quirks, TrackingDomain};

    const ID: &str = "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn every_link_leads_back_to_its_message_and_to_nothing_else() {
        let address = |text: &str| EmailAddress::parse(text).expect("an address");
        let identity = Identity {
            name: "ada".to_owned(),
            from: Mailbox {
                name: None,
                address: address("ada@acme.example"),
            },
            reply_to: None,
            connection: "capture".to_owned(),
            quirks: Quirks::NONE,
            unsubscribe_mailto: None,
            tracking: Some(TrackingDomain {
                base_url: "https://go.acme.example".to_owned(),
                opens: true,
                clicks: true,
            }),
            inbound: Some(address("reply@in.acme.example")),
        };
        let letterhead = Letterhead {
            company_name: None,
            postal_address: None,
            public_url: Some("https://f.acme.example".to_owned()),
            key: SecretSlice::from(vec![7; 32]),
            plain_text: HashSet::from(["cold".to_owned()]),
            identify: vec!["www.acme.example".to_owned()],
        };
        let stamp = letterhead.stamp(ID, &identity, "warm");
        let manner = stamp.manner(false);
        let verified = |what: &str, token: &str| Token::verify(&[7; 32], what, token);
        let token = |text: Option<&str>, head: &str, tail: &str| {
            let text = text
                .expect("there is one")
                .strip_prefix(head)
                .expect("its head");
            text.strip_suffix(tail).expect("its tail").to_owned()
        };
        let way_out = token(manner.unsubscribe_url, "https://f.acme.example/u/", "");
        assert_eq!(
            verified(purpose::UNSUBSCRIBE, &way_out).as_deref(),
            Some(ID)
        );
        assert_eq!(verified(purpose::OPEN, &way_out), None);
        let reply = manner.reply_to_override.map(EmailAddress::as_str);
        let reply = token(reply, "reply+", "@in.acme.example");
        assert_eq!(verified(purpose::REPLY, &reply).as_deref(), Some(ID));
        let tracking = manner.tracking.expect("switched on");
        assert_eq!(
            verified(purpose::CLICK, tracking.click_token).as_deref(),
            Some(ID)
        );
        assert_eq!(
            verified(purpose::OPEN, tracking.open_token).as_deref(),
            Some(ID)
        );
        let visits = manner.visits.expect("always");
        assert_eq!(verified(purpose::VISIT, visits.token).as_deref(), Some(ID));
        assert!(stamp.unsubscribable() && !stamp.has_postal_address() && !manner.plain_text);
        assert!(
            letterhead
                .stamp(ID, &identity, "cold")
                .manner(true)
                .plain_text
        );
    }
}
