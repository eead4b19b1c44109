//! Requests of triggers, judged before they come here: this end looks at where a host really is.
//!
//! `https:` reaches public addresses and those that the administrator allowed, `http:` only the latter.
//! A redirect is an answer like any other; whoever follows it asks anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder};

use crate::domain::outgoing::{OutgoingError, OutgoingRequest, OutgoingResponse};

use super::names::{Gate, Refused};
use super::{NO_CERTIFICATES, Net, chain, literal};

/// Clients kept, one for each set of addresses that connections allow. More are made anew each time.
const CLIENTS_MAX: usize = 64;

/// A client per gate, since a connection that is kept open must not serve one that may not reach it.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<BTreeMap<Gate, Client>>);

impl Net {
    /// Makes the call of a trigger.
    pub async fn forward(
        &self,
        request: OutgoingRequest,
    ) -> Result<OutgoingResponse, OutgoingError> {
        let secure = request.url.scheme() == "https";
        if secure && self.trusts_nobody {
            return Err(OutgoingError::Failed(NO_CERTIFICATES.to_owned()));
        }
        let gate = Gate {
            public: secure,
            networks: request.allow_private.to_vec(),
        };
        // A literal address is never resolved, so the resolver would not see it.
        if let Some(address) = literal(&request.url)
            && !gate.lets(address)
        {
            return Err(OutgoingError::Refused {
                host: address.to_string(),
                addresses: vec![address],
            });
        }
        let call = call(&self.client(gate)?, &request)?;
        let answer = call.send().await;
        let answer = answer.map_err(|error| told(&error, &request))?;
        whole(answer, &request).await
    }

    fn client(&self, gate: Gate) -> Result<Client, OutgoingError> {
        if gate == Gate::PUBLIC {
            return Ok(self.public.clone());
        }
        let mut clients = self
            .clients
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&gate) {
            return Ok(client.clone());
        }
        let client = self
            .gated(gate.clone())
            .map_err(|e| OutgoingError::Failed(e.to_string()))?;
        if clients.len() < CLIENTS_MAX {
            clients.insert(gate, client.clone());
        }
        Ok(client)
    }
}

fn call(client: &Client, request: &OutgoingRequest) -> Result<RequestBuilder, OutgoingError> {
    let failed = |what: &str| OutgoingError::Failed(format!("{what} cannot be sent"));
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| failed(&request.method))?;
    let mut call = client
        .request(method, request.url.clone())
        .timeout(Duration::from_millis(request.timeout_ms));
    for (name, value) in &request.headers {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| failed(name))?;
        let mut value = HeaderValue::from_bytes(value).map_err(|_| failed(name))?;
        // Any of them may hold a secret.
        value.set_sensitive(true);
        call = call.header(header, value);
    }
    Ok(call.body(request.body.clone()))
}

/// The answer, read to its end within its limits.
async fn whole(
    mut answer: reqwest::Response,
    request: &OutgoingRequest,
) -> Result<OutgoingResponse, OutgoingError> {
    let headers = answer.headers();
    let long: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if long > request.headers_max_bytes {
        let max = request.headers_max_bytes;
        return Err(OutgoingError::LongHeaders { max });
    }
    let (status, headers) = (
        answer.status().as_u16(),
        headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
    );
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| told(&e, request))? {
        if body.len() + chunk.len() > request.response_max_bytes {
            let max = request.response_max_bytes;
            return Err(OutgoingError::LongBody { max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(OutgoingResponse {
        status,
        headers,
        body,
    })
}

fn told(error: &reqwest::Error, request: &OutgoingRequest) -> OutgoingError {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(Refused { host, found }) = error.downcast_ref() {
            return OutgoingError::Refused {
                host: host.clone(),
                addresses: found.clone(),
            };
        }
        cause = error.source();
    }
    if error.is_timeout() {
        let ms = request.timeout_ms;
        return OutgoingError::TimedOut { ms };
    }
    OutgoingError::Failed(chain(error))
}
