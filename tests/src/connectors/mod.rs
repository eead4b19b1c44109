//! A sample of every kind of connection: settings it can be connected with, and how its webhooks are
//! signed. The contract tests run over all of them; a new kind is a file here and a folder in `golden/`.

use std::fs;
use std::path::{Path, PathBuf};

use followup::config::find_kind;
use followup::domain::Instant;
use followup::domain::connector::{Connector, Kind, Settings};
use followup::domain::hook::{Hook, HookRequest};

mod attio;
mod brevo;
mod close;
mod cloudevents;
mod espocrm;
mod freshsales;
mod hubspot;
mod mailgun;
mod odoo;
mod pipedrive;
mod postmark;
mod resend;
mod salesforce;
mod sendgrid;
mod ses;
mod smtp;
mod sparkpost;
mod twenty;
mod zoho;

/// 2026-03-02T09:00:00Z.
pub const NOW: Instant = Instant(1_772_442_000_000);
/// Where webhooks are posted, for senders that take any address.
pub const URL: &str = "https://followup.example.com/hooks/x?team=a%40b";
/// A signing secret of Standard Webhooks, and another.
pub const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const OTHER_WHSEC: &str = "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA==";
/// A password that both sides compare, and another.
pub const PASSWORD: &str = "correct-horse-battery";
pub const OTHER_PASSWORD: &str = "another-horse-battery";

/// A webhook as its sender makes it of a payload.
#[derive(Debug, Clone, Default)]
pub struct Signed {
    pub headers: Vec<(String, String)>,
    /// The payload, where the proof is not in it.
    pub body: Vec<u8>,
}

type Sign = Box<dyn Fn(&[u8], Instant) -> Signed>;

/// One kind as the contract needs it.
pub struct Sample {
    pub kind: &'static Kind,
    /// Settings that are good.
    pub settings: Settings,
    /// The same with another key for webhooks; none where they prove nothing.
    pub stranger: Option<Settings>,
    /// What a sender adds to a payload at a moment.
    pub sign: Sign,
    /// Where it posts; `URL` unless its proof stands in the address.
    pub url: String,
    pub content_type: &'static str,
    /// Arrays of events, or one event a request.
    pub batches: bool,
    /// What a payload holds that tells nothing: a ping, a confirmation.
    pub ping: Option<&'static str>,
    /// The certificate that its signatures are checked with, where it has one.
    pub certificate: Option<Vec<u8>>,
}

impl Sample {
    /// A sample of the kind, whose payloads are JSON, one event each, signed by nothing.
    pub fn of(kind: &str, settings: Settings, stranger: Option<Settings>) -> Self {
        Self {
            kind: find_kind(kind).unwrap_or_else(|| panic!("no kind {kind}")),
            settings: with_defaults(kind, settings),
            stranger: stranger.map(|settings| with_defaults(kind, settings)),
            sign: Box::new(|body, _| Signed {
                headers: Vec::new(),
                body: body.to_vec(),
            }),
            url: URL.to_owned(),
            content_type: "application/json",
            batches: false,
            ping: None,
            certificate: None,
        }
    }

    #[must_use]
    pub fn signed(mut self, sign: impl Fn(&[u8], Instant) -> Signed + 'static) -> Self {
        self.sign = Box::new(sign);
        self
    }

    /// Signed by headers alone.
    #[must_use]
    pub fn signed_by_headers(
        self,
        headers: impl Fn(&[u8], Instant) -> Vec<(String, String)> + 'static,
    ) -> Self {
        self.signed(move |body, at| Signed {
            headers: headers(body, at),
            body: body.to_vec(),
        })
    }

    /// Shows `PASSWORD` as Basic authentication.
    #[must_use]
    pub fn with_basic_password(self) -> Self {
        use base64::Engine;
        let given = base64::engine::general_purpose::STANDARD.encode(format!("u:{PASSWORD}"));
        self.signed_by_headers(move |_, _| headers(&[("authorization", &format!("Basic {given}"))]))
    }

    #[must_use]
    pub fn in_batches(mut self) -> Self {
        self.batches = true;
        self
    }

    /// Whether a payload tells nothing.
    pub fn pings(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body);
        self.ping.is_some_and(|ping| text.contains(ping))
    }

    pub fn name(&self) -> &'static str {
        self.kind.name
    }

    pub fn connector(&self) -> Connector {
        connect(self.kind, &self.settings)
    }

    pub fn hook(&self) -> std::sync::Arc<dyn Hook> {
        self.connector().hook.expect("takes webhooks")
    }

    /// The request of a payload, signed at a moment.
    pub fn request(&self, body: &[u8], signed_at: Instant) -> HookRequest {
        let mut signed = (self.sign)(body, signed_at);
        let content_type = ("content-type".to_owned(), self.content_type.to_owned());
        signed.headers.push(content_type);
        HookRequest {
            method: "POST".to_owned(),
            url: self.url.clone(),
            headers: signed.headers,
            body: signed.body,
            certificate: self.certificate.clone(),
        }
    }

    /// Its payloads: the files directly in `golden/NAME`, by name.
    pub fn golden(&self) -> Vec<(String, Vec<u8>)> {
        let files = files(&golden_folder().join(self.name()));
        assert!(!files.is_empty(), "no payloads of {}", self.name());
        files
    }

    /// The files in `golden/NAME/FOLDER`, by name; none where there is no such folder.
    pub fn golden_in(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        files(&golden_folder().join(self.name()).join(folder))
    }
}

/// One of every kind.
pub fn samples() -> Vec<Sample> {
    vec![
        attio::sample(),
        brevo::sample(),
        close::sample(),
        cloudevents::sample(),
        espocrm::sample(),
        freshsales::sample(),
        hubspot::sample(),
        mailgun::sample(),
        odoo::sample(),
        pipedrive::sample(),
        postmark::sample(),
        resend::sample(),
        salesforce::sample(),
        sendgrid::sample(),
        ses::sample(),
        smtp::sample(),
        sparkpost::sample(),
        twenty::sample(),
        zoho::sample(),
    ]
}

/// The sample of this kind.
pub fn sample(kind: &str) -> Sample {
    let found = samples().into_iter().find(|sample| sample.name() == kind);
    found.unwrap_or_else(|| panic!("no sample of {kind}"))
}

pub fn connect(kind: &Kind, settings: &Settings) -> Connector {
    let connected = (kind.connect)(settings);
    connected.unwrap_or_else(|unfit| panic!("{}: {unfit}", kind.name))
}

/// Header pairs as a request has them.
pub fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// What the configuration adds.
fn with_defaults(kind: &str, mut settings: Settings) -> Settings {
    let kind = find_kind(kind).unwrap_or_else(|| panic!("no kind {kind}"));
    for field in kind.fields {
        if let (Some(value), None) = (field.default, settings.text(field.key)) {
            settings = settings.with_text(field.key, value);
        }
    }
    settings
}

fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("readable"))
        })
        .collect();
    files.sort();
    files
}
