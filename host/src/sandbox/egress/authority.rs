//! What one connection's trigger may do beyond the contract: what its manifest was granted, narrowed
//! by the administrator, with the secrets' values.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::Semaphore;
use url::Url;

use crate::domain::manifest::{Grants, HostPattern, HttpGrant};
use crate::domain::network::Network;

use super::quota::Quota;
use super::secrets::Secrets;

/// Calls of one connection at the same time; the others wait. So that one that is flooded, or
/// hangs, leaves room for the others.
const CONNECTION_CALLS_MAX: usize = 2;

/// What an authority is made of.
pub struct AuthoritySetup {
    /// Of the manifest, as approved.
    pub grants: Grants,
    /// The connection's configuration: where `config:/pointer` points into.
    pub config: Value,
    /// By the names of the manifest.
    pub secrets: BTreeMap<String, SecretString>,
    /// The administrator's narrowing; none leaves what was granted.
    pub hosts: Option<Vec<HostPattern>>,
    /// Addresses that may be called though they are not public.
    pub allow_private: Vec<Network>,
}

/// One per connection, for as long as it runs: its quotas are counted in here.
pub struct Authority {
    pub(super) rules: Vec<Rule>,
    pub(super) hosts: Option<Vec<Place>>,
    pub(super) secrets: Secrets,
    pub(super) allow_private: Arc<[Network]>,
    pub(super) quota: Quota,
    turns: Arc<Semaphore>,
}

/// One grant, its host known.
pub(super) struct Rule {
    pub(super) place: Place,
    pub(super) grant: HttpGrant,
}

/// A host as it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// By name, on the usual port of its scheme.
    Named(HostPattern),
    /// Of the URL that the administrator wrote into the configuration, with its port.
    Configured { host: String, port: u16 },
    /// The configuration leaves that URL out.
    Nowhere,
}

impl Authority {
    /// The error says which secret or URL is missing, in words for the administrator.
    pub fn new(setup: AuthoritySetup) -> Result<Arc<Self>, String> {
        let place = |pattern: &HostPattern| Place::of(pattern, &setup.config);
        let rules = setup.grants.http.iter().map(|grant| {
            let place = place(&grant.host)?;
            let grant = grant.clone();
            Ok(Rule { place, grant })
        });
        let hosts = setup
            .hosts
            .as_ref()
            .map(|hosts| hosts.iter().map(place).collect());
        Ok(Arc::new(Self {
            rules: rules.collect::<Result<_, String>>()?,
            hosts: hosts.transpose()?,
            secrets: Secrets::new(&setup.grants.secrets, &setup.secrets, &setup.config)?,
            allow_private: setup.allow_private.into(),
            quota: Quota::default(),
            turns: Arc::new(Semaphore::new(CONNECTION_CALLS_MAX)),
        }))
    }

    /// Whether `signature` is the HMAC of `message` under the named secret.
    pub(in crate::sandbox) fn verify_hmac(
        &self,
        secret: &str,
        algorithm: ring::hmac::Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, String> {
        self.secrets.verify(secret, algorithm, message, signature)
    }

    pub(in crate::sandbox) fn placeholder(&self, secret: &str) -> Result<String, String> {
        self.secrets.placeholder(secret)
    }

    /// One of the connection's turns, waited for.
    pub(in crate::sandbox) async fn turn(&self) -> tokio::sync::OwnedSemaphorePermit {
        Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }
}

impl Place {
    pub(super) fn of(pattern: &HostPattern, config: &Value) -> Result<Self, String> {
        let Some(pointer) = pattern.config_pointer() else {
            return Ok(Self::Named(pattern.clone()));
        };
        let Some(value) = config.pointer(pointer) else {
            return Ok(Self::Nowhere);
        };
        let wrong = || {
            format!(
                "config{}: {value} is no URL, and the plugin asks to call its host: write one like https://api.example.com/",
                pointer.replace('/', ".")
            )
        };
        let url = Url::parse(value.as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
        Ok(Self::Configured {
            host: url.host_str().ok_or_else(wrong)?.to_owned(),
            port: url.port_or_known_default().ok_or_else(wrong)?,
        })
    }

    /// Whether it is the host of this URL.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        match self {
            // `port` is none where it is the scheme's own.
            Self::Named(pattern) => url.port().is_none() && pattern.matches(host),
            Self::Configured { host: wanted, port } => {
                wanted == host && url.port_or_known_default() == Some(*port)
            }
            Self::Nowhere => false,
        }
    }
}

/// No secrets, and nothing else worth a log line.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("allow_private", &self.allow_private)
            .finish_non_exhaustive()
    }
}
