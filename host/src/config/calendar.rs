//! `[calendar]`: what "business day" means here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::problem::Problem;
use super::reader::Section;
use crate::calendar::{holidays, ics};

const COUNTRIES: &str = "write ISO codes like \"DE\" or, for a part of the country, \"DE-BY\"; what is not there comes from a file (holiday_files)";

/// The most calendar files.
const FILES_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub time_zone: Tz,
    /// Monday to Sunday; at least one.
    pub working_days: [bool; 7],
    /// Those written here, those of the files and those of the countries.
    pub holidays: BTreeSet<NaiveDate>,
    /// Whether contacts keep the holidays of their own country too.
    pub holidays_of_contact: bool,
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
        let written = section.list("holidays", "write dates like \"2026-12-25\"", |text| {
            text.parse().ok()
        });
        let mut holidays: BTreeSet<NaiveDate> = written.into_iter().collect();
        let countries = section.list("holiday_countries", COUNTRIES, holidays::key);
        holidays.extend(countries.into_iter().flat_map(holidays::dates));
        holidays.extend(files(section));
        let calendar = Self {
            time_zone: section.parsed(
                "time_zone",
                "use an IANA zone, like Europe/Berlin",
                |text| text.parse().ok(),
            ),
            working_days,
            holidays,
            holidays_of_contact: section.boolean("holidays_of_contact"),
        };
        section.finish();
        calendar
    }
}

/// The days off of all calendar files.
fn files(section: &Section<'_>) -> BTreeSet<NaiveDate> {
    let paths = section.list("holiday_files", "write a path to an .ics file", |text| {
        (!text.is_empty()).then(|| section.reader.folder.join(text))
    });
    let mut dates = BTreeSet::new();
    if paths.len() > FILES_MAX {
        let message = format!("has {} entries, {FILES_MAX} allowed", paths.len());
        section.problem("holiday_files", &message, "join some of the files");
        return dates;
    }
    for (index, path) in paths.iter().enumerate() {
        match read_file(path).and_then(|text| ics::read(&text)) {
            Ok(found) => {
                dates.extend(found.dates);
                for warning in found.warnings {
                    let remedy = "correct the event, or write its dates into calendar.holidays";
                    section.reader.note(Problem::warning(path, 0, warning, remedy));
                }
            }
            Err(why) => section.problem(
                &format!("holiday_files/{index}"),
                &format!("names {}, which {why}", path.display()),
                "export the calendar as iCalendar (.ics), and write its path relative to this file's folder",
            ),
        }
    }
    dates
}

fn read_file(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read ({error})");
    let bytes = fs::metadata(path).map_err(cannot)?.len();
    if bytes > ics::FILE_MAX_BYTES {
        return Err(format!(
            "is {bytes} bytes long, {} allowed",
            ics::FILE_MAX_BYTES
        ));
    }
    fs::read_to_string(path).map_err(cannot)
}
