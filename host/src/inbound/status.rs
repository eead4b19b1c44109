//! What a delivery status means for the address: gone, or only not now, or not to us.
//!
//! RFC 3463 says which codes there are: class 2, 4 or 5, subject, detail. A permanent failure of one
//! *message* (too large, refused by policy, mailbox full) is no fault of the *address*, and
//! suppressing it would lose a person who can be reached tomorrow. Only what says that the
//! mailbox or its domain is not there is hard.

use super::fold::fold;

/// How a failed delivery is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The mailbox is not there.
    Gone,
    /// It is full (RFC 3463 X.2.2): permanent for the sender, passing for the owner.
    Full,
    /// A rule of the receiver against this message or sender (RFC 3463 X.7.Z).
    Policy,
    /// Anything else that may pass: connections, systems, sizes, contents.
    Passing,
}

impl Verdict {
    /// Whether the address must not be written to again.
    pub fn is_hard(self) -> bool {
        self == Self::Gone
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Full => "full",
            Self::Policy => "policy",
            Self::Passing => "passing",
        }
    }
}

/// Judges a failed delivery by its enhanced status code and what the other side said.
pub(super) fn judge(status: Option<&str>, said: &str) -> Verdict {
    let told = status.and_then(enhanced);
    let in_words = enhanced(said);
    // "5.0.0" says nothing; what the receiving server said is nearer to the cause.
    let code = told.filter(|code| code.1 != 0).or(in_words).or(told);
    let said = fold(said);
    let class = code.map(|code| code.0).or_else(|| reply_class(&said));
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(FULL) {
        return Verdict::Full;
    }
    if class == Some(4) {
        return Verdict::Passing;
    }
    if let Some((_, subject, detail)) = code
        && let Some(verdict) = by_code(subject, detail)
    {
        // "5.7.1 user unknown": the words are the server's own, the code its operator's habit.
        let words_win = verdict == Verdict::Policy && has(GONE);
        return if words_win { Verdict::Gone } else { verdict };
    }
    if has(GONE) {
        Verdict::Gone
    } else if has(POLICY) {
        Verdict::Policy
    } else if has(PASSING) {
        Verdict::Passing
    } else if class == Some(5) {
        // RFC 3463 2: class 5 is "not likely to be resolved by resending in its current form".
        Verdict::Gone
    } else {
        Verdict::Passing
    }
}

/// What a code says by itself; none where it leaves the cause open.
fn by_code(subject: u16, detail: u16) -> Option<Verdict> {
    Some(match subject {
        // RFC 3463 3.2, addressing; 1.7 and 1.8 are about the sender's own address.
        1 => match detail {
            7 | 8 => Verdict::Policy,
            _ => Verdict::Gone,
        },
        // RFC 3463 3.3, mailbox. 2.3: message too long. 2.4: a list could not be expanded.
        2 => match detail {
            0 | 1 => Verdict::Gone,
            2 => Verdict::Full,
            _ => Verdict::Passing,
        },
        // RFC 3463 3.4 and 3.7, the receiver's system and our content.
        3 | 6 => Verdict::Passing,
        // RFC 3463 3.5, routing. 4.4: unable to route, which is what a domain without a host gives.
        // Microsoft, "NDR error codes in Exchange Online": 5.4.1 "Recipient address rejected: Access
        // denied" (no such mailbox), 5.4.310 "DNS domain does not exist".
        4 => match detail {
            0 => return None,
            1 | 4 | 310 => Verdict::Gone,
            _ => Verdict::Passing,
        },
        // RFC 3463 3.8, security and policy. RFC 7293: 7.17 and 7.18 tell of a new owner, who never
        // asked for our mail.
        7 => match detail {
            17 | 18 => Verdict::Gone,
            _ => Verdict::Policy,
        },
        _ => return None,
    })
}

