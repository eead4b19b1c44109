//! `/u/{token}` to unsubscribe, `/p/{token}` for preferences, `/c/{token}/{link}` for clicks and
//! `/o/{token}` for opens.

use std::time::Duration;

use axum::Router;
use axum::body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use secrecy::ExposeSecret;

use super::Door;
use super::choice::Choice;
use super::form::{self, Sent};
use super::page::{Page, guard};
use super::trace::{self, Trace};
use crate::domain::NewEvent;
use crate::domain::token::{Token, purpose};
use crate::store::intake::{Arrival, event_id};
use crate::store::recipient::{Addressee, CONNECTION};
use crate::store::{self, DEFAULT_TENANT};
use crate::traces::{self, Telling};

/// The longest form that is read: far more than any of ours.
const FORM_MAX_BYTES: usize = 4_096;

/// How long a client should wait before it tries again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("2");

/// The smallest picture there is: one transparent pixel (`GIF89a`).
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// The routes of the door.
pub fn router(door: Door) -> Router {
    Router::new()
        .route("/u/{token}", any(unsubscribe))
        .route("/p/{token}", any(preferences))
        .route("/c/{token}/{link}", any(click))
        .route("/o/{token}", any(open))
        .with_state(door)
}

/// What a request got instead of what it wanted.
enum Refused {
    /// The token is not ours, or names nothing.
    Unknown,
    NotUnderstood,
    WrongMethod,
    Busy,
}

impl From<store::Error> for Refused {
    fn from(e: store::Error) -> Self {
        tracing::error!(error = %e, "a recipient was asked to try again");
        Self::Busy
    }
}

type Named<T> = Result<Path<T>, PathRejection>;

async fn unsubscribe(State(door): State<Door>, token: Named<String>, request: Request) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    answer("unsubscribe", door.unsubscribe(&token, request).await)
}

async fn preferences(State(door): State<Door>, token: Named<String>, request: Request) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    answer("preferences", door.preferences(&token, request).await)
}

async fn click(
    State(door): State<Door>,
    named: Named<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let (token, link) = named.map(|Path(named)| named).unwrap_or_default();
    answer("click", door.click(&token, &link, &method, &headers).await)
}

async fn open(
    State(door): State<Door>,
    token: Named<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    answer("open", door.open(&token, &method, &headers).await)
}

/// Every answer leaves through here, with the headers that all share.
fn answer(route: &'static str, answer: Result<Response, Refused>) -> Response {
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    guard(response.headers_mut());
    let status = response.status().as_u16().to_string();
    metrics::counter!("followup_recipient_requests_total", "route" => route, "status" => status)
        .increment(1);
    response
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown => Page::unknown().into_response(),
            Self::NotUnderstood => Page::not_understood().into_response(),
            Self::WrongMethod => Page::wrong_method().into_response(),
            Self::Busy => ([(header::RETRY_AFTER, RETRY_AFTER_S)], Page::busy()).into_response(),
        }
    }
}

impl Door {
    async fn unsubscribe(&self, token: &str, request: Request) -> Result<Response, Refused> {
        let _permit = self.permits.try_acquire().map_err(|_| Refused::Busy)?;
        let addressee = self.addressee(purpose::UNSUBSCRIBE, token).await?;
        if looks(request.method()) {
            return Ok(Page::confirm(&addressee, token).into_response());
        }
        let sent = self.sent(request).await?;
        let by_button = Sent::Choice(Choice::Unsubscribe.as_str().to_owned());
        if sent != Sent::OneClick && sent != by_button {
            return Err(Refused::NotUnderstood);
        }
        self.choose(Choice::Unsubscribe, &addressee).await?;
        Ok(match sent {
            // A mail program shows nobody what we say.
            Sent::OneClick => "unsubscribed\n".into_response(),
            Sent::Choice(_) => Page::unsubscribed(&addressee, token).into_response(),
        })
    }

    async fn preferences(&self, token: &str, request: Request) -> Result<Response, Refused> {
        let _permit = self.permits.try_acquire().map_err(|_| Refused::Busy)?;
        let addressee = self.addressee(purpose::UNSUBSCRIBE, token).await?;
        if looks(request.method()) {
            return Ok(Page::preferences(&addressee).into_response());
        }
        let Sent::Choice(choice) = self.sent(request).await? else {
            return Err(Refused::NotUnderstood);
        };
        let choice = Choice::parse(&choice).ok_or(Refused::NotUnderstood)?;
        self.choose(choice, &addressee).await?;
        let addressee = self.addressee(purpose::UNSUBSCRIBE, token).await?;
        Ok(Page::preferences(&addressee).into_response())
    }

