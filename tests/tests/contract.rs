//! The contract with plugins (`wit/`): it parses, its worlds resolve, and everything in it says
//! since when it is there; what people will look up says what it means.

use std::path::{Path, PathBuf};

use wit_parser::{Docs, PackageId, Resolve, Stability, Type, TypeDefKind, WorldItem};

/// What a component can be built for, with its imports and exports.
const WORLDS: &[(&str, &[&str], &[&str])] = &[
    ("policy", &["calendar", "log"], &["policy-decide"]),
    (
        "policy-migrating",
        &["calendar", "log"],
        &["policy-decide", "policy-migrate"],
    ),
    (
        "trigger",
        &["calendar", "log", "secrets"],
        &["trigger-poll", "trigger-webhook"],
    ),
    (
        "trigger-webhook-only",
        &["calendar", "log", "secrets"],
        &["trigger-webhook"],
    ),
    (
        "trigger-poll-only",
        &["calendar", "log", "secrets"],
        &["trigger-poll"],
    ),
];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn contract() -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit()).expect("the contract parses");
    (resolve, package)
}

#[test]
fn every_world_resolves() {
    let (resolve, package) = contract();
    assert_eq!(
        resolve.packages[package].name.to_string(),
        "followup:plugin@0.1.0"
    );
    assert_eq!(resolve.packages[package].worlds.len(), WORLDS.len());
    for (name, imports, exports) in WORLDS {
        let world = resolve.select_world(&[package], Some(name)).expect(name);
        let world = &resolve.worlds[world];
        // What brings only types is imported as well, and is nothing to call.
        let names = |items: &[&WorldItem]| {
            let mut names: Vec<_> = items
                .iter()
                .filter_map(|item| match item {
                    WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
                    _ => None,
                })
                .filter(|interface| !interface.functions.is_empty())
                .filter_map(|interface| interface.name.clone())
                .collect();
            names.sort();
            names
        };
        assert_eq!(
            names(&world.imports.values().collect::<Vec<_>>()),
            *imports,
            "{name}"
        );
        assert_eq!(
            names(&world.exports.values().collect::<Vec<_>>()),
            *exports,
            "{name}"
        );
    }
}

#[test]
fn everything_says_since_when_and_what() {
    let (resolve, _) = contract();
    let faults = faults(&resolve);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn an_undocumented_item_is_found() {
    let mut resolve = Resolve::default();
    let text = "package a:b@1.0.0;\n/// Said.\n@since(version = 1.0.0)\ninterface i {\n  record r { x: u8 }\n  \
                @since(version = 1.0.0)\n  f: func(r: r);\n}\n@since(version = 1.0.0)\nworld w { import i; }\n";
    resolve.push_str("x.wit", text).expect("parses");
    let expect = [
        "type i.r: no @since",
        "function i.f: no doc comment",
        "world w: no doc comment",
    ];
    assert_eq!(faults(&resolve), expect);
}

#[test]
fn wishes_that_break_it_wait() {
    let pending =
        std::fs::read_to_string(wit().join("PENDING_CHANGES.md")).expect("wit/PENDING_CHANGES.md");
    assert!(pending.contains("0.1"), "it says what is frozen");
}

fn faults(resolve: &Resolve) -> Vec<String> {
    let mut faults = Vec::new();
    let mut look = |what: String, stability: &Stability, docs: Option<&Docs>| {
        if !matches!(stability, Stability::Stable { .. }) {
            faults.push(format!("{what}: no @since"));
        }
        if docs.is_some_and(|docs| {
            docs.contents
                .as_deref()
                .is_none_or(|text| text.trim().is_empty())
        }) {
            faults.push(format!("{what}: no doc comment"));
        }
    };
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().unwrap_or("(inline)");
        look(
            format!("interface {name}"),
            &interface.stability,
            Some(&interface.docs),
        );
        for (type_name, id) in &interface.types {
            let definition = &resolve.types[*id];
            // What `use` brings is looked at where it is defined.
            if !matches!(definition.kind, TypeDefKind::Type(Type::Id(_))) {
                look(
                    format!("type {name}.{type_name}"),
                    &definition.stability,
                    None,
                );
            }
        }
        for (function_name, function) in &interface.functions {
            look(
                format!("function {name}.{function_name}"),
                &function.stability,
                Some(&function.docs),
            );
        }
    }
    for (_, world) in &resolve.worlds {
        look(
            format!("world {}", world.name),
            &world.stability,
            Some(&world.docs),
        );
    }
    faults
}
