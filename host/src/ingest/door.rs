//! `POST /hooks/{connection}`; for triggers any method, and any path below.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::answer::{Accepted, Error};
use super::{Door, INBOUND, inbound};
use crate::domain::hook::{Hook, HookRequest, Rejected};
use crate::domain::{Instant, NewEvent};
use crate::store::DEFAULT_TENANT;
use crate::store::intake::{Arrival, Ingested, event_id};
use crate::traces::{self, Remote, Telling};

/// Rejected parts that one log line names.
const LOGGED_REJECTIONS_MAX: usize = 5;

/// The routes of the door.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/hooks/{connection}", any(receive))
        .route("/hooks/{connection}/{*rest}", any(receive_below))
        .with_state(door)
}

async fn receive(
    State(door): State<Door>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let came_at = door.clock.now();
    let answer = match door.triggers.get(&name) {
        Some(listener) => door.ask(&name, listener, request).await,
        None => door.take_in(&name, request).await,
    };
    door.told(&name, came_at, answer)
}

/// Triggers may have anything below their address, providers that receive mail `inbound`.
async fn receive_below(
    State(door): State<Door>,
    Path((name, rest)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Error> {
    let received = rest == INBOUND && door.connections.contains_key(&inbound(&name));
    let came_at = door.clock.now();
    let answer = match door.triggers.get(&name) {
        Some(listener) => door.ask(&name, listener, request).await,
        None if received => door.take_in(&inbound(&name), request).await,
        None => Err(Error::NothingBelow(name.clone())),
    };
    door.told(&name, came_at, answer)
}

impl Door {
    /// Counts the answer, and logs one that takes nothing in.
    fn told(
        &self,
        name: &str,
        came_at: Instant,
        answer: Result<Response, Error>,
    ) -> Result<Response, Error> {
        let status = answer
            .as_ref()
            .map_or_else(Error::status, Response::status)
            .as_u16();
        metrics::counter!("followup_hooks_total", "status" => status.to_string()).increment(1);
        let took_ms = self.clock.now().since_ms(came_at);
        metrics::histogram!("followup_hook_seconds").record(took_ms as f64 / 1_000.0);
        if let Err(e) = &answer {
            tracing::warn!(connection = name, status, "a webhook was not taken in: {e}");
        }
        answer
    }

    /// `name` is a connection's, or `inbound` of one.
    async fn take_in(&self, name: &str, request: Request) -> Result<Response, Error> {
        let connection = self
            .connections
            .get(name)
            .ok_or_else(|| Error::UnknownConnection(name.to_owned()))?;
        if request.method() != axum::http::Method::POST {
            return Err(Error::NotPost);
        }
        let hook = &*connection.hook;
        let mut request = self.read(request, hook).await?;
        // Only now: those that send slowly keep nobody from a turn.
        let _permit = self.permits.try_acquire().map_err(|_| Error::TooMany)?;
        if let Some(url) = hook.certificate_url(&request)? {
            request.certificate = Some(self.certificate(&url).await?);
        }
        let now = self.clock.now();
        hook.verify(&request, now)?;
        if let Some(confirmation) = hook.confirmation(&request) {
            self.confirm(name, &confirmation).await?;
        }
        let batch = hook.normalize(&request, now)?;
        let link = request.header("traceparent").ok().and_then(Remote::read);
        if batch.events.is_empty() && !batch.rejected.is_empty() {
            return Err(Error::AllRejected(batch.rejected));
        }
        log_rejections(name, &batch.rejected);
        let own_name = name.strip_suffix("/inbound").unwrap_or(name);
        let ingested = self
            .ingest(
                own_name,
                connection.creates_contacts,
                batch.events,
                now,
                link,
            )
            .await?;
        Ok(match hook.acknowledgement() {
            Some(said) => ([(CONTENT_TYPE, said.content_type)], said.body).into_response(),
            None => Accepted::new(&ingested, batch.rejected).into_response(),
        })
    }

    pub(super) async fn ingest(
        &self,
        name: &str,
        creates_contacts: bool,
        events: Vec<NewEvent>,
        now: Instant,
        link: Option<Remote>,
    ) -> Result<Ingested, Error> {
        let told = if traces::is_on() {
            let id = |event: &NewEvent| event_id(DEFAULT_TENANT, name, &event.source_key);
            events
                .iter()
                .map(|event| (id(event), event.kind.clone()))
                .collect()
        } else {
            Vec::new()
        };
        let arrival = Arrival {
            tenant: DEFAULT_TENANT,
            connection: name.to_owned(),
            received_at: now,
            events,
            creates_contacts,
            reactions: std::sync::Arc::clone(&self.reactions),
        };
        let exit_wait_ms = self.limits.exit_wait_ms;
        let ingested = self.store.take_in(arrival, exit_wait_ms).await?;
        let telling = Telling {
            name: "webhook",
            connection: name,
            began_at: now,
            ended_at: self.clock.now(),
            link,
        };
        telling.record(told);
        if ingested.exits > 0 {
            let took_ms = self.clock.now().since_ms(now);
            metrics::histogram!("followup_stop_seconds").record(took_ms as f64 / 1_000.0);
        }
        Ok(ingested)
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
            certificate: None,
        };
        hook.admit(&request)?;
        let max = hook.body_max_bytes().unwrap_or(self.limits.body_max_bytes);
        request.body = self.read_body(&parts.headers, body, max).await?;
        Ok(request)
    }
}

pub(super) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
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

pub(super) fn log_rejections(name: &str, rejected: &[Rejected]) {
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
