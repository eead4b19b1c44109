//! Does a person ask not to be written to again?
//!
//! Only a command counts: the whole of a short answer ("stop", "unsubscribe me please"), or a
//! sentence that can mean nothing else ("take me off your list"). A question about unsubscribing, "don't
//! stop", "stop by our booth" are none: what is missed here a person still reads, for a reply ends
//! the sequence anyway.

use super::fold::{first_of, fold};
use super::quoted::own_words;

/// A command stands in a short mail; longer ones are read for whole sentences.
const COMMAND_WORDS_MAX: usize = 6;
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
            own.lines()
                .map(fold)
                .find(|line| !line.is_empty())
                .and_then(|first| command(&first))
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

/// What may stand around a command.
#[rustfmt::skip] // Words read better side by side.
const COURTESY: &[&str] = &[
    "please", "pls", "plz", "thanks", "thank", "you", "thx", "hi", "hello", "dear", "all", "now", "immediately",
    "just", "kindly", "me", "my", "us", "team", "sir", "madam", "regards", "best", "kind", "cheers", "and", "ok",
    "no", "from", "here", "this", "email", "e-mail", "address", "bitte", "danke", "hallo", "mich", "sofort",
    "gruss", "grusse", "mfg", "s'il", "vous", "plait", "svp", "merci", "bonjour", "moi", "me", "por", "favor",
    "gracias", "hola", "per", "favore", "grazie", "mi", "obrigado", "obrigada", "alstublieft", "aub", "graag",
    "bedankt", "mij", "tack", "mig", "tak", "takk", "kiitos", "prosze", "dziekuje", "prosim", "dekuji", "lutfen",
    "пожалуйста", "спасибо",
];

/// Whole answers.
#[rustfmt::skip] // Words read better side by side.
const COMMANDS: &[&str] = &[
    "unsubscribe", "unsub", "unsubscribed", "unsubscribe list", "unsubscribe your list", "unsubscribe mailing list",
    "unsubscribe emails", "unsubscribe all emails", "unsubscribe these emails", "stop", "stop stop",
    "stop stop stop", "stop it", "stop emails", "stop emailing", "stop sending emails", "stop sending",
    "stop mailing", "stop contacting", "stop messaging", "stop spamming", "stop these emails", "stop writing",
    "remove", "remove list", "remove your list", "remove your lists", "remove mailing list", "remove the list",
    "remove your mailing list", "remove your database", "opt out", "opt-out", "optout", "opt out of emails",
    "take off your list", "take off the list", "take off list", "take off your mailing list", "take off", "delete",
    "delete your list", "delete data", "cancel subscription", "end", "quit", "cancel", "no more emails",
    "no more mails", "more emails", "do not contact", "do not contact again", "do not email", "don't email",
    "don't contact", "don't contact again", "leave alone", "abmelden", "abbestellen", "austragen", "stopp",
    "stoppen", "keine weiteren mails", "keine weiteren e-mails", "keine mails mehr", "keine e-mails mehr",
    "keine werbung", "keine werbung mehr", "newsletter abbestellen", "newsletter abmelden", "abmeldung", "loschen",
    "desinscrire", "desabonner", "desinscription", "desabonnement", "me desinscrire", "desinscrivez",
    "desinscrivez-moi", "desabonnez-moi", "retirez-moi de votre liste", "arretez", "arreter", "stop pub",
    "stop mail", "stop mails", "darme de baja", "dar de baja", "darse de baja", "baja", "desuscribir",
    "desuscribirme", "cancelar suscripcion", "anular suscripcion", "eliminar", "borrar", "no mas correos",
    "no mas emails", "mas correos", "eliminenme de su lista", "cancellami", "cancellatemi", "cancella iscrizione",
    "disiscrivimi", "disiscrizione", "disiscrivetemi", "rimuovimi", "rimuovetemi", "annulla iscrizione", "basta",
    "basta email", "descadastrar", "descadastre", "cancelar inscricao", "cancelar assinatura", "remover", "remova",
    "sair", "cancelar subscricao", "remova-me", "parar", "pare", "uitschrijven", "afmelden",
    "uitschrijven nieuwsbrief", "geen mails meer", "geen e-mails meer", "avregistrera", "avsluta", "avprenumerera",
    "avanmal", "inga fler mejl", "inga fler mail", "sluta", "afmeld", "frameld", "meld av", "avmeld", "stop mails",
    "peruuta", "peruuta tilaus", "poista", "poista listalta", "lopeta", "wypisz", "wypisz z listy", "wypisac",
    "rezygnuje", "usun", "odhlasit", "odhlaste", "zrusit odber", "odhlasit odber", "leiratkozas", "leiratkozom",
    "toroljenek", "dezabonare", "dezabonati-ma", "abonelikten cik", "abonelikten cikar", "abonelik iptal",
    "listeden cikar", "listeden cikarin", "отписаться", "отпишите", "отпишите меня", "отписка", "стоп",
    "удалите меня", "配信停止", "配信停止希望", "配信を停止してください", "退会", "退会希望", "登録解除", "購読解除", "退订", "退訂", "取消订阅", "取消訂閱", "td",
    "수신거부", "수신 거부", "구독 취소", "구독취소",
];

