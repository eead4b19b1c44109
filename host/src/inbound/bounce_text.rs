//! Bounces of mail systems that do not follow RFC 3464: told by who sends them and how they speak.
//!
//! qmail ("QSBMF", D. J. Bernstein: the text begins with "Hi. This is the"), Exim ("Mail delivery failed:
//! returning message to sender", `X-Failed-Recipients`), Exchange and the home-made ones.

use super::addresses::{addresses, is_daemon, is_daemon_name};
use super::bounce::{Delivery, Recipient, is_delay};
use super::fold::fold;
use super::mail::InboundMail;
use super::{status, transcript};
use crate::domain::EmailAddress;

/// "Re", "Fwd", "Antw" before the colon of a subject.
const PREFIX_MAX_BYTES: usize = 4;
/// What is read of the text.
const TEXT_MAX_BYTES: usize = 8 * 1024;

pub(super) fn read(mail: &InboundMail) -> Option<(Vec<Recipient>, String)> {
    let text = &mail.text[..mail.text.floor_char_boundary(TEXT_MAX_BYTES)];
    let (report, copied) = split_returned(text);
    let (subject, folded) = (fold(&mail.subject), fold(report));
    let sign = sign(mail, &subject, &folded, copied.is_some())?;
    let delayed = is_delay(&subject) || (is_delay(&folded) && !has(&folded, FAILED_FOR_GOOD));
    let recipients = failed_recipients(mail, report);
    let one = |address: Option<EmailAddress>| {
        let said = transcript::said(report, address.as_ref(), &recipients);
        // Its own lines may be mute where the cause stands above all of them.
        let verdict = status::judged(None, &said).unwrap_or_else(|| status::judge(None, report));
        Recipient {
            delivery: if delayed {
                Delivery::Delayed
            } else {
                Delivery::Failed(verdict)
            },
            status: status::enhanced(&said)
                .map(|(class, subject, detail)| format!("{class}.{subject}.{detail}")),
            said: Some(said),
            address,
        }
    };
    let all: Vec<Recipient> = if recipients.is_empty() {
        vec![one(None)]
    } else {
        recipients.iter().cloned().map(Some).map(one).collect()
    };
    Some((all, sign))
}

/// Why this is a bounce. A daemon alone, or a null sender alone, is not enough: postmasters are people
/// too, and responders that behave have a null sender.
fn sign(mail: &InboundMail, subject: &str, text: &str, copied: bool) -> Option<String> {
    if mail.fields.has("x-failed-recipients") {
        return Some("X-Failed-Recipients".to_owned());
    }
    if text.contains("this is the qmail-send program at") || text.starts_with("hi. this is the") {
        return Some("the words of qmail".to_owned());
    }
    let daemon = is_machine(mail);
    let declared = mail.report_type.as_deref() == Some("delivery-status");
    if !(daemon || mail.null_sender || declared) {
        // Filters report under any name ("imss@x.example"): by subject, words and the mail they bring
        // back. "Fwd:" and "Re:" are people's.
        let prefixed = subject.find(':').is_some_and(|at| at <= PREFIX_MAX_BYTES);
        let returns = copied || mail.returned().is_some();
        let subject = SUBJECTS.iter().find(|word| subject.contains(*word));
        let word = TEXTS.iter().find(|word| text.contains(*word));
        let (subject, word) = subject.zip(word).filter(|_| returns && !prefixed)?;
        return Some(format!(
            "subject {subject:?}, text {word:?}, the mail returned"
        ));
    }
    let who = if daemon {
        "from a mail system"
    } else if declared {
        "report-type delivery-status"
    } else {
        "null sender"
    };
    if let Some(word) = SUBJECTS.iter().find(|word| subject.contains(*word)) {
        return Some(format!("{who}, subject {word:?}"));
    }
    // The words of a text are weaker: a null sender is also that of an out-of-office notice.
    let word = TEXTS.iter().find(|word| text.contains(*word))?;
    // Unless the mail comes back with it: responders return none.
    let certain = daemon || declared || mail.returned().is_some();
    certain.then(|| format!("{who}, text {word:?}"))
}

/// Whether a mail system wrote it: its address, or its name where there is no proper address
/// ("MAILER-DAEMON <>", "Mailer Daemon <MAILER-DAEMON@localhost>").
pub(super) fn is_machine(mail: &InboundMail) -> bool {
    mail.from.iter().chain(&mail.sender).any(is_daemon)
        || mail
            .fields
            .get("from")
            .is_some_and(|from| from.trim() == "<>" || is_daemon_name(from))
}

