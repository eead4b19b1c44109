//! Rust: cargo makes a component by itself, for `wasm32-wasip2`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::{Tool, Toolchain, answers};

const TARGET: &str = "wasm32-wasip2";

pub(super) const TOOLCHAIN: Toolchain = Toolchain {
    language: "rust",
    marker: "Cargo.toml",
    tools: &[
        Tool {
            name: "cargo",
            is_there: |folder| answers(folder, "cargo", &["--version"]),
            install: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
        },
        Tool {
            name: "the target wasm32-wasip2",
            is_there: has_target,
            install: "rustup target add wasm32-wasip2",
        },
    ],
    build,
};

fn has_target(folder: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let output = rustc.current_dir(folder).output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", TARGET])
        // Where the component lies is cargo's to say: the folder may belong to a workspace.
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = cargo.output().context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("cargo did not build it; its words stand above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    // The package itself is built last.
    let component = messages.lines().rev().find_map(component);
    component.context(
        "cargo built no component: Cargo.toml needs\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]",
    )
}

/// The component in one of cargo's messages ("External tools, JSON messages", the Cargo book).
fn component(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let files = message["filenames"].as_array()?.iter();
    files
        .filter_map(Value::as_str)
        .map(PathBuf::from)
        .find(|file| file.extension().is_some_and(|kind| kind == "wasm"))
}
