//! The only outgoing HTTP client; beside it, the only outgoing SMTP (`smtp`).
//!
//! In: a `Request` that a mapping wrote, and how far it may reach; or a trigger's own, which the sandbox
//! judged (`forward`). Out: the whole answer, or a `Failure` that says whether the request can have
//! been received. Never: proxies from the environment, redirects (a 3xx is an answer like any other),
//! retries, cookies, answers without a size limit, an address that was not looked at after its name was
//! resolved (`names`), or a second client anywhere else. Time-outs are the runtime's, so tests with a
//! paused clock hold.

mod address;
mod api;
mod collector;
mod forward;
mod names;
mod smtp;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::domain::http::{Failure, Method, Request, Response};

use forward::Clients;
use names::{Gate, Gated, Refused, SystemNames};

pub use api::Api;
pub use collector::Collector;
pub use names::Names;
pub use smtp::Submitter;

const NO_CERTIFICATES: &str = "this machine has no CA certificates: install the package ca-certificates, or set SSL_CERT_FILE";

/// How long a call may take and how much may come back.
#[derive(Debug, Clone, Copy)]
pub struct NetLimits {
    /// For the name, the connection and TLS together.
    pub connect_timeout_ms: u64,
    /// For the whole call, to the last byte of the answer.
    pub total_timeout_ms: u64,
    pub response_max_bytes: usize,
}

impl Default for NetLimits {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 5_000,
            total_timeout_ms: 30_000,
            response_max_bytes: 1024 * 1024,
        }
    }
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From outside: only public addresses, checked after the name is resolved.
    Public,
    /// An administrator wrote it (`base_url`): any address, a local relay or test server included.
    Configured,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client: {0}")]
pub struct Error(#[from] reqwest::Error);

/// The client. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct Net {
    public: reqwest::Client,
    configured: reqwest::Client,
    /// Of triggers whose administrator allowed addresses beside the public ones.
    clients: Arc<Clients>,
    names: Arc<dyn Names>,
    limits: NetLimits,
    /// This machine has no CA certificates, so that no TLS server can be trusted.
    trusts_nobody: bool,
}

impl Net {
    pub fn new(limits: NetLimits) -> Result<Self, Error> {
        Self::with_names(limits, Arc::new(SystemNames))
    }

    /// With names of the caller's own.
    pub fn with_names(limits: NetLimits, names: Arc<dyn Names>) -> Result<Self, Error> {
        match Self::build(limits, Arc::clone(&names), false) {
            // Bare containers have no CA certificates. What needs no TLS (the demo) works there too;
            // a call that does fails with the reason.
            Err(_) => Self::build(limits, names, true),
            built => built,
        }
    }

    fn build(limits: NetLimits, names: Arc<dyn Names>, trusts_nobody: bool) -> Result<Self, Error> {
        install_tls();
        Ok(Self {
            public: gated(limits, &names, Gate::PUBLIC, trusts_nobody).build()?,
            configured: builder(limits, trusts_nobody).build()?,
            clients: Arc::default(),
            names,
            limits,
            trusts_nobody,
        })
    }

    /// A client that connects to nothing but what the gate lets through.
    fn gated(&self, gate: Gate) -> Result<reqwest::Client, Error> {
        Ok(gated(self.limits, &self.names, gate, self.trusts_nobody).build()?)
    }

    /// Makes the call.
    pub async fn call(&self, request: &Request, reach: Reach) -> Result<Response, Failure> {
        let url = self.check(&request.url, reach).map_err(Failure::NotSent)?;
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Configured => &self.configured,
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = client.request(method, url);
        for (name, value) in &request.headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| {
                Failure::NotSent(format!("header {name} holds a control character"))
            })?;
            // Keeps credentials out of HTTP/2's header compression and out of debug output. Vendors have
            // headers of their own for them.
            let plain = ["accept", "content-type", "user-agent"];
            value.set_sensitive(!plain.contains(name));
            call = call.header(*name, value);
        }
        let answer = call
            .body(request.body.clone())
            .send()
            .await
            .map_err(|error| failure(&error))?;
        self.read(answer).await
    }

    /// The parsed URL, or why it will not be called.
    fn check(&self, text: &str, reach: Reach) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|e| format!("{text:?} is no URL: {e}"))?;
        match url.scheme() {
            "https" if self.trusts_nobody => return Err(NO_CERTIFICATES.to_owned()),
            "http" | "https" => {}
            other => return Err(format!("{other}: is not called, only http and https are")),
        }
        // A literal address is never resolved, so the resolver would not see it.
        match literal(&url) {
            Some(address) if reach == Reach::Public && !Gate::PUBLIC.lets(address) => {
                let (host, found) = (address.to_string(), vec![address]);
                Err(Refused { host, found }.to_string())
            }
            _ => Ok(url),
        }
    }

    /// The answer, read to its end within the limit.
    async fn read(&self, mut answer: reqwest::Response) -> Result<Response, Failure> {
        let mut body = Vec::new();
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        // An answer that breaks off was an answer to something: the request has been received.
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|e| Failure::Unknown(chain(&e)))?
        {
            if body.len() + chunk.len() > self.limits.response_max_bytes {
                return Err(Failure::Unknown(format!(
                    "status {status}, then more than {} bytes",
                    self.limits.response_max_bytes
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

/// Whether a client of a library that is not ours could speak TLS here: it is not so on a machine
/// without CA certificates. Libraries use the same provider from then on.
pub fn can_speak_tls() -> bool {
    install_tls();
    builder(NetLimits::default(), false).build().is_ok()
}

fn install_tls() {
    // An error means that a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of the HTTP client"
)]
fn builder(limits: NetLimits, trusts_nobody: bool) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("followup/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_millis(limits.connect_timeout_ms))
        .timeout(Duration::from_millis(limits.total_timeout_ms))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy();
    if trusts_nobody {
        builder.tls_certs_only([])
    } else {
        builder
    }
}

fn gated(
    limits: NetLimits,
    names: &Arc<dyn Names>,
    gate: Gate,
    trusts_nobody: bool,
) -> reqwest::ClientBuilder {
    let names = Arc::clone(names);
    builder(limits, trusts_nobody).dns_resolver(Arc::new(Gated { names, gate }))
}

/// The address, where the host is one. The URL parser has already unmasked 0x7f.1, 2130706433 and
/// the like.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
        Host::Domain(_) => None,
    }
}

/// Certainly nothing was written where the request could not be built or no connection came about
/// (name, TCP, TLS); everything after that may have been received.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_builder() || error.is_connect() {
        Failure::NotSent(chain(error))
    } else {
        Failure::Unknown(chain(error))
    }
}

/// An error with its causes: the outermost says only "error sending request". URLs stay out, they
/// may name people.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "timed out".to_owned()
    } else {
        "the call failed".to_owned()
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
