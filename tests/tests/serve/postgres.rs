//! Two hosts on one PostgreSQL: mails go once, whoever took the webhook and whoever dies.

use followup_tests::senders::form;
use followup_tests::{Options, Server, Site, cluster, eventually};

use crate::{PROGRAM, World};

const PEOPLE: usize = 12;

fn email(number: usize) -> String {
    format!("p{number}@x.example")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_send_each_mail_once_and_outlive_each_other() {
    let url = cluster::database().await;
    // Options are said once per process: what they borrow lives as long.
    let more = format!("[store]\nurl = \"{url}\"\nconnections = 2\n").leak();
    let mut world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let second = Site::new(
        PROGRAM,
        &Options {
            provider: world.provider.url.clone(),
            hubspot: world.hubspot.url.clone(),
            more,
            ..Options::default()
        },
    );
    let second = tokio::task::block_in_place(|| Server::start(second));
    for number in 0..PEOPLE {
        let told = form("welcome", &email(number));
        let host = if number % 2 == 0 {
            &world.server
        } else {
            &second
        };
        host.crm(&told).await;
    }
    for number in 0..PEOPLE {
        world.until_message(&email(number), "sent").await;
        assert_eq!(world.provider.calls_to(&email(number)).len(), 1, "{number}");
    }
    let audit = second.site.run(&["audit"]);
    assert_eq!(audit.status.code(), Some(0), "{audit:?}");
    world.server.kill9();
    let late = email(PEOPLE);
    second.crm(&form("welcome", &late)).await;
    eventually("the other host sends", || {
        match world.provider.calls_to(&late).len() {
            1 => Ok(()),
            calls => Err(format!("{calls} calls")),
        }
    })
    .await;
    for number in 0..PEOPLE {
        assert_eq!(world.provider.calls_to(&email(number)).len(), 1, "{number}");
    }
}
