//! How the subjects of automatic replies begin, and what their texts say.
//!
//! Programs put a marker with a colon in front of our subject: that is a sign by itself. Words that
//! people type into their own notice are one sign among others.

/// Markers that mail programs write, folded; the colon follows.
#[rustfmt::skip] // Words read better side by side.
pub(super) const MARKERS: &[&str] = &[
    // English
    "automatic reply", "auto reply", "auto-reply", "autoreply", "automatic response", "auto response",
    "auto-response", "autoresponse", "auto respond", "auto", "automated reply", "automated response",
    "automated message", "out of office", "out of office autoreply", "out of office auto-reply",
    "out of office reply", "out-of-office", "out-of-office reply", "oof", "ooo", "vacation reply", "vacation",
    "away", "away from my mail", "i'm out of the office", "holiday reply",
    // German
    "automatische antwort", "autom. antwort", "automatische ruckantwort", "abwesenheitsnotiz",
    "abwesenheitsmeldung", "abwesenheitsnachricht", "abwesenheitsbenachrichtigung", "abwesenheit", "abwesend",
    "autoantwort", "urlaubsmeldung", "urlaub", "nicht im buro", "ausser haus",
    // French
    "reponse automatique", "message automatique", "message d'absence", "absence du bureau", "absent du bureau",
    "notification d'absence", "absence", "reponse auto",
    // Spanish
    "respuesta automatica", "contestacion automatica", "mensaje automatico", "fuera de la oficina",
    "fuera de oficina", "ausencia", "ausente",
    // Italian
    "risposta automatica", "messaggio automatico", "fuori sede", "fuori ufficio", "assente", "assenza",
    "assenza dall'ufficio",
    // Portuguese
    "resposta automatica", "mensagem automatica", "fora do escritorio", "ausencia temporaria",
    "ausencia do escritorio",
    // Dutch
    "automatisch antwoord", "automatische beantwoording", "automatisch bericht", "niet aanwezig", "afwezig",
    "afwezigheid", "afwezigheidsbericht", "buiten kantoor",
    // Swedish, Danish, Norwegian, Finnish
    "autosvar", "automatiskt svar", "franvaromeddelande", "franvarande", "franvaro", "automatisk svar",
    "ikke til stede", "fravaer", "fravaersbesked", "fravaersmelding", "fravaerende", "ikke pa kontoret",
    "automaattinen vastaus", "poissaoloilmoitus", "poissa", "poissa toimistosta",
    // Polish, Czech, Slovak, Hungarian, Romanian, Slovene, Croatian
    "odpowiedz automatyczna", "automatyczna odpowiedz", "autoodpowiedz", "poza biurem", "nieobecnosc", "nieobecny",
    "automaticka odpoved", "automaticka odpoved'", "mimo kancelar", "mimo kancelari", "nepritomnost",
    "automatikus valasz", "hazon kivul", "raspuns automat", "samodejni odgovor", "automatski odgovor",
    "automatska zamena", "absent din birou",
    // Baltic, Greek, Turkish
    "automaatvastus", "automatiska atbilde", "automatinis atsakymas", "αυτοματη απαντηση", "εκτος γραφειου",
    "otomatik yanit", "otomatik cevap", "ofis disinda", "ofis disi",
    // Russian, Ukrainian, Bulgarian
    "автоматический ответ", "автоответ", "вне офиса", "отсутствую", "отсутствие на работе", "автоматична відповідь",
    "автоматичен отговор",
    // Japanese, Chinese, Korean
    "自動応答", "自動返信", "自動回答", "不在通知", "不在の連絡", "休暇中", "外出中", "自动答复", "自动回复", "自動回覆", "自動回复", "外出", "不在办公室", "休假",
    "자동 회신", "자동 응답", "자동회신", "자동응답", "부재중", "부재 중",
    // Hebrew, Arabic, Thai, Vietnamese, Indonesian
    "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "الرد التلقائي", "ตอบกลับอัตโนมัติ", "การตอบกลับอัตโนมัติ",
    "tra loi tu dong", "balasan otomatis",
];

