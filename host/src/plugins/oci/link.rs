//! One registry, ready to be called: its client, the login, the time a transfer may take.

use std::future::Future;
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use secrecy::ExposeSecret;

use super::super::Limits;
use super::super::registries::Registries;
use super::error::{RegistryError, explain};
use crate::net;

pub(super) struct Link {
    pub client: Client,
    pub auth: RegistryAuth,
    /// The artifact that this is about.
    pub reference: Reference,
    hint: Option<String>,
    transfer_timeout_ms: u64,
}

impl Link {
    pub async fn open(
        reference: &Reference,
        registries: &Registries,
        limits: &Limits,
    ) -> Result<Self, RegistryError> {
        // The client library would panic where no TLS client can be built.
        if !net::can_speak_tls() {
            return Err(RegistryError::NoCertificates);
        }
        let credentials = registries.credentials(reference.registry());
        let auth = credentials.login.map_or(RegistryAuth::Anonymous, |login| {
            RegistryAuth::Basic(login.username, login.password.expose_secret().to_owned())
        });
        let timeout = Duration::from_millis(limits.connect_timeout_ms);
        let config = ClientConfig {
            protocol: ClientProtocol::HttpsExcept(registries.plain_http()),
            // An index of platforms is none of ours; it is refused with what was found.
            platform_resolver: None,
            connect_timeout: Some(timeout),
            read_timeout: Some(timeout),
            user_agent: concat!("followup/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client =
            Client::try_from(config).map_err(|error| RegistryError::Setup(error.to_string()))?;
        // Some calls of the library log in only with what was stored before.
        client
            .store_auth_if_needed(reference.resolve_registry(), &auth)
            .await;
        Ok(Self {
            client,
            auth,
            reference: reference.clone(),
            hint: credentials.hint,
            transfer_timeout_ms: limits.transfer_timeout_ms,
        })
    }

    /// The whole transfer, or that it took too long.
    pub async fn in_time<T>(
        &self,
        transfer: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let after_ms = self.transfer_timeout_ms;
        tokio::time::timeout(Duration::from_millis(after_ms), transfer)
            .await
            .unwrap_or_else(|_| {
                Err(RegistryError::TimedOut {
                    reference: self.reference.to_string(),
                    after_ms,
                })
            })
    }

    pub fn explain(&self, told: OciDistributionError) -> RegistryError {
        explain(told, &self.reference, self.hint.as_ref())
    }

    /// Another artifact of the same repository, by its tag.
    pub fn tagged(&self, tag: String) -> Reference {
        Reference::with_tag(
            self.reference.registry().to_owned(),
            self.reference.repository().to_owned(),
            tag,
        )
    }
}