/// Sentences' cores that say it wherever they stand.
#[rustfmt::skip] // Words read better side by side.
const PHRASES: &[&str] = &[
    "unsubscribe me", "please unsubscribe", "unsubscribe my email", "unsubscribe us", "i want to unsubscribe",
    "i'd like to unsubscribe", "i would like to unsubscribe", "wish to unsubscribe", "like to be unsubscribed",
    "want to be unsubscribed", "remove me from", "remove us from", "remove my email", "remove my e-mail",
    "remove my name", "remove my address", "remove this email", "remove this address", "remove my details",
    "remove my contact", "please remove me", "take me off", "take us off", "take my name off", "take my email off",
    "like to be removed", "want to be removed", "asked to be removed", "be removed from your", "stop emailing me",
    "stop emailing us", "stop e-mailing me", "stop mailing me", "stop contacting me", "stop contacting us",
    "stop writing to me", "stop writing me", "stop messaging me", "stop spamming", "stop sending me",
    "stop sending us", "stop sending these", "stop sending emails", "stop these emails", "stop this spam",
    "cease all contact", "cease contacting", "do not contact me again", "don't contact me again",
    "do not contact me anymore", "don't contact me anymore", "do not contact us again", "never contact me",
    "do not email me again", "don't email me again", "do not email me anymore", "don't email me anymore",
    "do not e-mail me again", "do not write to me again", "don't write to me again", "do not send me any",
    "don't send me any", "do not send me more", "don't send me more", "not receive any more emails",
    "not receive any further emails", "no longer wish to receive", "no longer want to receive",
    "do not wish to receive", "don't wish to receive", "do not want to receive", "don't want to receive",
    "not wish to be contacted", "not want to be contacted", "don't want to be contacted", "opt me out",
    "opt us out", "opt out of", "i opt out", "delete my data", "delete my email", "delete my details",
    "delete me from", "take me out of your", "lose my email", "melden sie mich ab", "melde mich ab",
    "mich abmelden", "mich abzumelden", "tragen sie mich aus", "mich aus dem verteiler", "aus ihrem verteiler",
    "aus dem verteiler", "aus ihrer liste", "aus ihrem newsletter", "aus der liste", "keine weiteren mails",
    "keine weiteren e-mails", "keine weiteren emails", "keine mails mehr", "keine e-mails mehr",
    "keine emails mehr", "keine werbung mehr", "keine werbemails", "nicht mehr kontaktieren",
    "nicht mehr anschreiben", "kontaktieren sie mich nicht", "schreiben sie mir nicht", "loschen sie meine daten",
    "loschen sie meine e-mail", "meine daten loschen", "meine daten zu loschen", "desinscrire de", "me desinscrire",
    "me desabonner", "desinscrivez-moi", "desinscrivez moi", "desabonnez-moi", "retirez-moi",
    "retirer de votre liste", "me retirer de", "supprimez-moi", "supprimez mon adresse", "supprimer mon adresse",
    "supprimez mes donnees", "supprimer de votre liste", "ne plus recevoir", "ne m'envoyez plus",
    "ne me contactez plus", "ne plus me contacter", "cessez de m'envoyer", "arretez de m'envoyer",
    "ne plus etre contacte*", "darme de baja", "dame de baja", "denme de baja", "deme de baja", "me den de baja",
    "no deseo recibir", "no quiero recibir", "no me envien", "no me envie", "no me escriban", "no me contacten",
    "dejen de enviarme", "deje de enviarme", "eliminenme", "eliminarme de", "elimineme", "borrenme", "quitenme de",
    "borrar mis datos", "cancellatemi", "cancellarmi", "cancellami", "toglietemi", "toglimi dalla", "rimuovetemi",
    "rimuovermi", "rimuovimi", "disiscrivermi", "non desidero ricevere", "non desidero piu",
    "non voglio piu ricevere", "non voglio ricevere", "non mi contatti", "non contattatemi", "non inviatemi",
    "smettete di scrivermi", "smettetela di", "me descadastrar", "me descadastre", "descadastrar meu", "remova meu",
    "remova o meu", "remover meu", "removam meu", "retire meu", "retirem meu", "me remova", "me remover",
    "nao quero receber", "nao desejo receber", "nao quero mais receber", "nao desejo mais receber", "nao me envie",
    "nao me enviem", "nao me contacte*", "parem de me enviar", "pare de me enviar", "tirem-me da", "schrijf me uit",
    "schrijf mij uit", "uit te schrijven", "me uitschrijven", "mij uitschrijven", "mij afmelden", "me afmelden",
    "haal me van", "haal mij van", "verwijder me", "verwijder mij", "verwijder mijn", "wil geen mails meer",
    "wil geen e-mails meer", "geen e-mails meer", "geen mails meer", "niet meer mailen", "niet meer benaderen",
    "niet meer contacteren", "ta bort mig", "avregistrera mig", "sluta mejla", "sluta maila", "sluta skicka",
    "vill inte ha fler", "vill inte ha mer", "onskar inte fler", "inte kontakta mig", "kontakta mig inte",
    "fjern mig fra", "frameld mig", "afmeld mig", "slet mig fra", "onsker ikke flere", "onsker ikke at modtage",
    "onsker ikke a motta", "vil ikke ha flere", "vil ikke have flere", "fjern meg fra", "meld meg av",
    "ikke kontakt mig", "ikke kontakt meg", "slutt a sende", "stop med at sende", "poistakaa minut", "poista minut",
    "en halua enempaa", "en halua enaa", "alkaa lahettako", "lopettakaa", "wypisac mnie", "wypisz mnie",
    "wypiszcie mnie", "prosze o wypisanie", "prosze o usuniecie", "usuncie mnie", "usunac mnie", "nie zycze sobie",
    "nie chce otrzymywac", "nie chce dostawac", "prosze nie wysylac", "prosze nie pisac", "odhlaste mne",
    "odhlasit me", "vyradte mne", "vymazte mne", "nechci dostavat", "nepreji si", "neposilejte mi",
    "nechcem dostavat", "iratkozzak le", "iratkozni szeretnek", "toroljenek a", "ne kuldjenek",
    "nem szeretnek tobb", "dezabonati-ma", "nu mai doresc sa primesc", "nu doresc sa primesc",
    "nu ma mai contactati", "listenizden cikar*", "beni listeden", "abonelikten cikmak",
    "e-posta almak istemiyorum", "mail almak istemiyorum", "mail atmayin", "bir daha yazmayin", "отпишите меня",
    "отписаться от", "хочу отписаться", "удалите меня", "удалите мой", "не хочу получать", "не желаю получать",
    "не пишите мне", "больше не пишите", "прекратите присылать", "не присылайте", "видаліть мене", "відпишіть мене",
    "配信を停止", "配信停止をお願い", "配信停止して", "配信停止を希望", "メールを送らないで", "メールは不要", "送信しないで", "今後の連絡は不要", "今後メールは", "リストから削除",
    "登録を解除", "登録解除を", "購読を解除", "退订", "取消订阅", "不要再发", "请勿再发", "别再发", "不要再給我", "取消訂閱", "請勿再寄", "수신을 거부", "수신 거부",
    "수신거부", "구독을 취소", "그만 보내", "보내지 마", "메일 받고 싶지 않", "연락하지 마",
];

