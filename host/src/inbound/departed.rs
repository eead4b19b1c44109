//! "Bob has left the company, write to Ada": gone for good, and who takes over.
//!
//! A stand-in for urgent cases is something else than a successor: the first is a `deputy`, of whom
//! nothing follows; the second goes to a person as a task. Nobody is ever written to from here.

use super::addresses::addresses;
use super::fold::{first_of, fold};
use crate::domain::EmailAddress;

/// Who left, and whom to write to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    pub departed: bool,
    pub instead: Option<EmailAddress>,
    pub deputy: Option<EmailAddress>,
}

/// The phrase by which the folded text says that somebody left.
pub(super) fn phrase(folded: &str) -> Option<&'static str> {
    first_of(folded, DEPARTED)
}

/// Reads the own words of an automatic reply.
pub(super) fn read(subject: &str, text: &str, known: &[&EmailAddress]) -> Replaced {
    let folded = fold(text);
    let departed = phrase(&folded).is_some() || phrase(&fold(subject)).is_some();
    let moved = first_of(&folded, MOVED).is_some();
    let (mut instead, mut deputy) = (None, None);
    for sentence in sentences(text) {
        let foreign = addresses(sentence)
            .into_iter()
            .find(|address| !known.contains(&address));
        let Some(address) = foreign else { continue };
        let words = fold(sentence);
        let urgent = first_of(&words, URGENT).is_some();
        let replaces = moved || first_of(&words, INSTEAD).is_some();
        if departed || (replaces && !urgent) {
            instead.get_or_insert(address);
        } else {
            deputy.get_or_insert(address);
        }
    }
    Replaced {
        departed,
        instead,
        deputy,
    }
}

/// Sentences as far as they can be told: a dot inside an address ends none.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let blank_next = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        let ends = match c {
            '.' | '!' | '?' => blank_next,
            '。' | '！' | '？' => true,
            '\n' => chars.peek().is_some_and(|(_, next)| *next == '\n'),
            _ => false,
        };
        if ends {
            found.push(&text[begin..at]);
            begin = at + c.len_utf8();
        }
    }
    found.push(&text[begin..]);
    found
}

#[rustfmt::skip] // Words read better side by side.
const DEPARTED: &[&str] = &[
    "no longer with", "no longer works", "no longer work", "no longer working", "no longer employed",
    "no longer at the", "no longer part of", "no longer a member", "no longer an employee",
    "not with the company anymore", "not work here anymore", "doesn't work here", "does not work here",
    "doesn't work for", "has left the", "have left the", "has left our", "has now left", "i left the company",
    "i've left", "left the organization", "left the organisation", "left the company", "left the firm",
    "left the business", "has departed", "has moved on from", "has retired", "have retired", "i retired",
    "my last day was", "last day with", "last day at", "is no longer at", "am no longer at", "former employee",
    "nicht mehr im unternehmen", "nicht mehr bei", "nicht mehr fur", "nicht mehr in unserem",
    "nicht mehr in unserer", "unternehmen verlassen", "firma verlassen", "ausgeschieden", "nicht mehr tatig",
    "nicht mehr beschaftigt", "im ruhestand", "ne fait plus partie", "ne fais plus partie", "ne travaille plus",
    "a quitte la societe", "a quitte l'entreprise", "a quitte notre", "ai quitte la societe",
    "ai quitte l'entreprise", "quitte mes fonctions", "quitte ses fonctions", "n'est plus en poste",
    "n'est plus dans l'entreprise", "ya no trabaja", "ya no trabajo", "ya no forma parte", "ya no formo parte",
    "ya no labora", "ya no pertenece", "ha dejado la empresa", "he dejado la empresa", "dejo la empresa",
    "ya no se encuentra en la empresa", "ya no se encuentra laborando", "non lavora piu", "non lavoro piu",
    "non fa piu parte", "non faccio piu parte", "ha lasciato l'azienda", "ho lasciato l'azienda",
    "ha lasciato la societa", "non e piu in azienda", "non collabora piu", "nao trabalha mais", "ja nao trabalha",
    "nao trabalho mais", "ja nao trabalho", "nao faz mais parte", "ja nao faz parte", "nao faco mais parte",
    "deixou a empresa", "deixei a empresa", "desligou-se da empresa", "nao esta mais na empresa",
    "niet meer werkzaam", "niet langer werkzaam", "werkt niet meer", "niet meer in dienst", "uit dienst",
    "werk niet meer", "niet langer in dienst", "arbetar inte langre", "jobbar inte langre", "har slutat",
    "slutat pa", "inte langre kvar", "inte langre anstalld", "arbejder ikke laengere", "ikke laengere ansat",
    "er fratradt", "er stoppet hos", "ikke laengere hos", "jobber ikke lenger", "har sluttet",
    "arbeider ikke lenger", "ikke lenger ansatt", "ei ole enaa", "en ole enaa", "ei tyoskentele enaa",
    "en tyoskentele enaa", "ei ole enaa palveluksessa", "nie pracuje juz", "juz nie pracuje",
    "nie jest juz pracownikiem", "zakonczyl wspolprace", "zakonczyla wspolprace", "zakonczylem prace",
    "zakonczylam prace", "jiz nepracuje", "uz nepracuje", "neni zamestnan*", "neni jiz zamestnan*",
    "ukoncil pracovni", "ukoncila pracovni", "mar nem dolgozik", "mar nem dolgozom", "nu mai lucreaza",
    "nu mai face parte", "artik calismiyor", "artik calismamaktadir", "gorevinden ayrilmistir", "isten ayrilmistir",
    "sirketimizden ayrilmistir", "больше не работает", "больше не работаю", "уволился", "уволилась",
    "уже не работает", "більше не працює", "退職", "退社いたしました", "退社致しました", "離職", "离职", "已不在公司", "퇴사", "퇴직",
];

