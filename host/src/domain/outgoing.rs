//! A trigger's own HTTP request as data, once it was judged: the sandbox writes it, `net` performs
//! it, the sandbox hands the answer in.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use super::network::Network;

/// A request that may leave. Its `Debug` hides header values: secrets have taken their places.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingRequest {
    pub method: String,
    pub url: Url,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Addresses that may be called though they are not public; `http:` reaches no other.
    pub allow_private: Arc<[Network]>,
    /// For the whole call, to the last byte of the answer.
    pub timeout_ms: u64,
    pub response_max_bytes: usize,
    /// Names and values of the answer's headers together.
    pub headers_max_bytes: usize,
}

impl fmt::Debug for OutgoingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OutgoingRequest")
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer that came back whole; a redirect is one like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingResponse {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// No whole answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// Nothing was sent: none of the addresses behind the host may be called.
    #[error("{host} leads to {addresses:?}: none of these may be called")]
    Refused {
        host: String,
        addresses: Vec<IpAddr>,
    },
    #[error("the answer's headers are longer than {max} bytes")]
    LongHeaders { max: usize },
    #[error("the answer is longer than {max} bytes")]
    LongBody { max: usize },
    #[error("no answer within {ms} ms")]
    TimedOut { ms: u64 },
    #[error("{0}")]
    Failed(String),
}
