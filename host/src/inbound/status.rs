//! What a delivery status means for the address: gone, or only not now, or not to us.
//!
//! RFC 3463 says which codes there are: class 2, 4 or 5, subject, detail. A permanent failure of one
//! *message* (too large, refused by policy, mailbox full) is no fault of the *address*, and
//! suppressing it would lose a person who can be reached tomorrow. Only what says that the
//! mailbox or its domain is not there is hard.

use super::fold::fold;
use super::status_words::{ABOUT_US, FULL, GONE, PASSING, POLICY, TOO_FAST};

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
    judged(status, said).unwrap_or_else(|| {
        // RFC 3463 2: class 5 is "not likely to be resolved by resending in its current form".
        let permanent = status.and_then(enhanced).is_some_and(|code| code.0 == 5);
        if permanent {
            Verdict::Gone
        } else {
            Verdict::Passing
        }
    })
}

/// The same; none where neither code nor words tell the cause.
pub(super) fn judged(status: Option<&str>, said: &str) -> Option<Verdict> {
    // A failure with a code of success ("2.0.0") has a wrong code.
    let told = status.and_then(enhanced).filter(|code| code.0 != 2);
    let in_words = enhanced(said);
    // "5.0.0" says nothing; what the receiving server said is nearer to the cause.
    let code = told.filter(|code| code.1 != 0).or(in_words).or(told);
    let said = fold(said);
    let reply = reply_code(&said);
    let class = code.map(|code| code.0).or(reply.map(|reply| reply / 100));
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(FULL) {
        return Some(Verdict::Full);
    }
    if class == Some(5) && has(&["host does not accept mail", "null mx", "nullmx"]) {
        return Some(Verdict::Gone);
    }
    if class == Some(4) || has(TOO_FAST) {
        return Some(Verdict::Passing);
    }
    if has(ABOUT_US) && code.is_none_or(|code| (code.1, code.2) != (4, 1)) && !has(NAMES_RECIPIENT)
    {
        return Some(Verdict::Policy);
    }
    let by_words = || {
        let tables = [
            (GONE, Verdict::Gone),
            (POLICY, Verdict::Policy),
            (PASSING, Verdict::Passing),
        ];
        tables
            .into_iter()
            .find(|(words, _)| has(words))
            .map(|(_, verdict)| verdict)
    };
    if let Some((_, subject, detail)) = code
        && let Some(verdict) = by_code(subject, detail)
    {
        // RFC 3463 3: X.Y.0 is "other or undefined", and 7.1 "not authorized" a habit of operators
        // ("5.7.1 user unknown"): there the server's own words are nearer.
        let vague = detail == 0 || (subject, detail) == (7, 1);
        return Some(if vague && has(GONE) {
            Verdict::Gone
        } else {
            verdict
        });
    }
    by_words().or_else(|| reply.and_then(by_reply)).or_else(|| {
        // RFC 3463 3.6: the protocol failed, whoever was meant.
        code.filter(|code| code.1 == 5).map(|_| Verdict::Passing)
    })
}

/// Words that only a recipient has.
const NAMES_RECIPIENT: &[&str] = &[
    "user unknown",
    "unknown user",
    "recipient unknown",
    "unknown recipient",
    "no such user",
    "no such mailbox",
    "recipient address rejected",
];

/// What a reply code says by itself (RFC 5321 4.2.3): 550, 551 and 553 are about the mailbox, 552 is
/// "exceeded storage allocation", the others about commands and the transaction.
fn by_reply(code: u16) -> Option<Verdict> {
    match code {
        // RFC 7504: 521 and 556 say that the host accepts no mail at all.
        550 | 551 | 553 | 521 | 556 => Some(Verdict::Gone),
        552 => Some(Verdict::Full),
        400..=599 => Some(Verdict::Passing),
        _ => None,
    }
}

/// What a code says by itself; none where it leaves the cause open.
fn by_code(subject: u16, detail: u16) -> Option<Verdict> {
    Some(match subject {
        // RFC 3463 3.2, addressing; 1.7 and 1.8 are about the sender's own address.
        // Microsoft, "NDR error codes in Exchange Online": 1.20 is a From that is not one, 1.90 our
        // daily limit.
        1 => match detail {
            0 => return None,
            7 | 8 | 20 | 90 => Verdict::Policy,
            _ => Verdict::Gone,
        },
        // RFC 3463 3.3, mailbox. 2.3: message too long. 2.4: a list could not be expanded.
        2 => match detail {
            0 => return None,
            1 => Verdict::Gone,
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

/// The SMTP reply code (RFC 5321 4.2.1) in what the server said: "550 no such user".
fn reply_code(said: &str) -> Option<u16> {
    said.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse::<u16>().ok())
        .find(|code| {
            let (class, second) = (code / 100, code / 10 % 10);
            matches!(class, 4 | 5) && second <= 5
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_folded() {
        for phrase in [
            FULL,
            GONE,
            POLICY,
            PASSING,
            ABOUT_US,
            TOO_FAST,
            NAMES_RECIPIENT,
        ]
        .concat()
        {
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
            (
                "5.1.8",
                "553 5.1.8 Domain of sender address a@b.example does not exist",
                Policy,
            ),
            (
                "5.1.1",
                "550 5.7.1 IP address blacklisted by recipient",
                Policy,
            ),
            ("5.1.0", "550 5.1.0 sender rejected", Policy),
            (
                "5.1.90",
                "550 5.1.90 daily limit for message recipients",
                Policy,
            ),
            ("5.2.0", "550 5.2.0 Message Filtered", Policy),
            (
                "5.2.1",
                "550-5.2.1 The user is receiving mail at a rate that prevents",
                Passing,
            ),
            ("5.3.0", "553 5.3.0 <x@y.example>... User unknown", Gone),
            (
                "5.7.25",
                "550-5.7.25 The IP address does not have a PTR record setup",
                Policy,
            ),
            ("5.0.0", "554 Transaction failed", Passing),
            ("5.0.0", "504 Command parameter not implemented", Passing),
            ("5.0.0", "550 Rejected", Gone),
            ("5.3.2", "521 5.3.2 Host does not accept mail", Gone),
            ("5.5.0", "554 no luck", Passing),
            (
                "5.2.0",
                "SMTP error after end of data: 550 5.2.0 rejete",
                Policy,
            ),
            (
                "5.0.0",
                "550 no such user (in reply to end of DATA command)",
                Gone,
            ),
            ("2.0.0", "550 5.1.1 no such user", Gone),
            ("", "User bob not listed in Domino Directory", Gone),
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
