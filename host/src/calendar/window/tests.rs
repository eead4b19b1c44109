//! Blocks that people write, then every zone against a search that knows no better.

use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::*;
use crate::domain::instant::MINUTE_MS;

fn windows(blocks: &[&str]) -> Windows {
    Windows::new(
        blocks
            .iter()
            .map(|block| Block::parse(block).expect(block))
            .collect(),
    )
}

#[test]
fn blocks_are_read_or_refused_with_advice() {
    let check = |text: &str, expect: Result<&str, BlockError>| {
        let got = Block::parse(text).map(|block| Windows::new(vec![block]).to_string());
        assert_eq!(got.as_deref().map_err(Clone::clone), expect, "{text}");
    };
    check("mon-wed 09:00-12:00", Ok("mon,tue,wed 09:00-12:00"));
    check("Sat, sun  10:00-24:00", Err(BlockError::Shape));
    check("Sat,sun  10:00 - 24:00", Ok("sat,sun 10:00-24:00"));
    check("sat-mon 00:00-00:01", Ok("mon,sat,sun 00:00-00:01"));
    check("fri 22:00-02:00", Err(BlockError::OverMidnight));
    check("fri 09:00-09:00", Err(BlockError::OverMidnight));
    for text in [
        "",
        "mon",
        "mon 9:00-12:00",
        "mon 09:00",
        "mon 09:60-10:00",
        "mon 09:00-24:01",
        "day 09:00-10:00",
        "mon 09:00-+2:00",
    ] {
        check(text, Err(BlockError::Shape));
    }
}

#[test]
fn the_next_opening() {
    let office = windows(&[
        "mon-fri 09:00-12:00",
        "mon-fri 13:00-17:30",
        "sat 10:00-12:00",
    ]);
    let check = |windows: &Windows, at: &str, zone: Tz, expect: &str| {
        let at = Instant::parse_rfc3339(at).expect("RFC 3339");
        let got = windows.next_open(at, zone, &|_| true).expect("opens");
        assert_eq!(got.to_string(), expect, "{windows} from {at} in {zone}");
    };
    let berlin = Tz::Europe__Berlin;
    check(
        &office,
        "2026-03-02T07:59:59.500Z",
        berlin,
        "2026-03-02T08:00:00Z",
    );
    check(
        &office,
        "2026-03-02T08:00:00Z",
        berlin,
        "2026-03-02T08:00:00Z",
    );
    check(
        &office,
        "2026-03-02T10:59:59.999Z",
        berlin,
        "2026-03-02T10:59:59.999Z",
    );
    check(
        &office,
        "2026-03-02T11:00:00Z",
        berlin,
        "2026-03-02T12:00:00Z",
    );
    check(
        &office,
        "2026-03-07T11:00:00Z",
        berlin,
        "2026-03-09T08:00:00Z",
    );
    // Over the night in which the clocks go forward.
    check(
        &office,
        "2026-03-28T12:00:00Z",
        berlin,
        "2026-03-30T07:00:00Z",
    );
    // Opens where the gap ends; does not take place within it.
    let night = windows(&["sun 02:30-04:00"]);
    check(
        &night,
        "2026-03-28T12:00:00Z",
        berlin,
        "2026-03-29T01:00:00Z",
    );
    let in_the_gap = windows(&["sun 02:15-02:45"]);
    check(
        &in_the_gap,
        "2026-03-28T12:00:00Z",
        berlin,
        "2026-04-05T00:15:00Z",
    );
    // Twice in the night in which they go back.
    check(
        &in_the_gap,
        "2026-10-25T00:45:00Z",
        berlin,
        "2026-10-25T01:15:00Z",
    );
    // Samoa had no 30 December 2011, a Friday.
    let friday = windows(&["fri 10:00-11:00"]);
    check(
        &friday,
        "2011-12-29T12:00:00Z",
        Tz::Pacific__Apia,
        "2012-01-05T20:00:00Z",
    );
    // Midnight itself is skipped: the day begins at 01:00.
    let day = windows(&["fri 00:00-24:00"]);
    check(
        &day,
        "2026-04-23T12:00:00Z",
        Tz::Africa__Cairo,
        "2026-04-23T22:00:00Z",
    );
}

