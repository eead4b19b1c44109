//! A CRM that is down, asks for patience, hangs or closes connections: nothing that it told us is lost,
//! everybody else is served, and `followup doctor` says which connection it is and what to do.

use followup_tests::senders::form;
use followup_tests::{FakeDns, FakeHubspot, FakeProvider, Gate, Options, Weather, eventually};
use serde_json::{Value, json};

use crate::World;

/// What HubSpot asks for when a limit is hit, and for how long.
const BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\ncontent-type: application/json\r\n\
    content-length: 2\r\nconnection: close\r\n\r\n{}";
const BROKEN: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The weather, what the doctor finds, and what it advises.
const WEATHERS: [(Weather, &str, &str, &str); 6] = [
    (Weather::Down, "problem", "Connection refused", "base_url"),
    (Weather::Slammed, "problem", "the call failed", "base_url"),
    (Weather::Cut, "problem", "the call failed", "base_url"),
    (Weather::Hang, "problem", "timed out", "base_url"),
    (Weather::Answer(BUSY), "warning", "answered 429", "again"),
    (Weather::Answer(BROKEN), "warning", "answered 503", "again"),
];

async fn behind_a_gate() -> (World, Gate) {
    let (provider, hubspot) = (FakeProvider::start().await, FakeHubspot::start().await);
    let gate = Gate::before(&hubspot.url).await;
    let options = Options {
        provider: provider.url.clone(),
        hubspot: gate.url.clone(),
        deliver: "timeout_ms = 1_000",
        ..Options::default()
    };
    (World::between(provider, hubspot, &options), gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_in_all_weathers() {
    let (mut world, gate) = behind_a_gate().await;
    let dns = FakeDns::start(&[]).await;
    for (row, (weather, verdict, found, remedy)) in WEATHERS.into_iter().enumerate() {
        let id = 500 + row as u64;
        let (lead, other) = (
            format!("lead-{row}@x.example"),
            format!("other-{row}@x.example"),
        );
        world.hubspot.contact(id, &lead, "Zoë");
        gate.turn(weather);
        // So that the poll meets it too.
        world.sleep_through();
        let created = json!({"eventId": id, "portalId": 62515, "subscriptionId": 5, "attemptNumber": 0,
            "occurredAt": world.server.now().0, "subscriptionType": "contact.creation", "objectId": id});
        let answer = world.server.hubspot(&json!([created])).await;
        assert_eq!(answer.status, 200, "{weather:?}");
        world.until_troubled(weather).await;

        // Nobody else waits.
        world.server.crm(&form("welcome", &other)).await;
        world.until_message(&other, "sent").await;
        assert_eq!(world.server.get("/readyz").await.status, 200);
        let told = world.doctor("connection hubspot", &dns);
        let of_the_api = told.iter().find(|line| {
            line["verdict"] == verdict && has(line, "found", found) && has(line, "remedy", remedy)
        });
        assert!(of_the_api.is_some(), "{weather:?}: {told:#?}");
        let of_the_poll = told.iter().find(|line| has(line, "found", "in a row"));
        assert!(of_the_poll.is_some(), "{weather:?}: {told:#?}");

        gate.turn(Weather::Fair);
        world.sleep_through();
        world.until_message(&lead, "sent").await;
        world.until_content().await;
    }
    // Each was welcomed once, and logged once.
    assert_eq!(world.hubspot.made("emails").len(), WEATHERS.len());
}

fn has(finding: &Value, key: &str, part: &str) -> bool {
    finding[key]
        .as_str()
        .is_some_and(|text| text.contains(part))
}

impl World {
    /// Waits until the poll has failed and the new contact could not be asked for; a wait that the
    /// CRM asked for is kept.
    async fn until_troubled(&self, weather: Weather) {
        let (asked, thin) = eventually("the poll and the hydration fail", || {
            let asked = self.asked_of_hubspot();
            let thin = self.server.site.status()["events"]["thin"].clone();
            let failed = asked["failures"].as_u64() > Some(0);
            if failed {
                Ok((asked, thin))
            } else {
                Err(asked)
            }
        })
        .await;
        assert_eq!(thin, 1, "{weather:?}: {asked:#}");
        if weather == Weather::Answer(BUSY) {
            let hour = self.server.now().plus_ms(55 * 60_000).to_string();
            let due_at = asked["due_at"].as_str().expect("a time");
            assert!(
                due_at > hour.as_str(),
                "asked to wait for an hour: {due_at}"
            );
        }
    }

    /// Waits until the poll is in order again, and the copy of every mail is in the CRM.
    async fn until_content(&self) {
        eventually("everything is made up for", || {
            let asked = self.asked_of_hubspot();
            let status = self.server.site.status();
            let counts = &status["writebacks"]["counts"];
            let written = counts.as_array().is_some_and(|counts| {
                let of_hubspot = |count: &&Value| count["connection"] == "hubspot";
                counts
                    .iter()
                    .filter(of_hubspot)
                    .all(|count| count["status"] == "done")
            });
            let content = written && asked["failures"] == 0;
            if content {
                Ok(())
            } else {
                Err(format!("{asked:#}{counts:#}"))
            }
        })
        .await;
    }

    /// What the doctor says of one thing.
    fn doctor(&self, about: &str, dns: &FakeDns) -> Vec<Value> {
        let dns = dns.address.to_string();
        let done = self.server.site.run(&["doctor", "--json", "--dns", &dns]);
        let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").clone();
        let of_it = findings
            .into_iter()
            .filter(|finding| finding["about"] == about);
        of_it.collect()
    }
}
