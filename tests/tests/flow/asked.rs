//! A person or the CRM asks for somebody to be enrolled in a sequence by its name.

use followup_tests::town::{Event, Town};
use serde_json::json;

use super::{SEQUENCES, at};

#[tokio::test]
async fn asked_for_by_name_and_in_no_other() {
    let town = Town::found(at("2026-03-02T10:00:00+01:00"), SEQUENCES).await;
    let town = town.expect("starts");
    let check = async |email: &str, sequence: &str, expect: &[&str]| {
        let ask = Event::new("enrol-asked", email, json!({"sequence": sequence}));
        town.hear(ask).await.expect("heard");
        town.settle().await.expect("settles");
        let report = town.report(email).await.expect("known");
        let runs = report.enrollments.iter().map(|run| run.sequence.as_str());
        assert_eq!(runs.collect::<Vec<_>>(), expect, "{email} {sequence}");
    };
    check("amy@x.example", "pricing-page", &["pricing-page"]).await;
    // It was asked for already, and takes nobody twice.
    check("amy@x.example", "pricing-page", &["pricing-page"]).await;
    check("ben@x.example", "no-such-sequence", &[]).await;

    let complaint = Event::new("complained", "cleo@x.example", json!({}));
    town.hear(complaint).await.expect("heard");
    check("cleo@x.example", "pricing-page", &[]).await;
    town.stop().await;
}