#[test]
fn a_window_that_never_opens_ends_the_search() {
    let at = Instant::parse_rfc3339("2026-03-02T08:00:00Z").expect("RFC 3339");
    let shut = |_: NaiveDate| false;
    assert_eq!(windows(&[]).next_open(at, Tz::UTC, &shut), None);
    assert_eq!(
        windows(&["mon 09:00-10:00"]).next_open(at, Tz::UTC, &shut),
        None
    );
    assert_eq!(
        windows(&[]).next_open(Instant(i64::MAX), Tz::UTC, &|_| true),
        None
    );
}

/// Blocks on quarters of an hour, of any day.
fn any_windows() -> impl Strategy<Value = Windows> {
    let block = (any::<[bool; 7]>(), 0u16..95, 1u16..20).prop_map(|(days, from, length)| Block {
        days: if days == [false; 7] { [true; 7] } else { days },
        from: from * 15,
        to: (from + length).min(96) * 15,
    });
    proptest::collection::vec(block, 0..4).prop_map(Windows::new)
}

/// Against looking at each quarter of an hour for nine days: no earlier one is open. Between two
/// quarters a window opens only with a clock change at an odd moment (Antarctica/Casey, 2020: 00:01);
/// offsets have been whole quarters since 1980.
fn opens_first(windows: &Windows, at: Instant, zone: Tz, is_open: &dyn Fn(NaiveDate) -> bool) {
    const QUARTER_MS: i64 = 15 * MINUTE_MS;
    let open = |moment: &Instant| {
        let wall = to_local(*moment, zone).expect("in range");
        is_open(wall.date()) && windows.holds(wall)
    };
    let seen = std::iter::successors(Some(at), |at| Some(at.plus_ms(QUARTER_MS)))
        .take(9 * 96)
        .find(open);
    let got = windows.next_open(at, zone, is_open);
    match (got, seen) {
        (Some(got), seen) if got.0 % QUARTER_MS != 0 => {
            assert!(
                open(&got) && !open(&got.plus_ms(-1)),
                "{windows} from {at} in {zone}: {got}"
            );
            assert!(
                seen.is_none_or(|seen| got < seen),
                "{windows} from {at} in {zone}: {got}"
            );
        }
        (Some(got), None) => {
            assert!(
                got.since_ms(at) > 8 * DAY_MS,
                "{windows} from {at} in {zone}: {got}"
            );
        }
        (got, seen) => assert_eq!(got, seen, "{windows} from {at} in {zone}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_earlier_opening_exists_in_any_zone(
        windows in any_windows(), quarter in 360_000i64..4_000_000, off in 0u32..9, spread in 0i64..1_000_000,
    ) {
        // One date in nine is shut.
        let is_open = |date: NaiveDate| date.num_days_from_ce().rem_euclid(9) as u32 != off;
        for (place, zone) in TZ_VARIANTS.iter().enumerate() {
            // Every zone at another time of the year, else few would be near a change.
            let shift = (spread * (place as i64 + 1)).rem_euclid(35_000);
            let at = Instant((quarter + shift) * 15 * MINUTE_MS);
            opens_first(&windows, at, *zone, &is_open);
            let got = windows.next_open(at, *zone, &is_open);
            let later = at.plus_ms(7 * MINUTE_MS);
            prop_assert!(windows.next_open(later, *zone, &is_open) >= got, "not monotonic in {}", zone);
        }
    }

    #[test]
    fn around_every_clock_change(windows in any_windows(), year in 0i64..60, nudge in -100i64..100) {
        let from = Instant((1_000_000 + year * 35_064) * 15 * MINUTE_MS);
        for zone in TZ_VARIANTS {
            let Some(change) = next_change(from, 200 * DAY_MS, zone) else { continue };
            let at = Instant(change.0 - change.0.rem_euclid(15 * MINUTE_MS)).plus_ms(nudge * 15 * MINUTE_MS);
            opens_first(&windows, at, zone, &|_| true);
        }
    }
}
