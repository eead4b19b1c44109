//! `followup.default.toml` is the documentation: complete, and true.

use std::collections::BTreeSet;

use super::*;
use crate::config::reader::Reader;
use crate::domain::connector::{Form, Kind, Sort};

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
fn all_kinds() -> String {
    let names = kinds().map(|kind| kind.name);
    let others = ["inbound", "capture", "trigger"].into_iter();
    let sections = names
        .chain(others)
        .map(|name| format!("[connections.a-{name}]\nkind = {name:?}\n"));
    sections
        .chain([
            "[identities.i]\n[sequences.s]\n[plugins.registries.\"r.example:5000\"]\n".to_owned(),
        ])
        .collect()
}

/// Any P-256 key.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+4kcBGUbkLZOtS3WGkr9p4UUdK3WXLxd0LuNK0pStNKrZketDAS0R7HYcO1+09rf70okFellIY9+7gSKJAeweQ==";

/// Where the sections of the kinds begin and end in the file.
const BEGIN: &str =
    "# Kinds of CRMs and providers begin here; written by the test of their tables.\n";
const END: &str = "# Kinds of CRMs and providers end here.\n";

/// The section of a kind, out of its table.
fn section(kind: &Kind) -> String {
    let head = format!(
        "\n# {}.\n[connections.{}]\n# kind = {:?}\n",
        kind.title, kind.name, kind.name
    );
    let fields = kind.fields.iter().map(|field| {
        let needed = if field.needed { " Needed." } else { "" };
        let words = match field.form {
            Form::Choice(words) => format!("# One of: {}.\n", words.join(", ")),
            _ => String::new(),
        };
        let line = match field.default {
            Some(value) => format!("{} = {value:?}\n", field.key),
            None => format!("# {} = {:?}\n", field.key, field.example),
        };
        format!("# {}{needed}\n{words}{line}", field.help)
    });
    let common = if kind.sort == Sort::Crm { CRM } else { "" };
    std::iter::once(head)
        .chain(fields)
        .chain([common.to_owned()])
        .collect()
}

/// What every CRM can be told.
const CRM: &str = r#"# Ask the API now and then for what its webhooks did not tell, where it can be asked.
reconcile = true
# How often: "1m" to "24h". The kind's own interval else.
# reconcile_every = "15m"
# Write tasks, notes and fields that policies ask for into the CRM, where it takes them.
write_back = true
# Write a copy of every sent mail into the contact's history too.
log_mail = false
"#;

/// After a change of a table: `FOLLOWUP_BLESS=1 cargo test -p followup --lib documentation`.
#[test]
fn every_kind_is_shown_as_its_table_has_it() {
    let expected: String = kinds().map(section).collect();
    let begin = DEFAULTS.find(BEGIN).expect("begins") + BEGIN.len();
    let end = DEFAULTS.find(END).expect("ends");
    let expected = format!("{expected}\n");
    if std::env::var_os("FOLLOWUP_BLESS").is_some() {
        let text = format!("{}{expected}{}", &DEFAULTS[..begin], &DEFAULTS[end..]);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/followup.default.toml");
        std::fs::write(path, text).expect("written");
        return;
    }
    assert!(
        DEFAULTS[begin..end] == expected,
        "FOLLOWUP_BLESS=1 and run again"
    );
}

#[test]
fn every_option_that_is_read_is_shown_and_the_other_way_round() {
    let path = Path::new("/nowhere/followup.toml");
    let reader = Reader::new(path, &all_kinds(), &env).expect("TOML");
    super::super::read(&reader);
    let is_table = |pointer: &str| {
        let mut parts = pointer.rsplit('/');
        let (key, outer) = (parts.next(), parts.next());
        matches!(
            outer,
            Some("" | "connections" | "identities" | "sequences" | "registries")
        ) || matches!(
            key,
            Some("exits" | "config" | "ramp" | "publishers" | "registries" | "triggers")
        )
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
    let secrets = |name: &str| {
        Some(match name {
            "SENDGRID_WEBHOOK_PUBLIC_KEY" | "SENDGRID_INBOUND_PUBLIC_KEY" => PUBLIC_KEY.to_owned(),
            "CLOSE_SIGNATURE_KEY" => "00ff".repeat(16),
            "ESPOCRM_WEBHOOK_SECRETS" => "Contact.update=65f0:key-1".to_owned(),
            _ => format!("whsec_{}", "A".repeat(32)),
        })
    };
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
