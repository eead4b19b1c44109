//! What an author does, with the program itself: from an empty folder to a component that was built,
//! tested, inspected and signed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// What cargo tells tests about its own build, and must not reach the one of a plugin.
const OUTER_ONLY: &[&str] = &[
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
];

/// A folder in which an author works.
struct Desk(TempDir);

/// How a command ended, and what it said.
struct Said {
    ok: bool,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// `followup plugin …`
    fn plugin(&self, args: &[&str]) -> Said {
        self.plugin_with(args, &[])
    }

    fn plugin_with(&self, args: &[&str], env: &[(&str, &str)]) -> Said {
        let mut command = Command::new(PROGRAM);
        command.arg("plugin").args(args).current_dir(self.0.path());
        for name in OUTER_ONLY {
            command.env_remove(name);
        }
        // One target folder for all, so that the SDK is compiled once.
        command.env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/authors"),
        );
        command.env(
            "XDG_CACHE_HOME",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/authors-cache"),
        );
        command.envs(env.iter().copied());
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the program runs");
        Said {
            ok: status.success(),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// A new plugin that is built with the versions this workspace is built with: what cargo has
    /// downloaded for it is enough. Each test names its own: the target folder is shared.
    fn new_plugin(&self, name: &str, kind: &str) {
        self.plugin(&["new", name, "--kind", kind]).good();
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        std::fs::copy(lock, self.path(name).join("Cargo.lock")).expect("Cargo.lock");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Changes a file of the plugin's folder; the text must be there.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).expect(file);
        assert!(text.contains(from), "{from:?} is not in {file}");
        std::fs::write(path, text.replace(from, to)).expect(file);
    }
}

impl Said {
    fn good(self) -> String {
        assert!(self.ok, "{}\n{}", self.out, self.err);
        self.out
    }

    /// Everything it said, having failed.
    fn bad(self) -> String {
        assert!(!self.ok, "it should have failed:\n{}", self.out);
        self.out + &self.err
    }
}

#[test]
fn a_new_plugin_builds_passes_its_test_and_says_what_it_is() {
    let desk = Desk::new();
    for (name, kind, export) in [
        ("my-policy", "policy", "followup:plugin/policy-decide@0.1.0"),
        (
            "my-trigger",
            "trigger",
            "followup:plugin/trigger-webhook@0.1.0",
        ),
    ] {
        desk.new_plugin(name, kind);
        let built = desk.plugin(&["build", name]).good();
        assert!(built.contains("sha256:"), "{built}");
        let tested = desk.plugin(&["test", name]).good();
        assert!(tested.contains("1 of 1 scenarios as expected"), "{tested}");
        assert!(tested.contains("fuel and"), "{tested}");
        let file = format!("{name}/{name}.wasm");
        let shown = desk.plugin(&["inspect", &file, "--json"]).good();
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown["id"], name);
        assert_eq!(shown["kind"], kind);
        assert_eq!(shown["contract"], "0.1.0");
        assert_eq!(shown["exports"], serde_json::json!([export]));
        assert_eq!(shown["signer"], "nobody");
        let benched = desk.plugin(&["bench", name, "--times", "3"]).good();
        assert!(benched.contains("p99"), "{benched}");
    }
}

#[test]
fn a_panic_is_told_with_file_and_line() {
    let desk = Desk::new();
    desk.new_plugin("my-panic", "policy");
    let (lib, line) = (
        "my-panic/src/lib.rs",
        "        if event.is_timer(\"over\") {",
    );
    desk.edit(
        lib,
        line,
        &format!("        assert!(!event.is_timer(\"over\"), \"step 7 has no template\");\n{line}"),
    );
    desk.plugin(&["build", "my-panic"]).good();
    let said = desk.plugin(&["test", "my-panic"]).bad();
    assert!(said.contains("panicked at src/lib.rs:"), "{said}");
    assert!(said.contains("step 7 has no template"), "{said}");
}

