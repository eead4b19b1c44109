//! A plugin in each language, from its template to a passed test, with the real binary.

use std::fs;

use super::workshop::{component, followup, has_tools, succeed, template};

fn check(language: &str) {
    if !has_tools(language) {
        return;
    }
    for kind in ["policy", "trigger"] {
        let folder = template(language, kind);
        let dir = folder.to_str().expect("a path of ours");
        let told = succeed(&mut followup(&["test", dir]));
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(told.contains("fuel"), "{language} {kind}: {told}");
        assert!(component(&folder).len() < 32 << 20, "{language} {kind}");
    }
}

#[test]
fn javascript_builds_and_passes_its_own_test() {
    check("js");
}

#[test]
fn python_builds_and_passes_its_own_test() {
    check("python");
}

#[test]
fn c_builds_and_passes_its_own_test() {
    check("c");
}

#[test]
fn missing_tools_are_named_with_the_command_that_brings_them() {
    let check = |language: &str, part: &str| {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("bare");
        let dir = folder.to_str().expect("UTF-8");
        succeed(&mut followup(&[
            "new", "bare", "--lang", language, "--dir", dir,
        ]));
        let empty = parent.path().join("empty");
        fs::create_dir(&empty).expect("a folder");
        let mut build = followup(&["build", dir]);
        let output = build.env("PATH", &empty).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{language}");
        assert!(told.contains(part), "{language}: {told}");
    };
    check("js", "npm install ");
    check("js", "apt-get install nodejs npm");
    check(
        "python",
        "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
    );
    check("python", "apt-get install python3-venv");
    check("c", "apt-get install clang");
    check("c", "apt-get install wasi-libc libclang-rt-dev-wasm32");
}
