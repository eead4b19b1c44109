//! What the writer of a mail wrote: without what they answer to, and without their signature.
//!
//! Cut where the quotation begins, in the ways mail programs mark it; lines with `>` go wherever they
//! stand, so that an answer below or between the quotation is kept.

use super::fold::fold;

/// The own words, in their lines.
pub(super) fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut own: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.trim_start().starts_with('>') {
            at += 1;
            continue;
        }
        if let Some(length) = attribution(&lines[at..]) {
            // Its quotation is marked line by line: what follows it may be the answer.
            let next = lines[at + length..]
                .iter()
                .find(|line| !line.trim().is_empty());
            if next.is_some_and(|line| line.trim_start().starts_with('>')) {
                at += length;
                continue;
            }
            break;
        }
        if is_separator(line) || is_header_block(&lines[at..]) {
            break;
        }
        own.push(line);
        at += 1;
    }
    let end = own
        .iter()
        .position(|line| *line == "--" || *line == "-- ")
        .unwrap_or(own.len());
    own[..end].join("\n").trim().to_owned()
}

/// Whether anything is quoted at all: machines seldom quote, people's programs nearly always.
pub(super) fn quotes(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    (0..lines.len()).any(|at| {
        lines[at].trim_start().starts_with('>')
            || attribution(&lines[at..]).is_some()
            || is_separator(lines[at])
            || is_header_block(&lines[at..])
    })
}

/// "On Monday, Ada wrote:", on one line or broken over three. Returns its number of lines.
fn attribution(lines: &[&str]) -> Option<usize> {
    const ATTRIBUTION_MAX_BYTES: usize = 300;
    let first = lines.first().filter(|line| !line.trim().is_empty())?;
    let mut joined = String::new();
    for (index, line) in lines.iter().take(3).enumerate() {
        if index > 0 && (line.trim().is_empty() || line.trim_start().starts_with('>')) {
            break;
        }
        if joined.len() + line.len() > ATTRIBUTION_MAX_BYTES {
            break;
        }
        joined.push_str(line);
        joined.push(' ');
        let folded = fold(&joined);
        let Some(head) = folded
            .strip_suffix(':')
            .or_else(|| folded.strip_suffix('：'))
        else {
            continue;
        };
        // Gmail in Japanese and Korean names date and writer only.
        let bare = head.ends_with('>') && head.contains('@');
        let named = |word: &&str| head.trim_end().ends_with(*word) || has_wrote(head, word);
        let wrote = bare || WROTE.iter().any(named);
        let dated = head.chars().any(|c| c.is_ascii_digit()) || head.contains('@');
        if wrote && dated && begins_attribution(&fold(first)) {
            return Some(index + 1);
        }
    }
    None
}

/// German and Dutch name the writer behind the verb: "Am 5.1. schrieb Ada:".
fn has_wrote(head: &str, word: &str) -> bool {
    head.contains(&format!(" {word} "))
}

/// Sentences that merely end with "wrote:" begin in other ways.
fn begins_attribution(first: &str) -> bool {
    let word = first.split([' ', ',']).next().unwrap_or_default();
    BEGINS.contains(&word)
        || first.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '<')
        || first.contains('@')
}

#[rustfmt::skip] // Words read better side by side.
const WROTE: &[&str] = &[
    "wrote", "writes", "schrieb", "geschrieben", "a ecrit", "escribio", "ha scritto", "scrive", "escreveu",
    "schreef", "geschreven", "skrev", "skrev folgende", "kirjoitti", "napisal", "napisala", "napisal(a)", "napsal",
    "napsala", "napsal(a)", "irta", "yazdi", "sunlari yazdi", "написал", "написала", "пишет", "написав", "a scris",
    "εγραψε", "wrote the following", "のメール", "書きました", "wrote (translated)", "写道", "寫道", "작성", "님이 작성", "viet",
    "さんは書きました",
];

#[rustfmt::skip] // Words read better side by side.
const BEGINS: &[&str] = &[
    "on", "am", "le", "el", "il", "em", "op", "den", "pa", "dne", "w", "dnia", "a", "tr", "ke", "ma", "ti", "to",
    "pe", "la", "su", "lor", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "vao", "στις", "в", "pon", "wt", "sr",
    "czw", "pt", "sob", "niedz", "po", "ut", "st", "ct", "pa", "so", "ne", "lun", "mar", "mer", "jeu", "ven", "sam",
    "dim", "pn", "вт", "ср", "чт", "пт", "сб", "вс", "пн", "na", "di", "do", "vr", "za", "zo", "ma", "wo", "mi",
    "fr", "sa", "mo", "son", "tis", "ons", "tors", "fre", "lor",
];

/// Lines that mail programs draw above what they quote.
fn is_separator(line: &str) -> bool {
    let line = line.trim();
    if line.len() > 120 {
        return false;
    }
    if line.len() >= 20 && line.chars().all(|c| c == '_') {
        return true;
    }
    if !(line.starts_with("---")
        || line.starts_with("***")
        || line.starts_with("Begin")
        || line.starts_with("##"))
    {
        return false;
    }
    let folded = fold(line);
    SEPARATORS.iter().any(|word| folded.contains(word))
}

