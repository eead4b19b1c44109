//! Public holidays by country, from a list that is compiled in (`host/data/holidays.tsv`).
//!
//! A set is named by an ISO 3166-1 country (`DE`), or by a part of one (`DE-BY`), which keeps the
//! country's days and its own. What is never asked for is never parsed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, OnceLock};

use chrono::NaiveDate;

/// The years that the list covers; India's holidays are known to 2035 only.
pub const YEARS: std::ops::RangeInclusive<i32> = 2025..=2037;

/// One line per day: key, date, name; the lines of a key stand together.
const LIST: &str = include_str!("../../data/holidays.tsv");

struct Entry {
    lines: &'static str,
    dates: OnceLock<BTreeSet<NaiveDate>>,
}

static SETS: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let mut sets = HashMap::new();
    let mut rest = LIST;
    while let Some((key, _)) = rest.split_once('\t') {
        let same = rest
            .split_inclusive('\n')
            .take_while(|line| line.split_once('\t').is_some_and(|(next, _)| next == key));
        let (lines, after) = rest.split_at(same.map(str::len).sum());
        let dates = OnceLock::new();
        sets.insert(key, Entry { lines, dates });
        rest = after;
    }
    sets
});

/// The names of all sets, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = SETS.keys().copied().collect();
    names.sort_unstable();
    names
}

/// The set of exactly that name.
pub fn key(name: &str) -> Option<&'static str> {
    SETS.get_key_value(name).map(|(key, _)| *key)
}

/// Whether the set of that name has the date; a part of a country includes the country's. Unknown
/// sets have none.
pub fn contains(name: &str, date: NaiveDate) -> bool {
    let in_set = |name: &str| own(name).is_some_and(|dates| dates.contains(&date));
    in_set(name)
        || name
            .split_once('-')
            .is_some_and(|(country, _)| in_set(country))
}

/// All dates of a set.
pub fn dates(name: &str) -> BTreeSet<NaiveDate> {
    let country = name.split_once('-').and_then(|(country, _)| own(country));
    country
        .into_iter()
        .chain(own(name))
        .flatten()
        .copied()
        .collect()
}

fn own(name: &str) -> Option<&'static BTreeSet<NaiveDate>> {
    let entry = SETS.get(name)?;
    Some(entry.dates.get_or_init(|| {
        let date = |line: &str| line.split('\t').nth(1)?.parse().ok();
        entry.lines.lines().filter_map(date).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_people_know() {
        let check = |name: &str, date: &str, expect: bool| {
            let got = contains(name, date.parse().expect("date"));
            assert_eq!(got, expect, "{date} in {name}");
        };
        check("DE", "2026-12-25", true);
        check("DE", "2026-04-03", true);
        check("DE", "2026-01-06", false);
        check("DE-BY", "2026-01-06", true);
        check("DE-BY", "2026-12-25", true);
        check("DE-HH", "2026-01-06", false);
        check("US", "2026-11-26", true);
        check("US", "2037-07-04", true);
        check("GB-ENG", "2026-08-31", true);
        check("GB-SCT", "2026-08-31", false);
        check("XX", "2026-12-25", false);
        check("", "2026-12-25", false);
    }

    #[test]
    fn the_list_is_whole() {
        for (name, entry) in SETS.iter() {
            let dates = own(name).expect("known");
            assert_eq!(
                dates.len(),
                entry.lines.lines().count(),
                "{name}: each line a date, each once"
            );
        }
        let countries: Vec<_> = names()
            .into_iter()
            .filter(|name| !name.contains('-'))
            .collect();
        assert!(countries.len() >= 70, "{countries:?}");
        for name in countries {
            let last = if name == "IN" { 2035 } else { *YEARS.end() };
            for year in *YEARS.start()..=last {
                let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("date");
                let until = NaiveDate::from_ymd_opt(year, 12, 31).expect("date");
                let days = dates(name).range(first..=until).count();
                assert!((3..=40).contains(&days), "{name} {year}: {days}");
            }
        }
    }
}
