//! JavaScript: componentize-qjs puts the code and the `QuickJS` engine into one component.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::{self, Exports};
use super::{Tool, Toolchain, answers, output, run};

const COMPONENTIZE: &str = "node_modules/.bin/componentize-qjs";

pub(super) const TOOLCHAIN: Toolchain = Toolchain {
    language: "js",
    marker: "package.json",
    tools: &[
        Tool {
            name: "Node.js 18 or later",
            is_there: |folder| answers(folder, "node", &["--version"]),
            install: "apt-get install nodejs npm",
        },
        Tool {
            name: "componentize-qjs, in the plugin's folder",
            is_there: |folder| folder.join(COMPONENTIZE).exists(),
            install: "npm install",
        },
    ],
    build,
};

const EXPORTS: Exports = Exports {
    decide: "policyDecide",
    migrate: Some("policyMigrate"),
    webhook: "triggerWebhook",
    poll: Some("triggerPoll"),
};

fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let entry = world::entry(folder, "js", &EXPORTS)?;
    let built = output(folder, &format!("{}.wasm", entry.name))?;
    let mut command = Command::new(Path::new(".").join(COMPONENTIZE));
    command
        // The contract's functions are plain ones; without this they would be asynchronous.
        .arg("--sync")
        .args(["--wit", "wit", "--world", entry.world])
        .args(["--js", &format!("{}.js", entry.name)])
        .arg("--output")
        .arg(&built.within);
    run(folder, command, "componentize-qjs")?;
    Ok(built.path)
}
