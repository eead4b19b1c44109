//! How a trigger reaches out: every request is judged, filled with its secrets, counted and sent by
//! the host's own client; nothing else leaves.
//!
//! A denial is told three times: to the guest as `HTTP-request-denied`, to its author in the plugin's
//! log and to the administrator in the host's, both with the line that would allow it. Redirects go
//! back to the guest: the next hop is a request like any other.

mod authority;
mod judge;
mod quota;
mod secrets;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use serde_json::Value;
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::domain::network::Network;
use crate::domain::outgoing::{OutgoingError, OutgoingRequest, OutgoingResponse};
use crate::domain::{Instant, JsonMap};

use super::limits::TriggerLimits;
use super::log::{Level, Log, LogLine};

pub use authority::{Authority, AuthoritySetup};
use judge::{Asked, Denial, judge};
use quota::UnderWay;

/// Who performs requests that were judged: the host's only HTTP client, joined with the sandbox by
/// the daemon.
#[async_trait::async_trait]
pub trait Outgoing: Send + Sync {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingResponse, OutgoingError>;
}

/// Headers of which the client knows better.
const HEADERS_OF_THE_CLIENT: &[&str] = &["host", "content-length", "expect"];

/// The longest line about a request.
const TOLD_MAX_CHARS: usize = 500;

/// The way out of one call; a policy has none. Boxed, since every decision moves it about.
#[derive(Default)]
pub(super) struct Egress(Option<Box<Way>>);

pub(super) struct Way {
    pub(super) authority: Arc<Authority>,
    /// None where nobody joined a client: every request is denied.
    pub(super) outgoing: Option<Arc<dyn Outgoing>>,
    pub(super) limits: TriggerLimits,
    pub(super) now: Instant,
    pub(super) told: Told,
    /// Requests of this call so far, those denied included.
    pub(super) calls: usize,
}

/// Where denials are told, and whose they are.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) log: Log,
    pub(super) plugin: String,
    pub(super) connection: String,
    /// The request in question; empty before there is one.
    pub(super) asked: String,
}

/// A request that was admitted, without its body.
struct Admitted {
    method: String,
    url: Url,
    headers: Vec<(String, Vec<u8>)>,
    /// Names of the secrets in its headers.
    used: Vec<String>,
    under_way: UnderWay,
}

type Answer = (http::Response<WasiBody>, Io);
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl Egress {
    pub(super) fn of(way: Way) -> Self {
        Self(Some(Box::new(way)))
    }

    pub(super) fn authority(&self) -> Result<&Authority, String> {
        let way = self.0.as_ref().ok_or("only triggers have secrets")?;
        Ok(&way.authority)
    }
}

impl WasiHttpHooks for Egress {
    /// The client sets it from the URL that was judged.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let Some(way) = &mut self.0 else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        way.calls += 1;
        // The first one too many is told; a flood of them must not be one of log lines.
        if way.calls > way.limits.http_calls_max.saturating_add(1) {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let (head, body) = request.into_parts();
        let admitted = way.admit(&head).and_then(|admitted| {
            let none = || {
                Denial::new(
                    "no HTTP client is joined to this sandbox".to_owned(),
                    String::new(),
                )
            };
            Ok((admitted, way.outgoing.clone().ok_or_else(none)?))
        });
        let told = Told {
            asked: asked(&head),
            ..way.told.clone()
        };
        let admitted = admitted.map_err(|denial| told.deny(&denial));
        let (authority, limits) = (Arc::clone(&way.authority), way.limits.clone());
        Box::new(async move {
            // Read also where it is denied: a guest that still writes would see a broken stream instead
            // of the denial.
            let body = whole(body, limits.http_request_max_bytes).await;
            let (admitted, outgoing) = admitted?;
            let body = body?;
            if let Some(secret) = authority.secrets.misplaced(&body) {
                return Err(told.deny(&misplaced(secret, "body")));
            }
            let request = OutgoingRequest {
                method: admitted.method,
                url: admitted.url,
                headers: admitted.headers,
                body,
                allow_private: Arc::clone(&authority.allow_private),
                timeout_ms: limits.http_timeout_ms,
                response_max_bytes: limits.http_response_max_bytes,
                headers_max_bytes: limits.http_headers_max_bytes,
            };
            let answer = outgoing.send(request).await;
            drop(admitted.under_way);
            let answer = answer.map_err(|error| match refused(&error, &told.connection) {
                Some(denial) => told.deny(&denial),
                None => told.failed(error),
            })?;
            Ok((
                response(answer, &admitted.used, &authority)?,
                Box::new(async { Ok(()) }) as Io,
            ))
        })
    }
}

