//! Who may import whom, held against the sources: every `crate::` path of the host, every
//! Cargo.toml. Reads text, not types: what it cannot see is a breach that nobody would write by
//! accident.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of each layer, and the rooms they may import beside themselves.
const LAYERS: &[(&[&str], &[&str])] = &[
    // 0: nouns and time.
    (&["domain"], &[]),
    (&["clock", "calendar"], &["domain"]),
    (&["figures"], &[]),
    (&["pulse"], &["domain", "clock"]),
    // 1, pure: time, limits and keys come in as arguments.
    (&["signatures"], &["domain"]),
    (
        &[
            "guardrails",
            "compose",
            "crm",
            "inbound",
            "leads",
            "providers",
            "triggers",
        ],
        &["domain", "calendar", "signatures"],
    ),
    // 1, adapters: never each other.
    (
        &["store", "sandbox", "net", "traces"],
        &["domain", "clock", "calendar"],
    ),
    // 2: the doors and the loops, never each other.
    (
        &[
            "ingest",
            "recipient",
            "decide",
            "deliver",
            "hydrate",
            "poll",
            "reconcile",
            "writeback",
            "plugins",
            "simulate",
        ],
        &[
            "domain",
            "clock",
            "pulse",
            "calendar",
            "signatures",
            "guardrails",
            "compose",
            "crm",
            "inbound",
            "providers",
            "triggers",
            "store",
            "sandbox",
            "net",
            "traces",
        ],
    ),
    // 3: the layers below, through their public face.
    (
        &["admin"],
        &[
            "domain",
            "clock",
            "calendar",
            "signatures",
            "guardrails",
            "compose",
            "crm",
            "inbound",
            "providers",
            "triggers",
            "store",
            "sandbox",
            "net",
            "traces",
            "ingest",
            "recipient",
            "decide",
            "deliver",
            "hydrate",
            "poll",
            "reconcile",
            "writeback",
            "plugins",
            "simulate",
        ],
    ),
    // 4: the edges; only they read the configuration.
    (
        &[
            "config", "embedded", "daemon", "doctor", "cli", "main", "lib",
        ],
        &[EVERYTHING],
    ),
];

const EVERYTHING: &str = "*";

/// Crates with one home each.
const FENCES: &[(&str, &[&str])] = &[
    ("wasmtime", &["sandbox"]),
    ("wasmtime_wasi", &["sandbox"]),
    ("wasmtime_wasi_http", &["sandbox"]),
    ("http", &["sandbox"]),
    ("rustix", &["sandbox", "doctor"]),
    ("hickory_resolver", &["doctor"]),
    ("dialoguer", &["cli"]),
    ("rusqlite", &["store/sqlite"]),
    ("postgres", &["store/postgres"]),
    ("tokio_postgres_rustls", &["store/postgres"]),
    ("reqwest", &["net"]),
    ("lettre", &["net"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_http", &["traces", "net"]),
    ("opentelemetry_otlp", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("axum", &["ingest", "recipient", "admin", "daemon"]),
    ("hyper", &["daemon"]),
    ("hyper_util", &["daemon"]),
    ("anyhow", &["daemon", "cli", "main"]),
    ("clap", &["cli", "main"]),
    ("oci_client", &["plugins"]),
    ("minisign", &["plugins"]),
    ("minisign_verify", &["plugins"]),
];

/// The only reader of the machine's clock.
const NOW: &[&str] = &[
    "Utc::now",
    "Local::now",
    "SystemTime::now",
    "std::time::Instant::now",
];

/// A longer file has a second thing in it that deserves a room.
const LINES_MAX: usize = 450;

#[test]
fn the_host_keeps_to_its_rooms() {
    let root = top().join("host/src");
    let files = sources(&root);
    assert!(
        files.len() > 100,
        "{} files: is this still the place?",
        files.len()
    );
    let breaches: Vec<_> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("readable");
            breaches(file.strip_prefix(&root).expect("below"), &text)
        })
        .collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn crates_depend_downwards() {
    let mut breaches = Vec::new();
    let mut look = |crate_folder: &str, may: &[&str]| {
        let file = top().join(crate_folder).join("Cargo.toml");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        breaches.extend(bad_dependencies(crate_folder, &text, may));
    };
    let of_a_policy = ["followup-guest", "serde", "serde_json"];
    // What the host does for a trigger is played natively (hmac, sha1, sha2); the rest are its features.
    let of_the_sdk = ["hmac", "schemars", "sha1", "sha2", "toml_edit", "wasip2"];
    let always = ["serde", "serde_json", "wit-bindgen"];
    look("guest", &[&of_the_sdk[..], &always[..]].concat());
    for folder in folders(&top().join("plugins")) {
        // The builder is no plugin: it runs cargo, on the side of the host.
        let may: &[&str] = if folder == "builder" {
            &[]
        } else {
            &of_a_policy
        };
        look(&format!("plugins/{folder}"), may);
    }
    look("tests/rogue", &["serde_json", "wit-bindgen"]);
    let may = ["serde_json", "wasip2", "wit-bindgen"];
    look("tests/rogue-trigger", &may);
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));

    let host = fs::read_to_string(top().join("host/Cargo.toml")).expect("readable");
    let ours: Vec<_> = dependencies(&host)
        .into_iter()
        .filter(|name| name.starts_with("followup"))
        .collect();
    assert_eq!(
        ours,
        ["followup-plugin-builder"],
        "the host depends on no guest code"
    );
}

