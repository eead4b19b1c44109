//! Joins the sandbox's way out with the host's HTTP client: two adapters that do not know each other.

use std::sync::OnceLock;

use crate::domain::outgoing::{OutgoingError, OutgoingRequest, OutgoingResponse};
use crate::net::{Net, NetLimits};
use crate::sandbox::Outgoing;

/// The client as triggers reach it, with connections apart from those that carry mail. Made with the
/// first request: most commands load plugins and call nobody.
#[derive(Debug, Default)]
pub struct Gateway(OnceLock<Net>);

impl Gateway {
    pub fn of(net: Net) -> Self {
        Self(OnceLock::from(net))
    }

    fn net(&self) -> Result<&Net, OutgoingError> {
        if let Some(net) = self.0.get() {
            return Ok(net);
        }
        // Each request has limits of its own, so these are only the client's.
        let net = Net::new(NetLimits::default());
        let net = net.map_err(|e| OutgoingError::Failed(e.to_string()))?;
        Ok(self.0.get_or_init(|| net))
    }
}

#[async_trait::async_trait]
impl Outgoing for Gateway {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingResponse, OutgoingError> {
        self.net()?.forward(request).await
    }
}
