//! The words around a date that say what it is, folded.

/// Before a date: it is the last day away.
#[rustfmt::skip] // Words read better side by side.
pub(super) const UNTIL_BEFORE: &[&str] = &[
    "until", "till", "til", "through", "thru", "up to and including", "up to", "til and including", "ending",
    "ends on", "last day", "bis", "bis zum", "bis einschliesslich", "bis einschl", "bis inkl", "bis und mit",
    "einschliesslich", "letzter urlaubstag", "letzter tag", "jusqu'au", "jusqu'a", "jusqu'au et y compris", "jusque", "inclus", "hasta", "hasta el",
    "fino al", "fino a", "sino al", "fino all'", "ate", "ate ao", "ate o", "ate dia", "ate ao dia", "tot",
    "tot en met", "t/m", "tem", "till och med", "t.o.m", "t.o.m.", "t o m", "tom", "fram till", "til og med", "t.o.m",
    "indtil", "frem til", "inntil", "til den", "do", "do dnia", "az do", "pana la", "pana pe", "pana in data de",
    "до", "по", "вплоть до", "截至", "至", "到", "直到",
];

/// "Until" and "to" are one word in Polish and Czech: before these it is the place one returns to.
pub(super) const TO_PLACES: &[&str] = &[
    "do biura",
    "do pracy",
    "do firmy",
    "do kancelare",
    "do prace",
    "do ofisu",
];

/// Before a range of weekdays they make it the time that an office is open.
#[rustfmt::skip] // Words read better side by side.
pub(super) const OFFICE_HOURS: &[&str] = &[
    "hours", "open", "working days", "business days", "opening times", "burozeiten", "offnungszeiten",
    "geschaftszeiten", "sprechzeiten", "servicezeiten", "horaires", "ouvert*", "horario", "orari", "orario",
    "openingstijden", "oppettider", "abningstider", "apningstider", "aukioloajat", "godziny",
];

/// After a date: it is the last day away.
#[rustfmt::skip] // Words read better side by side.
pub(super) const UNTIL_AFTER: &[&str] = &[
    "まで", "迄", "까지", "asti", "saakka", "kadar", "dek", "ig", "inclusive", "inclusief", "einschliesslich", "inclus",
    "compris", "incluido", "incluso", "compreso", "включительно", "kozott", "止", "wlacznie", "vcetne", "mukaan lukien",
];

/// Before a date: it is the day of the return.
#[rustfmt::skip] // Words read better side by side.
pub(super) const BACK_BEFORE: &[&str] = &[
    "back", "return", "returns", "returning", "be in the office", "in the office again", "available again",
    "available from", "available on", "available as of", "reachable again", "resume", "resuming", "reopen*",
    "return date", "next in the office", "back in office", "again on", "again from", "respond on", "reply on",
    "respond from", "be available", "wieder", "zuruck", "ruckkehr", "zuruckkehren", "erreichbar ab",
    "erreichen sie mich ab", "wieder da", "kehre", "wiedererreichbar", "erst am", "erst ab", "nicht vor",
    "nicht vor dem", "retour", "de retour", "reviens", "reviendrai", "rentrerai", "mon retour",
    "disponible a partir", "joignable a partir", "joignable des", "de nouveau", "a nouveau", "serai present*",
    "reprendrai", "reprise", "pas avant", "disponible le", "vuelvo", "volvere", "regreso", "regresare", "de vuelta",
    "de regreso", "reincorpor*", "mi regreso", "mi vuelta", "retorno", "retornare", "disponible nuevamente",
    "disponible a partir", "disponible de nuevo", "nuevamente", "de nuevo", "a partir del dia", "incorporo",
    "incorporare", "torno", "tornero", "rientro", "rientrero", "mio rientro", "di nuovo", "nuovamente",
    "saro in ufficio", "sara in ufficio", "ritorno", "ritornero", "disponibile dal", "disponibile a partire",
    "non prima", "volto", "voltarei", "regresso", "regressarei", "retorno no", "retornarei", "de volta",
    "estarei de volta", "novamente", "disponivel a partir", "disponivel novamente", "regresso a", "meu retorno",
    "meu regresso", "terug", "weer", "opnieuw", "vanaf", "bereikbaar vanaf", "weer aanwezig", "kom terug",
    "keer terug", "tillbaka", "ater", "ater pa", "i tjanst", "anbar igen", "pa kontoret igen", "pa plats igen",
    "tilbage", "retur", "tilbage pa", "pa kontoret igen", "igen", "tilbake", "tilbake pa", "igjen", "pa kontoret",
    "inte forran", "palaan", "palaan toihin", "palaan toimistolle", "toissa", "takaisin", "tavoitettavissa",
    "jalleen", "paikalla", "wracam", "wroce", "powrot", "powracam", "powroce", "bede dostepn*", "dostepny od",
    "dostepna od", "ponownie", "bede w biurze", "z powrotem", "vratim se", "vracim se", "zpet", "opet",
    "k dispozici od", "budu k dispozici", "navrat", "znovu", "budu zpet", "spat", "vratim sa", "vraciam sa",
    "vissza", "visszaterek", "ujra", "legkozelebb", "elerheto leszek", "revin", "ma intorc", "voi reveni", "inapoi",
    "din nou", "donecegim", "donus", "tekrar", "ofise donus", "donus tarihi", "вернусь", "буду на месте",
    "буду доступен", "буду доступна", "возвращаюсь", "выйду", "выхожу", "снова", "приступлю", "повернусь",
    "буду в офисе", "на рабочем месте", "w biurze bede", "contestare a partir", "respondere a partir",
    "riapre", "riaprira", "riapriamo", "beantworte ich ab", "на работе с", "доступен с", "доступна с", "復帰", "出社", "戻り", "再開", "返回", "回来", "回到", "恢复",
    "上班时间", "復工", "返工", "복귀", "복귀일", "출근",
];

