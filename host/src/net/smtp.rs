//! Handing mails to a mail server: the only outgoing SMTP.
//!
//! In: a server that an administrator wrote, an envelope and the bytes of a mail. Out: how far it came
//! and what the server said. Never: a mail or a password in clear text over the internet, a fallback from
//! TLS to none, two attempts in one call, a step without a time-out. One connection a mail: what breaks
//! belongs to that mail alone.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::is_public;
use super::{NO_CERTIFICATES, Names, Net, NetLimits};
use crate::domain::EmailAddress;
use crate::domain::mail::{Encryption, SmtpServer};
use crate::domain::submission::{Reply, Stage, Submission};

/// "A spurious timeout at this point would be very wasteful and would typically result in delivery of
/// multiple copies of the message": 10 minutes (RFC 5321, 4.5.3.2.6).
const END_TIMEOUT_MS: u64 = 10 * 60 * 1_000;
/// Mails handed over side by side: Microsoft 365 refuses a fourth connection ("Concurrent connections
/// limit exceeded").
const CONNECTIONS_MAX: usize = 3;
/// Written at once; what is not written yet has certainly not ended.
const CHUNK_BYTES: usize = 16 * 1024;

/// One mail server.
pub struct Submitter {
    server: Arc<SmtpServer>,
    names: Arc<dyn Names>,
    limits: NetLimits,
    trusts_nobody: bool,
    turns: Semaphore,
    /// Read from the machine's certificates when it is first needed.
    tls: OnceLock<TlsParameters>,
}

impl Net {
    pub fn submitter(&self, server: Arc<SmtpServer>) -> Submitter {
        Submitter {
            server,
            names: Arc::clone(&self.names),
            limits: self.limits,
            trusts_nobody: self.trusts_nobody,
            turns: Semaphore::new(CONNECTIONS_MAX),
            tls: OnceLock::new(),
        }
    }
}

impl Submitter {
    /// Hands over one mail for one recipient.
    pub async fn submit(&self, from: &EmailAddress, to: &EmailAddress, mail: &[u8]) -> Submission {
        let _turn = self.turns.acquire().await.expect("never closed");
        let mut stage = Stage::Connection;
        let reply = self.hand_over(from, to, mail, &mut stage).await;
        Submission { stage, reply }
    }

    /// `stage` tells where it stands, whatever happens.
    async fn hand_over(
        &self,
        from: &EmailAddress,
        to: &EmailAddress,
        mail: &[u8],
        stage: &mut Stage,
    ) -> Result<Reply, String> {
        let (from_address, to_address) = (address(from)?, address(to)?);
        // Some relays know their clients by it, and it names us better than an address behind a router.
        let hello = ClientId::Domain(from.domain().to_owned());
        let mut server = match self.connect(&hello, stage).await? {
            Ok(server) => server,
            Err(reply) => return Ok(reply),
        };
        *stage = Stage::Login;
        if let Some((name, password)) = &self.server.login {
            let credentials =
                Credentials::new(name.clone(), password.expose_secret().trim().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let login = server.auth(&mechanisms, &credentials);
            if let Err(reply) = self.step(login).await? {
                return Ok(reply);
            }
        }
        *stage = Stage::Sender;
        let options = parameters(&server, from, to)?;
        let command = server.command(Mail::new(Some(from_address), options));
        if let Err(reply) = self.step(command).await? {
            return Ok(reply);
        }
        *stage = Stage::Recipient;
        let command = server.command(Rcpt::new(to_address, Vec::new()));
        if let Err(reply) = self.step(command).await? {
            return Ok(reply);
        }
        *stage = Stage::Data;
        if let Err(reply) = self.step(server.command(Data)).await? {
            return Ok(reply);
        }
        // The last line break of a mail is the first half of the line that ends it.
        let mail = mail.strip_suffix(b"\r\n").unwrap_or(mail);
        // Asked for the chunk after the last one, everything but the end is written.
        let chunks = mail.chunks(CHUNK_BYTES).map(Some);
        let parts = chunks.chain(std::iter::once_with(|| {
            *stage = Stage::End;
            None
        }));
        let sending = server.message_iter(parts.map(Option::unwrap_or_default));
        let limit = Duration::from_millis(END_TIMEOUT_MS);
        let sent = timeout(limit, sending).await;
        let reply = sent.map_err(|_| "timed out".to_owned()).and_then(told)?;
        // The mail is taken, or refused, whether the server says goodbye or not.
        let _ = timeout(self.patience(), server.quit()).await;
        Ok(reply.unwrap_or_else(|refusal| refusal))
    }

    /// Connected and encrypted; or the reply that refused it.
    async fn connect(
        &self,
        hello: &ClientId,
        stage: &mut Stage,
    ) -> Result<Result<AsyncSmtpConnection, Reply>, String> {
        let addresses = self.addresses().await?;
        let one = Duration::from_millis(self.limits.connect_timeout_ms);
        let implicit = match self.server.encryption {
            Encryption::Tls => Some(self.tls()?),
            Encryption::StartTls | Encryption::None => None,
        };
        let connecting =
            AsyncSmtpConnection::connect_tokio1(&addresses[..], Some(one), hello, implicit, None);
        let connected = timeout(self.patience(), connecting).await;
        let connected = connected.map_err(|_| "timed out".to_owned())?;
        let mut server = match connected {
            Ok(server) => server,
            Err(error) => {
                if error.is_tls() {
                    *stage = Stage::Encryption;
                }
                return refusal(&error).map(Err);
            }
        };
        if self.server.encryption == Encryption::StartTls {
            *stage = Stage::Encryption;
            let begun = timeout(self.patience(), server.starttls(self.tls()?, hello)).await;
            if let Err(error) = begun.map_err(|_| "timed out".to_owned())? {
                return refusal(&error).map(Err);
            }
        }
        Ok(Ok(server))
    }

    /// Where the server is. An administrator wrote its name, so that it may be a private address; without
    /// encryption it must be one.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let host = self.host();
        let found = match host.parse::<IpAddr>() {
            Ok(literal) => vec![literal],
            Err(_) => timeout(self.patience(), self.names.lookup(host))
                .await
                .map_err(|_| format!("{host} was not found in time"))?
                .map_err(|e| format!("{host}: {e}"))?,
        };
        let open =
            |address: &&IpAddr| self.server.encryption != Encryption::None || !is_public(**address);
        let addresses: Vec<_> = found
            .iter()
            .filter(open)
            .map(|address| SocketAddr::new(*address, self.server.port))
            .collect();
        if addresses.is_empty() {
            return Err(format!(
                "{host} is not on this machine or in a private network: nothing is sent to it without encryption"
            ));
        }
        Ok(addresses)
    }

