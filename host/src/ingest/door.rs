//! `POST /hooks/{connection}`.

use std::error::Error as _;
use std::time::Duration;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::routing::any;
use http_body_util::LengthLimitError;

use super::answer::{Accepted, Error};
use super::{Connection, Door};
use crate::domain::Instant;
use crate::domain::hook::{Hook, HookRequest, Rejected};
use crate::store::DEFAULT_TENANT;
use crate::store::intake::{Arrival, Ingested};

/// Rejected parts that one log line names.
const LOGGED_REJECTIONS_MAX: usize = 5;

/// The routes of the door.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/hooks/{connection}", any(receive))
        .with_state(door)
}

async fn receive(
    State(door): State<Door>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Accepted, Error> {
    let answer = door.take_in(&name, request).await;
    let status = answer
        .as_ref()
        .map_or_else(|e| e.status().as_u16(), |_| 200);
    metrics::counter!("followup_hooks_total", "status" => status.to_string()).increment(1);
    if let Err(e) = &answer {
        tracing::warn!(connection = name, status, "a webhook was not taken in: {e}");
    }
    answer
}

impl Door {
    async fn take_in(&self, name: &str, request: Request) -> Result<Accepted, Error> {
        let connection = self
            .connections
            .get(name)
            .ok_or_else(|| Error::UnknownConnection(name.to_owned()))?;
        if request.method() != axum::http::Method::POST {
            return Err(Error::NotPost);
        }
        let _permit = self.permits.try_acquire().map_err(|_| Error::TooMany)?;
        let request = self.read(request, &*connection.hook).await?;
        let now = self.clock.now();
        connection.hook.verify(&request, now)?;
        let batch = connection.hook.normalize(&request, now)?;
        if batch.events.is_empty() && !batch.rejected.is_empty() {
            return Err(Error::AllRejected(batch.rejected));
        }
        log_rejections(name, &batch.rejected);
        let ingested = self.ingest(name, connection, batch.events, now).await?;
        Ok(Accepted::new(&ingested, batch.rejected))
    }

    async fn ingest(
        &self,
        name: &str,
        connection: &Connection,
        events: Vec<crate::domain::NewEvent>,
        now: Instant,
    ) -> Result<Ingested, Error> {
        let arrival = Arrival {
            tenant: DEFAULT_TENANT,
            connection: name.to_owned(),
            received_at: now,
            events,
            creates_contacts: connection.creates_contacts,
            reactions: std::sync::Arc::clone(&self.reactions),
        };
        let exit_wait_ms = self.limits.exit_wait_ms;
        Ok(self.store.take_in(arrival, exit_wait_ms).await?)
    }

    /// The whole request, within its limits.
    async fn read(&self, request: Request, hook: &dyn Hook) -> Result<HookRequest, Error> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = HookRequest {
            method: parts.method.as_str().to_owned(),
            url: format!("{}{path}", self.public_url),
            headers: headers(&parts.headers),
            body: Vec::new(),
        };
        hook.admit(&request)?;
        let max = hook.body_max_bytes().unwrap_or(self.limits.body_max_bytes);
        request.body = self.read_body(&parts.headers, body, max).await?;
        Ok(request)
    }

    async fn read_body(
        &self,
        headers: &HeaderMap,
        body: Body,
        max: usize,
    ) -> Result<Vec<u8>, Error> {
        let announced = headers
            .get(axum::http::header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > max) {
            return Err(Error::TooLarge(max));
        }
        let timeout_ms = self.limits.body_timeout_ms;
        match tokio::time::timeout(Duration::from_millis(timeout_ms), body::to_bytes(body, max))
            .await
        {
            Err(_) => Err(Error::TooSlow(timeout_ms)),
            Ok(Ok(bytes)) => Ok(bytes.into()),
            Ok(Err(e)) => {
                let cause = e.source();
                let too_large = cause.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
                Err(if too_large {
                    Error::TooLarge(max)
                } else {
                    Error::Broken(e.to_string())
                })
            }
        }
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn log_rejections(name: &str, rejected: &[Rejected]) {
    for part in rejected.iter().take(LOGGED_REJECTIONS_MAX) {
        tracing::warn!(
            connection = name,
            index = part.index,
            reason = part.reason,
            "a part of a webhook could not be read"
        );
    }
    if !rejected.is_empty() {
        metrics::counter!("followup_rejected_parts_total").increment(rejected.len() as u64);
    }
}
