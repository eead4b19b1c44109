//! Builds the plugins that ship with Followup and writes the list of them for `src/embedded.rs`.
//!
//! Each component is copied to `OUT_DIR`, so that the host's build depends on nothing that
//! somebody may clean away between two of its steps.

use std::path::PathBuf;
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

fn main() {
    let packages: Vec<_> = PLUGINS
        .iter()
        .chain([&ENDLESS])
        .map(|id| format!("followup-{id}"))
        .collect();
    let names: Vec<_> = packages.iter().map(String::as_str).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

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
