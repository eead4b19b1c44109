//! Send windows: the hours of the week in which something may happen.
//!
//! In: blocks as people write them (`mon-fri 09:00-12:00`); a moment and a zone. Out: that moment or
//! the next one inside a block. Whether a block holds is asked of the clock on the wall (`zone`).

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;

use crate::domain::Instant;
use crate::domain::instant::DAY_MS;

use super::zone::{next_change, to_local};

/// The most blocks of one window.
pub const BLOCKS_MAX: usize = 64;

/// How far ahead an opening is looked for: a holiday list may shut a year, not two.
pub const OPENING_HORIZON_DAYS: u32 = 400;

/// One block, or a few days that keep the same hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Monday to Sunday.
    days: [bool; 7],
    /// Minutes of the day; the last is not within.
    from: u16,
    to: u16,
}

/// Blocks of the week. None means always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows(Vec<Block>);

/// What is wrong with a block, and how to write it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    #[error("cannot be read: write it like \"mon-fri 09:00-17:30\"")]
    Shape,
    #[error(
        "ends before it begins: write two blocks, one that ends at 24:00 and one of the next day that begins at 00:00"
    )]
    OverMidnight,
}

impl Block {
    /// `mon-fri 09:00-12:00`, `sat,sun 10:00-24:00`, `wed 08:00-18:00`.
    pub fn parse(text: &str) -> Result<Self, BlockError> {
        let (days, hours) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or(BlockError::Shape)?;
        let days = parse_days(days).ok_or(BlockError::Shape)?;
        let (from, to) = hours.trim().split_once('-').ok_or(BlockError::Shape)?;
        let from = parse_minutes(from).ok_or(BlockError::Shape)?;
        let to = parse_minutes(to).ok_or(BlockError::Shape)?;
        if from >= to {
            return Err(BlockError::OverMidnight);
        }
        Ok(Self { days, from, to })
    }

    fn on(&self, date: NaiveDate) -> bool {
        self.days[date.weekday().num_days_from_monday() as usize]
    }
}

impl Windows {
    /// In any order; blocks may overlap.
    pub fn new(mut blocks: Vec<Block>) -> Self {
        blocks.sort_by_key(|block| block.from);
        Self(blocks)
    }

    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// How many blocks.
    pub fn block_count(&self) -> usize {
        self.0.len()
    }

    /// Whether the window is open while the wall shows `wall`.
    pub fn holds(&self, wall: NaiveDateTime) -> bool {
        let minute = minute_of(wall);
        let within =
            |block: &Block| block.on(wall.date()) && (block.from..block.to).contains(&minute);
        self.0.is_empty() || self.0.iter().any(within)
    }

    /// The first time from `wall` on at which the window is open, that day or the next, on a clock
    /// that is not changed meanwhile.
    fn next_wall(
        &self,
        wall: NaiveDateTime,
        is_open: &dyn Fn(NaiveDate) -> bool,
    ) -> Option<NaiveDateTime> {
        let today = wall.date();
        let tomorrow = today.checked_add_days(Days::new(1))?;
        if is_open(today) {
            if self.holds(wall) {
                return Some(wall);
            }
            let minute = minute_of(wall);
            let later = |block: &&Block| block.on(today) && block.from > minute;
            if let Some(block) = self.0.iter().find(later) {
                return Some(today.and_time(time_at(block.from)));
            }
        }
        if !is_open(tomorrow) {
            return None;
        }
        if self.0.is_empty() {
            return Some(tomorrow.and_time(NaiveTime::MIN));
        }
        let first = self.0.iter().find(|block| block.on(tomorrow))?;
        Some(tomorrow.and_time(time_at(first.from)))
    }

    /// The first moment, from `at` on, at which the window is open in `zone` on a date that
    /// `is_open`. None within `OPENING_HORIZON_DAYS`, and at the ends of time.
    pub fn next_open(
        &self,
        at: Instant,
        zone: Tz,
        is_open: &dyn Fn(NaiveDate) -> bool,
    ) -> Option<Instant> {
        let horizon = at.plus_ms(i64::from(OPENING_HORIZON_DAYS) * DAY_MS);
        let mut from = at;
        while from <= horizon {
            let wall = to_local(from, zone).ok()?;
            let opening = self
                .next_wall(wall, is_open)
                .map(|opening| from.plus_ms((opening - wall).num_milliseconds()));
            // From here on the offset may differ: beyond it the wall is read anew.
            let read_until =
                next_change(from, DAY_MS, zone).unwrap_or_else(|| from.plus_ms(DAY_MS));
            match opening {
                Some(opening) if opening < read_until || opening == from => return Some(opening),
                _ => from = read_until,
            }
        }
        None
    }
}

/// As people write it, for reasons.
impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("always");
        }
        for (index, block) in self.0.iter().enumerate() {
            let days: Vec<String> = (0u8..7)
                .filter(|day| block.days[usize::from(*day)])
                .filter_map(|day| Weekday::try_from(day).ok())
                .map(|day| day.to_string().to_lowercase())
                .collect();
            let comma = if index > 0 { "; " } else { "" };
            let (from, to) = (block.from, block.to);
            write!(
                f,
                "{comma}{} {:02}:{:02}-{:02}:{:02}",
                days.join(","),
                from / 60,
                from % 60,
                to / 60,
                to % 60
            )?;
        }
        Ok(())
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let day = |text: &str| -> Option<usize> {
        let day: Weekday = text.trim().parse().ok()?;
        Some(day.num_days_from_monday() as usize)
    };
    let mut days = [false; 7];
    for part in text.split(',') {
        match part.split_once('-') {
            None => days[day(part)?] = true,
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                // "sat-mon" goes over the end of the week.
                for step in 0..=(last + 7 - first) % 7 {
                    days[(first + step) % 7] = true;
                }
            }
        }
    }
    Some(days)
}

/// `09:30` as minutes of the day, up to `24:00`.
fn parse_minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two_digits = |text: &str| -> Option<u16> {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

fn minute_of(wall: NaiveDateTime) -> u16 {
    (wall.hour() * 60 + wall.minute()) as u16
}

/// `minutes` is below a day: a block's beginning is before its end.
fn time_at(minutes: u16) -> NaiveTime {
    NaiveTime::MIN + TimeDelta::minutes(minutes.into())
}

#[cfg(test)]
mod tests;
