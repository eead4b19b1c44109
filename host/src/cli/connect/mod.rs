//! `followup connect`: a CRM or an e-mail provider, from its table of fields to a connection that works.
//!
//! asked (`answers`) → tried against the live API (`trial`) → registered, where it is asked to → written
//! beside `followup.toml` and put in its place (`draft`, `keep`) → the whole checked. Before the last step
//! nothing on this machine is changed, so that what does not work leaves nothing behind. No
//! secret is ever printed, nor written into `followup.toml`: there stand references.

mod answers;
mod draft;
mod keep;
mod kinds;
mod shown;
#[cfg(test)]
mod tests;
mod trial;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use super::check::{self, installed};
use super::{Common, block_on, load, print_json};
use crate::config::{Known, find_kind};
use crate::domain::connector::Kind;
use crate::net::{Net, NetLimits};
use answers::{Answer, Given, Value};
use draft::Draft;
use shown::Connected;

#[derive(Args)]
#[command(after_help = "\
Without KIND: a table of what can be connected.

At a terminal it asks for what is missing, and a secret that is typed goes into a file of its own
(secrets/NAME-KEY, readable by you alone). Elsewhere every needed value is given by a flag; secrets by
reference only, since other people see command lines.

Examples:
  followup connect
  followup connect hubspot
  followup connect sendgrid --secret api_key=env:SENDGRID_API_KEY --register
  followup connect resend --name second --secret api_key=file:secrets/resend --set base_url=https://proxy.acme.example")]
pub(super) struct Connect {
    /// The kind, as in the table.
    kind: Option<String>,
    /// Its name in followup.toml and in the webhook's address; the kind's else.
    #[arg(long)]
    name: Option<String>,
    /// A setting that is no secret.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    texts: Vec<(String, String)>,
    /// Where a secret is found.
    #[arg(long = "secret", value_name = "KEY=env:NAME|file:PATH", value_parser = pair)]
    secrets: Vec<(String, String)>,
    /// Let the other side's API send its webhooks here, instead of doing it by hand.
    #[arg(long)]
    register: bool,
    /// Write it without asking the live API.
    #[arg(long)]
    no_test: bool,
    /// Change a connection of this name: what is not given stays. One of another kind is replaced.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

impl Connect {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Some(word) = &self.kind else {
            kinds::show(self.common.json)?;
            return Ok(ExitCode::SUCCESS);
        };
        let Some(kind) = find_kind(word) else {
            bail!("{}", kinds::unknown(word));
        };
        let name = self.name.as_deref().unwrap_or(kind.name);
        let draft = Draft::open(&self.common.config, name)?;
        if draft.exists() && !self.yes {
            bail!(
                "{} has a connection {name} already: choose another --name, or say --yes to change that one",
                self.common.config.display()
            );
        }
        let given = Given {
            texts: &self.texts,
            secrets: &self.secrets,
        };
        let at_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let answers = answers::collect(kind, &given, &draft.kept(kind.name), at_terminal)?;
        let connected = block_on(self.connect(kind, &draft, answers))??;
        let in_order = connected.check.ok;
        if self.common.json {
            print_json(&connected)?;
        } else {
            connected.write_text(&mut std::io::stdout())?;
        }
        Ok(if in_order {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn connect(
        &self,
        kind: &'static Kind,
        draft: &Draft<'_>,
        mut answers: Vec<Answer>,
    ) -> anyhow::Result<Connected> {
        keep::check_free(draft, &answers, self.yes)?;
        let (known, public_url) = trial::read(kind, draft, &answers)?;
        let net = Arc::new(Net::new(NetLimits::default())?);
        let answered_by = if self.no_test {
            None
        } else {
            trial::test(&known, &net).await?
        };
        let mut connected = Connected::of(kind, &known, draft.name, public_url.as_deref());
        connected.answered_by = answered_by;
        if self.register {
            let registered = self
                .registered(&known, &net, public_url.as_deref(), draft)
                .await?;
            connected.registered = Some(registered.ids);
            for (key, secret) in registered.secrets {
                answers::put(&mut answers, key, Value::Typed(secret));
            }
            for (key, text) in registered.texts {
                answers::put(&mut answers, key, Value::Text(text));
            }
        }
        connected.written = keep::write(kind, draft, &answers)?;
        connected.check = check::check(draft.path, &load::env, &installed);
        Ok(connected)
    }

    async fn registered(
        &self,
        known: &Known,
        net: &Arc<Net>,
        public_url: Option<&str>,
        draft: &Draft<'_>,
    ) -> anyhow::Result<crate::domain::connector::Registered> {
        let Some(registers) = &known.connector.registers else {
            bail!(
                "{} cannot be told by its API where to send webhooks: leave --register out, and follow the steps that are printed",
                known.kind.title
            );
        };
        let Some(base) = public_url else {
            bail!(
                "--register needs server.public_url in {}: it is where webhooks are sent",
                draft.path.display()
            );
        };
        let url = shown::webhook_url(base, draft.name);
        trial::register(registers, known, net, &url).await
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}
