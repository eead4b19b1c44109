//! What keeps messages in one conversation: RFC 5322 section 3.6.4.
//!
//! Message-IDs are written without their angle brackets; whoever writes the header adds them.

use crate::domain::EmailAddress;

/// How many Message-IDs a References header carries: the root and the latest ones. Mail systems
/// limit header sizes; the RFC sets no number.
pub const REFERENCES_MAX: usize = 20;

/// The message that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent<'a> {
    pub message_id: &'a str,
    pub references: &'a [String],
}

/// The headers of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub in_reply_to: String,
    pub references: Vec<String>,
}

/// The Message-ID of our message: our own unique id at the domain of the sender.
pub fn message_id(id: &str, from: &EmailAddress) -> String {
    // "id-right = dot-atom-text": ASCII, so an international domain takes its DNS form.
    let domain = url::Host::parse(from.domain())
        .map_or_else(|_| "followup.invalid".to_owned(), |host| host.to_string());
    format!("{id}@{domain}")
}

/// "The "In-Reply-To:" field will contain the contents of the "Message-ID:" field of the message to
/// which this one is a reply [...] The "References:" field will contain the contents of the parent's
/// "References:" field (if any) followed by the contents of the parent's "Message-ID:" field."
pub fn reply_to(parent: &Parent<'_>) -> Thread {
    let mut references: Vec<String> = parent.references.to_vec();
    references.retain(|id| id != parent.message_id);
    references.push(parent.message_id.to_owned());
    if references.len() > REFERENCES_MAX {
        references.drain(1..=references.len() - REFERENCES_MAX);
    }
    Thread {
        in_reply_to: parent.message_id.to_owned(),
        references,
    }
}

/// The subject of an answer. RFC 5322 3.6.5: "only one instance of the literal string "Re: " ought
/// to be used since use of other strings or more than one instance can lead to undesirable
/// consequences."
pub fn reply_subject(parent_subject: &str) -> String {
    format!("Re: {}", own_subject(parent_subject))
}

/// The subject of a mail that answers none: a "Re:" there would claim a conversation that its reader
/// cannot see. Gmail, "Email sender guidelines": "Don't [...] use subject lines that are deceptive".
pub fn own_subject(subject: &str) -> &str {
    let mut subject = subject.trim();
    while let Some(rest) = subject
        .get(..3)
        .filter(|head| head.eq_ignore_ascii_case("re:"))
        .map(|_| &subject[3..])
    {
        subject = rest.trim_start();
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_live_at_the_senders_domain() {
        for (from, expect) in [
            ("ada@acme.example", "msg_1@acme.example"),
            ("ada@bücher.example", "msg_1@xn--bcher-kva.example"),
        ] {
            assert_eq!(
                message_id("msg_1", &EmailAddress::parse(from).expect("address")),
                expect
            );
        }
    }

    #[test]
    fn references_grow_by_the_parent_and_keep_the_root() {
        let mut references: Vec<String> = Vec::new();
        for n in 0..50 {
            let parent = format!("m{n}@x");
            let thread = reply_to(&Parent {
                message_id: &parent,
                references: &references,
            });
            assert_eq!(thread.in_reply_to, parent);
            assert_eq!(thread.references.last(), Some(&parent));
            assert_eq!(thread.references[0], "m0@x");
            assert_eq!(thread.references.len(), (n + 1).min(REFERENCES_MAX));
            references = thread.references;
        }
        let again = reply_to(&Parent {
            message_id: "m49@x",
            references: &references,
        });
        assert_eq!(again.references, references);
    }

    #[test]
    fn one_re_and_no_more() {
        for (parent, expect) in [
            ("Pricing", "Re: Pricing"),
            ("Re: Pricing", "Re: Pricing"),
            ("RE: re:Pricing", "Re: Pricing"),
            ("Ré: x", "Re: Ré: x"),
            ("", "Re: "),
        ] {
            assert_eq!(reply_subject(parent), expect);
            assert_eq!(format!("Re: {}", own_subject(expect)), expect);
        }
    }
}