/// Words at the beginning of subjects that people choose for their notice.
#[rustfmt::skip] // Words read better side by side.
pub(super) const NOTICES: &[&str] = &[
    "out of office", "out of the office", "out-of-office", "ooo", "on vacation", "on holiday", "on leave",
    "annual leave", "maternity leave", "parental leave", "paternity leave", "away from", "away until", "i am away",
    "i am out", "i'm out", "i'm away", "currently out", "currently away", "not in the office", "automatic reply",
    "autoreply", "auto reply", "auto-reply", "automatic response", "thank you for your email",
    "thank you for your message", "thank you for contacting", "thanks for your email", "we have received your",
    "we received your", "your request has been received", "your message has been received", "case received",
    "no longer with", "no longer at", "has left", "abwesen*", "nicht im buro", "nicht im haus", "ausser haus",
    "im urlaub", "urlaub", "elternzeit", "mutterschutz", "automatische antwort", "eingangsbestatigung", "absence",
    "absent*", "en vacances", "en conge*", "conges", "reponse automatique", "accuse de reception", "fuera de la oficina",
    "fuera de oficina", "vacaciones", "ausente", "ausencia", "de vacaciones", "respuesta automatica",
    "fuori ufficio", "fuori sede", "in ferie", "ferie", "assente", "assenza", "risposta automatica",
    "fora do escritorio", "de ferias", "ferias", "resposta automatica", "afwezig*", "op vakantie", "vakantie",
    "niet op kantoor", "automatisch antwoord", "semester", "pa semester", "franvar*", "ledig", "foraldraledig",
    "autosvar", "ferie", "pa ferie", "fravaer*", "ikke pa kontoret", "lomalla", "poissa*", "urlop", "na urlopie",
    "nieobecn*", "poza biurem", "dovolena", "na dovolene", "mimo kancelar", "szabadsag*", "hazon kivul", "concediu",
    "in concediu", "ofis disinda", "izindeyim", "yillik izin", "izin", "вне офиса", "в отпуске", "отпуск",
    "отсутств*", "у відпустці", "不在", "休暇", "休み", "夏季休業", "年末年始", "出張", "休假", "外出", "出差", "放假", "请假", "請假", "휴가",
    "부재", "출장",
];

