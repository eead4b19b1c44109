//! What senders are told: JSON with what happened, or what is wrong and what to do about it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::hook::{Malformed, Refusal, Rejected};
use crate::store;
use crate::store::intake::Ingested;

/// How long a sender should wait before it tries again.
const RETRY_AFTER_S: i64 = 2;
/// The longest that a trigger's own wish may make it.
const RETRY_AFTER_MAX_S: i64 = 3_600;

/// Taken in.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    stored: usize,
    duplicates: usize,
    rejected: Vec<Rejected>,
}

impl Accepted {
    pub(super) fn new(ingested: &Ingested, rejected: Vec<Rejected>) -> Self {
        Self {
            stored: ingested.stored,
            duplicates: ingested.duplicates,
            rejected,
        }
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// Not taken in; nothing changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(
        "there is no connection {0:?}: the last part of the URL is the name of a [connections.NAME] section"
    )]
    UnknownConnection(String),
    #[error("use POST")]
    NotPost,
    #[error("there is nothing below /hooks/{0}")]
    NothingBelow(String),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("no part of the body could be read")]
    AllRejected(Vec<Rejected>),
    #[error("the body is larger than the {0} bytes allowed (server.body_max_bytes)")]
    TooLarge(usize),
    #[error("the body did not arrive within {0} ms")]
    TooSlow(u64),
    #[error("the body broke off: {0}")]
    Broken(String),
    #[error("too many requests at once (server.concurrent_max); try again")]
    TooMany,
    #[error("too many requests at once to this connection; try again")]
    TooManyOfOne,
    /// Its own word that the same request will never do.
    #[error("the trigger cannot take it: {0}")]
    Unreadable(String),
    /// May pass; what went wrong is in the log and in `followup status`.
    #[error("the trigger failed; try again")]
    Failed { retry_after_s: Option<i64> },
    #[error("the certificate that it is signed with could not be fetched: {0}")]
    NoCertificate(String),
    #[error("the subscription could not be confirmed: {0}")]
    NotConfirmed(String),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownConnection(_) | Self::NothingBelow(_) => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) | Self::AllRejected(_) | Self::Broken(_) | Self::Unreadable(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany
            | Self::TooManyOfOne
            | Self::Failed { .. }
            | Self::NoCertificate(_)
            | Self::NotConfirmed(_)
            | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn retry_after_s(&self) -> i64 {
        match self {
            Self::Failed { retry_after_s } => retry_after_s.unwrap_or(RETRY_AFTER_S),
            _ => RETRY_AFTER_S,
        }
        .clamp(RETRY_AFTER_S, RETRY_AFTER_MAX_S)
    }
}

#[derive(Serialize)]
struct Problem {
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, retry_after_s) = (self.status(), self.retry_after_s());
        let error = match &self {
            // What the store says may name files; it is in the log.
            Self::Store(_) => "busy; try again".to_owned(),
            other => other.to_string(),
        };
        let rejected = match self {
            Self::AllRejected(rejected) => rejected,
            _ => Vec::new(),
        };
        let mut response = (status, Json(Problem { error, rejected })).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}
