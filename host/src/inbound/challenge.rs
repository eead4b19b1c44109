//! Challenge and response: a filter asks the writer to prove that they are human. Always automatic;
//! nobody here clicks on it.

use super::fold::{first_of, fold};
use super::mail::InboundMail;
use super::quoted::own_words;

/// The rule that recognises a challenge.
pub(super) fn sign(mail: &InboundMail) -> Option<String> {
    let service = SERVICES.iter().find(|service| {
        let from = mail
            .from
            .iter()
            .chain(&mail.sender)
            .chain(&mail.return_path);
        from.into_iter()
            .any(|address| address.domain().ends_with(**service))
    });
    if let Some(service) = service {
        return Some(format!("from {service}"));
    }
    if let Some((name, _)) = mail
        .fields
        .iter()
        .find(|(name, _)| HEADERS.iter().any(|h| name.starts_with(h)))
    {
        // Boxbe and TMDA mark what they let through too: only with the words of a challenge.
        let asks = asks(mail)?;
        return Some(format!("header {name}, text {asks:?}"));
    }
    asks(mail).map(|words| format!("text {words:?}"))
}

fn asks(mail: &InboundMail) -> Option<&'static str> {
    let subject = fold(&mail.subject);
    let text = fold(&own_words(&mail.text));
    first_of(&subject, PHRASES).or_else(|| first_of(&text, PHRASES))
}

const SERVICES: &[&str] = &[
    "boxbe.com",
    "spamarrest.com",
    "mailblocks.com",
    "bluebottle.com",
    "sendio.com",
    "spamlion.com",
    "0spam.com",
    "qurb.com",
    "knowspam.net",
];

const HEADERS: &[&str] = &[
    "x-boxbe",
    "x-tmda",
    "x-spamarrest",
    "x-sendio-challenge",
    "x-challenge",
];

#[rustfmt::skip] // Words read better side by side.
const PHRASES: &[&str] = &[
    "confirm that you are human", "confirm you are human", "confirm you're human", "confirm that you're human",
    "verify that you are human", "verify you are human", "verify you're human", "verify that you're human",
    "prove you are human", "prove that you are human", "prove you're human", "you are a human",
    "you are a real person", "you're a real person", "sender verification",
    "verify your email so it can be delivered", "verify your address so", "awaiting your verification",
    "awaiting verification", "waiting for verification", "waiting for your confirmation",
    "please confirm your message", "please confirm your email so", "confirm your message to",
    "confirm delivery of your message", "complete the captcha", "approved sender*", "approved senders list",
    "guest list", "add you to my approved", "release your message", "release this message by",
    "your message is being held until", "your message has been held until", "your email is being held until",
    "using spam arrest", "to reduce spam, i", "i use a challenge*", "challenge-response", "challenge/response",
    "whitelist yourself", "authorize yourself", "controlling spam, i now allow",
    "bestatigen sie, dass sie ein mensch", "absender verifizieren", "confirmez que vous etes humain",
    "confirmez que vous etes un humain", "confirmer votre identite d'expediteur", "mailinblack",
    "confirme que eres humano", "confirme que es humano", "verifique que es humano", "confirme que voce e humano",
    "antispam uol", "conferma di essere umano", "conferma che sei umano", "bevestig dat u een mens",
];

#[cfg(test)]
mod tests {
    use super::super::mail::Envelope;
    use super::*;

    #[test]
    fn phrases_are_folded() {
        for phrase in PHRASES {
            assert_eq!(fold(phrase), *phrase);
        }
    }

    #[test]
    fn challenges() {
        for (mail, expect) in [
            (
                "From: a@x.example\nSubject: Please confirm your message\n\nClick here.",
                true,
            ),
            (
                "From: a@x.example\nSubject: Re: hi\n\nI use Spam Arrest; verify that you are human:",
                true,
            ),
            (
                "From: b@boxbe.com\nSubject: Re: hi\n\nAda has not added you.",
                true,
            ),
            (
                "From: a@x.example\nSubject: Re: hi\n\nPlease confirm our meeting on Monday.",
                false,
            ),
            (
                "From: a@x.example\nSubject: Re: hi\n\nYes.\n> verify that you are human",
                false,
            ),
            (
                "From: a@x.example\nX-Boxbe-Status: passed\nSubject: Re: hi\n\nYes.",
                false,
            ),
        ] {
            let read = InboundMail::read(mail.as_bytes(), &Envelope::default());
            assert_eq!(sign(&read).is_some(), expect, "{mail}");
        }
    }
}
