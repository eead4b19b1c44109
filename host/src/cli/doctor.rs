//! `followup doctor`: looks at everything, and says what to do.
//!
//! What is looked at is `doctor`'s; here it gets its means, and is shown.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::check::{check, installed};
use super::{Common, block_on, load};
use crate::clock::SystemClock;
use crate::doctor::{Dns, Means, Report, Subject, Zone, examine};
use crate::net::{Net, NetLimits};

#[derive(Args)]
#[command(after_help = "\
Looks at: the configuration (as `followup check` does), plugins, the store and its disk, server.public_url,
the clock, every connection (credentials, what its webhooks prove, what its provider cannot do), the
domains of replies, of identities (SPF, DKIM, DMARC, the bulk-sender rules) and of counted links.

A line each: ok, skipped (it could not be looked at), warning, problem. Ends with 1 where there is a problem.
Nothing is changed, sent or stored: connections are asked who they are.

Examples:
  followup doctor
  followup doctor --offline --json
  followup doctor --dns 9.9.9.9:53")]
pub(super) struct Doctor {
    /// Look at what lies on this machine only: call no API, ask no DNS.
    #[arg(long)]
    offline: bool,
    /// The name server to ask, instead of this machine's.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "offline")]
    dns: Option<SocketAddr>,
    #[command(flatten)]
    common: Common,
}

/// How long an API may take to say who it is.
const PROBE_MAX_MS: u64 = 10_000;

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey(&self.common.config)?;
        // The manifests that `check` comes by on its way: loading them may take compiling them.
        let plugins = RefCell::default();
        let checked = check(&self.common.config, &load::env, &|config| {
            let manifests = installed(config)?;
            manifests.clone_into(&mut plugins.borrow_mut());
            Ok(manifests)
        });
        let plugins = plugins.into_inner();
        let subject = Subject {
            config: &config,
            problems: &checked.problems,
            plugins: &plugins,
        };
        let report = block_on(self.examine(&subject))??;
        if self.common.json {
            super::print_json(&report)?;
        } else {
            report.write_text(&mut io::stdout())?;
        }
        Ok(if report.ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn examine(&self, subject: &Subject<'_>) -> anyhow::Result<Report> {
        let means = Means {
            clock: &SystemClock,
            net: None,
            zone: None,
        };
        if self.offline {
            return Ok(examine(subject, &means).await);
        }
        let net = Arc::new(Net::new(NetLimits {
            total_timeout_ms: PROBE_MAX_MS,
            ..NetLimits::default()
        })?);
        let dns = Dns::new(self.dns)?;
        let means = Means {
            net: Some(&net),
            zone: Some(&dns as &dyn Zone),
            ..means
        };
        Ok(examine(subject, &means).await)
    }
}
