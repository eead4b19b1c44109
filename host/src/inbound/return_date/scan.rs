//! What could be a date in a folded text: numbers, months by name, weekdays, "tomorrow".

use chrono::Weekday;

use super::calendar_words::{NEXT_WEEK, TOMORROW, month, weekday, weekday_at};
use super::tokens::{Token, tokens};

/// Dates that are looked at; notices have a handful.
const FOUND_MAX: usize = 60;

/// A place in the text that could be a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub what: What,
    /// The end of a range inside one expression: "December 20-27".
    pub is_range: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Date {
        year: Option<i32>,
        month: u32,
        day: u32,
    },
    /// "05/06": day and month in an order that only the writer knows.
    Either {
        year: Option<i32>,
        first: u32,
        second: u32,
    },
    Weekday(Weekday),
    Tomorrow,
    NextWeek,
}

/// Everything that could be a date, in its order.
pub(super) fn scan(folded: &str) -> Vec<Found> {
    let tokens = tokens(folded);
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < tokens.len() && found.len() < FOUND_MAX {
        let parsed = ideographic(&tokens, at)
            .or_else(|| numeric(&tokens, at))
            .or_else(|| day_month(&tokens, at))
            .or_else(|| month_day(&tokens, at))
            .or_else(|| word(folded, &tokens, at));
        let Some((what, next, is_range)) = parsed else {
            at += 1;
            continue;
        };
        let date = Found {
            start: tokens[at].start,
            end: tokens[next - 1].end(),
            what,
            is_range,
        };
        merge(folded, &mut found, date);
        at = next;
    }
    found
}

/// "Monday, 5 January" and "5 January (Monday)" are one date.
fn merge(folded: &str, found: &mut Vec<Found>, mut date: Found) {
    let is_weekday = |what: &What| matches!(what, What::Weekday(_));
    if let Some(last) = found.last_mut() {
        let between = folded[last.end..date.start].trim_matches([' ', ',', '.', '(', '-', '、']);
        let joined = matches!(
            between,
            "" | "the" | "den" | "dem" | "le" | "el" | "il" | "dia" | "d" | "der"
        );
        if joined && is_weekday(&last.what) && !is_weekday(&date.what) && between.len() < 4 {
            date.start = last.start;
            *last = date;
            return;
        }
        let close = folded[last.end..date.start].len() <= 3 && between.is_empty();
        if close && is_weekday(&date.what) && !is_weekday(&last.what) {
            last.end = date.end;
            return;
        }
    }
    found.push(date);
}

type Parsed = Option<(What, usize, bool)>;

