//! `followup.default.toml` is the documentation: complete, and true.

use std::collections::BTreeSet;

use super::*;
use crate::config::reader::Reader;

/// Every key that the file shows, commented out or not, as a pointer.
fn shown() -> BTreeSet<String> {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in DEFAULTS.lines() {
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = format!("/{}", header.replace('.', "/"));
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ")
            && key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            keys.insert(format!("{section}/{key}"));
        }
    }
    keys
}

/// One of everything, so that every reader runs.
const ALL_KINDS: &str = r#"
    [connections.a]
    kind = "hubspot"
    [connections.b]
    kind = "cloudevents"
    [connections.c]
    kind = "sendgrid"
    [connections.d]
    kind = "resend"
    [connections.e]
    kind = "inbound"
    [connections.f]
    kind = "capture"
    [connections.g]
    kind = "trigger"
    [identities.i]
    [sequences.s]
"#;

#[test]
fn every_option_that_is_read_is_shown_and_the_other_way_round() {
    let path = Path::new("/nowhere/followup.toml");
    let reader = Reader::new(path, ALL_KINDS, &env).expect("TOML");
    super::super::read(&reader);
    let is_table = |pointer: &str| {
        let mut parts = pointer.rsplit('/');
        let (key, outer) = (parts.next(), parts.next());
        matches!(outer, Some("" | "connections" | "identities" | "sequences"))
            || matches!(key, Some("exits" | "config" | "ramp" | "triggers"))
    };
    let read: BTreeSet<String> = reader
        .asked()
        .into_iter()
        .filter(|pointer| !is_table(pointer))
        .collect();
    assert_eq!(read, shown());
}

#[test]
fn what_it_shows_commented_out_is_accepted() {
    let text: String = DEFAULTS
        .lines()
        .filter_map(|line| match line.strip_prefix("# ") {
            Some(comment)
                if comment
                    .split_once(" = ")
                    .is_some_and(|(key, _)| !key.contains(' ')) =>
            {
                Some(comment)
            }
            Some(_) => None,
            None => Some(line),
        })
        .flat_map(|line| [line.replace("NAME", "ada"), "\n".to_owned()])
        .collect();
    let folder = folder(&text, &[]);
    let secrets = |_: &str| Some(format!("whsec_{}", "A".repeat(32)));
    let loaded = load(&folder.path().join("followup.toml"), &secrets);
    loaded
        .map_err(|problems| show(&problems, folder.path()))
        .expect("accepted");
}

#[test]
fn exits_default_to_what_the_domain_says() {
    let text =
        "[identities.a]\nfrom = \"a@b.example\"\n[sequences.s]\npolicy = \"p\"\nenrol = \"true\"\n";
    let loaded = load_text(text).expect("loads");
    assert_eq!(loaded.config.sequences["s"].exits, ExitRules::default());
}