/// Report and returned mail, where systems draw a line between them.
fn split_returned(text: &str) -> (&str, Option<&str>) {
    const MARKS: &[&str] = &[
        "--- Below this line is a copy of the message",
        "------ This is a copy of",
        "--- The header of the original",
        "Original message headers:",
        "----- Original message -----",
        "--- Original message follows",
        "-----Original Message-----",
        "Original message follows",
        "----- Unsent message follows",
        "--- Undelivered message follows",
        "--- Returned message",
        "Unsent message below",
        "Message headers follow",
        "Message header follows",
        "Message text follows",
        "Below is a copy of the original message",
        "Included is a copy of the message header",
        "-------original m",
        "\nOriginal Message:",
    ];
    let marked = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    // Without a line between them, the returned header begins with its trace (RFC 5322 3.6.7).
    let traced = [
        "\nReceived: ",
        "\nReceived:from ",
        "\nReturn-Path: <",
        "\nReturn-path: <",
    ]
    .iter()
    .filter_map(|trace| text.find(trace));
    match traced.chain(marked).min() {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    }
}

/// The recipients it speaks of: told in a header, else the addresses of the text that are neither the
/// mail system's nor those the report was sent to.
fn failed_recipients(mail: &InboundMail, report: &str) -> Vec<EmailAddress> {
    let told: Vec<_> = mail
        .fields
        .all("x-failed-recipients")
        .chain(mail.fields.all("x-failed-recipient"))
        .flat_map(addresses)
        .collect();
    if !told.is_empty() {
        return told;
    }
    let returned = mail.returned().and_then(|fields| fields.get("to"));
    // DragonFly's agent names the failed recipient in X-Original-To, Postfix the report's own there.
    let named = |name: &str, address: &EmailAddress| {
        mail.fields
            .all(name)
            .flat_map(addresses)
            .any(|found| found == *address)
    };
    let ours = |address: &EmailAddress| {
        mail.recipients.contains(address)
            && (named("to", address)
                || !named("x-original-to", address)
                || named("delivered-to", address))
    };
    let mut all = transcript::recipients(report, |address| {
        ours(address) || mail.from.contains(address) || is_daemon(address)
    });
    if all.is_empty() {
        all.extend(returned.and_then(|to| addresses(to).into_iter().next()));
    }
    all
}

fn has(folded: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| folded.contains(phrase))
}

const FAILED_FOR_GOOD: &[&str] = &[
    "permanent error",
    "permanent fatal error",
    "giving up",
    "gave up",
    "i've given up",
];

/// Subjects of bounces, in the languages mail systems speak.
#[rustfmt::skip] // Words read better side by side.
const SUBJECTS: &[&str] = &[
    "undeliverable", "undelivered", "undeliverable:", "delivery status notification", "delivery notification",
    "delivery failure", "delivery failed", "delivery has failed", "delivery problem", "delivery report",
    "delivery delayed", "delivery error", "delivery unsuccessful", "mail delivery failed", "mail delivery",
    "mail system error", "failure notice", "failed delivery", "returned mail", "returned to sender",
    "returned email", "message not delivered", "message could not be delivered", "could not be delivered",
    "couldn't be delivered", "could not send message", "unable to deliver", "not deliverable", "non-delivery",
    "nondeliverable", "warning: message", "rejected:", "bounced", "unzustellbar", "nicht zustellbar",
    "nicht zugestellt", "zustellung fehlgeschlagen", "unzustellbarkeit", "non remis", "non distribuable",
    "non distribue", "echec de la remise", "echec de remise", "no se puede entregar", "no entregado",
    "no se ha podido entregar", "error de entrega", "non recapitabile", "mancata consegna", "mancato recapito",
    "nao entregue", "nao e possivel entregar", "falha na entrega", "falha de entrega", "onbestelbaar",
    "niet afgeleverd", "niet bezorgd", "gick inte att leverera", "olevererat", "kan ikke leveres",
    "kunne ikke leveres", "ei voida toimittaa", "toimitus epaonnistui", "niedostarczaln", "nie mozna dostarczyc",
    "nedorucitelne", "kezbesithetetlen", "teslim edilemedi", "iletilemedi", "недоставленное", "не доставлено",
    "не удалось доставить", "配信不能", "配信できません", "配信に失敗", "送信できません", "未送達", "未能送达", "无法送达", "退信", "無法傳遞", "배달되지",
    "배달하지 못했습니다", "반송", "user unknown", "邮件发送失败", "投递失败", "投遞失敗", "mail failure", "mail failed", "error sending your mail", "delivery status",
    "could not send mail", "could not send your", "returning to sender", "nicht ubermittelt", "undelivery",
];

