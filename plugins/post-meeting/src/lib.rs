//! Post-meeting: the mails around a meeting, before and after it.
//!
//! ```text
//!  booked ──▶ confirmation ──▶ reminder (the day before) ──▶ held ──▶ thanks
//!    │ rescheduled: told, reminder moved                 └──▶ no-show ──▶ another date?
//!    └ cancelled: no reminder ──▶ another date?
//! ```
//! State is kept by meeting, so that several meetings of one contact do not mix and a report that
//! comes twice, late or out of order brings no second mail.

mod config;
mod meetings;

use followup_guest::{
    Context, Decision, Email, Event, Instant, Policy, PolicyError, When, json, kind,
};

use config::{Config, Mail};
use meetings::{Meeting, Meetings};

/// A reminder's timer is named this and the meeting's number; its data is the meeting's time.
const REMIND: &str = "remind-";

/// The timer that ends the enrollment.
const IDLE: &str = "idle";

/// How long after the last meeting is over the enrollment ends.
const IDLE_DAYS: u32 = 30;

pub struct PostMeeting;

followup_guest::export!(PostMeeting);

impl Policy for PostMeeting {
    type Config = Config;
    type State = Meetings;

    fn decide(
        cx: &Context<Config>,
        meetings: &mut Meetings,
        event: &Event,
    ) -> Result<Decision, PolicyError> {
        if event.is_timer(IDLE) {
            return Ok(Decision::because("no meeting for a month").exit("completed"));
        }
        if let Some(number) = event.timer().and_then(|name| name.strip_prefix(REMIND)) {
            return remind(cx, meetings, number, event);
        }
        if meetings.know_better_than(event) {
            let reason = format!("{} is older than what is known of the meeting", event.kind);
            return Ok(Decision::because(reason));
        }
        match event.kind.as_str() {
            kind::MEETING_BOOKED | kind::MEETING_RESCHEDULED => planned(cx, meetings, event),
            kind::MEETING_CANCELLED => over(cx, meetings, event, Mail::Cancelled),
            kind::MEETING_HELD => over(cx, meetings, event, Mail::Thanks),
            kind::MEETING_NO_SHOW => over(cx, meetings, event, Mail::NoShow),
            other => Ok(Decision::because(format!("{other} is about no meeting"))),
        }
    }
}

/// Booked or rescheduled: tell the new time once, and set the reminder.
fn planned(
    cx: &Context<Config>,
    meetings: &mut Meetings,
    event: &Event,
) -> Result<Decision, PolicyError> {
    let Some(starts_at) = event.instant("starts_at") else {
        let reason = format!("{} does not say when the meeting is", event.kind);
        return Ok(Decision::because(reason));
    };
    let (before, meeting) = meetings.plan(event, starts_at, cx.now);
    let timer = format!("{REMIND}{}", meeting.number);
    let (mail, what) = match before {
        Some(time) if time == starts_at => {
            return Ok(Decision::because(format!(
                "{} is known already",
                meeting.title
            )));
        }
        _ if starts_at <= cx.now => {
            let reason = format!("{} has begun already", meeting.title);
            return Ok(Decision::because(reason).cancel_timer(timer));
        }
        Some(_) => (Mail::Moved, "has moved"),
        None if event.is(kind::MEETING_RESCHEDULED) => (Mail::Moved, "has moved"),
        None => (Mail::Confirmation, "is booked"),
    };
    let when = cx.local(starts_at)?;
    let decision = Decision::because(format!("{} {what}: {when}", meeting.title));
    let decision = send(cx, decision, mail, meeting)?.cancel_timer(IDLE);
    let remind_at = the_day_before(cx, starts_at)?;
    Ok(if remind_at > cx.now {
        decision.timer_with(timer, When::At(remind_at), json!(starts_at))
    } else {
        // Too soon for a reminder; one for the time before must not ring.
        decision.cancel_timer(timer)
    })
}

fn remind(
    cx: &Context<Config>,
    meetings: &Meetings,
    number: &str,
    event: &Event,
) -> Result<Decision, PolicyError> {
    let starts_at = event.timer_data().as_i64().map(Instant);
    let planned = |m: &&Meeting| !m.over && Some(m.starts_at) == starts_at && m.starts_at > cx.now;
    let meeting = number.parse().ok().and_then(|number| meetings.get(number));
    let Some(meeting) = meeting.filter(planned) else {
        return Ok(Decision::because(
            "the meeting of this reminder is moved or over",
        ));
    };
    let decision = Decision::because(format!("{} is tomorrow", meeting.title));
    send(cx, decision, Mail::Reminder, meeting)
}

/// Held, missed or cancelled: no reminder any more, and the mail that follows.
fn over(
    cx: &Context<Config>,
    meetings: &mut Meetings,
    event: &Event,
    mail: Mail,
) -> Result<Decision, PolicyError> {
    let meeting = meetings.known(event, cx.now);
    if meeting.over {
        return Ok(Decision::because(format!(
            "{} is over already",
            meeting.title
        )));
    }
    meeting.over = true;
    let what = event.kind.trim_start_matches("meeting-");
    let decision = Decision::because(format!("{}: {what}", meeting.title))
        .cancel_timer(format!("{REMIND}{}", meeting.number));
    let decision = send(cx, decision, mail, meeting)?;
    Ok(if meetings.all_over() {
        decision.timer(IDLE, When::after_days(IDLE_DAYS))
    } else {
        decision
    })
}

fn send(
    cx: &Context<Config>,
    mut decision: Decision,
    mail: Mail,
    meeting: &Meeting,
) -> Result<Decision, PolicyError> {
    let Some(template) = cx.config.template(mail) else {
        decision.reason += "; that mail is switched off";
        return Ok(decision);
    };
    Ok(decision.send(
        Email::template(template)
            .var("title", &meeting.title)
            .var("when", cx.local(meeting.starts_at)?.to_string())
            .var("time_zone", &cx.contact.time_zone)
            .var("url", &meeting.url)
            .var("location", &meeting.location)
            .var("booking_link", &cx.config.booking_link)
            .var("next_step", &cx.config.next_step),
    ))
}

fn the_day_before(cx: &Context<Config>, starts_at: Instant) -> Result<Instant, PolicyError> {
    let eve = cx.local(starts_at)?.plus_days(-1);
    Ok(cx.moment(eve.with_time(cx.config.remind_at))?)
}

#[cfg(test)]
mod tests;