/// After a date: it is the day of the return.
#[rustfmt::skip] // Words read better side by side.
pub(super) const BACK_AFTER: &[&str] = &[
    "beantworte*", "bearbeite*", "antworte*", "wieder", "zuruck", "zuruckkehren", "zur verfugung", "erreichbar", "igen", "igjen", "weer", "terug", "tillbaka",
    "tilbage", "tilbake", "again", "back", "i am back", "i'll be back", "available", "i return", "de retour",
    "disponible", "joignable", "de vuelta", "nuevamente", "de nuevo", "di nuovo", "disponibile", "novamente",
    "de volta", "bereikbaar", "aanwezig", "ater", "anbar", "palaan", "palaa", "jalleen", "alkaen", "takaisin",
    "ponownie", "z powrotem", "opet", "zpet", "k dispozici", "vissza*", "ujra", "tol", "an ujra", "en ujra", "don*",
    "itibaren", "tekrar", "is basi", "is basinda", "снова", "вернусь", "буду", "復帰", "出社", "戻", "再開", "より通常",
    "から通常", "以降", "より順次", "から業務", "より業務", "に対応", "以降に", "より営業", "から営業", "返回", "回来", "回到", "恢复", "上班", "復工", "起",
    "返工", "后回复", "복귀", "돌아", "출근", "부터", "이후",
];

/// The same, of languages that put such words behind the date: between two dates, theirs is the first.
#[rustfmt::skip] // Words read better side by side.
pub(super) const BACK_AFTER_ONLY: &[&str] = &[
    "復帰", "出社", "戻り", "再開", "返回", "回来", "恢复", "上班", "복귀", "돌아", "출근", "donecegim", "donuyorum", "donus", "palaan",
    "vissza*",
];

/// Before "until" and with a word of return, they turn it into the day of the return.
#[rustfmt::skip] // Words read better side by side.
pub(super) const DENIALS: &[&str] = &[
    "not", "won't", "don't", "cannot", "can't", "isn't", "nicht", "kein", "pas", "ne", "no", "non", "nao", "niet",
    "inte", "ikke", "en", "ei", "nie", "ne", "nem", "nu", "не",
];

/// Between the first and the last day of a range.
#[rustfmt::skip] // Words read better side by side.
pub(super) const CONNECTORS: &[&str] = &[
    "-", "to", "and", "until", "till", "til", "through", "thru", "to and including", "up to", "up to and including",
    "bis", "bis zum", "bis einschliesslich", "bis inkl.", "bis einschl.", "bis inklusive", "bis und mit", "und",
    "und dem", "au", "a", "et le", "et", "jusqu'au", "jusqu'au et y compris", "al", "hasta el", "hasta", "y el",
    "y", "fino al", "e il", "ao", "ate", "ate ao", "ate o", "ate dia", "ate ao dia", "e", "e o", "a dia", "tot",
    "tot en met", "t/m", "en", "till och med", "t.o.m.", "t.o.m", "til og med", "och", "og", "til den", "till den",
    "do", "do dnia", "az do", "az", "a do", "pana la", "si", "по", "до", "и", "から", "より", "至", "到", "부터", "ile",
    "- ", "и по", "から", "the", "to the", "and the", "through the", "until the", "au dimanche", "al dia",
];

/// Weekdays and articles between the connector and the date: "to Friday, 5 January".
pub(super) fn without_trailing_weekday(words: &str) -> &str {
    let trimmed = words.trim_end_matches([' ', ',', '(']);
    let last = trimmed.rsplit(' ').next().unwrap_or_default();
    let article = matches!(
        last,
        "the" | "den" | "dem" | "der" | "le" | "el" | "il" | "o" | "dia" | "zum" | "die" | "d."
    );
    let is_connector = CONNECTORS
        .iter()
        .any(|connector| trimmed.ends_with(&format!(" {connector}")) || trimmed == *connector);
    if article && !is_connector {
        trimmed[..trimmed.len() - last.len()].trim_end()
    } else {
        trimmed
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fold::fold;
    use super::*;

    #[test]
    fn phrases_are_folded() {
        for phrase in [
            UNTIL_BEFORE,
            UNTIL_AFTER,
            BACK_BEFORE,
            BACK_AFTER,
            BACK_AFTER_ONLY,
            DENIALS,
        ]
        .concat()
        {
            assert_eq!(fold(phrase), phrase);
        }
    }
}
