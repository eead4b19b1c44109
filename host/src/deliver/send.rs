//! Handing one mail over.

use std::path::Path;

use super::{Deliverer, Transport};
use crate::domain::Instant;
use crate::domain::mail::{Mail, Outcome};
use crate::providers::{capture, smtp};

impl Deliverer {
    /// Calls the provider and reads its answer; never fails: not knowing is an outcome too.
    pub(super) async fn hand_over(
        &self,
        transport: &Transport,
        mail: &Mail,
        now: Instant,
    ) -> Outcome {
        match transport {
            Transport::Http { provider, reach } => {
                let answer = self
                    .net
                    .call(&provider.send_request(mail, now), *reach)
                    .await;
                provider.outcome(&answer)
            }
            Transport::Smtp(submitter) => {
                let bytes = capture::eml(mail, now);
                let ended = submitter.submit(&mail.from.address, &mail.to.address, &bytes);
                smtp::outcome(&ended.await)
            }
            Transport::Capture { folder } => match write(folder, mail, now).await {
                Ok(file) => Outcome::accepted(Some(file)),
                Err(e) => Outcome::Retry {
                    reason: format!("{}: {e}", folder.display()),
                    after_ms: None,
                },
            },
        }
    }
}

/// Writes beside and renames, so that a reader never meets half a message.
async fn write(folder: &Path, mail: &Mail, now: Instant) -> std::io::Result<String> {
    tokio::fs::create_dir_all(folder).await?;
    let name = capture::file_name(mail);
    let part = folder.join(format!(".{name}.part"));
    tokio::fs::write(&part, capture::eml(mail, now)).await?;
    tokio::fs::rename(&part, folder.join(&name)).await?;
    Ok(name)
}
