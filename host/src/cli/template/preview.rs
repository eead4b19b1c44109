//! `followup template preview`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::SecretSlice;

use super::stage::{Stage, object};
use crate::cli::{Common, block_on, print_json};
use crate::clock::{Clock, SystemClock};
use crate::compose::mail::{self, Draft};
use crate::compose::{RenderError, Templates};
use crate::config::{Config, Sequence};
use crate::daemon;
use crate::domain::mail::{Mail, Mailbox};
use crate::domain::{EmailAddress, Instant, spelling};
use crate::providers::capture;
use crate::store::DEFAULT_TENANT;

/// Stands where a message has its own id.
const ID: &str = "msg_preview";

#[derive(Args)]
pub(in crate::cli) struct Preview {
    /// A template's name, or its file.
    #[arg(value_name = "FILE_OR_NAME")]
    template: String,
    /// Who would get it: a contact that is known.
    #[arg(long, value_name = "EMAIL")]
    contact: Option<String>,
    /// Who would get it, as a file: {"email": "...", "company": "...", "account": {"name": "..."}}.
    #[arg(long, value_name = "FILE", conflicts_with = "contact")]
    contact_json: Option<PathBuf>,
    /// In which sequence; needed where several could be meant.
    #[arg(long, value_name = "NAME")]
    sequence: Option<String>,
    /// Because of which event, as a file: {"kind": "link-clicked", "data": {...}}. Without it: the
    /// last event of the contact.
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// A variable of the policy, or contact.KEY, event.KEY, account.KEY.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Write the HTML part to a file.
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
    /// Write the whole message to a file that mail programs open.
    #[arg(long, value_name = "OUT.eml")]
    eml: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Preview {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let (config, mut templates) = super::read(&self.common.config)?;
        let (sequence, name) = find(
            &config,
            &mut templates,
            &self.template,
            self.sequence.as_deref(),
        )?;
        let stage = self.stage(&config, now)?;
        let mail = compose(&config, &templates, sequence, &name, &stage)?;
        if let Some(path) = &self.html {
            let html = mail.html.as_deref();
            let html = html.context("--html: this message is plain text and has no HTML part")?;
            std::fs::write(path, html).with_context(|| path.display().to_string())?;
        }
        if let Some(path) = &self.eml {
            std::fs::write(path, capture::eml(&mail, now))
                .with_context(|| path.display().to_string())?;
        }
        if self.common.json {
            print_json(&mail)?;
        } else {
            print!("{}", shown(&mail));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn stage(&self, config: &Config, now: Instant) -> anyhow::Result<Stage> {
        let zone = config.calendar.time_zone.name();
        let mut stage = match (&self.contact, &self.contact_json) {
            (_, Some(path)) => Stage::of_json(object(path)?, zone, now)?,
            (Some(email), None) => known(config, email, zone, now)?,
            (None, None) => bail!("who would get it? Add --contact EMAIL or --contact-json FILE"),
        };
        if let Some(path) = &self.event {
            stage.set_event(&object(path)?, now)?;
        }
        for setting in &self.set {
            stage.set(setting)?;
        }
        Ok(stage)
    }
}

fn known(config: &Config, email: &str, zone: &str, now: Instant) -> anyhow::Result<Stage> {
    let without = "use --contact-json FILE for somebody who is not known yet";
    let address = EmailAddress::parse(email).with_context(|| format!("{email:?}"))?;
    let place = &config.store.place;
    let Some(store) = place.open_if_there()? else {
        bail!("there is no store {place} yet: {without}");
    };
    let report = block_on(store.contact(DEFAULT_TENANT, &address))??;
    let report = report.with_context(|| format!("nobody known by {address}: {without}"))?;
    Ok(Stage::of_report(&report, zone, now))
}

/// The sequence and the template's name in it. A file that lies elsewhere is read as a template of
/// the sequence.
pub(super) fn find<'c>(
    config: &'c Config,
    templates: &mut Templates,
    wanted: &str,
    sequence: Option<&str>,
) -> anyhow::Result<((&'c str, &'c Sequence), String)> {
    let path = Path::new(wanted);
    let (name, file) = if path.is_file() {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        (stem.into_owned(), Some(path))
    } else {
        (wanted.to_owned(), None)
    };
    let folder = file
        .and_then(Path::parent)
        .and_then(Path::file_name)
        .and_then(|folder| folder.to_str())
        .filter(|folder| config.sequences.contains_key(*folder));
    let chosen = sequence.or(folder);
    let fits = |(key, candidate): &(&String, &Sequence)| match chosen {
        Some(chosen) => *key == chosen,
        None => file.is_some() || templates.find(key, &candidate.policy, &name).is_some(),
    };
    let mut fitting: Vec<_> = config.sequences.iter().filter(fits).collect();
    let Some((key, found)) = fitting.pop() else {
        return Err(nothing_fits(config, templates, &name, chosen));
    };
    if !fitting.is_empty() {
        let names: Vec<_> = fitting.iter().map(|(key, _)| key.as_str()).collect();
        bail!(
            "several sequences could be meant: add --sequence {key}, or one of: {}",
            names.join(", ")
        );
    }
    if let Some(path) = file {
        let source = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        templates.add_file(Some(key), &name, &source).map_err(|e| {
            anyhow::anyhow!("{}:{}: {}: {}", path.display(), e.line, e.message, e.remedy)
        })?;
    }
    Ok(((key, found), name))
}

fn nothing_fits(
    config: &Config,
    templates: &Templates,
    name: &str,
    chosen: Option<&str>,
) -> anyhow::Error {
    let sequences = config.sequences.keys().map(String::as_str);
    if let Some(chosen) = chosen {
        let remedy = spelling::suggest(chosen, sequences);
        return anyhow::anyhow!("there is no sequence {chosen:?}: {remedy}");
    }
    if config.sequences.is_empty() {
        return anyhow::anyhow!("there is no sequence to write in: add [sequences.NAME]");
    }
    let names = templates.list().into_iter().map(|listed| listed.name);
    let remedy = spelling::suggest(name, names);
    anyhow::anyhow!("there is no file and no template {name:?} in any sequence: {remedy}")
}

/// The mail, by the code that delivers it.
pub(super) fn compose(
    config: &Config,
    templates: &Templates,
    (key, sequence): (&str, &Sequence),
    name: &str,
    stage: &Stage,
) -> anyhow::Result<Mail> {
    let identity = config
        .identities
        .get(&sequence.identity)
        .with_context(|| format!("sequences.{key}: no identity {:?}", sequence.identity))?;
    let identity = daemon::identity(config, &sequence.identity, identity);
    // Signed with a key that no host has: the links of a preview lead nowhere.
    let letterhead = daemon::letterhead(config, SecretSlice::from(vec![0; 32]));
    let stamp = letterhead.stamp(ID, &identity, key);
    let composed = mail::mail(
        templates,
        &Draft {
            id: ID,
            identity: &identity,
            to: &stage.to()?,
            sequence: key,
            plugin: &sequence.policy,
            template: name,
            contact: &stage.contact,
            account: stage.account.as_ref(),
            event: &stage.event,
            variables: &stage.vars,
            parent: None,
            manner: stamp.manner(sequence.cold),
        },
    );
    match composed {
        Err(mail::Error::Render(RenderError::Missing { fields })) => bail!("{}", missing(&fields)),
        other => Ok(other?),
    }
}

/// Each field that is missing, and what to do about it.
fn missing(fields: &[String]) -> String {
    let mut text = "the message would be held, for it prints fields that have no value:".to_owned();
    for field in fields {
        let remedy = match field.split('.').next() {
            Some("unsubscribe_url" | "preferences_url") => "set server.public_url".to_owned(),
            Some("company") => "set name and postal_address in [company]".to_owned(),
            Some("sender") => "write from = \"Name <address>\" in the identity".to_owned(),
            Some("vars") => format!("the policy hands it over: try it with --set {field}=VALUE"),
            Some("event") => {
                format!(
                    "the event lacks it: name another with --event FILE, or --set {field}=VALUE"
                )
            }
            _ => format!(
                "tell it in the CRM, or write {{{{ {field} | default(\"...\") }}}}; try it with --set {field}=VALUE"
            ),
        };
        write!(text, "\n  {field}: {remedy}").expect("writing to a string");
    }
    text
}

/// For people: headers, an empty line, the text part.
pub(super) fn shown(mail: &Mail) -> String {
    let mailbox = |mailbox: &Mailbox| match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.to_string(),
    };
    let mut lines = vec![
        format!("From: {}", mailbox(&mail.from)),
        format!("To: {}", mailbox(&mail.to)),
    ];
    lines.extend(
        mail.reply_to
            .iter()
            .map(|to| format!("Reply-To: {}", mailbox(to))),
    );
    lines.push(format!("Subject: {}", mail.subject));
    lines.push(format!("Message-ID: <{}>", mail.message_id));
    lines.extend(
        mail.headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    let parts = match mail.html {
        Some(_) => "text and HTML (--html OUT.html writes it)",
        None => "text alone",
    };
    lines.push(format!("Parts: {parts}"));
    for (index, target) in mail.links.iter().enumerate() {
        lines.push(format!("Counted link {index}: {target}"));
    }
    format!("{}\n\n{}", lines.join("\n"), mail.text)
}
