//! From names to addresses: looked up once, every answer looked at, and the connection made to what
//! was looked at. A name cannot change its mind in between.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::network::Network;

use super::address::is_public;

/// Who knows the addresses behind a name. Tests bring one of their own.
#[async_trait::async_trait]
pub trait Names: fmt::Debug + Send + Sync {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system.
#[derive(Debug)]
pub(super) struct SystemNames;

#[async_trait::async_trait]
impl Names for SystemNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Which addresses may be called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gate {
    /// The public internet.
    pub(super) public: bool,
    /// And these, public or not.
    pub(super) networks: Vec<Network>,
}

impl Gate {
    pub(super) const PUBLIC: Self = Self {
        public: true,
        networks: Vec::new(),
    };

    pub(super) fn lets(&self, address: IpAddr) -> bool {
        let listed = || {
            self.networks
                .iter()
                .any(|network| network.contains(address))
        };
        (self.public && is_public(address)) || listed()
    }
}

/// The addresses behind a name, as far as the gate lets them through.
pub(super) struct Gated {
    pub(super) names: Arc<dyn Names>,
    pub(super) gate: Gate,
}

impl Resolve for Gated {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, gate) = (Arc::clone(&self.names), self.gate.clone());
        Box::pin(async move {
            let found = names.lookup(name.as_str()).await?;
            let open: Vec<_> = found.iter().copied().filter(|a| gate.lets(*a)).collect();
            if open.is_empty() {
                let host = name.as_str().to_owned();
                return Err(Refused { host, found }.into());
            }
            // The port is the URL's.
            let open = open.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(open) as Addrs)
        })
    }
}

/// A host of which no address may be called.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{host} is not on the public internet, and calls to other networks are refused")]
pub(super) struct Refused {
    pub(super) host: String,
    pub(super) found: Vec<IpAddr>,
}