#[test]
fn a_breach_is_found() {
    let check = |file: &str, text: &str, expect: &[&str]| {
        let found = breaches(Path::new(file), text);
        assert_eq!(found.len(), expect.len(), "{file}: {text}\n{found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.contains(expect), "{found} does not say {expect}");
        }
    };
    check(
        "store/sqlite/work.rs",
        "use crate::domain::Event;\nuse crate::store::Error;\n",
        &[],
    );
    check(
        "store/sqlite/work.rs",
        "\nuse crate::sandbox::Plugin;\n",
        &["store/sqlite/work.rs:2: store may not import sandbox"],
    );
    check(
        "decide/mod.rs",
        "pub use crate::{\n    domain::Event,\n    deliver::{Deliverer, Transport},\n};\n",
        &["decide may not import deliver"],
    );
    check(
        "guardrails/cap.rs",
        "fn f() -> crate::clock::SystemClock {}\n",
        &["guardrails may not import clock"],
    );
    check(
        "decide/mod.rs",
        "use super::config::Config;\n",
        &["decide may not import config"],
    );
    check(
        "domain/event.rs",
        "use crate::calendar;\n",
        &["domain may not import calendar"],
    );
    check(
        "ingest/door.rs",
        "// crate::deliver would be wrong\nlet x = 1; // crate::deliver\n",
        &[],
    );
    check("magic/mod.rs", "", &["magic has no layer"]);
    check(
        "decide/tick.rs",
        "fn f(e: wasmtime::Engine) {}\n",
        &["wasmtime lives in sandbox"],
    );
    check(
        "store/work.rs",
        "use rusqlite::Row;\n",
        &["rusqlite lives in store/sqlite"],
    );
    check(
        "store/mod.rs",
        "use anyhow::Context;\n",
        &["anyhow lives in daemon, cli, main"],
    );
    check("net/address.rs", "use reqwest::Url;\n", &[]);
    check("net.rs", "use reqwest as http;\n", &[]);
    check(
        "deliver/send.rs",
        "use reqwest as http;\n",
        &["reqwest lives in net"],
    );
    check(
        "deliver/send.rs",
        "let now = chrono::Utc::now();\n",
        &["time comes from clock.rs"],
    );
    check("clock.rs", "let now = chrono::Utc::now();\n", &[]);
    check("compose/mail.rs", &"\n".repeat(LINES_MAX), &[]);
    check(
        "compose/mail.rs",
        &"\n".repeat(LINES_MAX + 1),
        &["451 lines"],
    );

    let toml = "[dependencies]\nfollowup.workspace = true\nserde = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nlibc = \"1\"\n";
    let bad = bad_dependencies("plugins/x", toml, &["serde"]);
    assert_eq!(
        bad,
        [
            "plugins/x/Cargo.toml: may not depend on followup",
            "plugins/x/Cargo.toml: may not depend on libc"
        ]
    );
}

