//! All rules together, on days that people know.

mod properties;

use super::*;
use crate::calendar::{Block, Windows};
use crate::domain::instant::{DAY_MS, HOUR_MS};

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).expect("RFC 3339")
}

fn caps(texts: &[&str]) -> Vec<Cap> {
    texts
        .iter()
        .map(|text| Cap::parse(text).expect(text))
        .collect()
}

fn windows(blocks: &[&str]) -> Windows {
    Windows::new(
        blocks
            .iter()
            .map(|block| Block::parse(block).expect(block))
            .collect(),
    )
}

/// The parts of a proposal that others are made from.
#[derive(Debug)]
struct World {
    to: EmailAddress,
    rules: Rules,
    identity: IdentityRules,
    recent: Recent,
    calendar: Calendar,
}

impl World {
    fn new(rules: Rules, identity: IdentityRules) -> Self {
        Self {
            to: EmailAddress::parse("ada@acme.example").expect("address"),
            rules,
            identity,
            recent: Recent::default(),
            calendar: Calendar::default(),
        }
    }

    fn proposal(&self) -> Proposal<'_> {
        Proposal {
            to: Some(&self.to),
            suppressed: None,
            stopped: None,
            restored: None,
            missing_fields: &[],
            paused: None,
            quiet: None,
            due_at: monday(),
            zone: Tz::Europe__Berlin,
            country: None,
            rules: &self.rules,
            identity: &self.identity,
            recent: &self.recent,
            message_id: "msg_1",
            unsubscribable: true,
            postal_address: true,
        }
    }

    fn judge(&self, proposal: &Proposal<'_>) -> Ruling {
        judge(proposal, &self.calendar, monday(), monday())
    }
}

/// A Monday, ten in the morning in Berlin.
fn monday() -> Instant {
    at("2026-03-02T09:00:00Z")
}

#[test]
fn the_strictest_objection_wins() {
    let missing = ["contact.first_name".to_owned()];
    let world = World::new(
        Rules {
            stale_after_ms: HOUR_MS,
            cold: true,
            role_addresses: RolePolicy::Task,
            ..Rules::default()
        },
        IdentityRules::default(),
    );
    let info = EmailAddress::parse("info@acme.example").expect("address");
    let mut proposal = Proposal {
        to: Some(&info),
        suppressed: Some("complaint"),
        stopped: Some("replied"),
        missing_fields: &missing,
        paused: Some("sequence welcome is paused: trade fair"),
        quiet: Some((monday().plus_ms(DAY_MS), "out-of-office")),
        due_at: monday().plus_ms(-2 * HOUR_MS),
        unsubscribable: false,
        postal_address: false,
        ..world.proposal()
    };
    let mut told = Vec::new();
    for weaken in [
        (|_: &mut Proposal<'_>| {}) as fn(&mut Proposal<'_>),
        |proposal| proposal.stopped = None,
        |proposal| proposal.suppressed = None,
        |proposal| proposal.postal_address = true,
        |proposal| proposal.unsubscribable = true,
    ] {
        weaken(&mut proposal);
        told.push(world.judge(&proposal).rule());
    }
    proposal.to = Some(&world.to);
    told.push(world.judge(&proposal).rule());
    proposal.paused = None;
    told.push(world.judge(&proposal).rule());
    proposal.missing_fields = &[];
    told.push(world.judge(&proposal).rule());
    proposal.due_at = monday();
    told.push(world.judge(&proposal).rule());
    proposal.quiet = None;
    told.push(world.judge(&proposal).rule());
    proposal.to = None;
    told.push(world.judge(&proposal).rule());
    let expect = [
        "stopped",
        "suppressed",
        "no-postal-address",
        "no-unsubscribe",
        "role-address",
        "paused",
        "missing-field",
        "stale",
        "quiet",
        "",
        "no-address",
    ];
    let told: Vec<&str> = told.into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!(told, expect);
}

