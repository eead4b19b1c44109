//! In a few sentences: what happens next to somebody, and what stands in the way.

use super::super::table::second;
use crate::store::explain::{Obstacle, Upcoming, Why};

/// One sentence a line; the first says what comes next.
pub(super) fn summary(why: &Why) -> Vec<String> {
    let mut lines = vec![next(why)];
    lines.extend(why.obstacles.iter().map(obstacle));
    lines
}

fn next(why: &Why) -> String {
    let email = &why.email;
    if why.contact.is_none() {
        return format!("Nobody is known by {email}: no event about that address was taken in.");
    }
    let barred =
        |obstacle: &&Obstacle| matches!(obstacle.rule, "suppressed" | "merged" | "contact-deleted");
    if let Some(obstacle) = why.obstacles.iter().find(barred) {
        return format!("Nothing will be sent to {email} ({}).", obstacle.rule);
    }
    let message = why.next.iter().find(|next| next.what == "message");
    match (message, why.next.first()) {
        (Some(message), Some(first)) if first.what != "message" => {
            format!(
                "Next for {email}: {}; then {}.",
                upcoming(first),
                upcoming(message)
            )
        }
        (Some(one), _) | (None, Some(one)) => format!("Next for {email}: {}.", upcoming(one)),
        (None, None) => format!("Nothing is planned for {email}: {}.", why_nothing(why)),
    }
}

fn upcoming(next: &Upcoming) -> String {
    let sequence = next.sequence.as_deref().unwrap_or("any sequence");
    let name = &next.name;
    let what = match next.what {
        "message" => format!("mail {name} of {sequence}"),
        "timer" => format!("the policy of {sequence} decides again (timer {name})"),
        "retry" => format!("the policy of {sequence} is asked again about {name}"),
        _ => format!("{name} is to be looked at"),
    };
    let when = match (&next.at, &next.waits_for) {
        (Some(at), None) => format!("at {}", second(at)),
        (Some(at), Some(first)) => format!("not before {}, and after {first}", second(at)),
        (None, Some(first)) => format!("waits for {first}"),
        (None, None) => "soon".to_owned(),
    };
    match (&next.rule, &next.reason) {
        (Some(rule), Some(reason)) => format!("{what} {when} ({rule}: {reason})"),
        (_, Some(reason)) => format!("{what} {when} ({reason})"),
        _ => format!("{what} {when}"),
    }
}

fn why_nothing(why: &Why) -> String {
    let running = why.enrollments.iter().find(|run| run.status == "active");
    match (running, why.enrollments.first()) {
        (Some(run), _) => format!(
            "{} waits for something to happen, since {}",
            run.sequence,
            second(&run.enrolled_at)
        ),
        (None, Some(last)) => format!(
            "{} is {} since {}: {}",
            last.sequence,
            last.status,
            second(last.finished_at.as_ref().unwrap_or(&last.enrolled_at)),
            last.reason.as_deref().unwrap_or("no reason given")
        ),
        (None, None) => match why.remarks.first() {
            Some(remark) => format!(
                "no event enrolled them ({}: {})",
                remark.kind, remark.remark
            ),
            None => "no event enrolled them in a sequence".to_owned(),
        },
    }
}

fn obstacle(obstacle: &Obstacle) -> String {
    let since = obstacle
        .since
        .as_ref()
        .map(|at| format!(", since {}", second(at)))
        .unwrap_or_default();
    let until = match (&obstacle.until, &obstacle.waits_for) {
        (Some(at), _) => format!(", until {}", second(at)),
        (None, Some(what)) => format!(", until {what}"),
        (None, None) => String::new(),
    };
    format!(
        "In the way: {}: {}{since}{until}.",
        obstacle.rule, obstacle.reason
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::explain::Run;

    fn why() -> Why {
        Why {
            email: "ada@x.example".to_owned(),
            contact: Some("1".to_owned()),
            obstacles: Vec::new(),
            next: Vec::new(),
            enrollments: Vec::new(),
            messages: Vec::new(),
            refused: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn upcoming(what: &'static str, at: Option<&str>, waits_for: Option<&str>) -> Upcoming {
        Upcoming {
            what,
            at: at.map(str::to_owned),
            sequence: Some("welcome".to_owned()),
            name: "step-2".to_owned(),
            id: None,
            rule: None,
            reason: None,
            waits_for: waits_for.map(str::to_owned),
        }
    }

    fn check(why: &Why, expect: &[&str]) {
        assert_eq!(summary(why), expect);
    }

    #[test]
    fn it_says_what_comes_next() {
        let next = |next| Why { next, ..why() };
        check(
            &Why {
                contact: None,
                ..why()
            },
            &["Nobody is known by ada@x.example: no event about that address was taken in."],
        );
        check(
            &why(),
            &["Nothing is planned for ada@x.example: no event enrolled them in a sequence."],
        );
        check(
            &next(vec![upcoming("message", Some("T1"), None)]),
            &["Next for ada@x.example: mail step-2 of welcome at T1."],
        );
        let held = Upcoming {
            rule: Some("paused".to_owned()),
            reason: Some("fair".to_owned()),
            ..upcoming("message", None, Some("`followup resume --all`"))
        };
        check(
            &next(vec![upcoming("timer", Some("T1"), None), held]),
            &[
                "Next for ada@x.example: the policy of welcome decides again (timer step-2) at T1; then mail \
               step-2 of welcome waits for `followup resume --all` (paused: fair).",
            ],
        );
        let ended = Run {
            sequence: "welcome".to_owned(),
            status: "finished".to_owned(),
            reason: Some("replied".to_owned()),
            enrolled_by: None,
            enrolled_at: "T0".to_owned(),
            finished_at: Some("T1".to_owned()),
        };
        check(
            &Why {
                enrollments: vec![ended],
                ..why()
            },
            &["Nothing is planned for ada@x.example: welcome is finished since T1: replied."],
        );
    }

    #[test]
    fn it_says_what_stands_in_the_way() {
        let suppressed = Obstacle {
            rule: "suppressed",
            reason: "@x.example must not be mailed: complaint (from evt_1)".to_owned(),
            sequence: None,
            since: Some("T0".to_owned()),
            until: None,
            waits_for: None,
        };
        check(
            &Why {
                obstacles: vec![suppressed],
                next: vec![upcoming("message", Some("T1"), None)],
                ..why()
            },
            &[
                "Nothing will be sent to ada@x.example (suppressed).",
                "In the way: suppressed: @x.example must not be mailed: complaint (from evt_1), since T0.",
            ],
        );
    }
}
