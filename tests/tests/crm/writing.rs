//! What is written is written once, or people are told.

use followup_tests::dice::Dice;
use serde_json::json;

use super::bench::Bench;
use super::fake::Order;

fn task() -> serde_json::Value {
    json!({"title": "Call Ada", "body": "She asked."})
}

/// Both calls of a task, in order, for the CRM's id of the contact.
fn is_whole(made: &[serde_json::Value]) -> bool {
    let steps: Vec<_> = made
        .iter()
        .map(|made| (&made["step"], &made["contact"]))
        .collect();
    steps == [(&json!(0), &json!("7")), (&json!(1), &json!("7"))]
}

#[tokio::test]
async fn a_task_is_written_with_its_link() {
    let bench = Bench::new().await;
    bench.ada().await;
    bench.decided("task", &task());
    bench.write_all().await;
    assert!(is_whole(&bench.crm.made()), "{:?}", bench.crm.made());
    assert_eq!(bench.count("done").await, 1);
}

#[tokio::test]
async fn each_mishap_ends_as_it_should() {
    use Order::{Accept, Cut, MakeAndCut, Refuse};
    let rows: [(&[Order], &str, usize); 10] = [
        (
            &[Refuse(503, None), Refuse(429, Some(120)), Accept],
            "done",
            2,
        ),
        (&[Refuse(401, None), Accept], "done", 2),
        (&[Refuse(422, None)], "failed", 0),
        (&[Cut, Accept], "done", 2),
        (&[MakeAndCut], "done", 2),
        (&[Accept, MakeAndCut], "done", 2),
        (&[Accept, Cut, Cut], "done", 2),
        (&[Refuse(500, None), MakeAndCut, Cut], "done", 2),
        (&[Accept, Refuse(404, None)], "failed", 1),
        (&[Refuse(503, None); 50], "failed", 0),
    ];
    for (orders, status, made) in rows {
        let bench = Bench::new().await;
        bench.ada().await;
        bench.crm.order(orders.iter().copied());
        bench.decided("task", &task());
        bench.write_all().await;
        assert_eq!(
            bench.count(status).await,
            1,
            "{orders:?}: {:?}",
            bench.facts().await
        );
        assert_eq!(bench.crm.made().len(), made, "{orders:?}");
        let troubled = bench.facts().await.troubled;
        assert_eq!(
            troubled.is_empty(),
            status == "done",
            "people are told: {troubled:?}"
        );
    }
}

/// A search that lags behind is asked again before anything is repeated.
#[tokio::test]
async fn a_lagging_search_makes_no_second_record() {
    let bench = Bench::new().await;
    bench.ada().await;
    bench.crm.order([Order::MakeAndCut]);
    bench.crm.lag(1);
    bench.decided("task", &task());
    assert_eq!(bench.scribe.tick(&bench.clock()).await.expect("a tick"), 1);
    let next = bench
        .store
        .next_write_at()
        .await
        .expect("readable")
        .expect("to be searched for");
    bench.clock.set(next);
    assert_eq!(bench.scribe.tick(&bench.clock()).await.expect("a tick"), 1);
    assert_eq!(
        bench.count("searching").await,
        1,
        "not there yet, and not given up"
    );
    bench.crm.lag(0);
    bench.write_all().await;
    assert!(is_whole(&bench.crm.made()));
}

#[tokio::test]
async fn what_can_be_neither_repeated_nor_searched_for_is_shown() {
    let bench = Bench::with(|mapping| mapping.searchable = false).await;
    bench.ada().await;
    bench.crm.order([Order::MakeAndCut]);
    bench.decided("task", &task());
    bench.write_all().await;
    assert_eq!(bench.crm.made().len(), 1, "not repeated");
    let troubled = bench.facts().await.troubled;
    assert_eq!(troubled[0].status, "uncertain");
    assert!(
        troubled[0]
            .reason
            .as_deref()
            .expect("a reason")
            .contains("neither repeated nor")
    );
}

