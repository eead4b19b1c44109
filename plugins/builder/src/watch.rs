//! Tells the outer cargo which files make it run the build script again.

use std::fs;
use std::path::Path;

/// What every plugin depends on.
pub(crate) fn workspace(root: &Path) {
    for name in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "wit"] {
        watch(&root.join(name));
    }
}

/// Every file that went into a component, and the manifests of their crates.
pub(crate) fn sources(root: &Path, dep_info: &Path) {
    let text = fs::read_to_string(dep_info)
        .unwrap_or_else(|e| panic!("cargo writes {}: {e}", dep_info.display()));
    for file in files(&text) {
        let file = root.join(file);
        watch(&file);
        let crate_manifest = file
            .ancestors()
            .map(|dir| dir.join("Cargo.toml"))
            .find(|m| m.exists());
        if let Some(manifest) = crate_manifest {
            watch(&manifest);
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "this is how a build script talks to cargo"
)]
fn watch(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}

/// The right side of `component: source source ...`, with `\ ` for a space within a name.
fn files(dep_info: &str) -> Vec<String> {
    let mut files = vec![String::new()];
    let sources = dep_info.split_once(": ").map_or("", |(_, sources)| sources);
    let mut chars = sources
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&' ') => {
                chars.next();
                append(&mut files, ' ');
            }
            ' ' => files.push(String::new()),
            c => append(&mut files, c),
        }
    }
    files.retain(|file| !file.is_empty());
    files
}

fn append(files: &mut [String], c: char) {
    if let Some(file) = files.last_mut() {
        file.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_is_split_at_spaces() {
        let check = |text: &str, expect: &[&str]| assert_eq!(files(text), expect, "{text:?}");
        check("/t/a.wasm: /s/a.rs /s/b.rs\n", &["/s/a.rs", "/s/b.rs"]);
        check(
            "/t/a.wasm: /my\\ own/a.rs /s/b.rs\n",
            &["/my own/a.rs", "/s/b.rs"],
        );
        check("/t/a.wasm:\n", &[]);
        check("C:\\t\\a.wasm: C:\\s\\a.rs\n", &["C:\\s\\a.rs"]);
    }
}
