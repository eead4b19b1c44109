//! When an absent person is back, from the words of their notice.
//!
//! `scan` finds what could be a date; here the words around each say what it is: the day of the
//! return ("back on"), the last day away ("until", the end of a range: back the day after), or neither. A
//! return day told outright wins over a last day. What is past or more than a year away is none:
//! better the configured pause than a wrong one.
//!
//! In: the text, how its writer orders day and month, the day it was written. Out: a local date.

mod calendar_words;
mod cues;
mod scan;
mod tokens;

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};

use self::cues::{
    BACK_AFTER, BACK_AFTER_ONLY, BACK_BEFORE, CONNECTORS, DENIALS, OFFICE_HOURS, TO_PLACES,
    UNTIL_AFTER, UNTIL_BEFORE,
};
use self::scan::{Found, What, scan};
use super::fold::{fold, has, spans};
use super::mail::InboundMail;

/// The text in which dates are looked for: notices are short, and say it early.
const TEXT_MAX_BYTES: usize = 8 * 1024;
/// How far from a date the words may stand that say what it is.
const BEFORE_MAX_BYTES: usize = 90;
const AFTER_MAX_BYTES: usize = 70;
/// A return further away is a misunderstanding.
const AWAY_MAX_DAYS: i64 = 366;
/// A date without its year that would be further away was meant as past: nobody took the notice down.
const YEARLESS_MAX_DAYS: i64 = 335;
/// Two readings of "05/06": one soon and the other late. Absences are short.
const SOON_DAYS: i64 = 45;

/// How the writer writes dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Locale {
    /// Whether "05/06" is the sixth of May.
    month_first: bool,
}

impl Locale {
    /// From the language of the mail and the zone it was written in: of those who write English, the
    /// Americas put the month first.
    pub(super) fn of(mail: &InboundMail) -> Self {
        let languages = ["content-language", "accept-language"];
        let language = languages.iter().find_map(|name| mail.fields.word(name));
        let language = language.unwrap_or_default();
        let offset_h = mail
            .date
            .map_or(0, |date| date.offset().local_minus_utc() / 3600);
        let americas = (-10..=-4).contains(&offset_h);
        let folded = fold(&mail.text);
        let english = ["the", "i am", "i'm", "will", "back"]
            .iter()
            .any(|word| has(&folded, word));
        let zoneless = offset_h == 0;
        Self {
            month_first: english && (americas || (zoneless && language.starts_with("en-us"))),
        }
    }
}

/// What a date says about the absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The first day back.
    Back,
    /// The last day away.
    LastAway,
}

/// The first day back, where the text tells one.
pub(super) fn find(text: &str, locale: Locale, today: NaiveDate) -> Option<NaiveDate> {
    let text = &text[..text.floor_char_boundary(TEXT_MAX_BYTES)];
    let folded = fold(text);
    let found = scan(&folded);
    let mut last_away: Option<NaiveDate> = None;
    for (index, date) in found.iter().enumerate() {
        let Some(role) = role(&folded, &found, index) else {
            continue;
        };
        let Some(day) = resolve(&date.what, locale, today) else {
            continue;
        };
        match role {
            Role::Back => return Some(day),
            // "Until next week" is over when the week begins.
            Role::LastAway if date.what == What::NextWeek => last_away = last_away.max(Some(day)),
            Role::LastAway => last_away = last_away.max(day.checked_add_days(Days::new(1))),
        }
    }
    last_away
}

fn role(folded: &str, found: &[Found], index: usize) -> Option<Role> {
    let date = &found[index];
    let previous = index.checked_sub(1).map(|before| &found[before]);
    let gap_begin = previous.map_or(0, |previous| previous.end);
    let before = sentence_before(&folded[gap_begin..date.start]);
    let next = found.get(index + 1);
    let after = sentence_after(&folded[date.end..next.map_or(folded.len(), |next| next.start)]);
    // Words between two dates belong to the second, but for languages that put them behind.
    let shared = next.is_some() && date.end + after.len() == next.map_or(0, |next| next.start);

    let range = date.is_range || ends_range(before, previous.is_some());
    // "Support hours: Monday to Friday" stands in signatures.
    let whole = sentence_before(&folded[..date.start]);
    if range && last_of(whole, OFFICE_HOURS).is_some() && matches!(date.what, What::Weekday { .. })
    {
        return None;
    }
    if range {
        return Some(Role::LastAway);
    }
    let place = last_of(before, TO_PLACES);
    let until = last_of(before, UNTIL_BEFORE).filter(|at| place.is_none_or(|place| *at > place));
    let back = last_of(before, BACK_BEFORE);
    if begins_soon(after, UNTIL_AFTER) {
        return Some(Role::LastAway);
    }
    match (until, back) {
        (Some(until), back) if back.is_none_or(|back| until >= back) => {
            // "I will not be back until Monday": back on Monday.
            let denied = last_of(before, DENIALS).is_some();
            Some(if back.is_some() && denied {
                Role::Back
            } else {
                Role::LastAway
            })
        }
        (_, Some(_)) => Some(Role::Back),
        _ => {
            let words = if shared { BACK_AFTER_ONLY } else { BACK_AFTER };
            last_of(after, words).map(|_| Role::Back)
        }
    }
}

