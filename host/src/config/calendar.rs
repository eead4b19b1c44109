//! `[calendar]`: what "business day" means here.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub time_zone: Tz,
    /// Monday to Sunday; at least one.
    pub working_days: [bool; 7],
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let days = section.list(
            "working_days",
            "use mon, tue, wed, thu, fri, sat, sun",
            |text| text.parse::<Weekday>().ok(),
        );
        let mut working_days = [false; 7];
        for day in &days {
            working_days[day.num_days_from_monday() as usize] = true;
        }
        if days.is_empty() {
            section.problem("working_days", "has no day", "name at least one: \"mon\"");
        }
        let calendar = Self {
            time_zone: section.parsed(
                "time_zone",
                "use an IANA zone, like Europe/Berlin",
                |text| text.parse().ok(),
            ),
            working_days,
            holidays: section
                .list("holidays", "write dates like \"2026-12-25\"", |text| {
                    text.parse().ok()
                })
                .into_iter()
                .collect(),
        };
        section.finish();
        calendar
    }
}
