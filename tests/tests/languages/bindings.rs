//! The C bindings of the SDK are what their generator makes of the contract today. Its command line
//! takes minutes to install, so they are kept in the repository: `FOLLOWUP_BLESS=1` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

/// Folder in `guest/c`, world.
const BINDINGS: &[(&str, &str)] = &[("policy", "policy"), ("trigger", "trigger-webhook-only")];

/// Short names for interfaces: `fu_attribute_t` and not `followup_plugin_types_attribute_t`.
const NAMES: &[(&str, &str)] = &[
    ("types", "fu"),
    ("log", "fu_log"),
    ("calendar", "fu_calendar"),
    ("secrets", "fu_secrets"),
    ("policy-decide", "fu_policy"),
    ("trigger-types", "fu_trigger"),
    ("trigger-webhook", "fu_webhook"),
];

#[test]
fn the_c_bindings_fit_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut stale = Vec::new();
    for (folder, world) in BINDINGS {
        for (name, text) in generated(&root.join("wit"), world) {
            let kept: PathBuf = root.join("guest/c").join(folder).join(name);
            if env::var_os("FOLLOWUP_BLESS").is_some() {
                fs::write(&kept, &text).expect("the repository");
            }
            if fs::read(&kept).ok().as_ref() != Some(&text) {
                stale.push(kept);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?}: the contract changed: FOLLOWUP_BLESS=1 cargo test --test languages bindings"
    );
}

fn generated(wit: &Path, world: &str) -> Vec<(String, Vec<u8>)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).expect("the contract parses");
    let world = resolve
        .select_world(&[package], Some(world))
        .expect("a world");
    let options = wit_bindgen_c::Opts {
        // The types of the contract are put in by `followup plugin build`.
        no_object_file: true,
        rename_world: Some("fu".to_owned()),
        rename: renames(&resolve, world),
        ..wit_bindgen_c::Opts::default()
    };
    let mut files = Files::default();
    let mut generator = options.build();
    generator
        .generate(&mut resolve, world, &mut files)
        .expect("bindings");
    let files = files.iter();
    files
        .map(|(name, text)| (name.to_owned(), text.to_vec()))
        .collect()
}

fn renames(resolve: &Resolve, world: WorldId) -> Vec<(String, String)> {
    let world = &resolve.worlds[world];
    let keys = world.imports.keys().chain(world.exports.keys());
    let rename = |name: String| {
        let interface = name.strip_prefix("followup:plugin/")?.split('@').next()?;
        let (_, short) = NAMES.iter().find(|(known, _)| *known == interface)?;
        Some((name.clone(), (*short).to_owned()))
    };
    keys.filter_map(|key| rename(resolve.name_world_key(key)))
        .collect()
}
