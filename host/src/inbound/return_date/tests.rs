//! Notices of many languages. Unless a row says otherwise they were written on Thursday 18 December 2025.

use super::*;

fn on(text: &str, month_first: bool, expect: &str, wrong: &mut Vec<String>) {
    let today = NaiveDate::from_ymd_opt(2025, 12, 18).expect("a date");
    let got = find(text, Locale { month_first }, today);
    let got = got.map_or_else(|| "none".to_owned(), |day| day.to_string());
    if got != expect {
        wrong.push(format!("{text}: {got}, not {expect}"));
    }
}

/// All the rows at once: one table shows what a change of words breaks elsewhere.
fn check(rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expect) in rows {
        on(text, false, expect, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn english() {
    check(&[
        ("I am out of the office until 5 January 2026.", "2026-01-06"),
        (
            "I am out of the office until January 5, 2026.",
            "2026-01-06",
        ),
        ("I'm away through January 5th.", "2026-01-06"),
        ("I will be back on 5 January.", "2026-01-05"),
        ("I will return on Monday, January 5th, 2026.", "2026-01-05"),
        ("I'll be back in the office on Jan. 5.", "2026-01-05"),
        ("Returning 5th of January", "2026-01-05"),
        ("Return date: 2026-01-05", "2026-01-05"),
        ("I am on leave from 20 December to 5 January.", "2026-01-06"),
        (
            "I am out from December 20 through January 5 and will reply after.",
            "2026-01-06",
        ),
        ("I am on vacation December 20-27.", "2025-12-28"),
        ("I am on vacation from December 20th to 27th.", "2025-12-28"),
        ("On vacation from 20 to 27 December.", "2025-12-28"),
        ("Away between 20 December and 5 January.", "2026-01-06"),
        (
            "I am out from 20 December and will be back on 5 January.",
            "2026-01-05",
        ),
        (
            "I will be out of office until 5 January and back on 7 January.",
            "2026-01-07",
        ),
        ("I will not be back until 5 January.", "2026-01-05"),
        (
            "I won't return to the office until Monday, 5 January 2026.",
            "2026-01-05",
        ),
        (
            "I am out of the office and will be back on Monday.",
            "2025-12-22",
        ),
        ("Back tomorrow.", "2025-12-19"),
        ("I will be back next week.", "2025-12-22"),
        ("I'm out until Friday.", "2025-12-20"),
        ("Out of office 12/20/2025 - 01/05/2026", "2026-01-06"),
        ("I'll be available again from 6 January.", "2026-01-06"),
        (
            "Our office is closed and will reopen on January 2nd.",
            "2026-01-02",
        ),
        ("Call me at 5 pm, I am back at 9.30.", "none"),
        ("We offer 24/7 support. I am out of office.", "none"),
        ("I was out until 5 December 2025.", "none"),
        ("I am on parental leave until 1 March 2028.", "none"),
        (
            "I am out of the office with limited access to email.",
            "none",
        ),
        ("Thank you for your mail of 16 December.", "none"),
        (
            "Thanks for your message! I'm OOO until 2026/01/05.",
            "2026-01-06",
        ),
        (
            "I am away from Dec 20 until Jan 5 (inclusive).",
            "2026-01-06",
        ),
    ]);
}

#[test]
fn which_number_is_the_month() {
    let mut wrong = Vec::new();
    for (text, month_first, expect) in [
        ("back on 01/05/2026", true, "2026-01-05"),
        ("back on 05/01/2026", false, "2026-01-05"),
        ("back on 05/01/2026", true, "2026-01-05"),
        ("back on 2/3/26", true, "2026-02-03"),
        ("back on 2/3/26", false, "2026-03-02"),
        ("back on 1/15", false, "2026-01-15"),
        ("back on 15/1", true, "2026-01-15"),
        ("back on 15.1.", true, "2026-01-15"),
        ("back on 05-01-2026", false, "2026-01-05"),
    ] {
        on(text, month_first, expect, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn german() {
    check(&[
        (
            "Ich bin bis zum 5. Januar 2026 nicht im Büro.",
            "2026-01-06",
        ),
        (
            "Ich bin bis einschließlich 05.01.2026 abwesend.",
            "2026-01-06",
        ),
        (
            "Ich bin bis einschl. 05.01. nicht erreichbar.",
            "2026-01-06",
        ),
        ("Ab dem 6. Januar bin ich wieder für Sie da.", "2026-01-06"),
        ("Ich bin ab 06.01.2026 wieder erreichbar.", "2026-01-06"),
        (
            "Ich bin am Montag, den 5. Januar, wieder im Büro.",
            "2026-01-05",
        ),
        ("Ich kehre am 5. Jänner zurück.", "2026-01-05"),
        (
            "Ich bin vom 20.12.2025 bis 05.01.2026 im Urlaub.",
            "2026-01-06",
        ),
        ("Ich bin vom 20.12. bis zum 5.1. im Urlaub.", "2026-01-06"),
        ("Urlaub vom 20. bis 27. Dezember", "2025-12-28"),
        ("Urlaub 20.-27.12.", "2025-12-28"),
        ("Am Montag bin ich wieder da.", "2025-12-22"),
        ("Ich bin morgen wieder erreichbar.", "2025-12-19"),
        ("Ich bin nächste Woche wieder zurück.", "2025-12-22"),
        ("Guten Morgen, ich bin nicht im Büro.", "none"),
        ("Ich bin erst am 5. Januar zurück.", "2026-01-05"),
        ("Ich bin derzeit nicht im Büro. Tel. 030 12 34 56", "none"),
        (
            "Ab dem 20.12. bin ich im Urlaub und ab dem 5.1. wieder da.",
            "2026-01-05",
        ),
    ]);
}

#[test]
fn french() {
    check(&[
        (
            "Je suis absent jusqu'au 5 janvier 2026 inclus.",
            "2026-01-06",
        ),
        ("Je suis absente jusqu’au lundi 5 janvier.", "2026-01-06"),
        ("Je serai de retour le 5 janvier.", "2026-01-05"),
        ("De retour le lundi 5 janvier 2026.", "2026-01-05"),
        (
            "Je suis en congés du 20 décembre au 5 janvier.",
            "2026-01-06",
        ),
        ("Absent du 20 au 27 décembre inclus.", "2025-12-28"),
        ("En vacances du 20/12/2025 au 05/01/2026", "2026-01-06"),
        (
            "Je serai de nouveau joignable à partir du 5 janvier.",
            "2026-01-05",
        ),
        ("Je serai de retour lundi.", "2025-12-22"),
        ("Retour le 1er février", "2026-02-01"),
        ("Je suis actuellement absent du bureau.", "none"),
    ]);
}

#[test]
fn spanish_italian_portuguese() {
    check(&[
        (
            "Estaré fuera de la oficina hasta el 5 de enero de 2026.",
            "2026-01-06",
        ),
        (
            "Estoy ausente del 20 de diciembre al 5 de enero.",
            "2026-01-06",
        ),
        (
            "Estoy de vacaciones del 20 al 27 de diciembre.",
            "2025-12-28",
        ),
        ("Regreso el 5 de enero.", "2026-01-05"),
        ("Volveré el lunes 5 de enero.", "2026-01-05"),
        ("Estaré de vuelta el lunes.", "2025-12-22"),
        ("Me reincorporo el 05/01/2026.", "2026-01-05"),
        (
            "Estaré disponible nuevamente a partir del 5 de enero.",
            "2026-01-05",
        ),
        ("Sono assente fino al 5 gennaio 2026.", "2026-01-06"),
        ("Sono in ferie dal 20 dicembre al 5 gennaio.", "2026-01-06"),
        ("Rientrerò il 5 gennaio.", "2026-01-05"),
        ("Sarò di nuovo in ufficio lunedì 5 gennaio.", "2026-01-05"),
        ("Tornerò lunedì.", "2025-12-22"),
        ("In ferie dal 20 al 27 dicembre.", "2025-12-28"),
        ("Estou ausente até 5 de janeiro de 2026.", "2026-01-06"),
        (
            "Estarei de férias de 20 de dezembro a 5 de janeiro.",
            "2026-01-06",
        ),
        ("Regresso a 5 de janeiro.", "2026-01-05"),
        ("Retorno no dia 05/01/2026.", "2026-01-05"),
        ("Estarei de volta na segunda-feira.", "2025-12-22"),
        ("Estou de férias até ao dia 5 de janeiro.", "2026-01-06"),
    ]);
}

#[test]
fn dutch_and_nordic() {
    check(&[
        ("Ik ben afwezig tot en met 5 januari 2026.", "2026-01-06"),
        ("Ik ben afwezig t/m 5 januari.", "2026-01-06"),
        ("Vanaf 6 januari ben ik weer bereikbaar.", "2026-01-06"),
        ("Op maandag 5 januari ben ik weer aanwezig.", "2026-01-05"),
        ("Ik ben terug op 5 januari.", "2026-01-05"),
        (
            "Ik ben met vakantie van 20 december tot 5 januari.",
            "2026-01-06",
        ),
        ("Jag är på semester till och med 5 januari.", "2026-01-06"),
        ("Jag är tillbaka den 5 januari.", "2026-01-05"),
        ("Jag är åter på kontoret måndag 5 januari.", "2026-01-05"),
        ("Jag är ledig t.o.m. 5/1.", "2026-01-06"),
        ("Jag är tillbaka på måndag.", "2025-12-22"),
        ("Jeg er på ferie til og med 5. januar.", "2026-01-06"),
        ("Jeg er tilbage den 5. januar 2026.", "2026-01-05"),
        (
            "Jeg er på kontoret igen mandag den 5. januar.",
            "2026-01-05",
        ),
        (
            "Jeg holder ferie fra 20. december til 5. januar.",
            "2026-01-06",
        ),
        ("Jeg er tilbake på kontoret 5. januar.", "2026-01-05"),
        ("Jeg er på ferie fram til 5. januar.", "2026-01-06"),
        ("Jeg er tilbake mandag.", "2025-12-22"),
        ("Olen lomalla 5.1.2026 asti.", "2026-01-06"),
        ("Palaan töihin 5.1.2026.", "2026-01-05"),
        ("Palaan 5. tammikuuta.", "2026-01-05"),
        ("Olen lomalla 20.12.-5.1.", "2026-01-06"),
        ("Palaan maanantaina.", "2025-12-22"),
    ]);
}

#[test]
fn east_of_there() {
    check(&[
        ("Jestem na urlopie do 5 stycznia 2026.", "2026-01-06"),
        ("Wracam 5 stycznia.", "2026-01-05"),
        ("Będę nieobecny od 20 grudnia do 5 stycznia.", "2026-01-06"),
        ("Wrócę w poniedziałek.", "2025-12-22"),
        ("Jsem mimo kancelář do 5. ledna 2026.", "2026-01-06"),
        ("Vrátím se 5. ledna.", "2026-01-05"),
        ("Dovolená od 20. 12. do 5. 1. 2026", "2026-01-06"),
        ("Budu zpět v pondělí.", "2025-12-22"),
        ("Szabadságon vagyok január 5-ig.", "2026-01-06"),
        ("2026. január 6-án vissza leszek.", "2026-01-06"),
        ("Sunt în concediu până la 5 ianuarie.", "2026-01-06"),
        ("Revin pe 5 ianuarie.", "2026-01-05"),
        ("5 Ocak 2026 tarihine kadar izindeyim.", "2026-01-06"),
        ("5 Ocak'a kadar ofis dışındayım.", "2026-01-06"),
        ("5 Ocak'ta döneceğim.", "2026-01-05"),
        (
            "20 Aralık - 5 Ocak tarihleri arasında izindeyim.",
            "2026-01-06",
        ),
        ("Я в отпуске до 5 января 2026 г.", "2026-01-06"),
        ("Я в отпуске с 20 декабря по 5 января.", "2026-01-06"),
        ("Вернусь 5 января.", "2026-01-05"),
        ("Буду на месте в понедельник.", "2025-12-22"),
        ("Я у відпустці до 5 січня.", "2026-01-06"),
    ]);
}

#[test]
fn east_asia() {
    check(&[
        ("1月5日まで休暇をいただいております。", "2026-01-06"),
        ("2026年1月5日（月）まで不在にしております。", "2026-01-06"),
        ("12月20日から1月5日まで休暇です。", "2026-01-06"),
        ("12月27日～1月4日は休業いたします。", "2026-01-05"),
        ("1月6日より出社いたします。", "2026-01-06"),
        ("1月6日に戻ります。", "2026-01-06"),
        ("12月20日～27日は休暇です。", "2025-12-28"),
        ("月曜日に復帰します。", "2025-12-22"),
        ("我将于1月5日返回办公室。", "2026-01-05"),
        ("我休假至2026年1月5日。", "2026-01-06"),
        ("我从12月20日到1月5日休假。", "2026-01-06"),
        ("1月6日恢复上班。", "2026-01-06"),
        ("下周一回来。", "2025-12-22"),
        ("1월 5일까지 휴가입니다.", "2026-01-06"),
        ("12월 20일부터 1월 5일까지 부재중입니다.", "2026-01-06"),
        ("1월 6일에 복귀합니다.", "2026-01-06"),
        ("2026년 1월 6일 출근 예정입니다.", "2026-01-06"),
    ]);
}

#[test]
fn any_text_is_read_without_panic() {
    use proptest::prelude::*;
    proptest!(|(text in "\\PC{0,200}", month_first: bool)| {
        let today = NaiveDate::from_ymd_opt(2025, 12, 18).expect("a date");
        if let Some(day) = find(&text, Locale { month_first }, today) {
            let away = (day - today).num_days();
            prop_assert!(away > 0 && away <= AWAY_MAX_DAYS + 1, "{day}");
        }
    });
    proptest!(|(text in "(until|back on|bis|1|5|12|2026|[ ./-]|january|月|日|fri){0,40}")| {
        let today = NaiveDate::from_ymd_opt(2025, 12, 18).expect("a date");
        find(&text, Locale { month_first: false }, today);
    });
}

#[test]
fn places_and_hours_are_no_ends() {
    check(&[
        ("Wrócę do biura 5 stycznia 2026 r.", "2026-01-05"),
        ("Jestem na urlopie do 5 stycznia.", "2026-01-06"),
        ("W biurze będę 05.01.2026.", "2026-01-05"),
        ("Буду на рабочем месте 5 января 2026 г.", "2026-01-05"),
        ("Our support hours are Monday to Friday 9-5.", "none"),
        ("Öffnungszeiten: Montag bis Freitag.", "none"),
        ("Contestaré a partir del 5 de enero.", "2026-01-05"),
        ("L'ufficio riaprirà il 5 gennaio.", "2026-01-05"),
        ("Ab 5.1. beantworte ich Ihre Mail gern.", "2026-01-05"),
        ("Mein letzter Urlaubstag ist der 5. Januar.", "2026-01-06"),
        ("Jag är borta t o m 5 januari.", "2026-01-06"),
    ]);
}