#[tokio::test]
async fn what_is_harmless_is_repeated() {
    let bench = Bench::with(|mapping| {
        (mapping.searchable, mapping.repeatable) = (false, true);
    })
    .await;
    bench.ada().await;
    bench.crm.order([Order::Cut]);
    bench.decided("properties", &json!({"plan": "gold"}));
    bench.write_all().await;
    assert_eq!((bench.count("done").await, bench.crm.made().len()), (1, 1));
}

#[tokio::test]
async fn what_a_crm_cannot_take_says_so() {
    let bench = Bench::new().await;
    bench.ada().await;
    bench.decided("note", &json!({"body": "x"}));
    bench.write_all().await;
    let troubled = bench.facts().await.troubled;
    assert_eq!(troubled[0].reason.as_deref(), Some("this CRM has no notes"));
}

/// A kill between the claim and the outcome: nobody knows what the call did.
#[tokio::test]
async fn a_write_cut_off_by_a_kill_is_searched_for() {
    for made in [false, true] {
        let bench = Bench::new().await;
        bench.ada().await;
        bench.decided("task", &task());
        let due = bench
            .store
            .due_writes(bench.now(), 1)
            .await
            .expect("readable")
            .remove(0);
        assert!(
            bench
                .store
                .claim_write(due.id, bench.now())
                .await
                .expect("claimed")
        );
        if made {
            let crm = &bench.scribe.crms["crm"];
            let request = crm.writes.request(&due.write, &[]).expect("a call");
            crm.api
                .call(&request, &bench.clock)
                .await
                .expect("answered");
        }
        assert_eq!(
            bench.scribe.recover(bench.now()).await.expect("recovered"),
            1
        );
        bench.write_all().await;
        assert!(
            is_whole(&bench.crm.made()),
            "made before: {made}: {:?}",
            bench.crm.made()
        );
        assert_eq!(bench.count("done").await, 1);
    }
}

/// Whoever no CRM knows has tasks for people here; when a CRM tells of them, they go there.
#[tokio::test]
async fn what_no_crm_takes_waits_for_one_that_does() {
    let bench = Bench::new().await;
    let mut stranger = super::fake::changed(
        "form",
        "1",
        bench.now(),
        "x",
        "form-submitted",
        &json!({"email": super::bench::ADA}),
    );
    stranger.contact.external_id = None;
    bench.hear(stranger.clone()).await;
    let mut gone = super::fake::changed("mail", "2", bench.now(), "x", "auto-replied", &json!({}));
    gone.contact = stranger.contact.clone();
    gone.data.insert("departed".to_owned(), json!(true));
    bench.hear(gone).await;
    bench.write_all().await;
    assert_eq!((bench.count("open").await, bench.crm.made().len()), (1, 0));
    bench.ada().await;
    bench.write_all().await;
    assert_eq!((bench.count("done").await, bench.crm.made().len()), (1, 2));
}

/// Many writes, every mishap in every order: each is there once, and none is lost without a word.
#[tokio::test]
async fn random_mishaps_write_nothing_twice() {
    let mut dice = Dice::seeded(11);
    for _ in 0..40 {
        let bench = Bench::new().await;
        bench.ada().await;
        let orders = (0..dice.below(12)).map(|_| match dice.below(5) {
            0 => Order::Cut,
            1 => Order::MakeAndCut,
            // Without Retry-After: a call would wait for its turn, and nobody moves the clock.
            2 => Order::Refuse(503, None),
            3 => Order::Refuse(500, None),
            _ => Order::Accept,
        });
        let orders: Vec<_> = orders.collect();
        bench.crm.order(orders.iter().copied());
        for _ in 0..3 {
            bench.decided("task", &task());
        }
        bench.write_all().await;
        let mut texts: Vec<_> = bench
            .crm
            .made()
            .iter()
            .map(|made| made["text"].to_string())
            .collect();
        texts.sort();
        let count = texts.len();
        texts.dedup();
        assert_eq!((texts.len(), count), (6, 6), "{orders:?}");
        assert_eq!(
            bench.count("done").await,
            3,
            "{orders:?}: {:?}",
            bench.facts().await
        );
    }
}