#[rustfmt::skip] // Words read better side by side.
const MOVED: &[&str] = &[
    "my email address has changed", "my e-mail address has changed", "email address has changed",
    "e-mail address has changed", "new email address", "new e-mail address", "this mailbox is no longer",
    "this email address is no longer", "this address is no longer", "mailbox is not monitored",
    "mailbox is no longer monitored", "neue e-mail-adresse", "neue e-mailadresse", "neue mailadresse",
    "neue emailadresse", "e-mail-adresse hat sich geandert", "nouvelle adresse", "mon adresse a change",
    "nueva direccion", "nuevo correo", "nuovo indirizzo", "novo endereco", "novo e-mail", "novo email",
    "nieuwe e-mailadres", "nieuw e-mailadres", "ny e-postadress", "ny mailadresse", "ny e-postadresse",
    "uusi sahkoposti*", "nowy adres", "nova e-mailova adresa", "novy e-mail", "uj e-mail", "yeni e-posta",
    "новый адрес", "новый e-mail", "メールアドレスが変更", "メールアドレスを変更", "新しいメールアドレス", "新邮箱", "새 이메일", "새로운 이메일",
];

#[rustfmt::skip] // Words read better side by side.
const INSTEAD: &[&str] = &[
    "instead", "from now on", "in future", "in the future", "going forward", "successor", "taken over",
    "takes over", "taking over", "replaced by", "replacement", "new contact", "nachfolger*", "kunftig*",
    "zukunftig*", "in zukunft", "remplace*", "desormais", "dorenavant", "a l'avenir", "successeur", "en su lugar",
    "en adelante", "sustitu*", "reemplaz*", "al mio posto", "in futuro", "d'ora in poi", "sostitu*", "em vez",
    "doravante", "substitu*", "a partir de agora", "voortaan", "in plaats", "opvolger", "i stallet",
    "i fortsattningen", "eftertradare", "i stedet", "fremover", "fremtidig*", "jatkossa", "sen sijaan", "zamiast",
    "od teraz", "misto", "nadale", "a jovoben", "helyett", "bundan sonra", "yerine", "вместо", "впредь", "後任",
    "今後は", "继任", "接手", "후임", "앞으로",
];