/// The first `X.Y.Z` of RFC 3463 in a text: class, subject, detail.
pub(super) fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let is_code = |c: char| c.is_ascii_digit() || c == '.';
    text.split(|c: char| !is_code(c))
        .map(|piece| piece.trim_matches('.'))
        .find_map(|piece| {
            let mut numbers = piece.split('.');
            let mut next = |max_digits: usize| {
                let digits = numbers.next()?;
                let fits = !digits.is_empty() && digits.len() <= max_digits;
                fits.then(|| digits.parse::<u16>().ok()).flatten()
            };
            let code = (next(1)?, next(3)?, next(3)?);
            (numbers.next().is_none() && matches!(code.0, 2 | 4 | 5)).then_some(code)
        })
}

/// The class of an SMTP reply code (RFC 5321 4.2.1) in what the server said: "550 no such user".
fn reply_class(said: &str) -> Option<u16> {
    said.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse::<u16>().ok())
        .map(|code| code / 100)
        .find(|class| matches!(class, 4 | 5))
}

#[rustfmt::skip] // Words read better side by side.
const FULL: &[&str] = &[
    "mailbox full", "mailbox is full", "mailbox for user is full", "inbox is full", "inbox full", "over quota",
    "overquota", "over the quota", "quota exceeded", "exceeded its quota", "exceeded quota", "exceeds quota",
    "out of storage", "insufficient storage", "insufficient disk", "insufficient system storage",
    "exceeded storage", "storage allocation", "mailbox size limit", "mailbox has exceeded", "not enough space",
    "no space left", "disk quota", "postfach ist voll", "postfach voll", "boite pleine",
    "boite de reception pleine", "buzon lleno", "casella piena", "caixa cheia",
];

/// Words for a mailbox or a domain that is not there.
#[rustfmt::skip] // Words read better side by side.
const GONE: &[&str] = &[
    "user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown address", "address unknown",
    "unknown mailbox", "unknown local part", "unknown account", "no such user", "no such mailbox",
    "no such recipient", "no such address", "no such account", "no such person", "no such domain", "no such host",
    "no mailbox", "no user", "does not exist", "doesn't exist", "not exist", "nonexistent", "non-existent",
    "mailbox unavailable", "mailbox not found", "mailbox not available", "mailbox is inactive", "mailbox disabled",
    "mailbox is disabled", "user not found", "user disabled", "recipient not found", "recipnotfound",
    "address not found", "address couldn't be found", "couldn't be found", "could not be found", "wasn't found at",
    "invalid recipient", "invalid mailbox", "invalid address", "invalid user", "bad destination mailbox",
    "unrouteable address", "unroutable address", "unrouteable mail domain", "undeliverable address",
    "not our customer", "not a valid mailbox", "not a known user", "is not known here", "not known at this",
    "doesn't have a", "does not have a", "account has been disabled", "account is disabled", "account disabled",
    "account has been suspended", "account is inactive", "account closed", "has been deactivated",
    "is no longer active", "no longer available", "no longer valid", "no longer in use", "no longer accepts",
    "no longer on server", "illegal alias", "nxdomain", "host or domain name not found", "host not found",
    "host unknown", "domain not found", "unknown host", "nullmx", "null mx", "does not accept mail",
    "couldn't find any host", "couldn't find a mail exchanger", "wurde nicht gefunden", "existiert nicht",
    "unbekannter benutzer", "n'existe pas", "introuvable", "no existe", "non esiste", "nao existe", "bestaat niet",
];

#[rustfmt::skip] // Words read better side by side.
const POLICY: &[&str] = &[
    "spam", "blacklist", "black list", "blocklist", "block list", "denylist", "blocked", "policy", "spf", "dkim",
    "dmarc", "reputation", "unsolicited", "unauthenticated", "not authorized", "not authorised", "not permitted",
    "not allowed", "access denied", "relay", "virus", "malware", "banned", "prohibited", "refused by",
    "rejected due to", "content rejected", "rejected by the recipient", "message rejected", "reverse dns",
    "ptr record", "rbl", "listed", "restricted",
];

