//! A real host over a real file, in a folder beside the build: a temporary folder may be memory,
//! where a commit costs nothing. Its clock stands still and its loops are turned by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use followup::clock::ManualClock;
use followup::config;
use followup::crm::cloudevents::CloudEvents;
use followup::daemon::{Daemon, Loops, Plugins};
use followup::domain::hook::{Hook, HookRequest};
use followup::domain::{Instant, NewEvent};
use followup::store::DEFAULT_TENANT;
use followup::store::intake::{Arrival, Reactions};
use serde_json::{Map, json};

/// 2026-03-02T09:00:00Z, a Monday.
pub const NOW: Instant = Instant(1_772_442_000_000);
/// What the CRM signs with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"

# A busy machine may put a guest off for longer than the default allows.
[sandbox]
deadline_ms = 60_000

[connections.crm]
kind = "cloudevents"
secret = "file:secret"

[identities.ada]
from = "Ada Lovelace <ada@acme.example>"

[sequences.pricing]
policy = "cadence"
enrol = 'event.kind == "form-submitted" && event.data.form == "pricing"'

[sequences.pricing.config]
steps = [
    { template = "step-1" },
    { template = "step-2", after_business_days = 2, at = "09:30" },
    { task = "Call {{ contact.first_name }}", after_business_days = 1, at = "14:00" },
    { template = "step-3", after_business_days = 3, at = "09:30" },
]
"#;

pub struct World {
    pub daemon: Daemon,
    hook: CloudEvents,
    people: AtomicU64,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let file = folder.path().join("followup.toml");
        std::fs::write(&file, CONFIG).expect("written");
        std::fs::write(folder.path().join("secret"), SECRET).expect("written");
        let config = config::load(&file, &|_| None)
            .expect("a valid configuration")
            .config;
        let plugins = Plugins::load(&config).expect("the shipped plugins load");
        let validated = config::validate(&config, &plugins.manifests()).expect("valid together");
        let clock = Arc::new(ManualClock::new(NOW));
        let daemon = Daemon::start(&config, validated, plugins, clock, Loops::ByHand).await;
        Self {
            daemon: daemon.expect("starts"),
            hook: CloudEvents::new(&SECRET.to_owned().into()).expect("a secret"),
            people: AtomicU64::new(0),
            _folder: folder,
        }
    }

    /// A CRM's webhook about a person nobody has heard of before, who asks for prices.
    pub fn webhook(&self) -> (String, Vec<u8>) {
        let id = format!("evt-{}", self.people.fetch_add(1, Ordering::Relaxed));
        let mut contact = Map::from_iter([("first_name".to_owned(), json!("Grace"))]);
        contact.extend((1..30).map(|n| {
            (
                format!("crm_field_{n:02}"),
                json!(format!("what field {n} holds")),
            )
        }));
        let event = json!({
            "specversion": "1.0",
            "id": id,
            "source": "https://crm.example",
            "type": "form-submitted",
            "subject": format!("{id}@example.com"),
            "time": "2026-03-02T08:59:58Z",
            "data": { "form": "pricing", "contact": contact },
        });
        (id, event.to_string().into_bytes())
    }

    /// The same as the door hands it to the store; `count` of them in one arrival.
    pub fn arrival(&self, count: usize) -> Arrival {
        Arrival {
            tenant: DEFAULT_TENANT,
            connection: "crm".to_owned(),
            received_at: NOW,
            events: (0..count).flat_map(|_| self.normalized()).collect(),
            creates_contacts: true,
            reactions: Arc::new(Reactions::default()),
        }
    }

    fn normalized(&self) -> Vec<NewEvent> {
        let request = HookRequest {
            method: "POST".to_owned(),
            url: String::new(),
            headers: vec![(
                "content-type".to_owned(),
                "application/cloudevents+json".to_owned(),
            )],
            body: self.webhook().1,
            certificate: None,
        };
        self.hook
            .normalize(&request, NOW)
            .expect("a CloudEvent")
            .events
    }
}
