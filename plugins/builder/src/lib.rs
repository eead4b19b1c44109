//! Builds plugin crates of this workspace to components, from a build script.
//!
//! In go package names; out come the paths of the components. Runs one inner cargo for
//! `wasm32-wasip2`, adds that target where it is missing, and tells the outer cargo which files
//! to watch. It must never share a target folder or a profile with the outer cargo: the two would
//! wait for each other for ever.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod watch;

use watch::Watch;

/// The target that policies are built for; rustc links a component by itself.
const TARGET: &str = "wasm32-wasip2";

/// The profile of that name in the workspace's Cargo.toml.
const PROFILE: &str = "policy";

/// What cargo hands to a build script about the *outer* build, and must not reach the inner one.
const OUTER_ONLY: &[&str] = &[
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];

/// A built plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub package: String,
    /// The component, in the inner target folder.
    pub path: PathBuf,
}

/// Builds the packages. Panics with the compiler's words where that fails, as build scripts do.
pub fn build(packages: &[&str]) -> Vec<Artifact> {
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    let package = PathBuf::from(package);
    let root = workspace_root(&package);
    add_target_if_missing(&root);
    let target_dir = root.join("target").join("policies");
    compile(&root, &target_dir, packages);
    let out = target_dir.join(TARGET).join(PROFILE);
    let watch = Watch {
        package: &package,
        root: &root,
    };
    let artifact = |package: &&str| {
        let name = package.replace('-', "_");
        watch.sources(&out.join(format!("{name}.d")));
        Artifact {
            package: (*package).to_owned(),
            path: out.join(format!("{name}.wasm")),
        }
    };
    watch.workspace();
    packages.iter().map(artifact).collect()
}

/// The workspace that the package belongs to.
fn workspace_root(package: &Path) -> PathBuf {
    let is_root = |dir: &&Path| {
        let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.trim() == "[workspace]")
    };
    let root = package.ancestors().find(is_root);
    root.expect("the package is part of a workspace").to_owned()
}

/// rustup reads rust-toolchain.toml by itself, but not where it is told not to install anything
/// (`RUSTUP_AUTO_INSTALL=0`); adding a target is allowed even there.
fn add_target_if_missing(root: &Path) {
    if has_target(root) {
        return;
    }
    let added = command("rustup", root)
        .args(["target", "add", TARGET])
        .output();
    // Another build script may have added it in the meantime, so look again before giving up.
    if has_target(root) {
        return;
    }
    let why = match &added {
        Ok(output) => stderr(output),
        Err(error) => format!("rustup cannot be run: {error}"),
    };
    panic!(
        "plugins need the target {TARGET}, and it could not be added. Run:\n    rustup target add {TARGET}\n{why}"
    );
}

fn has_target(root: &Path) -> bool {
    let output = command("rustc", root).args(["--print", "sysroot"]).output();
    let output = output.unwrap_or_else(|e| panic!("rustc cannot be run: {e}"));
    let sysroot = String::from_utf8_lossy(&output.stdout);
    Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
}

fn compile(root: &Path, target_dir: &Path, packages: &[&str]) {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = command(&cargo, root);
    command
        .args([
            "build",
            "--locked",
            "--profile",
            PROFILE,
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(target_dir)
        .args(packages.iter().flat_map(|package| ["-p", package]));
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{cargo} cannot be run: {e}"));
    assert!(
        output.status.success(),
        "{} did not build for {TARGET}:\n{}",
        packages.join(", "),
        stderr(&output)
    );
}

/// A command in the workspace, without what belongs to the outer build.
fn command(program: &str, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    for name in OUTER_ONLY {
        command.env_remove(name);
    }
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
