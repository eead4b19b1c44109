//! For the tests of `outcome`: an answer as they write it, and what became of the mail as they read it.

use crate::domain::http::Response;
use crate::domain::mail::Outcome;

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: impl ToString) -> Response {
    Response {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_string().into_bytes(),
    }
}

/// `accepted 17`, `rejected`, `retry`, `retry after 7000`, `in doubt`.
pub(super) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { provider_id, .. } => match provider_id {
            Some(id) => format!("accepted {id}"),
            None => "accepted".to_owned(),
        },
        Outcome::Rejected { .. } => "rejected".to_owned(),
        Outcome::Retry { after_ms, .. } => match after_ms {
            Some(ms) => format!("retry after {ms}"),
            None => "retry".to_owned(),
        },
        Outcome::InDoubt { .. } => "in doubt".to_owned(),
    }
}

/// The same, with the reason that people read.
pub(super) fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => word(outcome),
        Outcome::Rejected { reason }
        | Outcome::Retry { reason, .. }
        | Outcome::InDoubt { reason } => format!("{}: {reason}", word(outcome)),
    }
}