#[rustfmt::skip] // Words read better side by side.
const PASSING: &[&str] = &[
    "timed out", "timeout", "time out", "connection refused", "connection reset", "connection lost", "unreachable",
    "temporar", "try again", "try later", "too large", "too big", "size limit", "message size", "greylist",
    "grey-list", "rate limit", "too many", "throttl", "expired", "retry time", "retry timeout",
    "in the queue too long", "loop", "too many hops", "server busy", "out of memory", "local configuration error",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_folded() {
        for phrase in [FULL, GONE, POLICY, PASSING].concat() {
            assert_eq!(fold(phrase), phrase);
        }
    }

    #[test]
    fn codes_are_found_in_words() {
        for (text, expect) in [
            ("5.1.1", Some((5, 1, 1))),
            ("5.1.1 (bad destination mailbox address)", Some((5, 1, 1))),
            ("smtp; 550-5.7.26 Unauthenticated", Some((5, 7, 26))),
            ("#5.4.310", Some((5, 4, 310))),
            ("said: 10.2.3.4 refused 4.4.2.", Some((4, 4, 2))),
            ("3.1.1", None),
            ("192.168.1.1", None),
            ("", None),
        ] {
            assert_eq!(enhanced(text), expect, "{text}");
        }
    }

    #[test]
    fn verdicts() {
        use Verdict::{Full, Gone, Passing, Policy};
        for (status, said, expect) in [
            ("5.1.1", "smtp; 550 5.1.1 User unknown", Gone),
            ("5.1.1", "", Gone),
            ("5.1.2", "Host unknown", Gone),
            ("5.1.3", "", Gone),
            ("5.1.6", "", Gone),
            ("5.1.8", "Bad sender's system address", Policy),
            (
                "5.1.10",
                "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found",
                Gone,
            ),
            ("5.2.0", "", Gone),
            (
                "5.2.1",
                "smtp; 550 5.2.1 The email account that you tried to reach is disabled",
                Gone,
            ),
            ("5.2.2", "smtp; 552 5.2.2 Over quota", Full),
            (
                "4.2.2",
                "smtp; 452 4.2.2 The recipient's inbox is out of storage space",
                Full,
            ),
            ("5.0.0", "552 Mailbox is full", Full),
            ("5.2.3", "552 5.2.3 Message too large", Passing),
            ("5.3.4", "message size exceeds fixed limit", Passing),
            ("5.3.0", "", Passing),
            (
                "5.4.1",
                "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
                Gone,
            ),
            (
                "5.4.4",
                "Host or domain name not found. Name service error",
                Gone,
            ),
            ("5.4.310", "DNS domain nowhere.example does not exist", Gone),
            ("5.4.6", "Routing loop detected", Passing),
            ("5.4.7", "delivery expired", Passing),
            (
                "4.4.1",
                "connect to x.example: Connection timed out",
                Passing,
            ),
            ("4.4.7", "Delivery expired", Passing),
            (
                "5.5.0",
                "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable",
                Gone,
            ),
            ("5.5.0", "smtp; 554 5.5.0 message refused as spam", Policy),
            ("5.6.0", "content", Passing),
            (
                "5.7.1",
                "550 5.7.1 Message rejected due to content restrictions",
                Policy,
            ),
            (
                "5.7.1",
                "550 5.7.1 <x>: Recipient address rejected: User unknown",
                Gone,
            ),
            (
                "5.7.26",
                "550-5.7.26 Unauthenticated email is not accepted due to DMARC policy",
                Policy,
            ),
            ("5.7.17", "mailbox owner has changed", Gone),
            (
                "5.7.515",
                "Access denied, sending domain does not meet the required level",
                Policy,
            ),
            ("5.0.0", "550 5.1.1 no such user here", Gone),
            ("5.0.0", "554 5.7.1 blocked using zen.spamhaus.org", Policy),
            ("5.0.0", "", Gone),
            ("4.0.0", "", Passing),
            ("", "550 No such user", Gone),
            ("", "421 try again later", Passing),
            ("", "nothing that helps", Passing),
            ("", "554 rejected by policy", Policy),
        ] {
            let status = Some(status).filter(|s| !s.is_empty());
            assert_eq!(judge(status, said), expect, "{status:?} {said}");
        }
    }
}