#[rustfmt::skip] // Words read better side by side.
const URGENT: &[&str] = &[
    "urgent*", "emergency", "emergencies", "immediate*", "in my absence", "during my absence", "while i am",
    "until i", "time-sensitive", "asap", "dringend*", "eilig*", "notfall*", "notfallen", "in meiner abwesenheit",
    "vertretung", "wahrend meiner", "urgence", "pendant mon absence", "en mon absence", "durant mon absence",
    "urgencia", "en mi ausencia", "durante mi ausencia", "urgenza", "urgenze", "in mia assenza",
    "durante la mia assenza", "na minha ausencia", "durante a minha ausencia", "spoed*", "dringende",
    "tijdens mijn afwezigheid", "bradskande", "akuta", "akut*", "under min franvaro", "haste*", "i mit fravaer",
    "i mitt fravaer", "kiireelli*", "poissaoloni", "pilne", "pilnych", "pilnej", "podczas mojej nieobecnosci",
    "nalehav*", "v me nepritomnosti", "surgos*", "tavolletem", "acil", "yoklugumda", "срочн*", "в мое отсутствие",
    "緊急", "お急ぎ", "不在中", "急ぎ", "紧急", "急事", "緊急", "급한", "긴급", "부재 중",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, departed: bool, instead: Option<&str>, deputy: Option<&str>) {
        let own = EmailAddress::parse("bob@x.example").expect("valid");
        let got = read("Automatic reply", text, &[&own]);
        let seen = (
            got.departed,
            got.instead.as_ref().map(EmailAddress::as_str),
            got.deputy.as_ref().map(EmailAddress::as_str),
        );
        assert_eq!(seen, (departed, instead, deputy), "{text}");
    }

    #[test]
    fn phrases_are_folded() {
        for phrase in [DEPARTED, MOVED, INSTEAD, URGENT].concat() {
            assert_eq!(fold(phrase), phrase);
        }
    }

    #[test]
    fn who_left_and_who_takes_over() {
        let ada = Some("ada@x.example");
        for text in [
            "Bob (bob@x.example) is no longer with the company. Please contact Ada at ada@x.example.",
            "Bob has left the company. For urgent matters write to ada@x.example.",
            "Herr Bob ist nicht mehr im Unternehmen. Bitte wenden Sie sich an ada@x.example.",
            "Bob ne fait plus partie de la société. Merci de contacter ada@x.example.",
            "Bob ya no trabaja en esta empresa; escriba a ada@x.example",
            "Bob non lavora più con noi. Scriva a ada@x.example.",
            "Bob não trabalha mais conosco. Contacte ada@x.example.",
            "Bob is niet meer werkzaam bij ons. Mail ada@x.example.",
            "Bob har slutat. Kontakta ada@x.example.",
            "Bob jobber ikke lenger her. Kontakt ada@x.example.",
            "Bob ei ole enää palveluksessamme. ada@x.example",
            "Bob już nie pracuje w firmie. ada@x.example",
            "Bob již nepracuje v naší společnosti. ada@x.example",
            "Bob больше не работает в компании. Пишите на ada@x.example.",
            "ボブは退職いたしました。今後はada@x.exampleまでご連絡ください。",
            "Bob已离职，请联系 ada@x.example。",
            "Bob은 퇴사하였습니다. ada@x.example 로 연락 주세요.",
        ] {
            check(text, true, ada, None);
        }
        check(
            "My email address has changed to ada@x.example.",
            false,
            ada,
            None,
        );
        check(
            "I moved teams. Going forward please write to ada@x.example.",
            false,
            ada,
            None,
        );
    }

    #[test]
    fn a_deputy_is_no_successor() {
        let ada = Some("ada@x.example");
        for text in [
            "I am out until Monday. In urgent cases contact ada@x.example.",
            "Ich bin im Urlaub. In dringenden Fällen: ada@x.example.",
            "Absent. En cas d'urgence, ada@x.example.",
            "I am away. Please contact ada@x.example.",
            "緊急の場合はada@x.exampleまで。",
            "For urgent matters please contact ada@x.example instead.",
        ] {
            check(text, false, None, ada);
        }
        check("Write to bob@x.example again on Monday.", false, None, None);
        check("I left my phone at home.", false, None, None);
    }
}
