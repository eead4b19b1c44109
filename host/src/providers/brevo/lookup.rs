//! Looking for a mail among those sent to its recipient.
//!
//! GET /smtp/emails: "Mandatory if templateId and messageId are not passed: email address to which
//! transactional email has been sent"; days are the narrowest dates. Found is the one with our id as tag.

use serde_json::Value;

use super::outcome::{accepted, explanation};
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::AskError;
use crate::domain::fields;
use crate::domain::http::Response;
use crate::domain::instant::DAY_MS;
use crate::domain::mail::{Mail, Outcome};

/// Mails to one person within two days: far more than anybody is sent.
const MAILS_MAX: &str = "100";
/// "Maximum time period that can be selected is one month."
const PERIOD_MAX_MS: i64 = 29 * DAY_MS;

pub(super) fn path(mail: &Mail, since: Instant, now: Instant) -> String {
    let day = |at: Instant| at.to_utc().format("%Y-%m-%d").to_string();
    // The days are the account's, wherever it is.
    let (from, until) = (since.plus_ms(-DAY_MS), now.plus_ms(DAY_MS));
    let until = until.min(from.plus_ms(PERIOD_MAX_MS));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", mail.to.address.as_str())
        .append_pair("startDate", &day(from))
        .append_pair("endDate", &day(until))
        .append_pair("sort", "desc")
        .append_pair("limit", MAILS_MAX)
        .finish();
    format!("/smtp/emails?{query}")
}

pub(super) fn read(mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if !(200..=299).contains(&answer.status) || !body.is_object() {
        let hint = "check api_key";
        return Err(ask_failure("Brevo", answer, &explanation(&body), hint));
    }
    // Left out where there is none.
    let sent = body.get("transactionalEmails").and_then(Value::as_array);
    let ours = sent.into_iter().flatten().find(|sent| {
        let tags = sent.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|tag| tag == mail.id.as_str()))
    });
    Ok(ours.map(|sent| accepted(fields::text(sent, "messageId"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::header::tests::mail;

    #[test]
    fn the_days_around_it() {
        let at = Instant::parse_rfc3339("2026-03-02T09:00:00Z").expect("a time");
        let query = |now| path(&mail(), at, now);
        assert_eq!(
            query(at.plus_ms(60_000)),
            "/smtp/emails?email=zoe%40example.com&startDate=2026-03-01&endDate=2026-03-03&sort=desc&limit=100"
        );
        assert!(query(at.plus_ms(90 * DAY_MS)).contains("endDate=2026-03-30"));
    }
}
