//! Submission over SMTP (RFC 6409), for providers without an API and for servers of one's own.
//!
//! In: settings; and how a submission ended. Out: the server to connect to; and the outcome. The mail's
//! bytes are those of `capture`. A server sends no webhooks: what it cannot deliver comes back as a
//! mail, which an `inbound` connection takes in.

mod outcome;

use std::sync::Arc;

use url::Host;

use crate::domain::connector::{
    Authenticity, Connector, Field, Kind, Sends, Settings, Sort, Unfit,
};
use crate::domain::mail::{Encryption, SmtpServer};

pub use outcome::outcome;

pub const KIND: Kind = Kind {
    name: "smtp",
    title: "SMTP",
    sort: Sort::Provider,
    fields: &[
        Field::text(
            "host",
            "smtp.example.com",
            "The mail server that takes mail for submission.",
        )
        .needed(),
        Field::text(
            "port",
            "465",
            "Its port; 465 for tls, 587 for starttls and 25 for none unless written.",
        ),
        Field::choice(
            "encryption",
            &["tls", "starttls", "none"],
            "tls",
            "tls from the first byte, starttls (and nothing without it), or none: only on this machine or in a private network.",
        ),
        Field::text(
            "username",
            "jane@example.com",
            "The name to log in with, if the server asks.",
        ),
        Field::secret(
            "password",
            "env:SMTP_PASSWORD",
            "The password that belongs to it.",
        ),
    ],
    authenticity: Authenticity::None,
    steps: &[
        "Ask whoever runs the mail server for its name, its port, and a login for applications.",
        "Mails that cannot be delivered come back to the From address: lead a copy of that mailbox to a connection of kind inbound, or bounces go unnoticed.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let encryption = match settings.needed_text("encryption")? {
        "starttls" => Encryption::StartTls,
        "none" => Encryption::None,
        _ => Encryption::Tls,
    };
    let login = match (settings.text("username"), settings.secret("password")) {
        (Some(name), Some(password)) => Some((name.to_owned(), password.clone())),
        (None, None) => None,
        (Some(_), None) => return Err(Unfit::new("password", "is missing", "add password")),
        (None, Some(_)) => return Err(Unfit::new("username", "is missing", "add username")),
    };
    let server = SmtpServer {
        host: host(settings.needed_text("host")?, encryption)?,
        port: port(settings.text("port"), encryption)?,
        encryption,
        login,
    };
    Ok(Connector {
        sends: Some(Sends::Smtp(Arc::new(server))),
        ..Connector::default()
    })
}

/// A name or an address. What a name leads to is looked at when it is called.
fn host(text: &str, encryption: Encryption) -> Result<String, Unfit> {
    let remedy = "write the name of the server alone, like smtp.example.com";
    let parsed =
        Host::parse(text).map_err(|e| Unfit::new("host", format!("is none: {e}"), remedy))?;
    let private = match &parsed {
        Host::Domain(_) => true,
        Host::Ipv4(v4) => v4.is_loopback() || v4.is_private(),
        Host::Ipv6(v6) => v6.is_loopback() || v6.is_unique_local(),
    };
    if encryption == Encryption::None && !private {
        return Err(Unfit::new(
            "encryption",
            "would send mails in clear text over the internet",
            "use tls or starttls",
        ));
    }
    Ok(parsed.to_string())
}

fn port(text: Option<&str>, encryption: Encryption) -> Result<u16, Unfit> {
    let Some(text) = text else {
        return Ok(match encryption {
            Encryption::Tls => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        });
    };
    let parsed = text.parse().ok().filter(|port| *port > 0);
    parsed.ok_or_else(|| Unfit::new("port", "is none", "write a number from 1 to 65535"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[(&str, &str)], expect: Result<(&str, u16), &str>) {
        let mut settings = Settings::default().with_text("encryption", "tls");
        for (key, value) in fields {
            settings = match *key {
                "password" => settings.with_secret(*key, (*value).to_owned()),
                key => settings.with_text(key, *value),
            };
        }
        let got = match connect(&settings).map(|connector| connector.sends) {
            Ok(Some(Sends::Smtp(server))) => Ok((server.host.clone(), server.port)),
            Ok(_) => Err("sends nothing"),
            Err(unfit) => Err(unfit.key),
        };
        let expect = expect.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(got, expect, "{fields:?}");
    }

    #[test]
    fn settings() {
        let host = ("host", "smtp.example.com");
        let none = ("encryption", "none");
        check(&[host], Ok(("smtp.example.com", 465)));
        check(
            &[host, ("encryption", "starttls")],
            Ok(("smtp.example.com", 587)),
        );
        check(&[host, ("port", "2525")], Ok(("smtp.example.com", 2525)));
        check(&[("host", "[::1]"), none], Ok(("[::1]", 25)));
        check(&[("host", "10.0.0.7"), none], Ok(("10.0.0.7", 25)));
        check(&[("host", "localhost"), none], Ok(("localhost", 25)));
        check(&[("host", "192.0.2.1"), none], Err("encryption"));
        check(&[("host", "smtps://smtp.example.com")], Err("host"));
        check(&[host, ("port", "0")], Err("port"));
        check(&[host, ("port", "70000")], Err("port"));
        check(&[host, ("username", "u")], Err("password"));
        check(&[host, ("password", "p")], Err("username"));
        check(&[], Err("host"));
    }
}