#[rustfmt::skip] // Words read better side by side.
const TEXTS: &[&str] = &[
    "could not be delivered", "couldn't be delivered", "wasn't delivered", "was not delivered",
    "not been delivered", "was undeliverable", "unable to deliver", "failed to deliver",
    "delivery to the following recipient", "delivery has failed", "delivery failed", "delivery to the following",
    "permanent error", "permanent fatal error", "fatal errors", "returned to you", "address rejected",
    "user unknown", "undeliverable", "konnte nicht zugestellt", "n'a pas pu etre remis", "no se pudo entregar",
    "failed recipient", "could not deliver", "requested action not taken", "did not reach the following", "delivery problems", "delivery errors", "permanent errors", "delivering your m",
    "error has occurred while attempting", "no valid recipients", "recipient not found", "送信できませんでした", "配信できませんでした",
    "non e stato possibile consegnare", "nao pode ser entregue",
];

#[cfg(test)]
mod tests {
    use super::super::mail::Envelope;
    use super::super::status::Verdict;
    use super::*;

    fn check(mail: &str, expect: Option<(Delivery, Option<&str>)>) {
        let read = read(&InboundMail::read(mail.as_bytes(), &Envelope::default()));
        let got = read.map(|(mut recipients, _)| {
            let first = recipients.swap_remove(0);
            (first.delivery, first.address)
        });
        let got = got
            .as_ref()
            .map(|(d, a)| (*d, a.as_ref().map(EmailAddress::as_str)));
        assert_eq!(got, expect, "{mail}");
    }

    #[test]
    fn phrases_are_folded() {
        for phrase in [FAILED_FOR_GOOD, SUBJECTS, TEXTS].concat() {
            assert_eq!(fold(phrase), phrase);
        }
    }

    #[test]
    fn the_ways_of_old_systems() {
        check(
            "From: MAILER-DAEMON@mx.example\nTo: us@acme.example\nSubject: failure notice\n\n\
             Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your \
             message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n\
             <bob@x.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n\
             --- Below this line is a copy of the message.\n\nTo: else@x.example\n",
            Some((Delivery::Failed(Verdict::Gone), Some("bob@x.example"))),
        );
        check(
            "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: bob@x.example\n\
             Subject: Mail delivery failed: returning message to sender\n\n\
             A message that you sent could not be delivered.\n  bob@x.example\n    mailbox is full\n",
            Some((Delivery::Failed(Verdict::Full), Some("bob@x.example"))),
        );
        check(
            "From: postmaster@x.example\nSubject: Warning: message 1abc delayed 24 hours\n\n\
             The message has not yet been delivered to:\n  bob@x.example\nNo action is required on your part.\n",
            Some((Delivery::Delayed, Some("bob@x.example"))),
        );
    }

    #[test]
    fn filters_report_under_any_name() {
        let mail = |subject: &str| {
            format!(
                "From: imss@x.example\nTo: us@acme.example\nSubject: {subject}\n\nUnable to deliver message to \
                 <bob@x.example>.\n550 5.1.1 unknown user.\n\nReceived: from acme.example\nFrom: us@acme.example\n"
            )
        };
        let gone = Some((Delivery::Failed(Verdict::Gone), Some("bob@x.example")));
        check(&mail("Mail could not be delivered"), gone);
        check(&mail("Fwd: Mail could not be delivered"), None);
        check(&mail("Bob's address"), None);
    }

    #[test]
    fn people_and_responders_are_no_bounces() {
        check(
            "From: postmaster@x.example\nSubject: Re: Your offer\n\nSounds good, call me.\n",
            None,
        );
        check(
            "From: bob@x.example\nSubject: Re: undeliverable parcels\n\nOurs was not delivered.\n",
            None,
        );
        check(
            "Return-Path: <>\nFrom: bob@x.example\nSubject: Out of office\n\nMail to me is not been delivered.\n",
            None,
        );
    }
}
