//! What the door itself must call before it can believe or go on: certificates and confirmations.

use super::Door;
use super::answer::Error;
use crate::domain::http::{Method, Request};
use crate::net::Reach;

/// The longest certificate that is looked at, in bytes.
const CERTIFICATE_MAX_BYTES: usize = 64 * 1024;
/// Certificates kept: a sender has one, and another while it changes it.
const CERTIFICATES_MAX: usize = 16;

impl Door {
    /// The certificate at an address that the hook has checked to be its sender's. Fetched once: senders
    /// give a new one a new address.
    pub(super) async fn certificate(&self, url: &str) -> Result<Vec<u8>, Error> {
        if let Some(known) = self.certificates.lock().await.get(url) {
            return Ok(known.clone());
        }
        let request = Request {
            method: Method::Get,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let unreachable = |what: String| Error::NoCertificate(format!("{url}: {what}"));
        let answer = self.net.call(&request, Reach::Public).await;
        let answer = answer.map_err(|e| unreachable(e.to_string()))?;
        if answer.status != 200 || answer.body.len() > CERTIFICATE_MAX_BYTES {
            return Err(unreachable(format!(
                "{} and {} bytes",
                answer.status,
                answer.body.len()
            )));
        }
        let mut kept = self.certificates.lock().await;
        if kept.len() >= CERTIFICATES_MAX {
            kept.clear();
        }
        kept.insert(url.to_owned(), answer.body.clone());
        Ok(answer.body)
    }

    /// Says yes to a sender that asks whether this address wants its webhooks.
    pub(super) async fn confirm(&self, name: &str, request: &Request) -> Result<(), Error> {
        let answer = self.net.call(request, Reach::Public).await;
        let status = answer
            .map_err(|e| Error::NotConfirmed(e.to_string()))?
            .status;
        if !(200..300).contains(&status) {
            return Err(Error::NotConfirmed(format!("it answered {status}")));
        }
        tracing::info!(connection = name, "the subscription is confirmed");
        Ok(())
    }
}
