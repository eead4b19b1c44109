//! Does a person ask not to be written to again?
//!
//! Only a command counts: the whole of a short answer ("stop", "unsubscribe me please"), or a
//! sentence that can mean nothing else ("take me off your list"). A question about unsubscribing, "don't
//! stop", "stop by our booth" are none: what is missed here a person still reads, for a reply ends
//! the sequence anyway.

use super::fold::{first_of, fold};
use super::opt_out_words::{COMMANDS, COURTESY, DENIALS, PHRASES, POLITE};
use super::quoted::own_words;

/// A command stands in a short mail; longer ones are read for whole sentences.
const COMMAND_WORDS_MAX: usize = 6;
/// In a mail of so many words a line of its own can be the command.
const SHORT_WORDS_MAX: usize = 30;
/// Sentences that are looked at, from the first.
const SENTENCES_MAX: usize = 40;

/// The words by which the writer opts out.
pub(super) fn read(subject: &str, text: &str) -> Option<&'static str> {
    let own = own_words(text);
    let folded = fold(&own);
    let subject = fold(subject);
    // `mailto:` unsubscription (RFC 2369 3.2) and its mail programs put the word in the subject.
    if let Some(word) = command(&subject)
        && (folded.is_empty() || command(&folded).is_some() || folded.split(' ').count() <= 3)
    {
        return Some(word);
    }
    command(&folded)
        .or_else(|| {
            // Below a greeting, above a name: the first lines of a short mail.
            let short = folded.split(' ').count() <= SHORT_WORDS_MAX;
            let lines = own.lines().map(fold).filter(|line| !line.is_empty());
            lines
                .take(if short { 3 } else { 1 })
                .find_map(|line| command(&line))
        })
        .or_else(|| sentences(&own))
}

/// The text is the command and nothing else but courtesy.
fn command(folded: &str) -> Option<&'static str> {
    if folded.contains('?') || folded.split(' ').count() > COMMAND_WORDS_MAX * 2 {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '\'' || c == '-';
    let words: Vec<&str> = folded
        .split(|c| !is_word(c))
        .filter(|word| !word.is_empty() && !COURTESY.contains(word))
        .collect();
    if words.len() > COMMAND_WORDS_MAX {
        return None;
    }
    let bare = words.join(" ");
    COMMANDS.iter().copied().find(|command| bare == *command)
}

/// A sentence that says it, and is neither a question nor denied.
fn sentences(text: &str) -> Option<&'static str> {
    // Mail programs break lines inside sentences; a blank line ends one.
    let paragraphs = text.split("\n\n").map(fold);
    let mut seen = 0;
    for paragraph in paragraphs {
        for sentence in paragraph.split_inclusive(['.', '!', '?', ';', '。', '！', '？']) {
            seen += 1;
            if seen > SENTENCES_MAX {
                return None;
            }
            let asked = sentence.trim_end().ends_with(['?', '？']);
            if let Some(phrase) = first_of(sentence, PHRASES)
                && first_of(sentence, DENIALS).is_none()
                && !(asked && first_of(sentence, POLITE).is_none())
            {
                return Some(phrase);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        let got = read("Re: Our offer", text);
        assert_eq!(got.is_some(), expect, "{text}: {got:?}");
    }

    #[test]
    fn phrases_are_folded() {
        for phrase in [COURTESY, COMMANDS, PHRASES, DENIALS, POLITE].concat() {
            assert_eq!(fold(phrase), phrase);
        }
    }

    #[test]
    fn opt_outs() {
        for text in [
            "Unsubscribe",
            "unsubscribe please",
            "STOP",
            "Stop.",
            "stop!!!",
            "Remove me",
            "Please remove.",
            "Please take me off your list.",
            "REMOVE",
            "opt out",
            "Hi,\n\nplease remove me from your mailing list.\n\nThanks\nBob",
            "Stop emailing me.",
            "Unsubscribe\n\nBob Miller\nCEO, Example Ltd.\n+49 30 1234",
            "I am not interested. Please don't contact me again.",
            "I no longer wish to receive these emails.",
            "Can you take me off your list?",
            "No thanks, and please stop sending\nme these.",
            "Abmelden",
            "Bitte melden Sie mich ab.",
            "Bitte keine weiteren E-Mails.",
            "Bitte löschen Sie meine Daten.",
            "Désinscrire",
            "Merci de me désinscrire.",
            "Je souhaite ne plus recevoir vos mails.",
            "Darme de baja",
            "No deseo recibir más correos.",
            "Cancellatemi dalla lista.",
            "Por favor, remova meu e-mail da lista.",
            "Uitschrijven aub",
            "Graag mij afmelden.",
            "Ta bort mig från listan.",
            "Fjern mig fra listen, tak.",
            "Jeg ønsker ikke flere e-poster.",
            "Poistakaa minut listalta.",
            "Proszę o usunięcie z bazy.",
            "Nechci dostávat tyto e-maily.",
            "Leiratkozás",
            "Beni listeden çıkarın.",
            "Отпишите меня",
            "Больше не пишите.",
            "配信停止をお願いします。",
            "退订",
            "수신거부",
            "Hi,\n\nSTOP\n\nBob Smith",
            "Please cease all communication.",
            "Nehmen Sie mich bitte von der Liste.",
            "Je ne souhaite plus recevoir vos emails.",
            "Dejen de escribirme.",
            "Non scrivetemi più.",
            "Wilt u mij van de lijst verwijderen?",
            "Parem de enviar e-mails.",
            "Venligst slet min mailadresse.",
            "Sluta skicka mejl.",
            "Proszę mnie wypisać.",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn no_opt_outs() {
        for text in [
            "",
            "Yes!",
            "Please don't stop, I like this.",
            "Stop by our booth on Monday.",
            "How do I unsubscribe users in your product?",
            "Let's stop there for today and talk on Monday about the rest.",
            "Can customers unsubscribe me from their lists?",
            "We want to remove duplicates from our list.",
            "I will be at the bus stop.",
            "Don't remove me from the list, I am interested.",
            "What happens if someone says remove me from your list?",
            "Sounds good.\n\nOn Mon, 5 Jan 2026, Us wrote:\n> Reply \"unsubscribe\" to stop",
            "Ok.\n\n-----Original Message-----\nFrom: us\nUnsubscribe here",
            "Ich möchte mich nicht abmelden.",
            "Können wir den Termin absagen?",
            "Can you stop the trial?",
            "The end date is fine.",
            "Not interested.",
            "Not now, try me next quarter.",
            "Our unsubscribe rate is high; can you help?",
            "Does your tool handle opt-out?",
            "Nein danke.",
            "Non merci, pas pour le moment.",
            "Ich melde mich ab Montag wieder.",
            "No quiero recibir la factura en papel.",
            "I'll take this off the list of open points.",
            "Hi,\n\nCan you stop by on Monday?\n\nBob",
            "Hoe kan een klant zich uitschrijven?",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn the_subject_can_be_the_command() {
        assert!(read("unsubscribe", "").is_some());
        assert!(read("Unsubscribe", "please").is_some());
        assert!(
            read(
                "unsubscribe",
                "This message was sent because of a long story that I want to tell you."
            )
            .is_none()
        );
        assert!(read("Re: unsubscribe rates", "").is_none());
    }
}
