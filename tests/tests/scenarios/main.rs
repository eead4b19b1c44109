//! The scenarios of the shipped plugins (`plugins/*/scenarios/*.json`), played as `followup plugin test`
//! plays them: by the whole daemon, webhooks over HTTP, the policy in the sandbox, mails in files.
//!
//! A scenario is written for administrators; `followup::cli::plugin::scenario` says what may stand in one.

use std::path::Path;

use followup::cli::plugin::scenario::{self, Player};
use followup::embedded::EMBEDDED;
use followup::sandbox::{Limits, Sandbox};

macro_rules! plugins {
    ($($test:ident: $folder:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                play_all($folder).await;
            }
        )*
    };
}

plugins! {
    cadence: "cadence",
    behavioral: "behavioral",
    no_response: "no-response",
    post_meeting: "post-meeting",
}

/// Plays every scenario of a plugin, and reports all that went wrong at once.
async fn play_all(id: &str) {
    let player = player(id);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../plugins")
        .join(id);
    let files = scenario::files(&folder).expect("a folder of scenarios");
    assert!(files.len() >= 3, "{id} has {} scenarios", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.display();
        match player.play(&file).await {
            Ok(played) => wrong.extend(played.wrong.iter().map(|wrong| format!("{name}: {wrong}"))),
            Err(e) => wrong.push(format!("{name}: {e:#}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// Limits that do not depend on how busy the machine is: fuel ends a guest long before a deadline.
/// Compiled components are kept beside the build, so that each is compiled once.
fn player(id: &str) -> Player {
    let limits = Limits {
        deadline_ms: 60_000,
        ..Limits::default()
    };
    let cache = Path::new(env!("OUT_DIR")).join("compiled");
    let sandbox = Sandbox::open(limits, &cache).expect("a sandbox");
    let shipped = EMBEDDED.iter().find(|(name, _)| *name == id);
    let (_, wasm) = shipped.expect("a shipped plugin");
    Player::new(sandbox, wasm).expect("it loads")
}
