//! kill -9 at random moments while tasks, notes and copies of mails go out to a CRM that knows no
//! idempotency: after restarts each is there once.

use std::time::Duration;

use followup::clock::{Clock, SystemClock};
use followup_tests::{Answer, Dice, Options, eventually};
use serde_json::{Value, json};

use crate::World;

const KILLS: u64 = 10;
const PEOPLE_PER_KILL: u64 = 5;
/// The longest time between a start and its kill.
const LIFE_MAX_MS: u64 = 500;
/// A write waits for the first look, the next ones and its repetition at most so often.
const SLEEPS_MAX: usize = 40;
/// A CRM's contact ids begin here.
const FIRST: u64 = 500;

const SEQUENCES: &str = "
[sequences.calls]
policy = \"cadence\"
identity = \"ada\"
enrol = 'event.kind == \"contact-created\"'
config.steps = [{ task = \"Call {{ contact.first_name }}\", notes = \"a lead\" }]
";

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_writes_into_a_crm() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    let mut world = World::with(Options {
        deliver: "timeout_ms = 300\nretry_first_ms = 20\nretry_max_ms = 100\nattempts_max = 1000",
        more: SEQUENCES,
        ..Options::default()
    })
    .await;
    let mut people = FIRST;
    for _ in 0..KILLS {
        for _ in 0..PEOPLE_PER_KILL {
            world.turn_up(people, &mut dice).await;
            people += 1;
        }
        let now = SystemClock.now();
        SystemClock
            .sleep_until(now.plus_ms(dice.below(LIFE_MAX_MS) as i64))
            .await;
        let stillborn = (dice.below(3) == 0).then(|| Duration::from_millis(dice.below(200)));
        if let Some(after) = stillborn {
            tokio::task::block_in_place(|| world.server.start_and_kill9(after));
        }
        world.sleep_through();
    }
    let mut sleeps = 0;
    while !world.is_settled().await {
        sleeps += 1;
        assert!(sleeps <= SLEEPS_MAX, "{:#}", world.ask(&["status"]));
        world.sleep_through();
    }

    let status = world.ask(&["status"]);
    let all = 2 * (people - FIRST);
    let done = json!([{"connection": "hubspot", "status": "done", "count": all}]);
    assert_eq!(status["writebacks"]["counts"], done, "{status:#}");
    for kind in ["tasks", "emails"] {
        let mut made: Vec<_> = world.hubspot.made(kind).iter().map(contact_of).collect();
        made.sort_unstable();
        let each: Vec<_> = (FIRST..people).collect();
        assert_eq!(made, each, "{kind}: each once");
    }
    assert!(world.hubspot.searched() > 0, "nothing was ever in doubt");
}

/// The contact that something was made of.
fn contact_of(made: &Value) -> u64 {
    let id = made["associations"][0]["to"]["id"].as_str();
    id.and_then(|id| id.parse().ok()).expect("a contact's id")
}

impl World {
    /// A lead, told of by a webhook; and what HubSpot will do to what we write about it.
    async fn turn_up(&self, id: u64, dice: &mut Dice) {
        let answers: &[Answer] = match dice.below(8) {
            0 => &[Answer::Refuse(429, "", Some(1))],
            1 => &[Answer::Refuse(500, "", None), Answer::AcceptAndCut],
            2 => &[Answer::Cut, Answer::Hang],
            3 => &[Answer::Hang, Answer::Hang],
            4 => &[Answer::AcceptAndCut, Answer::Cut],
            _ => &[],
        };
        self.hubspot.order(id, answers.iter().cloned());
        self.hubspot
            .contact(id, &format!("lead-{id}@x.example"), "Zoë");
        let created = json!({"eventId": id, "portalId": 62515, "subscriptionId": 5, "attemptNumber": 0,
            "occurredAt": self.server.now().0, "subscriptionType": "contact.creation", "objectId": id});
        let answer = self.server.hubspot(&json!([created])).await;
        assert_eq!(answer.status, 200);
    }

    /// Waits until nothing can be done now; whether nothing is left for later either.
    async fn is_settled(&self) -> bool {
        eventually("nothing is under way", || {
            let status = self.server.site.status();
            let waits = |group: &str, word: &str| status[group].get(word).is_some();
            let writing = counts(&status).any(|count| count["status"] == "sending");
            let busy = writing
                || waits("events", "pending")
                || waits("messages", "queued")
                || waits("messages", "sending")
                || self.due_now() > 0;
            if busy {
                Err(format!("{status:#}"))
            } else {
                Ok(())
            }
        })
        .await;
        let status = self.server.site.status();
        status["events"].get("thin").is_none()
            && counts(&status).all(|count| count["status"] == "done")
    }

    /// Rows that the loops are about to take.
    fn due_now(&self) -> i64 {
        let path = self.server.site.path("followup.db");
        let store = rusqlite::Connection::open(path).expect("opens");
        let due = store.query_row(
            "SELECT (SELECT count(*) FROM writebacks WHERE try_at <= ?1)
                  + (SELECT count(*) FROM events WHERE status = 'thin' AND hydrate_at <= ?1)",
            [SystemClock.now().0],
            |row| row.get(0),
        );
        due.expect("reads")
    }
}

fn counts(status: &Value) -> impl Iterator<Item = &Value> {
    status["writebacks"]["counts"]
        .as_array()
        .into_iter()
        .flatten()
}
