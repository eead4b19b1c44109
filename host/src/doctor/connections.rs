//! Every connection: whether its credentials are good, what its webhooks prove, and what its provider
//! cannot do.

use std::sync::Arc;

use futures_util::future::join_all;

use super::clock::Dated;
use super::{Finding, Means, OFFLINE};
use crate::clock::Clock;
use crate::config::{Config, Connection, Known};
use crate::daemon;
use crate::domain::Instant;
use crate::domain::connector::{AskError, Authenticity, Sort};
use crate::domain::hook::{HookRequest, Refusal};
use crate::domain::mail::Quirks;
use crate::net::Net;

/// What became of the call that only proves the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// Who answered.
    Answered(String),
    /// Ask again later.
    Busy(String),
    /// The credentials are refused.
    Refused(String),
    /// Nobody answers.
    Unreached(String),
}

/// Everything found, and the dates of the answers.
pub(super) async fn look(config: &Config, means: &Means<'_>) -> (Vec<Finding>, Vec<Dated>) {
    let looked = config
        .connections
        .iter()
        .map(|(name, connection)| one(config, name, connection, means));
    let (mut findings, mut dates) = (Vec::new(), Vec::new());
    for (found, dated) in join_all(looked).await {
        findings.extend(found);
        dates.extend(dated);
    }
    (findings, dates)
}

/// Tells whether the credentials are good; none where the kind has no such call.
pub async fn probe(known: &Known, net: &Arc<Net>, clock: &dyn Clock) -> Option<Probed> {
    Some(ask(known, net, clock).await?.0)
}

async fn ask(known: &Known, net: &Arc<Net>, clock: &dyn Clock) -> Option<(Probed, Option<Dated>)> {
    let probes = known.connector.probes.as_ref()?;
    let api = daemon::api(known, net);
    let began_at = clock.now();
    let answer = api.call(&probes.request(began_at), clock).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Some((Probed::Unreached(failure.to_string()), None)),
    };
    let dated = Dated::of(known.kind.title, &answer, began_at, clock.now());
    let probed = match probes.read(&answer) {
        Ok(who) => Probed::Answered(who),
        Err(AskError::Retry { reason, .. }) => Probed::Busy(reason),
        Err(error @ (AskError::Refused(_) | AskError::Gone)) => Probed::Refused(error.to_string()),
    };
    Some((probed, dated))
}

async fn one(
    config: &Config,
    name: &str,
    connection: &Connection,
    means: &Means<'_>,
) -> (Vec<Finding>, Option<Dated>) {
    let about = format!("connection {name}");
    let Connection::Kind(known) = connection else {
        let found = format!("{}: nothing outside to be asked", connection.kind());
        return (vec![Finding::ok(&about, found)], None);
    };
    let (credentials, dated) = credentials(&about, known, means).await;
    let mut findings = vec![credentials];
    if known.connector.hook.is_some() || known.connector.receives.is_some() {
        findings.push(authenticity(&about, config, known));
    }
    findings.extend(unset(&about, known, means.clock.now()));
    findings.extend(cannot(&about, known.kind.title, &connection.quirks()));
    (findings, dated)
}

async fn credentials(about: &str, known: &Known, means: &Means<'_>) -> (Finding, Option<Dated>) {
    let title = known.kind.title;
    if known.kind.sort == Sort::Sender {
        let found = format!("{title}: calls us, and has no API to be asked");
        return (Finding::ok(about, found), None);
    }
    let Some(net) = means.net else {
        return (Finding::skipped(about, OFFLINE), None);
    };
    let Some((probed, dated)) = ask(known, net, means.clock).await else {
        let found = format!("{title} has no call that only proves the credentials");
        return (Finding::skipped(about, found), None);
    };
    let finding = match probed {
        Probed::Answered(who) => Finding::ok(about, format!("{title} knows us: {who}")),
        Probed::Busy(why) => Finding::warning(about, why, "ask again in a while"),
        Probed::Refused(why) => Finding::problem(
            about,
            why,
            format!(
                "check its credentials and base_url; `followup connect {} --name NAME --yes` asks for them anew",
                known.kind.name
            ),
        ),
        Probed::Unreached(why) => Finding::problem(
            about,
            format!("{title} does not answer: {why}"),
            format!(
                "see whether {title} is in trouble (its status page), and whether this machine reaches its base_url \
                 (proxy, firewall, DNS); what waits for it is tried again by itself"
            ),
        ),
    };
    (finding, dated)
}

/// What its webhooks prove. Where that is a password or a token, whoever listens has it: https matters.
fn authenticity(about: &str, config: &Config, known: &Known) -> Finding {
    let class = known.kind.authenticity;
    let found = format!("webhooks {}: {}", class.word(), class.meaning());
    let public_url = config.server.public_url.as_deref().unwrap_or_default();
    match class {
        Authenticity::SignedWithTime | Authenticity::Signed => Finding::ok(about, found),
        Authenticity::None => Finding::warning(
            about,
            found,
            "put a secret into the address, and leave `reconcile` on",
        ),
        _ if public_url.starts_with("https://") => Finding::ok(about, found),
        _ => Finding::warning(about, found, "let server.public_url be an https address"),
    }
}

/// Settings without which every webhook is refused.
fn unset(about: &str, known: &Known, now: Instant) -> Vec<Finding> {
    let nothing = HookRequest {
        method: "POST".to_owned(),
        url: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        certificate: None,
    };
    let (hook, receives) = (&known.connector.hook, &known.connector.receives);
    let asked = [
        (
            "webhooks",
            hook.as_ref().map(|hook| hook.verify(&nothing, now)),
        ),
        (
            "received mails",
            receives
                .as_ref()
                .map(|receives| receives.verify(&nothing, now)),
        ),
    ];
    let mut findings = Vec::new();
    for (what, verified) in asked {
        if let Some(Err(Refusal::NotConfigured(key))) = verified {
            findings.push(Finding::warning(
                about,
                format!("{key} is not set: all its {what} are refused"),
                format!(
                    "set {key}; `followup connect {}` says where to find it",
                    known.kind.name
                ),
            ));
        }
    }
    findings
}

/// What a provider does not do with our mail, and what that costs.
fn cannot(about: &str, title: &str, quirks: &Quirks) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |found: &str, remedy: &str| {
        findings.push(Finding::warning(about, format!("{title} {found}"), remedy));
    };
    if !quirks.keeps_threading {
        warn(
            "drops In-Reply-To and References: follow-ups go as mails of their own, under their own subject, without Re:",
            "give each template a subject that stands alone, or send through another provider",
        );
    }
    if !quirks.keeps_unsubscribe {
        warn(
            "drops our List-Unsubscribe: mail programs show no button of ours (RFC 8058), and the link in the text is the way out",
            "leave its own unsubscription on, or send through another provider",
        );
    }
    let told = [
        (
            !quirks.keeps_message_id,
            "replaces our Message-ID: answers are recognised by its own, once it is known",
        ),
        (
            quirks.needs_html,
            "refuses mail without an HTML part: plain-text mails get one that looks the same",
        ),
    ];
    let told = told.iter().filter(|(is, _)| *is).map(|(_, what)| *what);
    findings.extend(told.map(|what| Finding::ok(about, format!("{title} {what}"))));
    let remarks = quirks.remarks.iter();
    findings.extend(remarks.map(|remark| Finding::ok(about, format!("{title}: {remark}"))));
    findings
}
