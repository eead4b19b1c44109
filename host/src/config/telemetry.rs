//! `[telemetry]`: where traces go.

use secrecy::SecretString;

use super::reader::Section;
use super::server::http_url;

#[derive(Debug, Clone)]
pub struct Telemetry {
    /// None: nothing is traced.
    pub endpoint: Option<String>,
    pub headers: Option<SecretString>,
    pub sample_ratio: f64,
    pub service_name: String,
    pub timeout_ms: u64,
}

impl Telemetry {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let telemetry = Self {
            endpoint: section.optional_parsed(
                "endpoint",
                "write it like http://127.0.0.1:4318/v1/traces",
                http_url,
            ),
            headers: section.optional_secret("headers"),
            sample_ratio: section.rate("sample_ratio"),
            service_name: section.text("service_name"),
            timeout_ms: section.number("timeout_ms", 60_000),
        };
        section.finish();
        telemetry
    }
}