    fn tls(&self) -> Result<TlsParameters, String> {
        if self.trusts_nobody {
            return Err(NO_CERTIFICATES.to_owned());
        }
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let made = TlsParameters::new_rustls(self.host().to_owned());
        let made = made.map_err(|e| chain(&e))?;
        Ok(self.tls.get_or_init(|| made).clone())
    }

    /// One command and its reply.
    async fn step(
        &self,
        command: impl Future<Output = Result<Response, lettre::transport::smtp::Error>>,
    ) -> Result<Result<Reply, Reply>, String> {
        let answer = timeout(self.patience(), command).await;
        answer.map_err(|_| "timed out".to_owned()).and_then(told)
    }

    /// A literal IPv6 address stands in brackets.
    fn host(&self) -> &str {
        self.server.host.trim_matches(['[', ']'])
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.limits.total_timeout_ms)
    }
}

/// A reply that goes on, a reply that refuses, or none.
fn told(
    answer: Result<Response, lettre::transport::smtp::Error>,
) -> Result<Result<Reply, Reply>, String> {
    match answer {
        Ok(response) => Ok(Ok(Reply {
            code: response.code().into(),
            text: response.first_line().unwrap_or_default().to_owned(),
        })),
        Err(error) => refusal(&error).map(Err),
    }
}

/// The reply inside an error, or the error.
fn refusal(error: &lettre::transport::smtp::Error) -> Result<Reply, String> {
    match error.status() {
        Some(code) => Ok(Reply {
            code: code.into(),
            text: error.source().map(ToString::to_string).unwrap_or_default(),
        }),
        None => Err(chain(error)),
    }
}

fn chain(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

fn address(address: &EmailAddress) -> Result<Address, String> {
    let text = address.as_str();
    text.parse().map_err(|e| format!("{text}: {e}"))
}

/// RFC 6531: an address beyond ASCII is for servers that know them.
fn parameters(
    server: &AsyncSmtpConnection,
    from: &EmailAddress,
    to: &EmailAddress,
) -> Result<Vec<MailParameter>, String> {
    if from.as_str().is_ascii() && to.as_str().is_ascii() {
        return Ok(Vec::new());
    }
    if server
        .server_info()
        .supports_feature(Extension::SmtpUtfEight)
    {
        Ok(vec![MailParameter::SmtpUtfEight])
    } else {
        Err("the server takes no addresses beyond ASCII (SMTPUTF8)".to_owned())
    }
}

#[cfg(test)]
mod tests;