/// What turns a command round.
#[rustfmt::skip] // Words read better side by side.
const DENIALS: &[&str] = &[
    "don't unsubscribe", "do not unsubscribe", "not unsubscribe me", "don't remove me", "do not remove me",
    "don't take me off", "do not take me off", "don't stop", "do not stop", "not want to unsubscribe",
    "don't want to unsubscribe", "didn't unsubscribe", "did not unsubscribe", "never unsubscribe*", "not opt out",
    "how do", "how can", "how does", "how to", "if i", "if you", "if they", "if we", "if someone", "when someone",
    "our customers", "our users", "your users", "your customers", "our subscribers", "their subscribers",
    "can users", "can people", "can customers", "let users", "nicht abmelden", "nicht austragen", "wie kann",
    "wie konnen", "falls", "unsere kunden", "unsere nutzer", "ne pas me desinscrire", "comment", "si vous", "si je",
    "nos clients", "como puedo", "como pueden", "nuestros clientes", "come posso", "i nostri clienti", "como faco",
    "nossos clientes", "hoe kan", "hoe kunnen", "onze klanten", "our list", "my list", "on your product",
    "in your product", "in your tool", "in your app", "your platform", "the feature",
];

/// Questions that are commands all the same.
#[rustfmt::skip] // Words read better side by side.
const POLITE: &[&str] = &[
    "can you", "could you", "would you", "will you", "can you please", "please", "konnen sie", "konnten sie",
    "wurden sie", "bitte", "pouvez-vous", "pourriez-vous", "merci de", "s'il vous plait", "puede", "podria",
    "pueden", "podrian", "por favor", "puo", "potete", "potrebbe", "per favore", "pode", "poderia", "podem",
    "kunt u", "kun je", "zou u", "kan ni", "kan du", "kan i", "voitteko", "czy moga", "czy moze", "muzete",
    "можете", "пожалуйста",
];

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
