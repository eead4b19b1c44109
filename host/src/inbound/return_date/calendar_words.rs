//! Months, weekdays and near days by name, folded, in the languages of this room: English, German,
//! French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Finnish, Polish, Czech, Slovak,
//! Hungarian, Romanian, Turkish, Russian, Ukrainian, Japanese, Chinese, Korean.

use chrono::Weekday;

/// The month of a word, whatever its case ending.
pub(super) fn month(word: &str) -> Option<u32> {
    let exact = MONTHS.iter().find(|(_, names)| names.contains(&word));
    let stem = || {
        MONTH_STEMS
            .iter()
            .find(|(_, stems)| stems.iter().any(|stem| word.starts_with(stem)))
    };
    exact.or_else(stem).map(|(month, _)| *month)
}

/// The weekday of a word.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let stem = |(_, stems): &&(Weekday, &[&str])| stems.iter().any(|stem| word.starts_with(stem));
    WEEKDAYS.iter().find(stem).map(|(day, _)| *day)
}

/// The weekday that the text begins with, of scripts without blanks.
pub(super) fn weekday_at(text: &str) -> Option<(Weekday, &'static str)> {
    IDEOGRAPHIC.iter().find_map(|(day, names)| {
        let name = names.iter().find(|name| text.starts_with(**name))?;
        Some((*day, *name))
    })
}

/// Abbreviations, and names that are the stem of another's.
#[rustfmt::skip] // Words read better side by side.
const MONTHS: &[(u32, &[&str])] = &[
    (1, &["jan", "janv", "ene", "gen", "sty", "oca", "янв", "ian", "leden", "ledna", "lednu", "januar"]),
    (2, &["feb", "fev", "fevr", "febr", "lut", "luty", "lutego", "lutym", "sub", "фев", "unor", "unora", "unoru"]),
    (3, &["mar", "mrz", "mrt", "mars", "marz", "marzo", "marco", "marca", "marcu", "mart", "мар", "марта"]),
    (4, &["apr", "abr", "avr", "kwi", "nis", "апр", "dubna", "duben", "dubnu"]),
    (5, &["may", "mai", "mag", "maj", "maja", "maju", "mei", "mayo", "maio", "май", "мая", "мае", "maja",
        "kveten"]),
    (6, &["jun", "giu", "cze", "haz", "июн", "iun", "cerven", "cervna", "cervnu", "juna", "juni"]),
    (7, &["jul", "lug", "juil", "lip", "tem", "июл", "iul", "cervenec", "cervence", "cervenci", "jula"]),
    (8, &["aug", "aou", "ago", "sie", "agu", "авг", "srpna", "srpen", "srpnu"]),
    (9, &["sep", "sept", "set", "wrz", "eyl", "сен", "сент", "zari", "szept"]),
    (10, &["oct", "okt", "ott", "out", "paz", "eki", "окт", "rijna", "rijen", "rijnu"]),
    (11, &["nov", "lis", "kas", "ноя", "noi", "нояб"]),
    (12, &["dec", "dez", "dic", "des", "gru", "ara", "дек"]),
];

/// Beginnings that only this month's names have.
#[rustfmt::skip] // Words read better side by side.
const MONTH_STEMS: &[(u32, &[&str])] = &[
    (1, &["januar", "janner", "janvier", "janeiro", "enero", "gennaio", "tammiku", "styczn", "ocak", "январ",
        "ianuar", "січ"]),
    (2, &["februar", "feber", "fevrier", "fevereir", "febrer", "febbrai", "helmiku", "subat", "феврал", "лют"]),
    (3, &["march", "maart", "maalisku", "marzec", "marcius", "marti", "brez", "март", "берез", "marec"]),
    (4, &["april", "avril", "abril", "huhtiku", "kwiet", "nisan", "апрел", "квіт"]),
    (5, &["maggio", "toukoku", "mayis", "majus", "kvet", "трав"]),
    (6, &["june", "juni", "juin", "junh", "giugno", "kesaku", "czerw", "haziran", "июн", "iuni", "черв"]),
    (7, &["july", "juli", "juill", "julh", "luglio", "heinaku", "lipc", "lipi", "temmuz", "июл", "iuli", "лип"]),
    (8, &["august", "agosto", "aout", "eloku", "sierp", "agustos", "augusz", "август", "серп"]),
    (9, &["septemb", "septiemb", "settemb", "setemb", "syysku", "wrzes", "eylul", "szeptemb", "сентябр", "верес"]),
    (10, &["octob", "oktob", "octub", "ottob", "outub", "lokaku", "pazdz", "ekim", "октябр", "жовт"]),
    (11, &["novemb", "noviemb", "marrasku", "listopad", "kasim", "ноябр", "листопад", "noiemb"]),
    (12, &["decemb", "dezemb", "diciemb", "dicemb", "desemb", "jouluku", "grud", "prosin", "aralik", "декабр",
        "груд"]),
];

