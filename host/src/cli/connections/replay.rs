//! `followup connections test`: a captured webhook through the very hook that the door would ask.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::SecretSlice;
use serde::Serialize;

use crate::cli::table::{or_dash, table};
use crate::cli::{Common, block_on, load, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Connection};
use crate::daemon;
use crate::domain::hook::{Batch, Hook, HookRequest, Rejected};
use crate::domain::http::{Method, Request};
use crate::domain::spelling;
use crate::domain::{Instant, NewEvent};
use crate::net::{Net, NetLimits, Reach};
use crate::store::DEFAULT_TENANT;
use crate::store::place::Place;

#[derive(Args)]
#[command(after_help = "\
FILE is the body as it came, byte for byte: signatures are over its bytes. The headers that carry the
proof are given by --header. A proof that carries a time is good for five minutes: say by --at when the
webhook came, or leave the proof out by --no-verify.

Examples:
  followup connections test hubspot --event deal.json --no-verify
  followup connections test sendgrid --event events.json --at 2026-03-02T09:00:00Z \\
    --header 'X-Twilio-Email-Event-Webhook-Signature: MEUC...' \\
    --header 'X-Twilio-Email-Event-Webhook-Timestamp: 1772442000'
  followup connections test mailgun --event mail.form --inbound --no-verify \\
    --header 'Content-Type: application/x-www-form-urlencoded'")]
pub(super) struct Test {
    /// The connection, as in followup.toml.
    name: String,
    /// The body of the webhook; `-` for stdin.
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
    /// A header that came with it. The content type is application/json unless one is given.
    #[arg(long = "header", value_name = "'NAME: VALUE'", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The address it was posted to, with its query: some senders sign it, and some show a password
    /// there. `server.public_url` and /hooks/NAME else.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// When it came (RFC 3339); now else.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Instant>,
    /// It is a received mail: /hooks/NAME/inbound.
    #[arg(long)]
    inbound: bool,
    /// Read it without asking for its proof.
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    common: Common,
}

/// What the door would have made of it.
#[derive(Serialize)]
struct Outcome {
    connection: String,
    /// None where it was not asked.
    verified: Option<bool>,
    /// Why it is not believed, or cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// Whether people it speaks of become contacts.
    creates_contacts: bool,
    /// The address of the call that confirms the subscription; it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_confirm: Option<String>,
    events: Vec<NewEvent>,
    rejected: Vec<Rejected>,
}

