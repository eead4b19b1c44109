//! Guardrails, calendars and the limits of identities, right and wrong.

use super::*;
use crate::guardrails::enrolment::ReEnrol;
use crate::guardrails::{AccountStop, Cap, OverCap, RolePolicy};

const IDENTITY: &str = "[identities.ada]\nfrom = \"ada@acme.example\"\n";

#[test]
fn the_defaults_change_little() {
    let config = load_text("").expect("loads").config;
    let guardrails = &config.guardrails;
    let caps: Vec<String> = guardrails.contact_caps.iter().map(Cap::to_string).collect();
    assert_eq!(caps, ["5/7d"]);
    assert!(guardrails.window.is_always() && !guardrails.business_days_only);
    assert_eq!(guardrails.role_addresses, RolePolicy::Allow);
    assert_eq!(guardrails.account_stop, AccountStop::Nothing);
    assert_eq!(guardrails.touch_events, ["email-sent", "call-made"]);
    assert_eq!(config.breaker.sends_min, 50);
    assert!(!config.calendar.holidays_of_contact && config.calendar.holidays.is_empty());
}

#[test]
fn a_sequence_may_differ() {
    let text = format!(
        "{IDENTITY}caps = [\"200/day\", \"1/1m\"]\ngap_ms = 540_000\njitter_ms = 300_000\n\
         ramp = {{ from = \"2026-11-01\", start = 20, step = 5 }}\nabsent = [\"2026-12-24..2027-01-02\", \"2027-05-01\"]\n\
         [guardrails]\naccount_stop_delay_ms = 1000\nover_cap = \"drop\"\nwindow = [\"mon-fri 09:00-17:00\"]\n\
         [breaker]\nbounce_rate_max = 1\n\
         [sequences.welcome]\npolicy = \"cadence\"\nenrol = 'true'\nre_enrol = \"after-90-days\"\npriority = 7\n\
         exclusive = true\ncold = true\nwindow = []\naccount_stop = \"delay\"\ngap_ms = 5\n"
    );
    let config = load_text(&text).expect("loads").config;
    let limits = &config.identities["ada"].limits;
    assert_eq!(
        (limits.caps.len(), limits.gap_ms, limits.jitter_ms),
        (2, 540_000, 300_000)
    );
    assert_eq!(
        limits.ramp.map(|ramp| (ramp.start, ramp.step)),
        Some((20, 5))
    );
    assert_eq!(limits.absent.len(), 2);
    assert_eq!(config.guardrails.over_cap, OverCap::Drop);
    let sequence = &config.sequences["welcome"];
    assert_eq!(sequence.re_enrol, ReEnrol::AfterDays(90));
    assert!(sequence.exclusive && sequence.cold && sequence.priority == 7);
    let own = &sequence.own;
    assert!(
        own.window
            .as_ref()
            .is_some_and(crate::calendar::Windows::is_always)
    );
    assert_eq!(own.account_stop, Some(AccountStop::Delay { ms: 1_000 }));
    assert_eq!((own.over_cap, own.gap_ms), (None, Some(5)));
}

#[test]
fn mistakes_come_with_advice() {
    let text = format!(
        "{IDENTITY}caps = [\"20/dy\"]\nabsent = [\"2027-01-02..2026-12-24\"]\n\
         ramp = {{ from = \"soon\", start = 0 }}\n\
         [guardrails]\ncontact_caps = [\"0/day\"]\nover_cap = \"wait\"\nwindow = [\"fri 22:00-02:00\"]\nrole_names = [\"a b\"]\n\
         [breaker]\nbounce_rate_max = 5\n\
         [calendar]\nholiday_countries = [\"Germany\"]\nholiday_files = [\"none.ics\"]\n"
    );
    let told = load_text(&text).expect_err("many mistakes");
    let expect = [
        "3: identities.ada.caps.0 \"20/dy\" cannot be read: write \"3/day\"",
        "4: identities.ada.absent.0 \"2027-01-02..2026-12-24\" cannot be read: write dates like",
        "5: identities.ada.ramp.from \"soon\" cannot be read: write a date like",
        "5: identities.ada.ramp.start must be a whole number from 1 to 1000000: see start in followup.default.toml",
        "5: identities.ada.ramp.step is missing: add step = 5",
        "7: guardrails.contact_caps.0 \"0/day\" cannot be read: write \"3/day\"",
        "8: guardrails.over_cap \"wait\" cannot be read: use defer, skip or drop",
        "9: guardrails.window.0 \"fri 22:00-02:00\" cannot be read: write blocks like \"mon-fri 09:00-17:30\"; one over midnight is two",
        "10: guardrails.role_names.0 \"a b\" cannot be read: write the part before the @",
        "12: breaker.bounce_rate_max must be a share from 0.0 to 1.0: the default is bounce_rate_max = 0.05",
        "14: calendar.holiday_countries.0 \"Germany\" cannot be read: write ISO codes",
        "15: calendar.holiday_files.0 names ",
    ];
    for (told, expect) in told.iter().zip(expect) {
        assert!(told.starts_with(expect), "{told}\n{expect}");
    }
    assert_eq!(told.len(), expect.len(), "{told:#?}");

    let endless = format!("{IDENTITY}ramp = {{ from = \"2026-11-01\", start = 20, step = 5 }}\n");
    let warnings = load_text(&endless).expect("a warning is no error").warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].message.contains("ramp never ends"),
        "{warnings:?}"
    );
}

#[test]
fn holidays_come_from_dates_countries_and_files() {
    const FILE: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Summer party\r\nDTSTART;VALUE=DATE:20260707\r\nEND:VEVENT\r\n\
                        BEGIN:VEVENT\r\nSUMMARY:Stand-up\r\nDTSTART:20260707T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let text = "[calendar]\nholidays = [\"2026-12-31\"]\nholiday_countries = [\"DE-BY\"]\nholiday_files = [\"party.ics\"]\nholidays_of_contact = true\n";
    let folder = folder(text, &[("party.ics", FILE)]);
    let loaded = load(&folder.path().join("followup.toml"), &env).expect("loads");
    let calendar = &loaded.config.calendar;
    for date in ["2026-12-31", "2026-12-25", "2026-01-06", "2026-07-07"] {
        assert!(
            calendar.holidays.contains(&date.parse().expect("date")),
            "{date}"
        );
    }
    assert!(calendar.holidays_of_contact);
    let warnings = show(&loaded.warnings, folder.path());
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("party.ics: warning: event \"Stand-up\" is left out"),
        "{warnings:?}"
    );
}