/// Everything wrong with one file of `host/src`.
fn breaches(file: &Path, text: &str) -> Vec<String> {
    let shown = file.display();
    let room = room(file);
    let Some((_, may)) = LAYERS
        .iter()
        .find(|(rooms, _)| rooms.contains(&room.as_str()))
    else {
        return vec![format!(
            "{shown}: {room} has no layer: give it one in LAYERS and in ARCHITECTURE.md"
        )];
    };
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        found.push(format!(
            "{shown}: {lines} lines, {LINES_MAX} at most: which second thing lives in it?"
        ));
    }
    let code = without_comments(text);
    for (line, import) in imports(file, &code) {
        let allowed = import == room || may.contains(&EVERYTHING) || may.contains(&import.as_str());
        if !allowed {
            found.push(format!("{shown}:{line}: {room} may not import {import}"));
        }
    }
    for (name, homes) in FENCES {
        let at_home = homes
            .iter()
            .any(|home| file.starts_with(home) || file == Path::new(home).with_extension("rs"));
        if !at_home && let Some(line) = uses_crate(&code, name) {
            found.push(format!(
                "{shown}:{line}: {name} lives in {}",
                homes.join(", ")
            ));
        }
    }
    for (number, line) in code.lines().enumerate() {
        if room != "clock" && NOW.iter().any(|now| line.contains(now)) {
            found.push(format!("{shown}:{}: time comes from clock.rs", number + 1));
        }
    }
    found
}

/// The first part of the path: `store/sqlite/work.rs` and `net.rs` are of `store` and `net`.
fn room(file: &Path) -> String {
    let first = file
        .components()
        .next()
        .expect("a path")
        .as_os_str()
        .to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code line by line, comments blanked.
fn without_comments(text: &str) -> String {
    let code = |line: &str| match line.find("//") {
        // `https://` in a text is no comment.
        Some(at) if at == 0 || !line[..at].ends_with(':') => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| code(line) + "\n").collect()
}

/// The rooms that the code names: `crate::ROOM`, `crate::{ROOM::.., ROOM}`, and `super::ROOM` where
/// `super` is the crate. With the line of each.
fn imports(file: &Path, code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut roots = vec!["crate::"];
    if file.components().count() == 1
        || (file.components().count() == 2 && file.ends_with("mod.rs"))
    {
        roots.push("super::");
    }
    for root in roots {
        for (at, _) in code.match_indices(root) {
            if code[..at].ends_with(is_word) {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let rest = &code[at + root.len()..];
            let names = if let Some(group) = rest.strip_prefix('{') {
                heads(group)
            } else {
                vec![word(rest)]
            };
            // The names of a room's own children (`super::tick`) are none of ours.
            let rooms = names.into_iter().filter(|name| is_room(name));
            found.extend(rooms.map(|name| (line, name.to_owned())));
        }
    }
    found
}

fn is_room(name: &str) -> bool {
    LAYERS.iter().any(|(rooms, _)| rooms.contains(&name))
}

/// The first words of the outermost elements of `a::b, c::{d, e}}`.
fn heads(group: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && is_word(c) => {
                heads.push(word(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line of the first `NAME::` or `use NAME`.
fn uses_crate(code: &str, name: &str) -> Option<usize> {
    let used = |at: usize| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let whole =
            !before.ends_with(is_word) && !before.ends_with("::") && !after.starts_with(is_word);
        whole && (after.starts_with("::") || before.ends_with("use "))
    };
    let (at, _) = code.match_indices(name).find(|(at, _)| used(*at))?;
    Some(code[..at].matches('\n').count() + 1)
}

fn bad_dependencies(crate_folder: &str, text: &str, may: &[&str]) -> Vec<String> {
    let names = dependencies(text)
        .into_iter()
        .filter(|name| !may.contains(&name.as_str()));
    names
        .map(|name| format!("{crate_folder}/Cargo.toml: may not depend on {name}"))
        .collect()
}

/// The names in every table called `dependencies`, `dev-dependencies`, `build-dependencies`.
fn dependencies(text: &str) -> Vec<String> {
    fn collect(table: &toml::Table, names: &mut Vec<String>) {
        for (key, value) in table {
            match value.as_table() {
                Some(table) if key.ends_with("dependencies") => names.extend(table.keys().cloned()),
                Some(table) => collect(table, names),
                None => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(&text.parse().expect("TOML"), &mut names);
    names
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn folders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable"));
    let with_crate = entries.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<_> = with_crate
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
