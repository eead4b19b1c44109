//! Builds the policies that ship with Followup and writes the list of them for `src/embedded.rs`.
//!
//! Each component is copied to `OUT_DIR`, so that the host's build depends on nothing that
//! somebody may clean away between two of its steps.

use std::path::PathBuf;
use std::{env, fs};

/// The ids of the shipped policies; the crate of each is `followup-ID`.
const POLICIES: &[&str] = &["cadence", "behavioral", "no-response", "post-meeting"];

fn main() {
    let packages: Vec<_> = POLICIES.iter().map(|id| format!("followup-{id}")).collect();
    let names: Vec<_> = packages.iter().map(String::as_str).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

    let mut list = String::from("pub const EMBEDDED: &[(&str, &[u8])] = &[\n");
    for (id, artifact) in POLICIES.iter().zip(followup_plugin_builder::build(&names)) {
        let file = format!("{id}.wasm");
        fs::copy(&artifact.path, out.join(&file)).expect("the component was just built");
        list +=
            &format!("    ({id:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))),\n");
    }
    list += "];\n";
    fs::write(out.join("embedded.rs"), list).expect("OUT_DIR is writable");
}
