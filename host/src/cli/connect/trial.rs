//! A connection before it is written: read as `serve` would read it, tested against the live API, and
//! registered there.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use secrecy::ExposeSecret;

use super::answers::{Answer, Value};
use super::draft::Draft;
use crate::cli::load;
use crate::clock::SystemClock;
use crate::config::{self, Connection, Known};
use crate::daemon;
use crate::doctor::{Probed, probe};
use crate::domain::connector::{Kind, Registered, Registers};
use crate::domain::http::{Request, Response};
use crate::net::{Api, Net};

/// A name that no environment has stands for a secret that has no file yet.
const TYPED: &str = "=typed:";

/// The connection, and `server.public_url`. The error is everything that is wrong with it.
pub(super) fn read(
    kind: &Kind,
    draft: &Draft<'_>,
    answers: &[Answer],
) -> anyhow::Result<(Known, Option<String>)> {
    let text = draft.with(kind.name, answers, |key| format!("env:{TYPED}{key}"))?;
    let env = |name: &str| match name.strip_prefix(TYPED) {
        Some(wanted) => answers.iter().find_map(|answer| match &answer.value {
            Value::Typed(secret) if answer.key == wanted => Some(secret.expose_secret().to_owned()),
            _ => None,
        }),
        None => load::env(name),
    };
    let (_, before) = config::survey_text(draft.path, &draft.text, &env);
    let before: BTreeSet<_> = before.into_iter().map(|problem| problem.message).collect();
    let (config, problems) = config::survey_text(draft.path, &text, &env);
    let (errors, warnings): (Vec<_>, Vec<_>) = problems
        .into_iter()
        .filter(|problem| !before.contains(&problem.message))
        .partition(config::Problem::is_error);
    for warning in warnings {
        eprintln!("warning: {}: {}", warning.message, warning.remedy);
    }
    if !errors.is_empty() {
        let lines = errors
            .iter()
            .map(|problem| format!("\n  {}: {}", problem.message, problem.remedy));
        bail!("it cannot be connected so:{}", lines.collect::<String>());
    }
    let mut config = config.ok_or_else(|| anyhow!("{} cannot be read", draft.path.display()))?;
    match config.connections.remove(draft.name) {
        Some(Connection::Kind(known)) => Ok((known, config.server.public_url)),
        _ => bail!(
            "{} is written in a way that no section can be added to: write it yourself",
            draft.path.display()
        ),
    }
}

/// Who answered; none where the kind has no call for it.
pub(super) async fn test(known: &Known, net: &Arc<Net>) -> anyhow::Result<Option<String>> {
    let title = known.kind.title;
    match probe(known, net, &SystemClock).await {
        None => Ok(None),
        Some(Probed::Answered(who)) => Ok(Some(who)),
        Some(Probed::Busy(why) | Probed::Refused(why) | Probed::Unreached(why)) => bail!(
            "{title} was asked with these credentials: {why}\nNothing was written; --no-test writes it all the same"
        ),
    }
}

/// Tells the other side where to send its webhooks.
pub(super) async fn register(
    registers: &Arc<dyn Registers>,
    known: &Known,
    net: &Arc<Net>,
    url: &str,
) -> anyhow::Result<Registered> {
    let title = known.kind.title;
    let api = daemon::api(known, net);
    let mut answers = Vec::new();
    let first = registers.requests(url, &format!("{url}/inbound"));
    call_all(first, &mut answers, &api, title).await?;
    let then = registers.follow_up(&answers);
    call_all(then, &mut answers, &api, title).await?;
    registers.read(&answers).map_err(|error| {
        anyhow!("{title} did not register the webhook: {error}\nNothing was written; without --register the steps by hand are printed")
    })
}

async fn call_all(
    requests: Vec<Request>,
    answers: &mut Vec<Response>,
    api: &Api,
    title: &str,
) -> anyhow::Result<()> {
    for request in requests {
        let answer = api.call(&request, &SystemClock).await;
        answers.push(answer.map_err(|failure| {
            anyhow!("{title} was told where to send its webhooks: {failure}\nLook there whether it did; nothing was written here")
        })?);
    }
    Ok(())
}