impl Test {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey_aloud(&self.common.config)?;
        let Some(connection) = config.connections.get(&self.name) else {
            let names = config.connections.keys().map(String::as_str);
            bail!(
                "there is no connection {:?}: {}",
                self.name,
                spelling::suggest(&self.name, names)
            );
        };
        let outcome = block_on(self.replay(&config, connection))??;
        let all_rejected = outcome.events.is_empty() && !outcome.rejected.is_empty();
        let taken = outcome.refused.is_none() && !all_rejected;
        if self.common.json {
            print_json(&outcome)?;
        } else {
            show(&outcome);
        }
        Ok(if taken {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn replay(&self, config: &Config, connection: &Connection) -> anyhow::Result<Outcome> {
        let key = reply_key(&config.store.place).await?;
        let net = Arc::new(Net::new(NetLimits::default())?);
        let can = daemon::abilities(config, &self.name, connection, &key, &net)?;
        let taken = if self.inbound { can.inbound } else { can.hook };
        let Some(sender) = taken else {
            bail!("{}", nothing(&self.name, connection, self.inbound));
        };
        let hook = &*sender.hook;
        let max = hook
            .body_max_bytes()
            .unwrap_or(config.server.body_max_bytes);
        let mut request = HookRequest {
            method: "POST".to_owned(),
            url: self.address(config),
            headers: self.headers(),
            body: body(&self.event, max)?,
            certificate: None,
        };
        let now = self.at.unwrap_or_else(|| SystemClock.now());
        let mut outcome = Outcome {
            connection: self.name.clone(),
            verified: None,
            refused: None,
            creates_contacts: sender.creates_contacts,
            would_confirm: None,
            events: Vec::new(),
            rejected: Vec::new(),
        };
        if !self.no_verify {
            let verified = verify(hook, &mut request, now, &net).await;
            outcome.verified = Some(verified.is_ok());
            if let Err(why) = verified {
                outcome.refused = Some(why);
                return Ok(outcome);
            }
        }
        outcome.would_confirm = hook.confirmation(&request).map(|call| call.url);
        match hook.normalize(&request, now) {
            Ok(Batch { events, rejected }) => {
                outcome.events = events;
                outcome.rejected = rejected;
            }
            Err(malformed) => outcome.refused = Some(malformed.to_string()),
        }
        Ok(outcome)
    }

    fn address(&self, config: &Config) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        let below = if self.inbound { "/inbound" } else { "" };
        let base = config.server.public_url(config.server.listen);
        format!("{base}/hooks/{}{below}", self.name)
    }

    fn headers(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers
    }
}

/// As the door does: the certificate first, where the sender signs with one.
async fn verify(
    hook: &dyn Hook,
    request: &mut HookRequest,
    now: Instant,
    net: &Net,
) -> Result<(), String> {
    hook.admit(request).map_err(|refusal| refusal.to_string())?;
    let url = hook.certificate_url(request);
    if let Some(url) = url.map_err(|refusal| refusal.to_string())? {
        let call = Request {
            method: Method::Get,
            url: url.clone(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let answer = net.call(&call, Reach::Public).await;
        let answer = answer.map_err(|failure| format!("{url}: {failure}"))?;
        request.certificate = Some(answer.body);
    }
    hook.verify(request, now)
        .map_err(|refusal| refusal.to_string())
}

/// What the tokens of our reply addresses are checked with. Before the first start there are none.
async fn reply_key(place: &Place) -> anyhow::Result<SecretSlice<u8>> {
    match place.open_if_there()? {
        Some(store) => Ok(store.signing_key(DEFAULT_TENANT).await?),
        None => Ok(Vec::new().into()),
    }
}

fn nothing(name: &str, connection: &Connection, inbound: bool) -> String {
    let kind = connection.kind();
    match connection {
        Connection::Trigger(_) => format!(
            "{name} is fed by a plugin, which is tested by `followup plugin test` with scenarios"
        ),
        _ if inbound => {
            format!("{name} ({kind}) takes in no mails of its own: leave --inbound out")
        }
        _ => format!("{name} ({kind}) takes in no webhooks"),
    }
}

fn body(file: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    // One byte more tells a body that is too large.
    let limit = max as u64 + 1;
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut body)?;
    } else {
        let open = std::fs::File::open(file);
        let open = open.with_context(|| format!("{} cannot be read", file.display()))?;
        open.take(limit).read_to_end(&mut body)?;
    }
    if body.len() > max {
        bail!(
            "{} is larger than {max} bytes, which the door refuses",
            file.display()
        );
    }
    Ok(body)
}

fn show(outcome: &Outcome) {
    let name = &outcome.connection;
    match (outcome.verified, &outcome.refused) {
        (Some(false), Some(why)) => println!("{name} does not believe it: {why}"),
        (_, Some(why)) => println!("{name} cannot read it: {why}"),
        (Some(_), None) => println!("{name} believes it."),
        (None, None) => println!("Not verified, as asked."),
    }
    if outcome.refused.is_some() {
        return;
    }
    if let Some(url) = &outcome.would_confirm {
        println!("It asks to confirm a subscription; the server would call {url}");
    }
    if outcome.events.is_empty() && outcome.rejected.is_empty() {
        println!("It tells of nothing.");
    }
    if !outcome.events.is_empty() {
        println!("{}", events(&outcome.events));
        let become_contacts = if outcome.creates_contacts {
            "People it speaks of become contacts."
        } else {
            "It speaks of people who are known already; others are passed over."
        };
        println!("\n{become_contacts} Nothing was stored.");
    }
    for part in &outcome.rejected {
        println!("rejected: {}", part.reason);
    }
}

fn events(events: &[NewEvent]) -> comfy_table::Table {
    let mut shown = table([
        "kind",
        "when",
        "contact",
        "about",
        "message",
        "to be asked",
        "data",
    ]);
    for event in events {
        let contact = &event.contact;
        let email = contact.email.as_ref().map(ToString::to_string);
        let who: Vec<String> = [email, contact.external_id.clone()]
            .into_iter()
            .flatten()
            .collect();
        let about = event.about.as_ref();
        let about = about.map(|about| format!("{} {}", about.object, about.id));
        let asked = event.hydrate.as_ref();
        let asked = asked.map(|wanted| format!("{} {}", wanted.object, wanted.id));
        let data = serde_json::to_string(&event.data).unwrap_or_default();
        shown.add_row([
            event.kind.as_str(),
            &event.occurred_at.to_string(),
            &who.join(", "),
            or_dash(about.as_deref()),
            or_dash(event.message_id.as_deref()),
            or_dash(asked.as_deref()),
            &data,
        ]);
    }
    shown
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        }
        _ => Err("write it as 'NAME: VALUE'".to_owned()),
    }
}

fn moment(text: &str) -> Result<Instant, String> {
    Instant::parse_rfc3339(text).ok_or_else(|| "write it like 2026-03-02T09:00:00Z".to_owned())
}
