//! What a sender tells twice, or in another order, leaves the same behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use followup::domain::hook::Hook;
use followup::domain::{Instant, NewEvent};
use followup::store::DEFAULT_TENANT;
use followup::store::intake::{Arrival, Intake, Reactions};
use followup::store::sqlite::{Options, SqliteStore};
use followup_tests::connectors::{NOW, Sample};
use serde_json::Value;

use super::senders;

/// Everything that the golden payloads tell, in order. Samples of a vendor's documentation share their ids:
/// of those, the first.
fn told(sample: &Sample, hook: &dyn Hook) -> Vec<NewEvent> {
    let read = |(_, body): (String, Vec<u8>)| {
        let batch = hook.normalize(&sample.request(&body, NOW), NOW);
        batch.expect("a golden payload").events
    };
    let mut keys = BTreeSet::new();
    let events = sample.golden().into_iter().flat_map(read);
    events
        .filter(|event| keys.insert(event.source_key.clone()))
        .collect()
}

/// A store that heard these events, one by one.
struct Heard {
    folder: tempfile::TempDir,
    stored: usize,
    duplicates: usize,
}

async fn heard(events: &[NewEvent]) -> Heard {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("followup.db"), Options::default());
    let store = store.expect("opens");
    let (mut stored, mut duplicates) = (0, 0);
    for event in events {
        let arrival = Arrival {
            tenant: DEFAULT_TENANT,
            connection: "x".to_owned(),
            received_at: Instant(NOW.0.max(event.occurred_at.0)),
            events: vec![event.clone()],
            creates_contacts: true,
            reactions: Arc::new(Reactions::default()),
        };
        let ingested = store.ingest(arrival).await.expect("stored");
        stored += ingested.stored;
        duplicates += ingested.duplicates;
    }
    Heard {
        folder,
        stored,
        duplicates,
    }
}

impl Heard {
    /// Who is known, by the sender's id, and by what.
    fn people(&self) -> BTreeMap<String, (Option<String>, Value)> {
        let file = self.folder.path().join("followup.db");
        let db = rusqlite::Connection::open(file).expect("the same file");
        let sql = "SELECT r.external_id, c.email, c.attributes FROM contact_refs r
                   JOIN contacts c ON c.id = r.contact_id WHERE r.connection = 'x'";
        let mut statement = db.prepare(sql).expect("readable");
        let people = statement.query_map([], |row| {
            let attributes: String = row.get(2)?;
            let attributes = serde_json::from_str(&attributes).expect("JSON");
            Ok((row.get(0)?, (row.get(1)?, attributes)))
        });
        people
            .expect("readable")
            .collect::<Result<_, _>>()
            .expect("readable")
    }
}

#[tokio::test]
async fn what_is_told_twice_is_heard_once() {
    for sample in senders() {
        let once = told(&sample, &*sample.hook());
        let twice: Vec<_> = once.iter().chain(&once).cloned().collect();
        let (first, both) = (heard(&once).await, heard(&twice).await);
        assert_eq!(both.stored, first.stored, "{}", sample.name());
        assert_eq!(both.duplicates, once.len(), "{}", sample.name());
        assert_eq!(both.people(), first.people(), "{}", sample.name());
    }
}

/// Fields go by their source's time: where the times differ, the order does not matter.
#[tokio::test]
async fn what_is_told_in_another_order_comes_to_the_same() {
    for sample in senders() {
        let mut events = told(&sample, &*sample.hook());
        // Of two changes in one instant, the later told one counts: they are not two times.
        for (place, event) in events.iter_mut().enumerate() {
            event.occurred_at = event.occurred_at.plus_ms(place as i64);
        }
        let forth = heard(&events).await;
        events.reverse();
        let back = heard(&events).await;
        assert_eq!(back.stored, forth.stored, "{}", sample.name());
        // Of who was merged away, nothing is heard any more.
        let merges = merges(&events);
        let fields = |heard: &Heard| -> BTreeMap<String, Value> {
            let people = heard.people().into_iter();
            let people = people.filter(|(id, _)| !merges.contains(&format!("{id:?}")));
            people
                .map(|(id, (_, attributes))| (id, attributes))
                .collect()
        };
        assert_eq!(fields(&back), fields(&forth), "{}", sample.name());
    }
}

/// Everybody who is named in a merge, as text.
fn merges(events: &[NewEvent]) -> String {
    let merges = events
        .iter()
        .filter(|event| event.data.contains_key("merged_ids"));
    let named = merges.map(|event| (&event.contact.external_id, &event.data["merged_ids"]));
    serde_json::json!(named.collect::<Vec<_>>()).to_string()
}
