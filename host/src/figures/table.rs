//! Every metric there is.

use metrics::Unit;

use super::{Figure, Sort};

/// From a call on the same machine to one that timed out.
const SECONDS: Sort = Sort::Histogram(&[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
]);
/// From at once to a day.
const LATE: Sort = Sort::Histogram(&[
    0.05, 0.25, 1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0,
]);
const JOBS: Sort = Sort::Histogram(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]);

/// In the order of the way of an event.
pub const FIGURES: &[Figure] = &[
    counter(
        "followup_hooks_total",
        &["status"],
        "webhooks answered, by HTTP status; 401: a wrong secret, which loses HubSpot's events for good",
    ),
    Figure {
        name: "followup_hook_seconds",
        sort: SECONDS,
        unit: Unit::Seconds,
        labels: &[],
        help: "from a webhook's arrival to its answer, committed",
    },
    counter("followup_events_total", &[], "events stored, each once"),
    counter(
        "followup_rejected_parts_total",
        &[],
        "parts of webhooks that could not be read; the others of the same webhook count",
    ),
    Figure {
        name: "followup_stop_seconds",
        sort: SECONDS,
        unit: Unit::Seconds,
        labels: &[],
        help: "from the arrival of an exit (a reply, an opt-out, ...) until nothing of that enrollment can leave any more; then it is acknowledged",
    },
    counter(
        "followup_trigger_calls_total",
        &["connection", "kind", "outcome"],
        "calls of trigger plugins: `receive`, `poll`; `ok`, `fault`",
    ),
    counter(
        "followup_found_only_by_poll_total",
        &["connection"],
        "changes in a CRM that no webhook told of; where it rises, webhooks are lost",
    ),
    counter(
        "followup_recipient_requests_total",
        &["route", "status"],
        "requests for the links in our mails",
    ),
    gauge(
        "followup_events_undecided",
        Unit::Count,
        "events that wait for the decide loop",
    ),
    gauge(
        "followup_events_undecided_age_seconds",
        Unit::Seconds,
        "how long the oldest of them has waited",
    ),
    gauge(
        "followup_events_thin",
        Unit::Count,
        "events that name an object only, and are due to be asked for at their CRM",
    ),
    gauge(
        "followup_contacts_due",
        Unit::Count,
        "contacts with something to decide now: an event, a timer, a failed call",
    ),
    gauge(
        "followup_contacts_due_age_seconds",
        Unit::Seconds,
        "how long the first of them has been due",
    ),
    counter(
        "followup_enrollments_total",
        &["sequence"],
        "enrollments begun",
    ),
    counter(
        "followup_decisions_total",
        &["plugin", "outcome"],
        "decisions: `email` (asks for one at least), `exit`, `act` (a task, a note, fields, an event), `wait` (timers only or nothing)",
    ),
    counter(
        "followup_faults_total",
        &["plugin", "kind"],
        "calls of policies that failed; repeated, then parked",
    ),
    counter(
        "followup_plugins_parked_total",
        &["plugin"],
        "plugins that failed too often in a row; alert on any",
    ),
    counter(
        "followup_postponed_total",
        &[],
        "contacts that could not be decided at all; alert on any",
    ),
    Figure {
        name: "followup_timer_late_seconds",
        sort: LATE,
        unit: Unit::Seconds,
        labels: &[],
        help: "how much later than set timers rang",
    },
    gauge(
        "followup_messages_due",
        Unit::Count,
        "messages whose time has come; a guardrail may put them off yet",
    ),
    gauge(
        "followup_messages_due_age_seconds",
        Unit::Seconds,
        "how long the first of them has been due",
    ),
    gauge(
        "followup_messages_sending",
        Unit::Count,
        "messages with a provider at this moment",
    ),
    gauge(
        "followup_messages_in_doubt",
        Unit::Count,
        "messages of which nobody knows whether the provider took them; alert where it stays",
    ),
    gauge(
        "followup_messages_held",
        Unit::Count,
        "messages that wait for a person: `followup outbox`",
    ),
    counter(
        "followup_sends_total",
        &["connection", "outcome"],
        "calls of providers: `accepted`, `rejected`, `retry`, `in-doubt`",
    ),
    Figure {
        name: "followup_send_seconds",
        sort: SECONDS,
        unit: Unit::Seconds,
        labels: &["connection"],
        help: "from a message's claim to its provider's answer",
    },
    counter(
        "followup_breakers_total",
        &["scope"],
        "circuit breakers that tripped; alert on any",
    ),
    gauge(
        "followup_writebacks_due",
        Unit::Count,
        "tasks, notes, fields and copies of mails that are to be written or looked for now",
    ),
    gauge(
        "followup_writebacks_due_age_seconds",
        Unit::Seconds,
        "how long the first of them has been due",
    ),
    gauge(
        "followup_writebacks_troubled",
        Unit::Count,
        "those that failed, or may have been written or not: `followup status`",
    ),
    counter(
        "followup_writebacks_total",
        &["connection", "kind", "outcome"],
        "calls that write into CRMs: `task`, `note`, `properties`, `mail`; `done`, `again`, `in-doubt`, `failed`, `uncertain`",
    ),
    Figure {
        name: "followup_commit_jobs",
        sort: JOBS,
        unit: Unit::Count,
        labels: &[],
        help: "write jobs that shared a commit",
    },
    counter(
        "followup_crossings_total",
        &[],
        "transactions that were made again since another one had crossed them (PostgreSQL)",
    ),
];

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Figure {
    Figure {
        name,
        sort: Sort::Counter,
        unit: Unit::Count,
        labels,
        help,
    }
}

const fn gauge(name: &'static str, unit: Unit, help: &'static str) -> Figure {
    Figure {
        name,
        sort: Sort::Gauge,
        unit,
        labels: &[],
        help,
    }
}
