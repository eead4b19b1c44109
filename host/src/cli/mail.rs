//! `followup mail classify`: what a mail would be taken for, without a configuration or a server.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::print_json;
use super::table::{or_dash, table};
use crate::clock::{Clock, SystemClock};
use crate::domain::Instant;
use crate::inbound::{Classified, Envelope, InboundMail, Kind, Ours, classify, events};

/// The largest mail, and the most files of one call.
const MAIL_MAX_BYTES: u64 = 64 * 1024 * 1024;
const FILES_MAX: usize = 100_000;

#[derive(Subcommand)]
pub(super) enum Mail {
    /// Say for each mail whether a person or a machine wrote it, and what would follow.
    #[command(after_help = HELP)]
    Classify(ClassifyArgs),
}

#[derive(Args)]
pub(super) struct ClassifyArgs {
    /// Mails (RFC 5322); `-` is standard input, of a folder every *.eml below it.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The addresses you write from: mail from them is your own.
    #[arg(long, value_name = "ADDRESS")]
    own: Vec<String>,
}

const HELP: &str = "\
JSON is an array with one object per mail:
  file        as given, or as found in a folder
  class       person, auto-reply, challenge, bulk, bounce, complaint, opt-out, feedback, receipt or own
  sign        the rule that decided
  return_on   auto-reply: first day back, YYYY-MM-DD
  departed    auto-reply: true where the person left for good
  instead     auto-reply: the address to write to from now on
  deputy      auto-reply: the address for the time of the absence
  opt_out     person: the words by which they opt out
  recipients  bounce: {address, event, status, reason} of each
  answers     Message-IDs it may be about, likeliest first
  events      the kinds of event that would be stored
Fields that say nothing are left out.";

#[derive(Serialize)]
struct Row {
    file: String,
    class: &'static str,
    sign: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_on: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    departed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_out: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Recipient>,
    answers: Vec<String>,
    events: Vec<String>,
}

#[derive(Serialize)]
struct Recipient {
    address: Option<String>,
    event: String,
    status: Option<String>,
    reason: Option<String>,
}

impl Mail {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Classify(args) = self;
        let mut files = Vec::new();
        for path in &args.files {
            collect(path, &mut files)?;
        }
        let own = args.own.iter().map(|text| {
            crate::domain::EmailAddress::parse(text).with_context(|| format!("--own {text}"))
        });
        let ours = Ours {
            addresses: own.collect::<anyhow::Result<_>>()?,
            key: Vec::new(),
        };
        let now = SystemClock.now();
        let mut rows = Vec::new();
        for file in &files {
            let bytes = read(file).with_context(|| file.display().to_string())?;
            rows.push(row(file, &bytes, &ours, now));
        }
        if args.json {
            print_json(&rows)?;
        } else {
            show(&rows);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The files that a path stands for, in the order of their names.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut inside = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    inside.sort();
    for path in inside {
        let is_mail = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("eml"));
        // A link to a folder may lead round in circles.
        if (path.is_dir() && !path.is_symlink()) || is_mail {
            collect(&path, files)?;
        }
        if files.len() > FILES_MAX {
            bail!("more than {FILES_MAX} files: name smaller folders");
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file)?)
    };
    input.take(MAIL_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAIL_MAX_BYTES {
        bail!("is larger than {MAIL_MAX_BYTES} bytes");
    }
    Ok(bytes)
}

fn row(file: &Path, bytes: &[u8], ours: &Ours, now: Instant) -> Row {
    let mail = InboundMail::read(bytes, &Envelope::default());
    // Kept mails are old: "until Monday" counts from when they were written.
    let now = mail
        .date
        .map_or(now, |date| Instant(date.timestamp_millis()));
    let is = classify(&mail, ours, now);
    let events = events(&mail, &is, bytes, now);
    let recipients = match &is.kind {
        Kind::Bounce(bounce) => bounce
            .recipients
            .iter()
            .zip(&events)
            .map(|(recipient, event)| Recipient {
                address: recipient.address.as_ref().map(ToString::to_string),
                event: event.kind.clone(),
                status: recipient.status.clone(),
                reason: recipient.said.clone(),
            })
            .collect(),
        _ => Vec::new(),
    };
    let kinds = events.into_iter().map(|event| event.kind).collect();
    with_details(
        Row {
            file: file.display().to_string(),
            class: is.kind.as_str(),
            sign: is.sign.clone(),
            return_on: None,
            departed: false,
            instead: None,
            deputy: None,
            opt_out: None,
            recipients,
            answers: is.answers.clone(),
            events: kinds,
        },
        &is,
    )
}

fn with_details(mut row: Row, is: &Classified) -> Row {
    match &is.kind {
        Kind::AutoReply(auto) => {
            row.return_on = auto.return_on.map(|day| day.format("%Y-%m-%d").to_string());
            row.departed = auto.departed;
            row.instead = auto.instead.as_ref().map(ToString::to_string);
            row.deputy = auto.deputy.as_ref().map(ToString::to_string);
        }
        Kind::Person { opt_out } => row.opt_out = *opt_out,
        _ => {}
    }
    row
}

fn show(rows: &[Row]) {
    let mut shown = table([
        "file", "class", "sign", "back on", "opt-out", "events", "answers",
    ]);
    for row in rows {
        shown.add_row([
            row.file.clone(),
            row.class.to_owned(),
            row.sign.clone(),
            or_dash(row.return_on.as_deref()).to_owned(),
            or_dash(row.opt_out).to_owned(),
            row.events.join(", "),
            row.answers.first().cloned().unwrap_or_default(),
        ]);
    }
    println!("{shown}");
}