#[rustfmt::skip] // Words read better side by side.
const SEPARATORS: &[&str] = &[
    "original message", "original appointment", "forwarded message", "begin forwarded", "ursprungliche nachricht",
    "originalnachricht", "weitergeleitete nachricht", "message d'origine", "message original", "message transfere",
    "mensaje original", "mensaje reenviado", "messaggio originale", "messaggio inoltrato", "mensagem original",
    "mensagem encaminhada", "oorspronkelijk bericht", "originele bericht", "doorgestuurd bericht",
    "ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse", "opprinnelig melding", "videresendt",
    "alkuperainen viesti", "wiadomosc oryginalna", "oryginalna wiadomosc", "puvodni zprava", "eredeti uzenet",
    "orijinal mesaj", "исходное сообщение", "пересылаемое сообщение", "元のメッセージ", "original mail", "原始邮件", "原始郵件",
    "转发的邮件", "원본 메일", "원본 메시지", "please type your reply above this line", "reply above this line",
];

/// Outlook's copy of a header: "From: … Sent: … To: … Subject: …", in its languages.
fn is_header_block(lines: &[&str]) -> bool {
    let head = |line: &&str| -> Option<String> {
        let line = line.trim().trim_start_matches('*');
        let (name, _) = line.split_once(':').or_else(|| line.split_once('：'))?;
        (name.len() <= 40).then(|| fold(name.trim_matches(['*', ' ', '\u{a0}'])))
    };
    let names: Vec<String> = lines.iter().take(6).map_while(head).collect();
    let from = names
        .first()
        .is_some_and(|name| FROM.contains(&name.as_str()));
    from && names
        .iter()
        .skip(1)
        .any(|name| SENT.contains(&name.as_str()) || SUBJECT.contains(&name.as_str()))
}

#[rustfmt::skip] // Words read better side by side.
const FROM: &[&str] = &[
    "from", "von", "de", "da", "van", "fran", "fra", "lahettaja", "od", "felado", "kimden", "gonderen", "от",
    "от кого", "差出人", "送信者", "发件人", "寄件者", "보낸 사람", "보낸사람", "απο", "von:",
];
#[rustfmt::skip] // Words read better side by side.
const SENT: &[&str] = &[
    "sent", "date", "gesendet", "datum", "envoye", "enviado", "enviado el", "enviada em", "fecha", "inviato",
    "data", "verzonden", "skickat", "sendt", "dato", "lahetetty", "paivamaara", "wyslano", "odeslano", "elkuldve",
    "kuldve", "gonderildi", "gonderme tarihi", "tarih", "отправлено", "дата", "送信日時", "日時", "日付", "发送时间", "日期",
    "寄件日期", "보낸 날짜", "날짜", "to", "an", "a", "para", "aan", "till", "til", "do", "kime", "кому",
];
#[rustfmt::skip] // Words read better side by side.
const SUBJECT: &[&str] = &[
    "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "amne", "emne", "aihe", "temat",
    "predmet", "targy", "konu", "тема", "件名", "主题", "主旨", "제목",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(own_words(text), expect, "{text}");
    }

    #[test]
    fn quotations_go() {
        check(
            "Yes.\n\nOn Mon, Jan 5, 2026 at 9:00 AM Ada <a@x.example> wrote:\n> Shall we?\n",
            "Yes.",
        );
        check(
            "On Mon, 5 Jan 2026, Ada wrote:\n> Shall we?\n\nYes.",
            "Yes.",
        );
        check(
            "Yes.\n\nOn Mon, Jan 5, 2026 at 9:00 AM Ada Lovelace\n<a@x.example> wrote:\n\nShall we?",
            "Yes.",
        );
        check(
            "Ja.\n\nAm 05.01.26 um 09:00 schrieb Ada:\n> Wollen wir?",
            "Ja.",
        );
        check(
            "Oui.\n\nLe lun. 5 janv. 2026 à 09:00, Ada <a@x.example> a écrit :\n\n> On y va ?",
            "Oui.",
        );
        check(
            "Sí.\n\nEl lun, 5 ene 2026 a las 9:00, Ada (<a@x.example>) escribió:\n\n> ¿Vamos?",
            "Sí.",
        );
        check(
            "Ja.\n\nOp ma 5 jan 2026 om 09:00 schreef Ada <a@x.example>:\n\n> Zullen we?",
            "Ja.",
        );
        check(
            "Tak.\n\npon., 5 sty 2026 o 09:00 Ada <a@x.example> napisał(a):\n\n> Idziemy?",
            "Tak.",
        );
        check(
            "はい。\n\n2026年1月5日(月) 9:00 Ada <a@x.example>:\n> どう？",
            "はい。",
        );
        check("Ok.\n\n-----Original Message-----\nFrom: Ada\nHello", "Ok.");
        check(
            "Ok.\n\nVon: Ada <a@x.example>\nGesendet: Montag, 5. Januar 2026\nAn: Bob\nBetreff: Hallo\n\nHallo",
            "Ok.",
        );
        check(
            "Ok.\n\n________________________________\nDe : Ada\nEnvoyé : lundi",
            "Ok.",
        );
        check(
            "First\n> quoted\nanswer one\n> more\nanswer two",
            "First\nanswer one\nanswer two",
        );
        check("Yes\n-- \nBob\n+49 30 1234", "Yes");
    }

    #[test]
    fn what_only_looks_like_one_stays() {
        for text in [
            "I liked what your colleague wrote: nice.",
            "From: my side all is clear",
            "On Monday we meet.",
            "--- thoughts ---",
            "",
        ] {
            check(text, text);
        }
        assert!(!quotes("Just words."));
        assert!(quotes("Yes\n> no"));
    }
}
