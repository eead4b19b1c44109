//! Builds the plugins that ship with Followup and writes the list of them for `src/embedded.rs`; lists
//! what `followup plugin new` writes for `src/cli/plugin/author/template.rs`.
//!
//! Each component is copied to `OUT_DIR`, so that the host's build depends on nothing that
//! somebody may clean away between two of its steps.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The ids of the shipped policies and triggers; the crate of each is `followup-ID`.
const PLUGINS: &[&str] = &[
    "cadence",
    "behavioral",
    "no-response",
    "post-meeting",
    "calendly",
    "page-visit",
    "json-poll",
];

/// The demo's misbehaving plugin of a third party: in the binary, but never among the installed.
const ENDLESS: &str = "endless";

/// What a language's tools leave behind in a folder of sources.
const LEFT_BEHIND: &[&str] = &["target", "node_modules", "__pycache__", "build", "dist"];

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    write_plugins(&out);
    write_templates(&out);
}

fn write_plugins(out: &Path) {
    let packages: Vec<_> = PLUGINS
        .iter()
        .chain([&ENDLESS])
        .map(|id| format!("followup-{id}"))
        .collect();
    let names: Vec<_> = packages.iter().map(String::as_str).collect();

    let included = |id: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{id}.wasm\"))");
    for (package, artifact) in names.iter().zip(followup_plugin_builder::build(&names)) {
        let id = package.trim_start_matches("followup-");
        fs::copy(&artifact.path, out.join(format!("{id}.wasm")))
            .expect("the component was just built");
    }
    let plugins: Vec<_> = PLUGINS
        .iter()
        .map(|id| format!("    ({id:?}, {}),\n", included(id)))
        .collect();
    let plugins = plugins.concat();
    let endless = included(ENDLESS);
    let list = format!(
        "pub const EMBEDDED: &[(&str, &[u8])] = &[\n{plugins}];\n\
         pub const ENDLESS: &[u8] = {endless};\n"
    );
    fs::write(out.join("embedded.rs"), list).expect("OUT_DIR is writable");
}

/// The templates by `KIND/LANGUAGE/FILE`, the SDKs by `LANGUAGE/FILE`, and the contract's files. The
/// Rust SDK is the crate `guest` itself, without the folders of the other languages.
fn write_templates(out: &Path) {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root = host.join("..");
    let languages = host.join("templates/policy");
    let crate_file = |name: &str| (format!("rust/{name}"), root.join("guest").join(name));
    let mut sdk = vec![crate_file("Cargo.toml"), crate_file("README.md")];
    files(&root.join("guest/src"), "rust/src", &mut sdk);
    for entry in entries(&languages) {
        let language = name(&entry);
        let folder = root.join("guest").join(&language);
        if language != "rust" && folder.is_dir() {
            files(&folder, &language, &mut sdk);
        }
    }
    let mut templates = Vec::new();
    files(&host.join("templates"), "", &mut templates);
    let mut contract = Vec::new();
    files(&root.join("wit"), "", &mut contract);
    // Of the contract's folder only the contract as it stands: released ones are the tests'.
    contract.retain(|(name, _)| !name.contains('/'));
    let workspace = literal(&root.join("Cargo.toml"));
    let text = format!(
        "pub const TEMPLATES: &[(&str, &[u8])] = {};\n\
         pub const SDKS: &[(&str, &[u8])] = {};\n\
         pub const CONTRACT: &[(&str, &[u8])] = {};\n\
         pub const WORKSPACE: &str = include_str!({workspace});\n",
        list(&templates),
        list(&sdk),
        list(&contract),
    );
    fs::write(out.join("templates.rs"), text).expect("OUT_DIR is writable");
}

/// Every file below a folder, by its name from there on.
fn files(folder: &Path, prefix: &str, into: &mut Vec<(String, PathBuf)>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    for path in entries(folder) {
        let name = name(&path);
        let named = match prefix {
            "" => name.clone(),
            prefix => format!("{prefix}/{name}"),
        };
        if !path.is_dir() {
            into.push((named, path));
        } else if !LEFT_BEHIND.contains(&name.as_str()) {
            files(&path, &named, into);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut entries: Vec<_> = entries.map(|e| e.expect("readable").path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    let name = path.file_name().expect("an entry of a folder");
    name.to_str().expect("our own names are UTF-8").to_owned()
}

fn list(files: &[(String, PathBuf)]) -> String {
    let lines = files
        .iter()
        .map(|(name, path)| format!("    ({name:?}, include_bytes!({})),\n", literal(path)));
    format!("&[\n{}]", lines.collect::<String>())
}

/// A path as a string of Rust.
fn literal(path: &Path) -> String {
    let path = path
        .to_str()
        .expect("the workspace lies at a path of UTF-8");
    format!("{path:?}")
}