/// What texts of absence and of machines say.
#[rustfmt::skip] // Words read better side by side.
pub(super) const TEXTS: &[&str] = &[
    "this is an automatic reply", "this is an automated reply", "this is an automatic response",
    "this is an automated response", "this is an auto-reply", "this is an auto reply", "this is an autoreply",
    "this is an automated message", "this is an automatic message", "this message was automatically generated",
    "this email was automatically generated", "this is an automatically generated",
    "please do not reply to this email", "do not reply to this email", "do not reply to this message",
    "out of the office", "out of office", "away from the office", "away from my desk", "away from my email",
    "i am on vacation", "i'm on vacation", "i am currently on", "i'm currently on", "i am currently out",
    "i am currently away", "currently on leave", "on annual leave", "on maternity leave", "on parental leave",
    "on paternity leave", "on sick leave", "limited access to email", "limited access to my email",
    "no access to email", "will respond when i return", "will reply when i return",
    "respond to your email upon my return", "upon my return", "your e-mail will not be forwarded",
    "your message will not be forwarded", "we have received your", "we've received your",
    "your email has been received", "your message has been received", "will get back to you as soon as possible",
    "a ticket has been created", "your ticket number", "your case number", "your request has been received",
    "automatische antwort", "automatisch generiert*", "automatisch erstellt*", "automatische nachricht",
    "nicht im buro", "nicht im hause", "nicht im haus", "ausser haus", "nicht erreichbar", "nicht am arbeitsplatz",
    "im urlaub", "in elternzeit", "in mutterschutz", "nicht weitergeleitet", "e-mails werden nicht gelesen",
    "abwesend", "abwesenheit", "ihre nachricht ist eingegangen", "ihre anfrage ist eingegangen", "je suis absent*",
    "je suis actuellement absent*", "actuellement absent*", "absent du bureau", "absente du bureau", "en conge*",
    "en vacances", "reponse automatique", "message automatique", "je serai absent*", "de retour le", "a mon retour",
    "nous avons bien recu votre", "fuera de la oficina", "fuera de oficina", "de vacaciones",
    "me encuentro ausente", "estoy ausente", "estare ausente", "respuesta automatica", "mensaje automatico",
    "a mi regreso", "a mi vuelta", "hemos recibido su", "hemos recibido tu", "fuori ufficio", "fuori sede",
    "in ferie", "sono assente", "saro assente", "risposta automatica", "messaggio automatico", "al mio rientro",
    "fora do escritorio", "de ferias", "em ferias", "estou ausente", "estarei ausente", "resposta automatica",
    "mensagem automatica", "no meu regresso", "recebemos a sua", "recebemos sua", "niet op kantoor",
    "niet aanwezig", "afwezig", "op vakantie", "met vakantie", "automatisch antwoord", "automatisch gegenereerd*",
    "bij mijn terugkomst", "uw bericht is ontvangen", "inte pa kontoret", "pa semester", "franvarande",
    "automatiskt svar", "foraldraledig", "ar ledig", "autosvar", "ikke pa kontoret", "pa ferie", "har ferie",
    "holder ferie", "automatisk svar", "barselsorlov", "avspaserer", "poissa toimistolta", "lomalla",
    "vuosilomalla", "automaattinen vastaus", "poissa", "poza biurem", "na urlopie", "przebywam na",
    "jestem nieobecn*", "automatyczna odpowiedz", "wiadomosc wygenerowana automatycznie", "mimo kancelar",
    "na dovolene", "jsem nepritomn*", "automaticka odpoved", "cerpam dovolenou", "szabadsagon", "hazon kivul",
    "nem vagyok az irodaban", "automatikus valasz", "in concediu", "raspuns automat", "ofis disinda",
    "ofiste degilim", "izindeyim", "izinliyim", "yillik izin*", "otomatik yanit", "вне офиса", "в отпуске",
    "отсутствую", "буду отсутствовать", "автоматический ответ", "автоматическое сообщение", "у відпустці", "不在にして",
    "不在のため", "休暇を", "休暇中", "お休みを", "休業", "自動返信", "自動応答", "自動送信", "自動的に送信", "出張中", "外出中", "不在办公室", "休假", "自动回复",
    "自动答复", "出差", "外出", "不在公司", "自動回覆", "휴가 중", "휴가중", "부재중", "부재 중", "자동 회신", "자동 응답", "자동회신", "자동응답", "출장 중",
    "출장중", "자리를 비",
];

/// Texts that call themselves a machine's: nobody writes so of their own words.
#[rustfmt::skip] // Words read better side by side.
pub(super) const DECLARES: &[&str] = &[
    "this is an automatic reply", "this is an automated reply", "this is an automatic response",
    "this is an automated response", "this is an auto-reply", "this is an auto reply", "this is an autoreply",
    "this is an auto-response", "this is an automated message", "this is an automatic message",
    "this is an automated notification", "this is an automatically generated", "this message was automatically generated",
    "this message was generated automatically", "this email was automatically generated",
    "this email was generated automatically", "dies ist eine automatisch*", "dies ist eine autom.",
    "diese nachricht wurde automatisch*", "diese e-mail wurde automatisch*", "diese mail wurde automatisch*",
    "ceci est un message automatique", "ceci est une reponse automatique", "ce message est automatique",
    "este es un mensaje automatico", "esta es una respuesta automatica", "questo e un messaggio automatico",
    "questa e una risposta automatica", "esta e uma resposta automatica", "esta e uma mensagem automatica",
    "dit is een automatisch*", "detta ar ett automatiskt", "dette er en automatisk", "dette er et automatisk",
    "tama on automaattinen", "to jest automatyczna", "to jest wiadomosc automatyczna", "toto je automaticka",
    "ez egy automatikus", "bu otomatik bir", "это автоматическое", "это автоматический", "これは自動", "本メールは自動",
    "このメールは自動", "此为自动", "这是自动", "此郵件為系統自動", "이 메일은 자동",
];

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    #[test]
    fn phrases_are_folded() {
        for phrase in [MARKERS, NOTICES, TEXTS, DECLARES].concat() {
            assert_eq!(fold(phrase), phrase);
        }
    }
}
