//! What must hold whatever is asked.

use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::*;
use crate::calendar::to_local;
use crate::domain::instant::MINUTE_MS;

fn any_world() -> impl Strategy<Value = World> {
    let block = (any::<[bool; 7]>(), 0u32..23).prop_map(|(days, hour)| {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days: Vec<&str> = names
            .into_iter()
            .zip(days)
            .filter(|(_, on)| *on)
            .map(|(name, _)| name)
            .collect();
        let days = if days.is_empty() {
            "mon-fri".to_owned()
        } else {
            days.join(",")
        };
        Block::parse(&format!("{days} {hour:02}:00-{:02}:30", hour + 1)).expect("a block")
    });
    let cap = prop_oneof![
        (1u32..4).prop_map(|count| Cap {
            count,
            span: Span::Day
        }),
        (2u32..8).prop_map(|count| Cap {
            count,
            span: Span::Week
        }),
        (1u32..5, 1i64..72).prop_map(|(count, hours)| Cap {
            count,
            span: Span::Rolling {
                ms: hours * HOUR_MS
            }
        }),
    ];
    let caps = || proptest::collection::vec(cap.clone(), 0..3);
    let rules = (
        caps(),
        caps(),
        caps(),
        proptest::collection::vec(block, 0..4),
        0i64..30,
        any::<bool>(),
    );
    let identity = (
        caps(),
        0i64..20,
        0i64..10,
        proptest::option::of((1u32..5, 1u32..4)),
    );
    (rules, identity).prop_map(
        |((contact, account, domain, blocks, gap, business), (own, own_gap, jitter, ramp))| {
            let rules = Rules {
                contact_caps: contact,
                account_caps: account,
                domain_caps: domain,
                gap_ms: gap * HOUR_MS,
                window: Windows::new(blocks),
                business_days_only: business,
                ..Rules::default()
            };
            let from = "2026-03-01".parse().expect("date");
            let identity = IdentityRules {
                caps: own,
                gap_ms: own_gap * MINUTE_MS,
                jitter_ms: jitter * MINUTE_MS,
                ramp: ramp.map(|(start, step)| Ramp { from, start, step }),
                absent: Vec::new(),
            };
            World::new(rules, identity)
        },
    )
}

/// Whether one more touch at `at` would have been one too many, counted the plain way.
fn exceeded(caps: &[Cap], touches: &[Instant], zone: Tz) -> bool {
    let week = |at: &Instant| {
        to_local(*at, zone)
            .expect("in range")
            .date()
            .week(chrono::Weekday::Mon)
            .first_day()
    };
    caps.iter().any(|cap| {
        touches.iter().any(|one| {
            let near = touches.iter().filter(|touch| match cap.span {
                Span::Day => {
                    to_local(**touch, zone).expect("in range").date()
                        == to_local(*one, zone).expect("in range").date()
                }
                Span::Week => week(touch) == week(one),
                Span::Month => false,
                Span::Rolling { ms } => (0..ms).contains(&touch.since_ms(*one)),
            });
            near.count() > cap.count as usize
        })
    })
}

fn insert(touches: &mut Vec<Instant>, at: Instant) {
    touches.insert(touches.partition_point(|touch| *touch <= at), at);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// A stream of messages, each judged when it is queued: the slots promised break no rule.
    #[test]
    fn no_promise_breaks_a_rule(
        mut world in any_world(), zone in 0usize..TZ_VARIANTS.len(), asked in proptest::collection::vec((0i64..400, 0u8..4), 1..20),
    ) {
        let zone = TZ_VARIANTS[zone];
        for (number, (hour, who)) in asked.into_iter().enumerate() {
            let wanted = monday().plus_ms(hour * HOUR_MS);
            let id = format!("msg_{number}");
            let recent = world.recent.clone();
            let proposal = Proposal { zone, message_id: &id, due_at: wanted, ..world.proposal() };
            let slot = match judge(&proposal, &world.calendar, wanted, monday()) {
                Ruling::Allow => wanted,
                Ruling::Delay { until, rule, reason } => {
                    prop_assert!(until > wanted && !rule.is_empty() && !reason.is_empty());
                    // Judged again when the moment has come: it goes.
                    let again = judge(&proposal, &world.calendar, until, until);
                    prop_assert_eq!(again, Ruling::Allow);
                    until
                }
                // A window on days off, and nothing else, never opens.
                Ruling::Hold { rule: "no-moment", .. } => {
                    prop_assert!(world.rules.business_days_only && !world.rules.window.is_always());
                    continue;
                }
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            let wall = to_local(slot, zone).expect("in range");
            prop_assert!(world.rules.window.holds(wall), "{} in {}", slot, zone);
            prop_assert!(!world.rules.business_days_only || world.calendar.is_working_date(wall.date()));
            let close = |touches: &[Instant], gap_ms: i64| touches.iter().any(|touch| touch.since_ms(slot).abs() < gap_ms);
            prop_assert!(!close(&recent.contact, world.rules.gap_ms));
            prop_assert!(!close(&recent.identity, world.identity.gap_ms));

            // Some messages are for the same contact, some only for its account, domain or identity.
            insert(&mut world.recent.identity, slot);
            if who > 0 { insert(&mut world.recent.domain, slot); }
            if who > 1 { insert(&mut world.recent.account, slot); }
            if who > 2 { insert(&mut world.recent.contact, slot); }
            prop_assert!(!exceeded(&world.rules.contact_caps, &world.recent.contact, zone));
            prop_assert!(!exceeded(&world.rules.account_caps, &world.recent.account, zone));
            prop_assert!(!exceeded(&world.rules.domain_caps, &world.recent.domain, Tz::UTC));
            prop_assert!(!exceeded(&world.identity.caps, &world.recent.identity, Tz::UTC));
            if let Some(ramp) = world.identity.ramp {
                let date = to_local(slot, Tz::UTC).expect("in range").date();
                let that_day = world.recent.identity.iter().filter(|sent| to_local(**sent, Tz::UTC).expect("in range").date() == date);
                prop_assert!(that_day.count() <= ramp.on(date) as usize);
            }
        }
    }

    /// In every zone: the promise is kept when its time has come, and a later wish is no earlier met.
    #[test]
    fn promises_hold_in_every_zone(world in any_world(), hour in 0i64..9_000, touched in 0i64..60) {
        let world = World { recent: Recent { contact: vec![monday().plus_ms((hour - touched) * HOUR_MS)], ..Recent::default() }, ..world };
        let wanted = monday().plus_ms(hour * HOUR_MS);
        for zone in TZ_VARIANTS {
            let proposal = Proposal { zone, due_at: wanted, ..world.proposal() };
            let moment = |wanted: Instant| match judge(&proposal, &world.calendar, wanted, monday()) {
                Ruling::Allow => Some(wanted),
                Ruling::Delay { until, .. } => Some(until),
                _ => None,
            };
            if let (Some(slot), Some(later)) = (moment(wanted), moment(wanted.plus_ms(HOUR_MS))) {
                prop_assert_eq!(judge(&proposal, &world.calendar, slot, slot), Ruling::Allow, "{} in {}", slot, zone);
                prop_assert!(world.rules.window.holds(to_local(slot, zone).expect("in range")));
                prop_assert!(slot <= later, "{} and {} in {}", slot, later, zone);
            }
        }
    }
}
