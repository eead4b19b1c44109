//! A working folder in, the message of the preview out.

use std::path::Path;

use serde_json::json;

use super::preview::{compose, find, shown};
use super::stage::Stage;
use crate::compose::Templates;
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::domain::mail::Mail;
use crate::providers::capture;

const NOW: Instant = Instant(1_772_442_000_000);

const CONFIG: &str = r#"
[server]
public_url = "https://f.acme.example"
[company]
name = "Acme Ltd"
postal_address = """
1 Main Street
Springfield"""
[identities.grace]
from = "Grace Höpper <grace@acme.example>"
reply_to = "sales@acme.example"
unsubscribe_mailto = "out@acme.example"
tracking_url = "https://go.acme.example"
track_opens = true
track_clicks = true
[sequences.pricing]
policy = "cadence"
enrol = 'true'
[sequences.letters]
policy = "cadence"
enrol = 'true'
plain_text = true
"#;

const FILES: [(&str, &str); 5] = [
    (
        "templates/guide.md",
        "---\nsubject: The guide, {{ contact.first_name }}\n---\nHi {{ contact.first_name }},\n\nyou read [{{ event.data.title }}]({{ event.data.url }}). Here is **the guide**:\n\n- [read it](https://acme.example/guide?a=1&b=2)\n- call [me](tel:+15550100)\n\n{% include \"snippets/signature\" %}\n",
    ),
    (
        "templates/pricing/own.md",
        "---\nsubject: s\nformat: text\n---\n{{ vars.what }} {{ contact.title }}\n",
    ),
    (
        "templates/snippets/signature.md",
        "Best,\n{{ sender.name }}, {{ company.name }}",
    ),
    ("templates/style.css", "strong { color: #036; }"),
    ("elsewhere.md", "---\nsubject: new\n---\nNew"),
];

struct Folder {
    place: tempfile::TempDir,
    config: Config,
    templates: Templates,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().expect("folder");
    for (path, text) in FILES.iter().chain(&[("followup.toml", CONFIG)]) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("write");
    }
    let loaded = config::load(&folder.path().join("followup.toml"), &|_| None).expect("loads");
    let (templates, problems) = config::templates(&loaded.config, &[]);
    assert_eq!(problems, []);
    Folder {
        place: folder,
        config: loaded.config,
        templates,
    }
}

impl Folder {
    fn preview(
        &mut self,
        wanted: &str,
        sequence: Option<&str>,
        settings: &[&str],
    ) -> anyhow::Result<Mail> {
        let contact = json!({ "email": "ada@example.com", "first_name": "Ada" });
        let mut stage = Stage::of_json(contact.as_object().expect("object").clone(), "UTC", NOW)?;
        for setting in settings {
            stage.set(setting)?;
        }
        let sequence = sequence.map(str::to_owned);
        let (sequence, name) = find(
            &self.config,
            &mut self.templates,
            wanted,
            sequence.as_deref(),
        )?;
        compose(&self.config, &self.templates, sequence, &name, &stage)
    }

    fn path(&self, path: &str) -> String {
        self.place
            .path()
            .join(Path::new(path))
            .display()
            .to_string()
    }
}

const READ: [&str; 2] = ["event.title=Plans", "event.url=https://acme.example/plans"];

#[test]
fn the_whole_message() {
    let mail = folder()
        .preview("guide", Some("pricing"), &READ)
        .expect("a mail");
    insta::assert_snapshot!("shown", shown(&mail));
    let file = String::from_utf8(capture::eml(&mail, NOW)).expect("ASCII");
    insta::assert_snapshot!("eml", file.replace('\r', ""));
}

#[test]
fn a_sequence_may_want_plain_text() {
    let mail = folder()
        .preview("guide", Some("letters"), &READ)
        .expect("a mail");
    assert_eq!(mail.html, None);
    assert!(shown(&mail).contains("Parts: text alone"));
}

#[test]
fn templates_are_found_by_name_and_by_file() {
    let mut folder = folder();
    let own = folder.path("templates/pricing/own.md");
    let elsewhere = folder.path("elsewhere.md");
    let set = ["what=x", "contact.title=Dr"];
    for (wanted, sequence) in [
        ("own", None),
        (own.as_str(), None),
        (elsewhere.as_str(), Some("letters")),
    ] {
        folder.preview(wanted, sequence, &set).expect(wanted);
    }
    for (wanted, sequence, words) in [
        ("guide", None, "several sequences could be meant"),
        ("guid", None, "did you mean \"guide\"?"),
        ("guide", Some("prising"), "did you mean \"pricing\"?"),
    ] {
        let error = folder.preview(wanted, sequence, &set).expect_err(wanted);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn missing_fields_are_told_with_their_remedy() {
    let error = folder()
        .preview("own", None, &[])
        .expect_err("gaps")
        .to_string();
    let lines: Vec<_> = error.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  vars.what: the policy hands it over: try it with --set vars.what=VALUE",
            "  contact.title: tell it in the CRM, or write {{ contact.title | default(\"...\") }}; try it with --set contact.title=VALUE",
        ]
    );
}
