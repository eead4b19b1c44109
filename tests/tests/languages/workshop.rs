//! Where plugins are made: `followup plugin new`, the tools of `target/languages`, `followup plugin build`.

use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// A policy that tells the time, throws dice, and fails on demand, in each interpreted language.
pub(crate) const MOODY: &[(&str, &str, &str)] = &[
    ("js", "policy.js", include_str!("guests/moody.js")),
    ("python", "policy.py", include_str!("guests/moody.py")),
];

/// What was built already, by folder: JavaScript and Python take seconds each.
static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

/// Whether the tools of a language are here. In CI they have to be.
pub(crate) fn has_tools(language: &str) -> bool {
    let there = match language {
        "js" => tools().join("js/node_modules").is_dir(),
        "python" => tools().join("python/.venv").is_dir(),
        _ => ["clang", "wasm-ld"].iter().all(|tool| {
            let version = Command::new(tool).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        }),
    };
    if !there {
        let message = format!(
            "the tools of {language} are not installed, so this was NOT TESTED; run .ci/languages"
        );
        assert!(env::var_os("CI").is_none(), "{message}");
        eprintln!("\n!!! {message}\n");
    }
    there
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/languages")
}

/// The folder of the template's plugin, built; each is made once for all tests.
pub(crate) fn template(language: &str, kind: &str) -> PathBuf {
    made(&format!("{kind}-{language}"), language, kind, None)
}

/// The component of the moody policy.
pub(crate) fn moody(language: &str) -> Vec<u8> {
    let (_, file, source) = MOODY
        .iter()
        .find(|(known, ..)| *known == language)
        .expect("an interpreted language");
    let folder = made(
        &format!("moody-{language}"),
        language,
        "policy",
        Some((file, source)),
    );
    component(&folder)
}

/// What `followup plugin build` left in a plugin's folder.
pub(crate) fn component(folder: &Path) -> Vec<u8> {
    let name = folder.file_name().expect("a folder").to_string_lossy();
    fs::read(folder.join(format!("{name}.wasm"))).expect("it was built")
}

fn made(name: &str, language: &str, kind: &str, source: Option<(&str, &str)>) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    if let Some(folder) = built.get(name) {
        return folder.clone();
    }
    let workshop = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workshop");
    let folder = workshop.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("left by an earlier run");
    }
    fs::create_dir_all(&workshop).expect("our own folder");
    let dir = folder.to_str().expect("a path of ours");
    let new = ["new", name, "--lang", language, "--kind", kind];
    succeed(followup(&new).arg("--dir").arg(&folder));
    for tool in ["node_modules", ".venv"] {
        let installed = tools().join(language).join(tool);
        if installed.is_dir() {
            let installed = installed.canonicalize().expect("it is there");
            symlink(installed, folder.join(tool)).expect("a link");
        }
    }
    if let Some((file, source)) = source {
        fs::write(folder.join(file), source).expect("our own folder");
    }
    succeed(&mut followup(&["build", dir]));
    built.insert(name.to_owned(), folder.clone());
    folder
}

/// A `followup plugin` command.
pub(crate) fn followup(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("plugin").args(args);
    command
}

/// Runs a command that must end well.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("it runs");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
