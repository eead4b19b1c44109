//! Tells the outer cargo which files make it run the build script again.
//!
//! Paths are given relative to the package, as cargo resolves them: a target folder that serves
//! several working copies then looks at the files of the copy that is being built.

use std::fs;
use std::path::{Path, PathBuf};

/// The package whose build script runs, and the workspace around it.
pub(crate) struct Watch<'a> {
    pub package: &'a Path,
    pub root: &'a Path,
}

impl Watch<'_> {
    /// What every plugin depends on.
    pub(crate) fn workspace(&self) {
        for name in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "wit"] {
            self.file(&self.root.join(name));
        }
    }

    /// Every file that went into a component, and the manifests of their crates.
    pub(crate) fn sources(&self, dep_info: &Path) {
        let text = fs::read_to_string(dep_info)
            .unwrap_or_else(|e| panic!("cargo writes {}: {e}", dep_info.display()));
        for file in files(&text) {
            let file = self.root.join(file);
            self.file(&file);
            let mut manifests = file.ancestors().map(|dir| dir.join("Cargo.toml"));
            if let Some(manifest) = manifests.find(|manifest| manifest.exists()) {
                self.file(&manifest);
            }
        }
    }

    #[expect(
        clippy::print_stdout,
        reason = "this is how a build script talks to cargo"
    )]
    fn file(&self, path: &Path) {
        let path = relative(path, self.package, self.root);
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// `path` as seen from `package`; a path outside `root` as it is.
fn relative(path: &Path, package: &Path, root: &Path) -> PathBuf {
    match (path.strip_prefix(root), package.strip_prefix(root)) {
        (Ok(inside), Ok(down)) => down.iter().map(|_| "..").collect::<PathBuf>().join(inside),
        _ => path.to_owned(),
    }
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
    fn paths_are_seen_from_the_package() {
        let check = |path: &str, package: &str, expect: &str| {
            let got = relative(Path::new(path), Path::new(package), Path::new("/w"));
            assert_eq!(got, Path::new(expect), "{path} from {package}");
        };
        check("/w/wit", "/w/host", "../wit");
        check(
            "/w/plugins/a/src/lib.rs",
            "/w/tests/rogue",
            "../../plugins/a/src/lib.rs",
        );
        check("/w/wit", "/w", "wit");
        check("/elsewhere/lib.rs", "/w/host", "/elsewhere/lib.rs");
    }

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