#[test]
fn what_differs_is_shown_and_can_be_blessed() {
    let desk = Desk::new();
    desk.new_plugin("my-blessing", "trigger");
    desk.plugin(&["build", "my-blessing"]).good();
    let scenario = "my-blessing/scenarios/a-submission-is-an-event.json";
    desk.edit(
        scenario,
        "\"dedupe_key\": \"s_1\"",
        "\"dedupe_key\": \"s_9\"",
    );
    let said = desk.plugin(&["test", "my-blessing"]).bad();
    for part in ["FAILED", "step 1", "s_9", "s_1", "0 of 1"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let blessed = desk.plugin(&["test", "my-blessing", "--bless"]).good();
    assert!(blessed.contains("blessed"), "{blessed}");
    desk.plugin(&["test", "my-blessing"]).good();
    // A plugin.toml that changed since is no longer what the component says.
    desk.edit(
        "my-blessing/plugin.toml",
        "version = \"0.1.0\"",
        "version = \"0.2.0\"",
    );
    let said = desk.plugin(&["test", "my-blessing"]).bad();
    assert!(
        said.contains("run `followup plugin build my-blessing`"),
        "{said}"
    );
}

#[test]
fn mistakes_name_their_line_and_missing_tools_their_command() {
    let desk = Desk::new();
    desk.plugin(&["new", "my-policy"]).good();
    let check = |from: &str, to: &str, parts: &[&str]| {
        desk.edit("my-policy/plugin.toml", from, to);
        let said = desk.plugin(&["build", "my-policy"]).bad();
        for part in parts {
            assert!(said.contains(part), "{part:?} in {said}");
        }
        desk.edit("my-policy/plugin.toml", to, from);
    };
    check(
        "version = \"0.1.0\"",
        "version = \"one\"",
        &["plugin.toml:10: version \"one\": use MAJOR.MINOR.PATCH"],
    );
    check(
        "kind = \"policy\"",
        "kind = \"poem\"",
        &["plugin.toml:11:", "poem"],
    );
    check(
        "\"exit\"]",
        "\"send-fax\"]",
        &["plugin.toml:16:", "send-fax"],
    );
    let said = desk
        .plugin_with(&["build", "my-policy"], &[("PATH", "/nowhere")])
        .bad();
    assert!(said.contains("rustup target add wasm32-wasip2"), "{said}");
    let said = desk.plugin(&["build", "."]).bad();
    assert!(said.contains("followup plugin new NAME"), "{said}");
    let said = desk.plugin(&["new", "Not A Name"]).bad();
    assert!(said.contains("lower-case letters"), "{said}");
}

#[test]
fn a_signature_lies_beside_its_component_and_is_shown() {
    let desk = Desk::new();
    let wasm = followup::embedded::EMBEDDED[0].1;
    std::fs::write(desk.path("mine.wasm"), wasm).expect("written");
    let told = desk.plugin(&["keygen", "my.key"]).good();
    assert!(told.contains("[plugins.publishers]"), "{told}");
    desk.plugin(&["sign", "mine.wasm", "--key", "my.key"])
        .good();
    let shown = desk.plugin(&["inspect", "mine.wasm"]).good();
    assert!(shown.contains("none of plugins.publishers"), "{shown}");
    let key = told.lines().last().expect("the publisher's line");
    std::fs::write(
        desk.path("followup.toml"),
        format!("[plugins.publishers]\n{key}\n"),
    )
    .expect("written");
    let shown = desk.plugin(&["inspect", "mine.wasm"]).good();
    assert!(shown.contains("your-name, proven"), "{shown}");
    // Changed by one byte, which no other tool would notice.
    let changed = [wasm, &[0, 2, 1, b'x']].concat();
    std::fs::write(desk.path("mine.wasm"), changed).expect("written");
    let shown = desk.plugin(&["inspect", "mine.wasm"]).good();
    assert!(shown.contains("refused"), "{shown}");
    // A key is never overwritten.
    desk.plugin(&["keygen", "my.key"]).bad();
}