/// Whether the words before a date make it the end of a range: "from 20 to", "20.12. -", "between the
/// 20th and".
fn ends_range(before: &str, after_date: bool) -> bool {
    let words = before.trim_end();
    let words = cues::without_trailing_weekday(words);
    let Some(rest) = CONNECTORS.iter().find_map(|connector| {
        let rest = words.strip_suffix(connector)?;
        let free =
            !connector.starts_with(char::is_alphanumeric) || !rest.ends_with(char::is_alphanumeric);
        free.then_some(rest)
    }) else {
        return false;
    };
    let rest = rest.trim_end_matches([' ', '.', ',', '-', '(', ')', 'º']);
    if after_date && rest.is_empty() {
        return true;
    }
    // A bare day of the same month: "20th to 27 December", "vom 20. bis 27. Dezember".
    let rest = ["st", "nd", "rd", "th", "er"]
        .iter()
        .find_map(|o| rest.strip_suffix(o))
        .unwrap_or(rest);
    let digits = rest.chars().rev().take_while(char::is_ascii_digit).count();
    let free = !rest[..rest.len() - digits].ends_with([':', '.', '/', '+']);
    (1..=2).contains(&digits) && free
}

/// The end of the text before a date, from its last sentence on.
fn sentence_before(text: &str) -> &str {
    let text = &text[text.ceil_char_boundary(text.len().saturating_sub(BEFORE_MAX_BYTES))..];
    let mut begin = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        let ends = match c {
            '!' | '?' | '。' | ';' | '！' | '？' => true,
            // Abbreviations end no sentence: "incl.", "t.o.m.", "einschl.".
            '.' => {
                let word = text[..at].rsplit([' ', '.']).next().unwrap_or_default();
                text[next..].starts_with(' ')
                    && word.chars().count() > 4
                    && !word.starts_with("einschl")
            }
            _ => false,
        };
        if ends {
            begin = next;
        }
    }
    &text[begin..]
}

fn sentence_after(text: &str) -> &str {
    let text = &text[..text.floor_char_boundary(AFTER_MAX_BYTES)];
    let end = text.char_indices().find(|(at, c)| match c {
        '!' | '?' | '。' | ';' | '！' | '？' => true,
        '.' => *at > 0 && (text[at + 1..].starts_with(' ') || at + 1 == text.len()),
        _ => false,
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Where the last of the phrases ends.
fn last_of(text: &str, phrases: &[&str]) -> Option<usize> {
    phrases
        .iter()
        .filter_map(|phrase| spans(text, phrase).last().map(|at| at + phrase.len()))
        .max()
}

/// Whether one of the phrases follows at once: postpositions do.
fn begins_soon(after: &str, phrases: &[&str]) -> bool {
    const NEAR_BYTES: usize = 16;
    phrases.iter().any(|phrase| {
        spans(after, phrase)
            .next()
            .is_some_and(|at| at <= NEAR_BYTES)
    })
}

/// The day that was meant, where it is ahead and not too far.
fn resolve(what: &What, locale: Locale, today: NaiveDate) -> Option<NaiveDate> {
    let plausible = |day: NaiveDate, max: i64| {
        let away = (day - today).num_days();
        (away > 0 && away <= max).then_some(day)
    };
    let dated = |year: Option<i32>, month: u32, day: u32| match year {
        Some(year) => plausible(NaiveDate::from_ymd_opt(year, month, day)?, AWAY_MAX_DAYS),
        None => (0..=1)
            .filter_map(|later| {
                let year = chrono::Datelike::year(&today) + later;
                NaiveDate::from_ymd_opt(year, month, day)
            })
            .find(|date| *date > today)
            .and_then(|date| plausible(date, YEARLESS_MAX_DAYS)),
    };
    match *what {
        What::Date { year, month, day } => dated(year, month, day),
        What::Either {
            year,
            first,
            second,
        } => {
            let month_first = dated(year, first, second);
            let day_first = dated(year, second, first);
            let soon =
                |date: Option<NaiveDate>| date.is_some_and(|d| (d - today).num_days() <= SOON_DAYS);
            match (soon(month_first), soon(day_first)) {
                (true, false) => month_first,
                (false, true) => day_first,
                _ if locale.month_first => month_first.or(day_first),
                _ => day_first.or(month_first),
            }
        }
        What::Weekday(weekday) => today
            .iter_days()
            .skip(1)
            .take(7)
            .find(|day| chrono::Datelike::weekday(day) == weekday),
        What::Tomorrow => today.succ_opt(),
        What::NextWeek => today
            .iter_days()
            .skip(1)
            .take(7)
            .find(|day| chrono::Datelike::weekday(day) == chrono::Weekday::Mon),
    }
}
