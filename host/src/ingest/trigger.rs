//! A request to a connection that a plugin listens for.
//!
//! limit → verify by the scheme of the manifest, before any of the plugin's code runs → `receive` →
//! one transaction → the plugin's answer, or 202. A plugin that fails answers 503, so that the sender
//! repeats and nothing is lost; only its own word that the request will never do answers 400.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretSlice};
use tokio::sync::Semaphore;
use url::form_urlencoded;

use super::Door;
use super::answer::{Accepted, Error};
use super::door::{headers, log_rejections};
use crate::calendar::Calendar;
use crate::domain::Instant;
use crate::domain::fault::{Fault, FaultKind, Remedy};
use crate::domain::hook::HookRequest;
use crate::domain::trigger::{Received, TriggerContext, TriggerRequest, TriggerResponse};
use crate::sandbox::{Authority, Called, Plugin, Sandbox};
use crate::signatures::scheme::Verifier;
use crate::store::DEFAULT_TENANT;
use crate::store::intake::Ingested;
use crate::store::triggers::{CallKind, TriggerCall};
use crate::triggers;

/// Requests of one connection under way at once: one that is flooded leaves room for the others.
pub const CALLS_MAX: usize = 32;

/// Whoever calls the door with cookies of its pages does not mean the plugin.
const COOKIE: &str = "cookie";

/// A trigger that takes webhooks in. A clone is the same one.
#[derive(Clone)]
pub struct Listener {
    pub sandbox: Arc<Sandbox>,
    pub plugin: Plugin,
    pub authority: Arc<Authority>,
    pub calendar: Arc<Calendar>,
    /// Checks the sender; none where the manifest leaves that to the plugin.
    pub verifier: Option<Verifier>,
    /// The connection's configuration, JSON text.
    pub config: String,
    pub creates_contacts: bool,
    /// Proves the tokens behind our links.
    pub key: Arc<SecretSlice<u8>>,
    /// `CALLS_MAX` permits.
    pub permits: Arc<Semaphore>,
}

impl Door {
    /// Lets the trigger read a request, and stores what it makes of it.
    pub(super) async fn ask(
        &self,
        name: &str,
        listener: &Listener,
        request: Request,
    ) -> Result<Response, Error> {
        let (parts, body) = request.into_parts();
        let max = self.limits.body_max_bytes;
        let body = self.read_body(&parts.headers, body, max).await?;
        // Only now: those that send slowly keep nobody from a turn.
        let _permit = self.permits.try_acquire().map_err(|_| Error::TooMany)?;
        let turns = &listener.permits;
        let _turn = turns.try_acquire().map_err(|_| Error::TooManyOfOne)?;
        let now = self.clock.now();
        let body = self.believe(listener, &parts, body, now)?;

        let context = TriggerContext {
            now,
            seed: triggers::seed(name, now, &body),
            connection: name.to_owned(),
            config: listener.config.clone(),
        };
        let (plugin, calendar) = (&listener.plugin, &listener.calendar);
        let called = listener
            .sandbox
            .receive(
                plugin,
                context,
                told(name, listener, &parts, body),
                calendar,
                &listener.authority,
            )
            .await;
        let call = call_of(name, plugin, &called, now);
        match called.result {
            Ok(received) => self.keep(name, listener, received, call, now).await,
            Err(fault) => {
                self.record(call).await;
                Err(refusal(name, &fault, now))
            }
        }
    }

    /// The body again, once its sender is believed.
    fn believe(
        &self,
        listener: &Listener,
        parts: &Parts,
        body: Vec<u8>,
        now: Instant,
    ) -> Result<Vec<u8>, Error> {
        let Some(verifier) = &listener.verifier else {
            return Ok(body);
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = HookRequest {
            method: parts.method.as_str().to_owned(),
            url: format!("{}{path}", self.public_url),
            headers: headers(&parts.headers),
            body,
            certificate: None,
        };
        verifier.verify(&request, now)?;
        Ok(request.body)
    }

    async fn keep(
        &self,
        name: &str,
        listener: &Listener,
        received: Received,
        call: TriggerCall,
        now: Instant,
    ) -> Result<Response, Error> {
        let batch = triggers::batch(received.events, listener.key.expose_secret());
        log_rejections(name, &batch.rejected);
        let store = async {
            if batch.events.is_empty() {
                return Ok(Ingested::default());
            }
            self.ingest(name, listener.creates_contacts, batch.events, now, None)
                .await
        };
        // Side by side, so that both share a commit.
        let (ingested, ()) = tokio::join!(store, self.record(call));
        let accepted = Accepted::new(&ingested?, batch.rejected);
        Ok(match received.response {
            Some(response) => answer(response),
            None => (StatusCode::ACCEPTED, Json(accepted)).into_response(),
        })
    }

    /// What is kept of calls is for people: it holds no answer up.
    async fn record(&self, call: TriggerCall) {
        if let Err(e) = self.store.record_call(call).await {
            tracing::warn!(error = %e, "a call of a trigger was not recorded");
        }
    }
}

/// The request as the trigger is told it: what is below the connection's address, and no secrets.
fn told(name: &str, listener: &Listener, parts: &Parts, body: Vec<u8>) -> TriggerRequest {
    let secret = listener.verifier.as_ref().and_then(Verifier::secret_header);
    let path = parts.uri.path();
    let below = path
        .strip_prefix("/hooks/")
        .and_then(|path| path.strip_prefix(name))
        .filter(|path| path.starts_with('/'));
    let query = parts.uri.query().unwrap_or_default();
    TriggerRequest {
        method: parts.method.as_str().to_owned(),
        path: below.unwrap_or("/").to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .filter(|(name, _)| *name != COOKIE && Some(*name) != secret)
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect(),
        body,
    }
}

fn call_of(name: &str, plugin: &Plugin, called: &Called<Received>, at: Instant) -> TriggerCall {
    let received = called.result.as_ref();
    let outcome = if received.is_ok() { "ok" } else { "fault" };
    metrics::counter!("followup_trigger_calls_total",
        "connection" => name.to_owned(), "kind" => "receive", "outcome" => outcome)
    .increment(1);
    for line in &called.log {
        tracing::debug!(connection = name, plugin = plugin.manifest().id, line = %line.message, "a trigger says");
    }
    TriggerCall {
        tenant: DEFAULT_TENANT,
        connection: name.to_owned(),
        plugin: plugin.manifest().id.clone(),
        digest: plugin.digest().to_owned(),
        at,
        kind: CallKind::Receive,
        events: received.map_or(0, |received| received.events.len()),
        fuel: called.fuel_used,
        memory_bytes: called.memory_bytes,
        fault: received.err().cloned(),
    }
}

/// What the sender makes of it: most give up for good on 400.
fn refusal(name: &str, fault: &Fault, now: Instant) -> Error {
    tracing::warn!(connection = name, fault = %fault, stderr = fault.stderr_tail, "a trigger failed");
    match fault.remedy {
        Remedy::Park if fault.kind == FaultKind::ErrorResult => {
            Error::Unreadable(fault.message.clone())
        }
        Remedy::RetryNotBefore(at) => Error::Failed {
            retry_after_s: Some(at.since_ms(now).div_euclid(1_000)),
        },
        _ => Error::Failed {
            retry_after_s: None,
        },
    }
}

/// The plugin's own answer. It comes from the address of our pages, so a browser must never take it
/// for one of them.
fn answer(given: TriggerResponse) -> Response {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::ACCEPTED);
    let mut response = (status, given.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in given.headers {
        // Looked at by the sandbox: one that is none is left out all the same.
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value),
        ) {
            headers.insert(name, value);
        }
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
