//! The scenarios of the shipped policies (`plugins/*/scenarios/*.json`), played by the whole daemon:
//! webhooks over HTTP, the policy in the sandbox, the outbox, mails in files.
//!
//! A scenario is written for administrators; `scenario.rs` says what may stand in one.

mod expect;
mod scenario;

use std::path::{Path, PathBuf};

use anyhow::Context;
use followup_tests::town::{Event, Town};
use scenario::{Scenario, Step};

macro_rules! policies {
    ($($test:ident: $folder:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                play_all($folder).await;
            }
        )*
    };
}

policies! {
    cadence: "cadence",
    behavioral: "behavioral",
    no_response: "no-response",
    post_meeting: "post-meeting",
}

/// Plays every scenario of a policy, and reports all that went wrong at once.
async fn play_all(policy: &str) {
    let files = files(policy);
    assert!(files.len() >= 3, "{policy} has {} scenarios", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if let Err(e) = play(&file).await {
            wrong.push(format!("{policy}/scenarios/{name}.json: {e:#}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

fn files(policy: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../plugins")
        .join(policy)
        .join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    files
}

async fn play(file: &Path) -> anyhow::Result<()> {
    let scenario = Scenario::read(file)?;
    let town =
        Town::found_with(scenario.begins_at()?, &scenario.toml()?, &scenario.files()).await?;
    for (number, step) in scenario.steps.iter().enumerate() {
        let told = |e: anyhow::Error| e.context(format!("step {}", number + 1));
        match step {
            Step::Happens { at, event } => {
                town.live_until(scenario::instant(at)?)
                    .await
                    .map_err(told)?;
                let mut heard = Event::new(&event.kind, scenario.email(), scenario.data(event));
                if let Some(number) = event.about_mail {
                    let messages = town.report(scenario.email()).await.map_err(told)?.messages;
                    let message = messages
                        .get(number.wrapping_sub(1))
                        .context("about_mail: no such mail");
                    heard.data["message_id"] = message.map_err(told)?.id.clone().into();
                }
                heard.id.clone_from(&event.id);
                heard.at = event
                    .occurred_at
                    .as_deref()
                    .map(scenario::instant)
                    .transpose()?;
                town.hear(heard).await.map_err(told)?;
                town.settle().await.map_err(told)?;
            }
            Step::Passes { until, expect } => {
                town.live_until(scenario::instant(until)?)
                    .await
                    .map_err(told)?;
                if let Some(expect) = expect {
                    let report = town.report(scenario.email()).await.map_err(told)?;
                    expect.check(&report, &town.mails()?).map_err(told)?;
                }
            }
        }
    }
    town.stop().await;
    Ok(())
}