/// 1月5日, 2026年1月5日, 1월 5일; 12月20日-27日.
fn ideographic(tokens: &[Token<'_>], at: usize) -> Parsed {
    let sign = |i: usize, signs: [&str; 2]| tokens.get(i).is_some_and(|t| signs.contains(&t.text));
    let (mut i, mut year) = (at, None);
    if sign(i + 1, ["年", "년"]) {
        year = Some(tokens.get(i)?.year()?);
        i += 2;
    }
    let month = tokens.get(i)?.number().filter(|m| (1..=12).contains(m))?;
    if !sign(i + 1, ["月", "월"]) {
        return None;
    }
    let mut day = tokens.get(i + 2)?.day()?;
    let mut next = i + 3;
    if sign(next, ["日", "일"]) || sign(next, ["号", "號"]) {
        next += 1;
    }
    let mut is_range = false;
    if tokens.get(next).is_some_and(|t| t.text == "-")
        && sign(next + 2, ["日", "일"])
        && let Some(last) = tokens.get(next + 1).and_then(Token::day)
    {
        (day, next, is_range) = (last, next + 3, true);
    }
    // The weekday in brackets: (月).
    if sign(next, ["(", "（"]) && sign(next + 2, [")", "）"]) {
        next += 3;
    }
    Some((What::Date { year, month, day }, next, is_range))
}

/// 2026-01-05, 05.01.2026, 5. 1., 1/5/26, 5-1-2026.
fn numeric(tokens: &[Token<'_>], at: usize) -> Parsed {
    let first = tokens[at];
    let glued = |i: usize| tokens.get(i).filter(|t| !t.apart);
    let after_number =
        at > 0 && !first.apart && matches!(tokens[at - 1].text, "+" | "/" | ":" | "#");
    let separator = glued(at + 1)
        .filter(|t| matches!(t.text, "." | "/" | "-"))?
        .text;
    if after_number {
        return None;
    }
    if let Some(year) = first.year() {
        let month = tokens
            .get(at + 2)?
            .number()
            .filter(|m| (1..=12).contains(m))?;
        tokens.get(at + 3).filter(|t| t.text == separator)?;
        let day = tokens.get(at + 4)?.day()?;
        return Some((
            What::Date {
                year: Some(year),
                month,
                day,
            },
            at + 5,
            false,
        ));
    }
    let a = first.day()?;
    let second = tokens.get(at + 2)?;
    // "5. 1." has its second dot, or it is a sentence.
    if second.apart && !(separator == "." && glued(at + 3).is_some_and(|t| t.text == ".")) {
        return None;
    }
    let b = second.day()?;
    let (mut year, mut next) = (None, at + 3);
    if glued(next).is_some_and(|t| t.text == separator) {
        let told = tokens.get(next + 1).and_then(|t| {
            let short = t.text.len() == 2 && !t.apart;
            t.year()
                .or_else(|| t.number().filter(|_| short).map(|n| 2000 + n as i32))
        });
        next += 1 + usize::from(told.is_some());
        year = told;
    }
    // "5-1" is a score, "24/7" a promise, "17.30 Uhr" an hour.
    let clock = tokens.get(next).is_some_and(|t| {
        matches!(
            t.text,
            "uhr" | "h" | "am" | "pm" | "%" | "eur" | "€" | "klo"
        )
    });
    if (separator == "-" && year.is_none()) || (separator == "/" && (a, b) == (24, 7)) || clock {
        return None;
    }
    let what = match (a <= 12, b <= 12) {
        (_, true) if separator != "/" => What::Date {
            year,
            month: b,
            day: a,
        },
        (true, true) => What::Either {
            year,
            first: a,
            second: b,
        },
        (false, true) => What::Date {
            year,
            month: b,
            day: a,
        },
        (true, false) if separator != "." => What::Date {
            year,
            month: a,
            day: b,
        },
        _ => return None,
    };
    Some((what, next, false))
}

/// 5 January 2026, 5. Januar, 1er janvier, 5 de enero de 2026, 5th of January.
fn day_month(tokens: &[Token<'_>], at: usize) -> Parsed {
    let day = tokens[at].day()?;
    let mut i = at + 1;
    i += usize::from(is_ordinal(tokens, i));
    i += usize::from(tokens.get(i).is_some_and(|t| t.text == "."));
    while tokens
        .get(i)
        .is_some_and(|t| matches!(t.text, "of" | "de" | "del" | "di" | "d" | "'" | "den"))
    {
        i += 1;
    }
    let month = month(tokens.get(i)?.text)?;
    let (year, next) = year_after(tokens, i + 1);
    Some((What::Date { year, month, day }, next, false))
}

/// January 5, Jan. 5th 2026, január 5., December 20-27.
fn month_day(tokens: &[Token<'_>], at: usize) -> Parsed {
    let month = month(tokens[at].text)?;
    let mut i = at + 1;
    i += usize::from(tokens.get(i).is_some_and(|t| t.text == "."));
    i += usize::from(tokens.get(i).is_some_and(|t| t.text == "the"));
    let mut day = tokens.get(i)?.day()?;
    i += 1;
    let is_clock = tokens.get(i).is_some_and(|t| t.text == ":");
    if is_clock {
        return None;
    }
    i += usize::from(is_ordinal(tokens, i));
    let mut is_range = false;
    let joins = tokens
        .get(i)
        .is_some_and(|t| matches!(t.text, "-" | "to" | "through" | "thru" | "until" | "and"));
    if joins
        && let Some(last) = tokens.get(i + 1).and_then(Token::day)
        && !tokens.get(i + 2).is_some_and(|t| {
            matches!(t.text, "." | "/" | ":") || super::calendar_words::month(t.text).is_some()
        })
    {
        (day, is_range) = (last, true);
        i += 2;
        i += usize::from(is_ordinal(tokens, i));
    } else if joins
        && let Some(last) = tokens.get(i + 1).and_then(Token::day)
        && tokens.get(i + 2).is_some_and(|t| t.text == ".")
        && last > day
    {
        // The full stop of the sentence.
        (day, is_range) = (last, true);
        i += 2;
    }
    let (year, next) = year_after(tokens, i);
    // Hungarian writes the year before: 2026. január 5.
    let before = at.checked_sub(1).map(|i| tokens[i]);
    let before = before
        .filter(|t| t.text == ".")
        .and_then(|_| at.checked_sub(2))
        .map(|i| tokens[i]);
    let year = year.or_else(|| before.and_then(|t| t.year()));
    Some((What::Date { year, month, day }, next, is_range))
}

fn is_ordinal(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|t| {
        !t.apart
            && matches!(
                t.text,
                "st" | "nd"
                    | "rd"
                    | "th"
                    | "er"
                    | "e"
                    | "º"
                    | "ª"
                    | "°"
                    | "ste"
                    | "de"
                    | "го"
                    | "ого"
            )
    })
}

/// ", 2026", "de 2026", "2026": the year and what follows it.
fn year_after(tokens: &[Token<'_>], at: usize) -> (Option<i32>, usize) {
    let mut i = at;
    while tokens
        .get(i)
        .is_some_and(|t| matches!(t.text, "," | "." | "de" | "del" | "of"))
        && i < at + 2
    {
        i += 1;
    }
    match tokens.get(i).and_then(Token::year) {
        Some(year) => (Some(year), i + 1),
        None => (None, at),
    }
}

fn word(folded: &str, tokens: &[Token<'_>], at: usize) -> Parsed {
    let here = &folded[tokens[at].start..];
    let through = |phrase: &str| {
        let end = tokens[at].start + phrase.len();
        let whole = tokens.iter().skip(at).take_while(|t| t.start < end).count();
        at + whole.max(1)
    };
    let begins = |phrase: &&&str| {
        let spaced = phrase.bytes().all(|b| b.is_ascii());
        let free = here
            .strip_prefix(**phrase)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
        if spaced {
            free
        } else {
            here.starts_with(**phrase)
        }
    };
    if let Some(phrase) = NEXT_WEEK.iter().find(begins) {
        return Some((What::NextWeek, through(phrase), false));
    }
    if let Some((weekday, phrase)) = weekday_at(here) {
        return Some((What::Weekday(weekday), through(phrase), false));
    }
    // "Guten Morgen" is a greeting.
    let greets = at
        .checked_sub(1)
        .is_some_and(|i| matches!(tokens[i].text, "guten" | "goede" | "buena"));
    if let Some(phrase) = TOMORROW.iter().find(begins)
        && !greets
    {
        return Some((What::Tomorrow, through(phrase), false));
    }
    let weekday = weekday(tokens[at].text)?;
    // "segunda-feira" is one word to people.
    let tail = tokens.get(at + 1).is_some_and(|t| t.text == "-")
        && tokens.get(at + 2).is_some_and(|t| t.text == "feira");
    Some((What::Weekday(weekday), at + if tail { 3 } else { 1 }, false))
}
