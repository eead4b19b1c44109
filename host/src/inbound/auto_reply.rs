//! Automatic replies: a mailbox answers for its owner, who has not read anything yet.
//!
//! Strong signs stand alone (RFC 3834 5: `Auto-Submitted`; what responders put into headers; the marker
//! a mail program writes before our subject). Weak ones count from two on: people write "out of
//! office" too.

use chrono::NaiveDate;

use super::addresses::is_no_reply;
use super::fold::{first_of, fold};
use super::mail::InboundMail;
use super::quoted::{own_words, quotes};
use super::subjects::{DECLARES, MARKERS, NOTICES, TEXTS};
use super::{departed, return_date};
use crate::domain::EmailAddress;

/// What an automatic reply says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AutoReply {
    /// The first day on which the person is back, by their own calendar.
    pub return_on: Option<NaiveDate>,
    /// The person is gone for good.
    pub departed: bool,
    /// Who is to be written to from now on.
    pub instead: Option<EmailAddress>,
    /// Who stands in during the absence, or in urgent cases.
    pub deputy: Option<EmailAddress>,
}

/// The rule that recognises an automatic reply.
pub(super) fn sign(mail: &InboundMail) -> Option<String> {
    strong(mail).or_else(|| weak(mail))
}

/// What it says. `known`: addresses that are the person's own or ours, no stand-ins.
pub(super) fn read(mail: &InboundMail, today: NaiveDate) -> AutoReply {
    let text = own_words(&mail.text);
    let known: Vec<&EmailAddress> = mail
        .from
        .iter()
        .chain(&mail.sender)
        .chain(&mail.return_path)
        .chain(&mail.recipients)
        .collect();
    let replaced = departed::read(&mail.subject, &text, &known);
    let locale = return_date::Locale::of(mail);
    // Somebody who left does not come back.
    let return_on = if replaced.departed {
        None
    } else {
        return_date::find(&text, locale, today)
            .or_else(|| return_date::find(&mail.subject, locale, today))
    };
    AutoReply {
        return_on,
        departed: replaced.departed,
        instead: replaced.instead,
        deputy: replaced.deputy,
    }
}

fn strong(mail: &InboundMail) -> Option<String> {
    // RFC 3834 5: "no" is the one value of mail that a person wrote; others may be added.
    if let Some(word) = mail.fields.word("auto-submitted")
        && !word.is_empty()
        && first_word(&word) != "no"
    {
        return Some(format!("Auto-Submitted: {word} (RFC 3834)"));
    }
    for (name, value) in mail.fields.iter() {
        let value = value.trim().to_ascii_lowercase();
        let off = matches!(value.as_str(), "no" | "none" | "false" | "0");
        if HEADERS.iter().any(|header| name.starts_with(header)) && !off {
            return Some(format!("header {name}"));
        }
        // Microsoft, [MS-OXCMAIL] 2.2.3.2.14: which answers the writer wants suppressed.
        if name == "x-auto-response-suppress"
            && value
                .split([',', ' '])
                .any(|word| matches!(word, "all" | "oof" | "autoreply"))
        {
            return Some(format!("X-Auto-Response-Suppress: {value}"));
        }
        let by_value = VALUES
            .iter()
            .any(|(header, part)| name == *header && value.contains(part));
        if by_value {
            return Some(format!("{name}: {value}"));
        }
    }
    if let Some(marker) = marker(&mail.subject) {
        return Some(format!("subject begins with {marker:?}"));
    }
    mail.null_sender
        .then(|| "null sender (RFC 3834 3.3)".to_owned())
}

fn first_word(value: &str) -> &str {
    value.split([' ', '(', ',']).next().unwrap_or_default()
}

/// The marker before the colon of a subject: "Automatic reply: Our offer".
fn marker(subject: &str) -> Option<&'static str> {
    let subject = fold(subject);
    let bare = subject.trim_start_matches(['[', '【', '(', '<', '"']);
    MARKERS.iter().copied().find(|marker| {
        bare.strip_prefix(marker).is_some_and(|rest| {
            let rest = rest.trim_start_matches([']', '】', ')', '>', ' ', '"']);
            let bracketed = bare.len() != subject.len() && rest.len() + marker.len() < bare.len();
            // "Auto: insurance" is about cars, but nobody answers us under such a subject.
            rest.starts_with(':') || bracketed
        })
    })
}

fn weak(mail: &InboundMail) -> Option<String> {
    let subject = fold(&mail.subject);
    let text = fold(&own_words(&mail.text));
    let mut signs: Vec<String> = Vec::new();
    let precedence = mail.fields.word("precedence").unwrap_or_default();
    if matches!(precedence.as_str(), "bulk" | "junk" | "list") {
        signs.push(format!("Precedence: {precedence}"));
    }
    if let Some(phrase) = begins_with(&subject, NOTICES) {
        signs.push(format!("subject {phrase:?}"));
    }
    if mail.from.iter().any(is_no_reply) {
        signs.push("from an address that takes no replies".to_owned());
    }
    // Responders do not quote; a person who writes "I am out of office" answers something.
    if !quotes(&mail.text) {
        if let Some(phrase) = first_of(&text, DECLARES) {
            return Some(format!("text {phrase:?}"));
        }
        if let Some(phrase) = first_of(&text, TEXTS) {
            signs.push(format!("text {phrase:?}"));
        } else if let Some(phrase) = departed::phrase(&text) {
            signs.push(format!("text {phrase:?}"));
        }
    }
    (signs.len() >= 2).then(|| signs.join(", "))
}