impl Way {
    /// Whether it may leave, by everything but its body and where its host's name leads to.
    fn admit(&self, head: &http::request::Parts) -> Result<Admitted, Denial> {
        let uri = &head.uri;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        if let Some(secret) = self.authority.secrets.misplaced(uri.to_string().as_bytes()) {
            return Err(misplaced(secret, "URL"));
        }
        let asked = Asked {
            method: head.method.as_str(),
            scheme: uri.scheme_str().unwrap_or_default(),
            authority: uri.authority().map_or("", |authority| authority.as_str()),
            path,
            connection: &self.told.connection,
        };
        let url = judge(&self.authority, &asked)?;
        let mut headers: Vec<_> = head
            .headers
            .iter()
            .filter(|(name, _)| !HEADERS_OF_THE_CLIENT.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        let used = self.authority.secrets.fill(&mut headers, &url)?;
        let quota = self
            .authority
            .quota
            .take(self.calls - 1, self.now, &self.limits);
        let under_way = quota.map_err(|exceeded| {
            let (limit, max) = (exceeded.limit, exceeded.max);
            Denial::new(
                format!("{limit} is {max}"),
                format!("followup.toml, [sandbox.triggers]: {limit} = {}", max + 1),
            )
        })?;
        Ok(Admitted {
            method: head.method.as_str().to_owned(),
            url,
            headers,
            used,
            under_way,
        })
    }
}

impl Told {
    /// What the guest sees; everybody else learns why.
    fn deny(&self, denial: &Denial) -> Error {
        let (why, remedy) = (short(&denial.why), short(&denial.remedy));
        let Self {
            plugin,
            connection,
            asked,
            ..
        } = self;
        tracing::warn!(
            plugin,
            connection,
            request = asked,
            why,
            remedy,
            "denied a trigger's request"
        );
        self.write(
            format!("denied: {asked}: {why}"),
            [("allowed_by".to_owned(), Value::String(remedy))],
        );
        Error::HttpRequestDenied
    }

    /// Not ours to decide: the guest learns what went wrong as far as WASI has a word for it.
    fn failed(&self, error: OutgoingError) -> Error {
        self.write(format!("failed: {}: {error}", self.asked), []);
        let length = |max: usize| u32::try_from(max).ok();
        match error {
            OutgoingError::LongHeaders { max } => Error::HttpResponseHeaderSectionSize(length(max)),
            OutgoingError::LongBody { max } => Error::HttpResponseBodySize(Some(max as u64)),
            OutgoingError::TimedOut { .. } => Error::HttpResponseTimeout,
            OutgoingError::Refused { .. } | OutgoingError::Failed(_) => {
                Error::DestinationUnavailable
            }
        }
    }

    fn write(&self, message: String, fields: impl IntoIterator<Item = (String, Value)>) {
        self.log.write(LogLine {
            level: Level::Warn,
            message,
            fields: JsonMap::from_iter(fields),
        });
    }
}

/// Without its query, which may name people.
fn asked(head: &http::request::Parts) -> String {
    let (method, uri) = (&head.method, &head.uri);
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    short(&format!("{method} {scheme}://{authority}{}", uri.path()))
}

/// A guest writes some of it.
fn short(text: &str) -> String {
    text.chars().take(TOLD_MAX_CHARS).collect()
}

fn misplaced(secret: &str, place: &str) -> Denial {
    Denial::new(
        format!("the placeholder of secret {secret} stands in its {place}"),
        "put it into the value of a header: nowhere else does the secret take its place".to_owned(),
    )
}

/// Where a name leads to addresses that may not be called.
fn refused(error: &OutgoingError, connection: &str) -> Option<Denial> {
    let OutgoingError::Refused { host, addresses } = error else {
        return None;
    };
    let networks: Vec<_> = addresses
        .iter()
        .map(|a| Network::only(*a).to_string())
        .collect();
    Some(Denial::new(
        error.to_string(),
        format!(
            "followup.toml, [connections.{connection}]: allow_private = {networks:?}, where {host} is one of your own"
        ),
    ))
}

/// The request's body, at most `max` bytes of it.
async fn whole(body: WasiBody, max: usize) -> Result<Vec<u8>, Error> {
    match Limited::new(body, max).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Error::HttpRequestBodySize(Some(max as u64)))
        }
        Err(error) => Err(match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::InternalError(Some(other.to_string())),
        }),
    }
}

fn response(
    mut answer: OutgoingResponse,
    used: &[String],
    authority: &Authority,
) -> Result<http::Response<WasiBody>, Error> {
    let mut response = http::Response::builder().status(answer.status);
    for (name, mut value) in answer.headers {
        authority.secrets.take_back(used, &mut value);
        response = response.header(name, value);
    }
    authority.secrets.take_back(used, &mut answer.body);
    let body = Full::new(Bytes::from(answer.body));
    response
        .body(body.map_err(|never| match never {}).boxed_unsync())
        .map_err(|_| Error::HttpProtocolError)
}
