//! Asking the DNS.
//!
//! In: a name and a kind of record. Out: the records as text, none where there is none, or that nobody
//! answered, which proves nothing. Tests bring a zone of their own.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

/// The kinds of records that mail lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// Whole texts: strings of one record are put together without a space (RFC 7208, 3.3).
    Txt,
    /// `10 mx.example.com`, without a dot at the end; of a null MX (RFC 7505) `0 .`.
    Mx,
    /// The canonical name, without a dot at the end.
    Cname,
    /// IPv4 or IPv6.
    Address,
}

/// Who knows the records.
#[async_trait::async_trait]
pub trait Zone: Send + Sync {
    /// Empty where there is no such record.
    async fn ask(&self, name: &str, record: Record) -> Result<Vec<String>, Unanswered>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the DNS does not answer for {name}: {why}")]
pub struct Unanswered {
    pub name: String,
    pub why: String,
}

/// The DNS itself.
pub struct Dns(TokioResolver);

/// For one name server, one attempt; there are two.
const TIMEOUT: Duration = Duration::from_secs(4);
const ATTEMPTS_MAX: usize = 2;

impl Dns {
    /// By the name servers of this machine, or by this one. Called within a runtime.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, Unanswered> {
        let failed = |error: NetError| unanswered("anybody", &error);
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(failed)?,
            Some(server) => {
                let config = ResolverConfig::from_name_servers(vec![at(server)]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        limit(builder.options_mut());
        builder.build().map(Self).map_err(failed)
    }
}

fn limit(options: &mut ResolverOpts) {
    options.timeout = TIMEOUT;
    options.attempts = ATTEMPTS_MAX;
}

fn at(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.to_vec())
}

#[async_trait::async_trait]
impl Zone for Dns {
    async fn ask(&self, name: &str, record: Record) -> Result<Vec<String>, Unanswered> {
        // With its dot, so that no search list is put behind it.
        let full = format!("{}.", name.trim_end_matches('.'));
        let kinds: &[RecordType] = match record {
            Record::Txt => &[RecordType::TXT],
            Record::Mx => &[RecordType::MX],
            Record::Cname => &[RecordType::CNAME],
            Record::Address => &[RecordType::A, RecordType::AAAA],
        };
        let mut found = Vec::new();
        for kind in kinds {
            match self.0.lookup(full.as_str(), *kind).await {
                Ok(answer) => {
                    let texts = answer
                        .answers()
                        .iter()
                        .filter_map(|record| text(&record.data, *kind));
                    found.extend(texts);
                }
                Err(error) if error.is_no_records_found() => {}
                Err(error) => return Err(unanswered(name, &error)),
            }
        }
        Ok(found)
    }
}

/// A record of the kind that was asked for; the names on the way to it are left out.
fn text(data: &RData, kind: RecordType) -> Option<String> {
    let name = |name: &hickory_resolver::proto::rr::Name| {
        let text = name.to_ascii().to_ascii_lowercase();
        match text.strip_suffix('.') {
            Some("") | None => text,
            Some(name) => name.to_owned(),
        }
    };
    match data {
        RData::TXT(txt) if kind == RecordType::TXT => {
            let bytes = txt.txt_data.concat();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        RData::MX(mx) if kind == RecordType::MX => {
            Some(format!("{} {}", mx.preference, name(&mx.exchange)))
        }
        RData::CNAME(cname) if kind == RecordType::CNAME => Some(name(&cname.0)),
        RData::A(address) => Some(address.to_string()),
        RData::AAAA(address) => Some(address.to_string()),
        _ => None,
    }
}

fn unanswered(name: &str, error: &NetError) -> Unanswered {
    Unanswered {
        name: name.to_owned(),
        why: error.to_string(),
    }
}