/// "Re:" in front would be a person's answer to a notice.
fn begins_with(subject: &str, phrases: &[&'static str]) -> Option<&'static str> {
    let bare = subject.trim_start_matches(['[', '【', '(', '<', '*', '"', ' ']);
    phrases
        .iter()
        .copied()
        .find(|phrase| super::fold::find(bare, phrase) == Some(0))
}

/// Headers that responders set; any value but a refusal counts.
const HEADERS: &[&str] = &[
    "x-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-auto-respond",
    "x-autogenerated",
    "x-mail-autoreply",
    "x-fc-machinegenerated",
    "x-vacation",
    "x-ooo",
    "x-out-of-office",
];

/// Headers of which one value counts.
const VALUES: &[(&str, &str)] = &[
    ("precedence", "auto_reply"),
    ("precedence", "auto-reply"),
    ("delivered-to", "autoresponder"),
    ("x-post-messageclass", "autoresponder"),
    ("x-ms-exchange-generated-message-source", "rules agent"),
    ("x-ms-exchange-generated-message-source", "oof"),
    ("x-mailer", "vacation"),
    ("x-mailer", "autoresponder"),
    ("x-mailer", "auto-responder"),
    ("x-msgclass", "oof"),
    ("content-class", "oof"),
    ("autosubmitted", "auto"),
];

#[cfg(test)]
mod tests {
    use super::super::mail::Envelope;
    use super::*;

    fn check(mail: &str, expect: bool) {
        let read = InboundMail::read(mail.as_bytes(), &Envelope::default());
        let got = sign(&read);
        assert_eq!(got.is_some(), expect, "{mail}\n{got:?}");
    }

    #[test]
    fn headers_stand_alone() {
        for header in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: Auto-Generated; owner-email=\"a@x.example\"",
            "Auto-Submitted: auto-notified (comment)",
            "Auto-Submitted: something-new",
            "X-Autoreply: yes",
            "X-Autorespond: Re: hi",
            "X-Autoresponder: x",
            "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply",
            "X-Auto-Response-Suppress: All",
            "Precedence: auto_reply",
            "Return-Path: <>",
            "X-POST-MessageClass: 9; Autoresponder",
            "X-FC-MachineGenerated: true",
        ] {
            check(
                &format!("From: a@x.example\n{header}\nSubject: Re: hi\n\nHello"),
                true,
            );
        }
        for header in [
            "Auto-Submitted: no",
            "Auto-Submitted: No; x=y",
            "X-Autoreply: no",
            "X-Auto-Response-Suppress: None",
            "X-Auto-Response-Suppress: DR, RN, NRN",
            "Precedence: first-class",
            "Precedence: bulk",
            "Return-Path: <a@x.example>",
            "X-Mailer: Apple Mail",
        ] {
            check(
                &format!("From: a@x.example\n{header}\nSubject: Re: hi\n\nHello"),
                false,
            );
        }
    }

    #[test]
    fn markers_before_our_subject() {
        for subject in [
            "Automatic reply: Our offer",
            "Out of Office: Our offer",
            "Auto: Re: hi",
            "Automatische Antwort: Unser Angebot",
            "Abwesenheitsnotiz: Angebot",
            "Réponse automatique : Offre",
            "Respuesta automática: Oferta",
            "Risposta automatica: R: Offerta",
            "Resposta automática: Oferta",
            "Automatisch antwoord: aanbod",
            "Autosvar: Erbjudande",
            "Automatisk svar: Tilbud",
            "Automaattinen vastaus: Tarjous",
            "Odpowiedź automatyczna: Oferta",
            "Automatická odpověď: Nabídka",
            "Automatikus válasz: Ajánlat",
            "Otomatik yanıt: Teklif",
            "Автоматический ответ: Предложение",
            "自動応答: ご提案",
            "自动答复: 报价",
            "자동 회신: 제안",
            "[Auto-Reply] Our offer",
            "【自動返信】お問い合わせ",
        ] {
            check(
                &format!("From: a@x.example\nSubject: {subject}\n\nHello"),
                true,
            );
        }
        for subject in [
            "Re: Automatic reply: Our offer",
            "AW: Abwesenheitsnotiz: Angebot",
            "Automatic replies are a pain",
            "Out of office?",
            "Re: hi",
            "",
        ] {
            check(
                &format!("From: a@x.example\nSubject: {subject}\n\nHello"),
                false,
            );
        }
    }

    #[test]
    fn weak_signs_count_together() {
        check(
            "From: a@x.example\nSubject: Out of office until Monday\n\nI am out of the office.",
            true,
        );
        check(
            "From: a@x.example\nPrecedence: bulk\nSubject: Re: hi\n\nIch bin im Urlaub.",
            true,
        );
        check(
            "From: noreply@x.example\nSubject: Re: hi\n\nWe have received your message.",
            true,
        );
        check(
            "From: a@x.example\nSubject: Re: hi\n\nI am out of the office until Monday, call me then.",
            false,
        );
        check(
            "From: a@x.example\nSubject: Out of office next week\n\nI am out of office next week, so let's talk \
             on Friday.\n\nOn Mon, 5 Jan 2026, Us <us@acme.example> wrote:\n> When?",
            false,
        );
        check(
            "From: a@x.example\nSubject: Re: hi\n\nThis is an automated response. Your ticket is 12.",
            true,
        );
        check(
            "From: a@x.example\nSubject: Re: hi\n\nYes.\n\n> This is an automated response.",
            false,
        );
        check(
            "From: a@x.example\nSubject: Vacation rental\n\nSounds good.",
            false,
        );
    }
}