#[rustfmt::skip] // Words read better side by side.
const WEEKDAYS: &[(Weekday, &[&str])] = &[
    (Weekday::Mon, &["monday", "montag", "lundi", "lunes", "lunedi", "segunda", "maandag", "mandag", "maanantai",
        "poniedzial", "pondel", "hetfo", "pazartesi", "понедельник", "понеділ"]),
    (Weekday::Tue, &["tuesday", "dienstag", "mardi", "martes", "martedi", "terca", "dinsdag", "tisdag", "tirsdag",
        "tiistai", "wtorek", "wtork", "utery", "utorok", "kedd", "вторник", "вівтор"]),
    (Weekday::Wed, &["wednesday", "mittwoch", "mercredi", "miercoles", "mercoledi", "quarta", "woensdag", "onsdag",
        "keskiviik", "sroda", "srode", "srody", "stred", "szerda", "szerdan", "carsamba", "сред", "серед"]),
    (Weekday::Thu, &["thursday", "donnerstag", "jeudi", "jueves", "giovedi", "quinta", "donderdag", "torsdag",
        "torstai", "czwart", "ctvrt", "stvrt", "csutortok", "persembe", "четверг", "четвер"]),
    (Weekday::Fri, &["friday", "freitag", "vendredi", "viernes", "venerdi", "sexta", "vrijdag", "fredag",
        "perjantai", "piatek", "piatku", "patek", "patku", "pentek", "cuma", "пятниц", "п'ятниц"]),
    (Weekday::Sat, &["saturday", "samstag", "sonnabend", "samedi", "sabado", "sabato", "zaterdag", "lordag",
        "lauantai", "sobot", "szombat", "суббот", "субот"]),
    (Weekday::Sun, &["sunday", "sonntag", "dimanche", "domingo", "domenica", "zondag", "sondag", "sunnuntai",
        "niedziel", "nedel", "vasarnap", "воскресень", "неділ"]),
];

#[rustfmt::skip] // Words read better side by side.
const IDEOGRAPHIC: &[(Weekday, &[&str])] = &[
    (Weekday::Mon, &["月曜日", "月曜", "来週月曜", "星期一", "周一", "週一", "礼拜一", "월요일"]),
    (Weekday::Tue, &["火曜日", "火曜", "星期二", "周二", "週二", "화요일"]),
    (Weekday::Wed, &["水曜日", "水曜", "星期三", "周三", "週三", "수요일"]),
    (Weekday::Thu, &["木曜日", "木曜", "星期四", "周四", "週四", "목요일"]),
    (Weekday::Fri, &["金曜日", "金曜", "星期五", "周五", "週五", "금요일"]),
    (Weekday::Sat, &["土曜日", "土曜", "星期六", "周六", "週六", "토요일"]),
    (Weekday::Sun, &["日曜日", "日曜", "星期日", "星期天", "周日", "週日", "일요일"]),
];

#[rustfmt::skip] // Words read better side by side.
pub(super) const TOMORROW: &[&str] = &[
    "tomorrow", "morgen", "demain", "manana", "domani", "amanha", "imorgon", "i morgon", "i morgen", "huomenna",
        "jutro", "zitra", "zajtra", "holnap", "maine", "yarin",
    "завтра", "明日", "明天", "내일",
];

#[rustfmt::skip] // Words read better side by side.
pub(super) const NEXT_WEEK: &[&str] = &[
    "next week", "nachste woche", "nachster woche", "kommende woche", "kommender woche", "la semaine prochaine",
        "semaine prochaine", "la proxima semana", "proxima semana", "la semana que viene", "semana que viene",
    "la prossima settimana", "prossima settimana", "settimana prossima", "semana que vem", "volgende week",
        "nasta vecka", "naeste uge", "neste uke", "ensi viikolla",
    "przyszlym tygodniu", "pristi tyden", "jovo het", "gelecek hafta", "onumuzdeki hafta", "на следующей неделе",
        "来週", "下周", "下週", "다음 주", "다음주",
];

#[cfg(test)]
mod tests {
    use super::super::super::fold::fold;
    use super::*;

    #[test]
    fn months_of_many_languages() {
        for (names, expect) in [
            (
                "january januari januar janvier enero gennaio janeiro tammikuuta stycznia ledna января ocak ianuarie jänner січня",
                1,
            ),
            (
                "february februar février febrero febbraio fevereiro februari helmikuuta lutego února февраля şubat",
                2,
            ),
            (
                "march märz mars marzo março maart maaliskuuta marca března марта mart március",
                3,
            ),
            (
                "april avril abril aprile huhtikuuta kwietnia dubna апреля nisan április",
                4,
            ),
            (
                "may mai mayo maggio maio mei maj toukokuuta maja května мая mayıs május",
                5,
            ),
            (
                "june juni juin junio giugno junho kesäkuuta czerwca června июня haziran június",
                6,
            ),
            (
                "july juli juillet julio luglio julho heinäkuuta lipca července июля temmuz július",
                7,
            ),
            (
                "august août agosto augustus augusti elokuuta sierpnia srpna августа ağustos augusztus",
                8,
            ),
            (
                "september septembre septiembre settembre setembro syyskuuta września září сентября eylül szeptember",
                9,
            ),
            (
                "october oktober octobre octubre ottobre outubro lokakuuta października října октября ekim október",
                10,
            ),
            (
                "november novembre noviembre novembro marraskuuta listopada listopadu ноября kasım",
                11,
            ),
            (
                "december dezember décembre diciembre dicembre dezembro desember joulukuuta grudnia prosince декабря aralık",
                12,
            ),
        ] {
            for name in names.split(' ') {
                assert_eq!(month(&fold(name)), Some(expect), "{name}");
            }
        }
        for word in ["maybe", "office", "mail", "the", "uhr", "marketing"] {
            assert_eq!(month(word), None, "{word}");
        }
    }
}
