//! `followup ready`: whether the host beside us takes webhooks in, for images without a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::{block_on, load};
use crate::domain::http::{Method, Request};
use crate::net::{Net, NetLimits, Reach};

/// An answer that takes longer is none.
const LIMITS: NetLimits = NetLimits {
    connect_timeout_ms: 1_000,
    total_timeout_ms: 4_000,
    response_max_bytes: 64 * 1024,
};

#[derive(Args)]
#[command(after_help = "\
Asks /readyz of the address that the configuration says, prints its answer, and ends with 0 where that is
200, else with 1.

Examples:
  followup ready
  followup ready --url http://127.0.0.1:8080")]
pub(super) struct Ready {
    /// The configuration file: `server.listen` says where to ask.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    config: PathBuf,
    /// Ask there instead.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Ready {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let url = match self.url {
            Some(url) => url,
            None => format!("http://{}", near(load::survey(&self.config)?.server.listen)),
        };
        let request = Request {
            method: Method::Get,
            url: format!("{}/readyz", url.trim_end_matches('/')),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let answer = match block_on(Net::new(LIMITS)?.call(&request, Reach::Configured))? {
            Ok(answer) => answer,
            Err(failure) => {
                bail!("{url} does not answer ({failure}): is `followup serve` running?")
            }
        };
        print!("{}", String::from_utf8_lossy(&answer.body));
        Ok(match answer.status {
            200 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }
}

/// Where to knock at a door that listens on every address.
fn near(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_asked_nearby() {
        for (listen, expect) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(near(listen).to_string(), expect);
        }
    }
}
