//! Where the database is, and how it is spoken to.
//!
//! Across a network the connection is encrypted and the server's certificate verified, with its name,
//! unless the URL says `sslmode=disable` or `prefer`; `require`, `verify-ca` and `verify-full` all mean
//! that. `sslrootcert=FILE` names the authority, else the system's count. Over a socket or the loopback
//! nothing is encrypted unless the URL asks for it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::form_urlencoded;

use super::session::Connection;
use crate::store::Error;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A server that says nothing for so long, while something was sent to it, is gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A database's URL, taken apart. Shows no password.
pub(super) struct Address {
    config: postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts();
        let name = self.config.get_dbname();
        write!(f, "{name:?} at {hosts:?}")
    }
}

impl Address {
    /// Says what is wrong without repeating the URL, which may hold a password.
    pub(super) fn parse(
        url: &SecretString,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Invalid(format!("the store's URL {what}"));
        // Not by the WHATWG's rules, which know no URL with a user and without a host.
        let (place, query) = match url.expose_secret().split_once('?') {
            Some((place, query)) => (place, query),
            None => (url.expose_secret(), ""),
        };
        let (mut mode, mut authority) = (None, None);
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => authority = Some(PathBuf::from(&*value)),
                _ => {
                    rest.append_pair(&key, &value);
                }
            }
        }
        let known = format!("{place}?{}", rest.finish());
        let mut config: postgres::Config = known.parse().map_err(|_| wrong("is not understood"))?;
        if let Some(password) = password {
            config.password(password.expose_secret());
        }
        config
            .application_name("followup")
            .connect_timeout(CONNECT_MAX)
            .tcp_user_timeout(SILENCE_MAX);
        let near = config.get_hosts().iter().all(is_near);
        let mode = match mode.as_deref() {
            None if near => SslMode::Disable,
            None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some("prefer") => SslMode::Prefer,
            Some("disable") => SslMode::Disable,
            Some(_) => {
                return Err(wrong(
                    "has an sslmode that is none of disable, prefer, require, verify-ca, verify-full",
                ));
            }
        };
        config.ssl_mode(mode);
        let tls = match mode {
            SslMode::Disable => None,
            _ => Some(tls(authority)?),
        };
        Ok(Self { config, tls })
    }

    pub(super) fn connect(&self) -> Result<Connection, Error> {
        self.client().map(Connection::over)
    }

    pub(super) fn client(&self) -> Result<Client, Error> {
        let connected = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        connected.map_err(|e| {
            let cause =
                std::error::Error::source(&e).map_or(String::new(), |why| format!(": {why}"));
            Error::Unavailable(format!("no connection to {self:?}: {e}{cause}"))
        })
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    }
}

fn tls(authority: Option<PathBuf>) -> Result<MakeRustlsConnect, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = authority {
        let wrong = |why: String| Error::Invalid(format!("sslrootcert {}: {why}", file.display()));
        let read = CertificateDer::pem_file_iter(&file).map_err(|e| wrong(e.to_string()))?;
        for certificate in read {
            let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
            roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
        }
    } else {
        // One of the system's that is no good is not needed for the rest.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Invalid(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        let address = Address::parse(&SecretString::from(url), None).map_err(|e| e.to_string())?;
        Ok(address.config.get_ssl_mode())
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted() {
        for (url, expect) in [
            ("postgres://u:pw@db.example/f", SslMode::Require),
            (
                "postgres://u@10.0.0.1:5433/f?sslmode=verify-full",
                SslMode::Require,
            ),
            (
                "postgres://u@db.example/f?sslmode=disable",
                SslMode::Disable,
            ),
            ("postgres://u@localhost/f", SslMode::Disable),
            ("postgres://u@127.0.0.1/f?sslmode=require", SslMode::Require),
            ("postgres://u@/f?host=/run/postgresql", SslMode::Disable),
        ] {
            assert_eq!(mode(url), Ok(expect), "{url}");
        }
    }

    #[test]
    fn a_wrong_url_is_not_repeated() {
        for url in [
            "postgres://u:hunter2@db/f?sslmode=perhaps",
            "postgres://u:hunter2@[db/f",
            "postgres://u:hunter2@db/f?no=such",
        ] {
            let told = mode(url).expect_err(url);
            assert!(!told.contains("hunter2"), "{told}");
        }
        let address = Address::parse(&SecretString::from("postgres://u:hunter2@db/f"), None);
        let shown = format!("{:?}", address.expect("a URL"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