#[test]
fn the_first_moment_that_suits_all() {
    let check =
        |rules: Rules, identity: IdentityRules, recent: Recent, expect: Option<(&str, &str)>| {
            let world = World {
                recent,
                ..World::new(rules, identity)
            };
            let ruling = world.judge(&world.proposal());
            match (&ruling, expect) {
                (Ruling::Allow, None) => {}
                (Ruling::Delay { until, rule, .. }, Some((name, moment))) => {
                    assert_eq!((*rule, *until), (name, at(moment)), "{ruling:?}");
                }
                _ => panic!("{ruling:?}, not {expect:?}"),
            }
        };
    let (no_rules, nobody, never) = (Rules::default, IdentityRules::default, Recent::default);
    let twice = || Recent {
        contact: vec![monday().plus_ms(-6 * DAY_MS), monday().plus_ms(-HOUR_MS)],
        ..Recent::default()
    };
    check(no_rules(), nobody(), twice(), None);
    let office = || windows(&["mon-fri 09:00-12:00", "mon-fri 13:00-17:00"]);
    check(
        Rules {
            window: office(),
            ..no_rules()
        },
        nobody(),
        never(),
        None,
    );
    check(
        Rules {
            window: windows(&["tue 09:00-12:00"]),
            ..no_rules()
        },
        nobody(),
        never(),
        Some(("window", "2026-03-03T08:00:00Z")),
    );
    check(
        Rules {
            contact_caps: caps(&["2/7d"]),
            ..no_rules()
        },
        nobody(),
        twice(),
        Some(("contact-cap", "2026-03-03T09:00:00Z")),
    );
    check(
        Rules {
            gap_ms: 3 * HOUR_MS,
            ..no_rules()
        },
        nobody(),
        twice(),
        Some(("gap", "2026-03-02T11:00:00Z")),
    );
    // The cap frees up on Saturday evening, the window opens on Monday; the cap moved it further.
    let saturday = Recent {
        contact: vec![at("2026-02-28T19:00:00Z")],
        ..Recent::default()
    };
    check(
        Rules {
            contact_caps: caps(&["1/7d"]),
            window: office(),
            ..no_rules()
        },
        nobody(),
        saturday,
        Some(("contact-cap", "2026-03-09T08:00:00Z")),
    );
    let absent = vec![Absence::parse("2026-03-01..2026-03-06").expect("absence")];
    // Back on Saturday (of the tenant, UTC), which is no working day.
    check(
        Rules {
            window: office(),
            business_days_only: true,
            ..no_rules()
        },
        IdentityRules { absent, ..nobody() },
        never(),
        Some(("absent", "2026-03-09T08:00:00Z")),
    );
    let ramp = Ramp {
        from: "2026-03-02".parse().expect("date"),
        start: 1,
        step: 1,
    };
    let sent = Recent {
        identity: vec![monday().plus_ms(-HOUR_MS)],
        ..Recent::default()
    };
    check(
        no_rules(),
        IdentityRules {
            ramp: Some(ramp),
            ..nobody()
        },
        sent.clone(),
        Some(("ramp", "2026-03-03T00:00:00Z")),
    );
    check(
        no_rules(),
        IdentityRules {
            caps: caps(&["1/2h"]),
            ..nobody()
        },
        sent,
        Some(("identity-cap", "2026-03-02T10:00:00Z")),
    );
    let domain = Recent {
        domain: vec![monday()],
        ..Recent::default()
    };
    check(
        Rules {
            domain_caps: caps(&["1/day"]),
            ..no_rules()
        },
        nobody(),
        domain,
        Some(("domain-cap", "2026-03-03T00:00:00Z")),
    );
}

#[test]
fn holidays_of_the_contact() {
    let rules = Rules {
        business_days_only: true,
        ..Rules::default()
    };
    let world = World::new(rules, IdentityRules::default());
    // Good Friday 2026: off in Germany, not in the United States.
    let friday = at("2026-04-03T08:00:00Z");
    let check = |country: Option<&str>, expect: Instant| {
        let proposal = Proposal {
            country,
            due_at: friday,
            ..world.proposal()
        };
        let until = match judge(&proposal, &world.calendar, friday, friday) {
            Ruling::Delay {
                until,
                rule: "business-day",
                ..
            } => until,
            Ruling::Allow => friday,
            other => panic!("{other:?}"),
        };
        assert_eq!(until, expect, "{country:?}");
    };
    check(None, friday);
    check(Some("US"), friday);
    // Easter Monday too.
    check(Some("DE"), at("2026-04-06T22:00:00Z"));
}

#[test]
fn one_too_many_is_skipped_only_where_it_would_have_gone() {
    let full = Recent {
        contact: vec![at("2026-03-01T20:00:00Z")],
        ..Recent::default()
    };
    let rule_of = |over_cap, blocks: &[&str]| {
        let rules = Rules {
            contact_caps: caps(&["1/24h"]),
            over_cap,
            window: windows(blocks),
            ..Rules::default()
        };
        let world = World {
            recent: full.clone(),
            ..World::new(rules, IdentityRules::default())
        };
        world.judge(&world.proposal())
    };
    assert!(matches!(
        rule_of(OverCap::Skip, &[]),
        Ruling::Refuse {
            rule: "contact-cap",
            ..
        }
    ));
    assert!(matches!(
        rule_of(OverCap::Drop, &[]),
        Ruling::Drop {
            rule: "contact-cap",
            ..
        }
    ));
    assert!(matches!(
        rule_of(OverCap::Defer, &[]),
        Ruling::Delay {
            rule: "contact-cap",
            ..
        }
    ));
    // The window opens when there is room again.
    assert!(matches!(
        rule_of(OverCap::Skip, &["tue 09:00-10:00"]),
        Ruling::Delay { rule: "window", .. }
    ));
}

#[test]
fn rules_that_exclude_each_other_are_named() {
    let never = Absence::parse("2026-01-01..2028-01-01").expect("absence");
    let world = World::new(
        Rules {
            window: windows(&["sat 09:00-10:00"]),
            business_days_only: true,
            ..Rules::default()
        },
        IdentityRules {
            absent: vec![never],
            ..IdentityRules::default()
        },
    );
    for (identity, names) in [
        (&IdentityRules::default(), "window"),
        (&world.identity, "absent"),
    ] {
        let ruling = world.judge(&Proposal {
            identity,
            ..world.proposal()
        });
        let Ruling::Hold {
            rule: "no-moment",
            reason,
        } = &ruling
        else {
            panic!("{ruling:?}")
        };
        assert!(reason.contains(names), "{reason}");
    }
}
