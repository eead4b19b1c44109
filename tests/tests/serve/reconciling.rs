//! A reconcile round: what no webhook told of is found, decided and counted; what one told of is not.

use followup_tests::eventually;
use serde_json::{Value, json};

use crate::World;

impl World {
    /// Waits until HubSpot was looked through so often, from its contacts to its calls.
    pub(crate) async fn until_looked(&self, rounds: usize) {
        eventually("HubSpot is looked through", || {
            let looked = self.hubspot.looked("calls");
            if looked >= rounds {
                Ok(())
            } else {
                Err(looked)
            }
        })
        .await;
        // The last page is stored when the next round is planned.
        eventually("the round is over", || {
            let asked = self.asked_of_hubspot();
            let over = asked["due_at"].as_str() > asked["asked_at"].as_str();
            if over { Ok(()) } else { Err(asked) }
        })
        .await;
    }

    /// How the poll of HubSpot does, in `followup status`.
    pub(crate) fn asked_of_hubspot(&self) -> Value {
        let status = self.server.site.status();
        let crms = status["crms"].as_array().expect("a list").clone();
        let of_hubspot = crms.into_iter().find(|crm| crm["connection"] == "hubspot");
        of_hubspot.expect("HubSpot is asked")
    }

    /// The value of a metric, as `/metrics` shows it; none where it is not there yet.
    pub(crate) async fn figure(&self, metric: &str) -> Option<f64> {
        let shown = self.server.get("/metrics").await.body;
        let text = String::from_utf8(shown).expect("text");
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '))?;
        Some(value.parse().expect("a number"))
    }
}

const FOUND: &str = "followup_found_only_by_poll_total{connection=\"hubspot\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_never_came_is_made_up_for() {
    let mut world = World::start().await;
    world.until_looked(1).await;
    assert_eq!(world.asked_of_hubspot()["found_only"], 0);

    // Nobody tells us of Zoë.
    world.hubspot.contact(501, "zoe@x.example", "Zoë");
    world.hubspot.modify(501);
    world.sleep_through();
    let sent = world.until_message("zoe@x.example", "sent").await;
    assert_eq!(sent["subject"], "Hello Zoë");
    let shown = world.server.site.contact("zoe@x.example").expect("known");
    assert_eq!(shown["enrollments"][0]["sequence"], "new-leads");
    world.until_looked(2).await;
    assert_eq!(world.figure(FOUND).await, Some(1.0));
    assert_eq!(world.asked_of_hubspot()["found_only"], 1);
    let told = world.server.site.run(&["status"]).stdout;
    assert!(String::from_utf8_lossy(&told).contains("found only by poll"));

    // The next round sees her again, and Yan, of whom a webhook told.
    world.hubspot.contact(502, "yan@x.example", "Yan");
    let created = json!({"eventId": 502, "portalId": 62515, "subscriptionId": 5, "attemptNumber": 0,
        "occurredAt": world.server.now().0, "subscriptionType": "contact.creation", "objectId": 502});
    world.server.hubspot(&json!([created])).await;
    world.until_message("yan@x.example", "sent").await;
    world.hubspot.modify(502);
    let records = world.asked_of_hubspot()["records"]
        .as_u64()
        .expect("a number");
    world.sleep_through();
    world.until_looked(3).await;
    let asked = world.asked_of_hubspot();
    assert_eq!(asked["records"], records + 2, "{asked:#}");
    assert_eq!(asked["found_only"], 1, "{asked:#}");
    for email in ["zoe@x.example", "yan@x.example"] {
        let shown = world.server.site.contact(email).expect("known");
        assert_eq!(
            shown["messages"].as_array().map(Vec::len),
            Some(1),
            "{shown:#}"
        );
    }
}
