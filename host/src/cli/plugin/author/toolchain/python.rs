//! Python: componentize-py puts the code and the interpreter into one component.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::{self, Exports};
use super::{Tool, Toolchain, answers, output, run};

const COMPONENTIZE: &str = ".venv/bin/componentize-py";

pub(super) const TOOLCHAIN: Toolchain = Toolchain {
    language: "python",
    marker: "requirements.txt",
    tools: &[
        Tool {
            name: "Python 3.10 or later, with venv",
            is_there: |folder| answers(folder, "python3", &["-c", "import venv, ensurepip"]),
            install: "apt-get install python3-venv",
        },
        Tool {
            name: "componentize-py, in the plugin's folder",
            is_there: |folder| folder.join(COMPONENTIZE).exists(),
            install: "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
        },
    ],
    build,
};

const EXPORTS: Exports = Exports {
    decide: "PolicyDecide",
    migrate: Some("PolicyMigrate"),
    webhook: "TriggerWebhook",
    poll: Some("TriggerPoll"),
};

fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let entry = world::entry(folder, "py", &EXPORTS)?;
    let built = output(folder, &format!("{}.wasm", entry.name))?;
    let mut command = Command::new(Path::new(".").join(COMPONENTIZE));
    command
        .args(["--wit-path", "wit", "--world", entry.world])
        .args(["componentize", entry.name, "--output"])
        .arg(&built.within)
        // Compiled files of the interpreter would lie about in the author's folder.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(folder, command, "componentize-py")?;
    Ok(built.path)
}
