//! A store, a CRM, the loops between them, and a clock that a test moves.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use followup::clock::{Clock, ManualClock};
use followup::domain::{Instant, JsonMap, NewEvent};
use followup::net::{Api, Net, NetLimits, Reach};
use followup::reconcile::{Asked, Reconciler, What, renewal};
use followup::store::intake::{Arrival, Ingested, Reactions};
use followup::store::sqlite::{Options, SqliteStore};
use followup::store::writebacks::{WriteFacts, Writer};
use followup::store::{DEFAULT_TENANT, Shared};
use followup::writeback::{Crm, Scribe};
use rusqlite::params;
use serde_json::{Value, json};

use super::fake::{FakeCrm, Mapping, changed};

pub const NOW: Instant = Instant(1_772_442_000_000);
pub const ADA: &str = "ada@example.com";
/// Ticks that any of these tests may take; more is a loop without end.
const TICKS_MAX: usize = 200;

pub struct Bench {
    pub crm: FakeCrm,
    pub clock: ManualClock,
    pub store: Shared,
    pub scribe: Scribe,
    pub reconciler: Reconciler,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Mapping)) -> Self {
        let crm = FakeCrm::start().await;
        let mut mapping = Mapping::of(&crm);
        change(&mut mapping);
        let mapping = Arc::new(mapping);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("followup.db");
        let store: Shared = Arc::new(SqliteStore::open(&file, Options::default()).expect("opens"));
        let net = Arc::new(Net::new(NetLimits::default()).expect("a client"));
        let api = Arc::new(Api::new(net, Reach::Configured, None, None));
        let asked = |what, every_ms| Asked {
            connection: "crm".to_owned(),
            what,
            api: Arc::clone(&api),
            every_ms,
        };
        let renews = What::Renewal {
            renews: Arc::clone(&mapping) as _,
            url: "https://f.example/hooks/crm".to_owned(),
        };
        let asked = HashMap::from([
            (
                "crm".to_owned(),
                asked(What::Modified(Arc::clone(&mapping) as _), 900_000),
            ),
            (renewal("crm"), asked(renews, 86_400_000)),
        ]);
        let polls = asked
            .iter()
            .map(|(poll, asked)| asked.setup(poll))
            .collect();
        store
            .register_polls(DEFAULT_TENANT, polls, NOW)
            .await
            .expect("known");
        let writer = Writer {
            connection: "crm".to_owned(),
            log_mail: true,
        };
        store
            .register_writers(DEFAULT_TENANT, vec![writer], NOW)
            .await
            .expect("known");
        let crms = HashMap::from([(
            "crm".to_owned(),
            Crm {
                writes: mapping,
                api,
            },
        )]);
        Self {
            scribe: Scribe {
                store: Arc::clone(&store),
                crms: Arc::new(crms),
            },
            reconciler: Reconciler {
                store: Arc::clone(&store),
                reactions: Arc::default(),
                asked: Arc::new(asked),
            },
            clock: ManualClock::new(NOW),
            crm,
            store,
            file,
            _folder: folder,
        }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    /// Something is heard, from the CRM.
    pub async fn hear(&self, event: NewEvent) -> Ingested {
        let arrival = Arrival {
            tenant: DEFAULT_TENANT,
            connection: "crm".to_owned(),
            received_at: self.now(),
            events: vec![event],
            creates_contacts: true,
            reactions: Arc::new(Reactions::default()),
        };
        self.store.ingest(arrival).await.expect("stored")
    }

    /// Ada, whom the CRM knows as 7.
    pub async fn ada(&self) {
        let told = json!({"email": ADA, "fields": {"plan": "pro", "owner_id": "o-1"}});
        self.hear(changed("contact", "7", NOW, "7", "contact-created", &told))
            .await;
    }

    /// What a decision would have written for Ada.
    pub fn decided(&self, kind: &str, body: &Value) {
        let db = rusqlite::Connection::open(&self.file).expect("the same file");
        let now = self.now().0;
        db.execute(
            "INSERT INTO writebacks (tenant_id, contact_id, kind, body, created_at, status, connection, try_at)
             SELECT 1, id, ?1, ?2, ?3, 'queued', 'crm', ?3 FROM contacts WHERE email = ?4",
            params![kind, body.to_string(), now, ADA],
        )
        .expect("a row");
    }

    /// Writes everything there is to write, moving the clock to whatever comes next.
    pub async fn write_all(&self) {
        for _ in 0..TICKS_MAX {
            if self.scribe.tick(&self.clock()).await.expect("a tick") > 0 {
                continue;
            }
            match self.store.next_write_at().await.expect("readable") {
                Some(at) => self.clock.set(at.max(self.now())),
                None => return,
            }
        }
        panic!("still writing after {TICKS_MAX} ticks");
    }

    /// Asks until nobody is due.
    pub async fn ask_all(&self) {
        for _ in 0..TICKS_MAX {
            if self.reconciler.tick(&self.clock()).await.expect("a tick") == 0 {
                return;
            }
        }
        panic!("still asking after {TICKS_MAX} ticks");
    }

    pub async fn facts(&self) -> WriteFacts {
        self.store
            .write_facts(DEFAULT_TENANT)
            .await
            .expect("readable")
    }

    /// How many writes are in a status.
    pub async fn count(&self, status: &str) -> u64 {
        let counts = self.facts().await.counts;
        counts
            .iter()
            .filter(|count| count.status == status)
            .map(|count| count.count)
            .sum()
    }

    /// What counts against the caps.
    pub fn touches(&self) -> i64 {
        let db = rusqlite::Connection::open(&self.file).expect("the same file");
        let count = db.query_row("SELECT count(*) FROM touches", [], |row| row.get(0));
        count.expect("a number")
    }

    /// The status and the remark of the latest event of a kind.
    pub fn fate(&self, kind: &str) -> (String, Option<String>) {
        let db = rusqlite::Connection::open(&self.file).expect("the same file");
        db.query_row(
            "SELECT status, remark FROM events WHERE kind = ?1 ORDER BY seq DESC LIMIT 1",
            [kind],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("heard")
    }

    pub fn attributes(&self) -> JsonMap {
        let db = rusqlite::Connection::open(&self.file).expect("the same file");
        let sql = "SELECT attributes FROM contacts WHERE email = ?1";
        let text: String = db.query_row(sql, [ADA], |row| row.get(0)).expect("known");
        serde_json::from_str(&text).expect("JSON")
    }
}