    async fn click(
        &self,
        token: &str,
        link: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Refused> {
        let _permit = self.permits.try_acquire().map_err(|_| Refused::Busy)?;
        let link = link.parse().map_err(|_| Refused::Unknown)?;
        let addressee = self.addressee(purpose::CLICK, token).await?;
        let target = trace::target(&addressee, link).ok_or(Refused::Unknown)?;
        let target = HeaderValue::try_from(target.as_str()).map_err(|_| Refused::Unknown)?;
        self.record(&addressee, Trace::Click(link), method, headers)
            .await?;
        Ok((StatusCode::FOUND, [(header::LOCATION, target)]).into_response())
    }

    async fn open(
        &self,
        token: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Refused> {
        let _permit = self.permits.try_acquire().map_err(|_| Refused::Busy)?;
        let addressee = self.addressee(purpose::OPEN, token).await?;
        self.record(&addressee, Trace::Open, method, headers)
            .await?;
        let gif = HeaderValue::from_static("image/gif");
        Ok(([(header::CONTENT_TYPE, gif)], PIXEL).into_response())
    }

    /// Whom the token was made for.
    async fn addressee(&self, purpose: &str, token: &str) -> Result<Addressee, Refused> {
        let key = self.store.signing_key(DEFAULT_TENANT).await?;
        let message_id =
            Token::verify(key.expose_secret(), purpose, token).ok_or(Refused::Unknown)?;
        let addressee = self.store.addressee(DEFAULT_TENANT, &message_id).await?;
        addressee.ok_or(Refused::Unknown)
    }

    /// What a POST says; other methods have nothing to say.
    async fn sent(&self, request: Request) -> Result<Sent, Refused> {
        if request.method() != Method::POST {
            return Err(Refused::WrongMethod);
        }
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let reading = body::to_bytes(request.into_body(), FORM_MAX_BYTES);
        let body = tokio::time::timeout(Duration::from_millis(self.body_timeout_ms), reading)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Refused::NotUnderstood)?;
        form::read(&content_type, &body).ok_or(Refused::NotUnderstood)
    }

    /// Stores the choice, and returns when it holds. One that changes nothing holds already.
    async fn choose(&self, choice: Choice, addressee: &Addressee) -> Result<(), Refused> {
        let Some(event) = choice.event(addressee, self.clock.now()) else {
            return Ok(());
        };
        tracing::info!(
            message.id = addressee.message_id,
            choice = choice.as_str(),
            "a recipient chose"
        );
        self.take_in(event).await?;
        Ok(())
    }

    /// Notes a GET. A redirect or a picture is answered even where the store takes nothing.
    async fn record(
        &self,
        addressee: &Addressee,
        trace: Trace,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(), Refused> {
        if !looks(method) {
            return Err(Refused::WrongMethod);
        }
        let event = trace::event(addressee, trace, headers, self.clock.now());
        if let Some(event) = event.filter(|_| method == Method::GET)
            && let Err(e) = self.take_in(event).await
        {
            tracing::error!(message.id = addressee.message_id, error = %e, "a click or open is lost");
        }
        Ok(())
    }

    async fn take_in(&self, event: NewEvent) -> Result<(), store::Error> {
        let came_at = event.occurred_at;
        let told = traces::is_on().then(|| {
            let id = event_id(DEFAULT_TENANT, CONNECTION, &event.source_key);
            (id, event.kind.clone())
        });
        let arrival = Arrival {
            tenant: DEFAULT_TENANT,
            connection: CONNECTION.to_owned(),
            received_at: came_at,
            events: vec![event],
            creates_contacts: false,
            reactions: std::sync::Arc::clone(&self.reactions),
        };
        let ingested = self.store.take_in(arrival, self.exit_wait_ms).await?;
        let telling = Telling {
            name: "visit",
            connection: CONNECTION,
            began_at: came_at,
            ended_at: self.clock.now(),
            link: None,
        };
        telling.record(told.into_iter().collect());
        if ingested.exits > 0 {
            let took_ms = self.clock.now().since_ms(came_at);
            metrics::histogram!("followup_stop_seconds").record(took_ms as f64 / 1_000.0);
        }
        Ok(())
    }
}

/// Whether the request only looks.
fn looks(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}
