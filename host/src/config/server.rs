//! `[server]`: the door for webhooks.

use std::net::SocketAddr;

use url::Url;

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub listen: SocketAddr,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    /// Open at the same time; more wait to be accepted.
    pub connections_max: usize,
    /// How long a sender may take over a request's head, and a connection may lie idle.
    pub header_timeout_ms: u64,
    pub body_max_bytes: usize,
    /// How long a sender may take over its body.
    pub body_timeout_ms: u64,
    pub concurrent_max: usize,
    pub exit_wait_ms: u64,
}

impl Server {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let server = Self {
            listen: section.parsed(
                "listen",
                "write an address and a port, like 127.0.0.1:8080",
                |text| text.parse().ok(),
            ),
            public_url: section.optional_parsed(
                "public_url",
                "write it like https://followup.example.com",
                http_url,
            ),
            connections_max: section.number("connections_max", 100_000) as usize,
            header_timeout_ms: section.number("header_timeout_ms", 600_000),
            body_max_bytes: section.number("body_max_bytes", 64 << 20) as usize,
            body_timeout_ms: section.number("body_timeout_ms", 600_000),
            concurrent_max: section.number("concurrent_max", 100_000) as usize,
            exit_wait_ms: section.number("exit_wait_ms", 600_000),
        };
        section.finish();
        server
    }

    /// The address senders call, given the one that was bound (port 0 becomes a real one).
    pub fn public_url(&self, bound: SocketAddr) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{bound}"))
    }
}

/// An http or https address to put paths behind: no query, no fragment, no slash at the end.
pub(super) fn http_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    fits.then(|| url.as_str().trim_end_matches('/').to_owned())
}
