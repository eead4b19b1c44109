//! What the end of a submission means for the mail, by the stage it came to and the server's reply.
//!
//! | stage | reply | outcome | because |
//! |---|---|---|---|
//! | the end | 2yz | accepted | "the receiver-SMTP is taking responsibility" |
//! | the end | none | in doubt | the line that ends the mail may have been read |
//! | before it | none | retry | without that line, no mail was handed over |
//! | any | 4yz | retry | "the command was not accepted ... the action may be requested again" |
//! | connection, encryption, login | 5yz | retry, with a hint | it is the server or the login, not the mail |
//! | any | 530, 534, 535, 538 | retry, with a hint | the login: an administrator can set it right |
//! | sender | 550, 553, 554 | retry, with a hint | the login may not send as this address |
//! | recipient | 5yz with "relay" | retry, with a hint | the server does not know us as one who may send |
//! | any | other 5yz | rejected | "the sender-SMTP client SHOULD NOT repeat the exact request" |
//! | any | anything else | in doubt at the end, else retry | not SMTP |
//!
//! Source: RFC 5321, 4.2.1 and 4.5.3.2.6; RFC 4954, 6 (530, 534, 535, 538). A reply to the end that
//! refuses is a reply: the mail was not taken.

use crate::domain::mail::Outcome;
use crate::domain::submission::{Reply, Stage, Submission};

/// The longest part of a server's reply that is kept, in characters.
const REPLY_MAX_CHARS: usize = 300;

pub fn outcome(ended: &Submission) -> Outcome {
    let reply = match &ended.reply {
        Ok(reply) => reply,
        Err(why) if ended.stage == Stage::End => {
            let reason = format!("no answer after the mail was sent: {why}");
            return Outcome::InDoubt { reason };
        }
        Err(why) => {
            let reason = format!("not sent ({}): {why}", at(ended.stage));
            return Outcome::Retry {
                reason,
                after_ms: None,
            };
        }
    };
    let reason = line(ended.stage, reply);
    let hint = |hint: &str| Outcome::Retry {
        reason: format!("{reason} ({hint})"),
        after_ms: None,
    };
    match (ended.stage, reply.code) {
        (Stage::End, 200..=299) => Outcome::accepted(Some(cut(&reply.text))),
        (_, 400..=499) => Outcome::Retry {
            reason,
            after_ms: None,
        },
        (Stage::Login, 500..=599) | (_, 530 | 534 | 535 | 538) => {
            hint("check username and password")
        }
        (Stage::Connection | Stage::Encryption, 500..=599) => {
            hint("check host, port and encryption, and whether the server takes mail from here")
        }
        (Stage::Sender, 550 | 553 | 554) => hint("check that the login may send as this address"),
        (Stage::Recipient, 500..=599) if reply.text.to_lowercase().contains("relay") => {
            hint("the server does not relay for us: add username and password")
        }
        (_, 500..=599) => Outcome::Rejected { reason },
        (Stage::End, _) => Outcome::InDoubt { reason },
        _ => Outcome::Retry {
            reason,
            after_ms: None,
        },
    }
}

fn line(stage: Stage, reply: &Reply) -> String {
    format!(
        "the mail server answered {} ({}): {}",
        reply.code,
        at(stage),
        cut(&reply.text)
    )
}

fn at(stage: Stage) -> &'static str {
    match stage {
        Stage::Connection => "connecting",
        Stage::Encryption => "TLS",
        Stage::Login => "login",
        Stage::Sender => "MAIL FROM",
        Stage::Recipient => "RCPT TO",
        Stage::Data => "DATA",
        Stage::End => "end of the mail",
    }
}

/// On one line, of bounded length.
fn cut(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(REPLY_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stage: Stage, reply: Result<(u16, &str), &str>, expect: &str) {
        let ended = Submission {
            stage,
            reply: reply
                .map(|(code, text)| Reply {
                    code,
                    text: text.to_owned(),
                })
                .map_err(str::to_owned),
        };
        let got = match outcome(&ended) {
            Outcome::Accepted { provider_id, .. } => {
                format!("accepted {}", provider_id.unwrap_or_default())
            }
            Outcome::Rejected { .. } => "rejected".to_owned(),
            Outcome::Retry { reason, .. } if reason.ends_with(')') => {
                "retry with a hint".to_owned()
            }
            Outcome::Retry { .. } => "retry".to_owned(),
            Outcome::InDoubt { .. } => "in doubt".to_owned(),
        };
        assert_eq!(got, expect, "{stage:?} {reply:?}");
    }

    #[test]
    fn stages_and_replies() {
        use Stage::{Connection, Data, Encryption, End, Login, Recipient, Sender};
        check(
            End,
            Ok((250, "2.0.0 Ok: queued as 4TqT")),
            "accepted 2.0.0 Ok: queued as 4TqT",
        );
        check(End, Err("timed out"), "in doubt");
        check(End, Ok((354, "go on")), "in doubt");
        for stage in [Connection, Encryption, Login, Sender, Recipient, Data] {
            check(stage, Err("timed out"), "retry");
            check(stage, Ok((421, "closing")), "retry");
            check(
                stage,
                Ok((530, "5.7.0 Authentication required")),
                "retry with a hint",
            );
        }
        for (stage, code, expect) in [
            (Connection, 554, "retry with a hint"),
            (Encryption, 502, "retry with a hint"),
            (Login, 535, "retry with a hint"),
            (Login, 550, "retry with a hint"),
            (Sender, 553, "retry with a hint"),
            (Sender, 552, "rejected"),
            (Recipient, 450, "retry"),
            (Recipient, 550, "rejected"),
            (Data, 554, "rejected"),
            (End, 451, "retry"),
            (End, 535, "retry with a hint"),
            (End, 550, "rejected"),
        ] {
            check(stage, Ok((code, "5.1.1 said")), expect);
        }
        check(
            Recipient,
            Ok((554, "5.7.1 <a@x.example>: Relay access denied")),
            "retry with a hint",
        );
    }
}
