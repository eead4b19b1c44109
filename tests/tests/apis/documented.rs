//! `host/docs/connectors.md` lists what each kind can do, and what it is tested with.

use std::fs;
use std::path::Path;

use followup::domain::connector::{Connector, Sends};
use followup_tests::connectors::{Sample, samples};

use super::cases;

const BEGIN: &str = "<!-- abilities begin; written by the test of this table -->\n";
const END: &str = "<!-- abilities end -->";
const CALLS: [&str; 9] = [
    "send",
    "lookup",
    "hydrate",
    "reconcile",
    "write",
    "register",
    "renew",
    "probe",
    "token",
];

/// After a change: `FOLLOWUP_BLESS=1 cargo test --workspace --test apis documented`.
#[test]
fn the_table_of_abilities_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/docs/connectors.md");
    let text = fs::read_to_string(&path).expect("the document");
    let begin = text.find(BEGIN).expect("begins") + BEGIN.len();
    let end = text.find(END).expect("ends");
    let table = table();
    if std::env::var_os("FOLLOWUP_BLESS").is_some() {
        let text = format!("{}{table}{}", &text[..begin], &text[end..]);
        fs::write(&path, text).expect("written");
        return;
    }
    assert!(text[begin..end] == table, "FOLLOWUP_BLESS=1 and run again");
}

fn table() -> String {
    let head = format!(
        "Numbers are golden payloads and answers; `–` is what the kind cannot do with its sample's settings (HubSpot registers for public apps, Pipedrive refreshes tokens of OAuth apps: both are tested in their folders).\n\n| kind | webhooks prove | hook | inbound | {} |\n|---|---|{}\n",
        CALLS.join(" | "),
        "--:|".repeat(CALLS.len() + 2)
    );
    samples()
        .iter()
        .fold(head, |table, sample| table + &row(sample))
}

fn row(sample: &Sample) -> String {
    let connector = sample.connector();
    let named: Vec<String> = cases(sample)
        .into_iter()
        .map(|(_, case)| case.call)
        .collect();
    let count = |can: bool, tested: usize| {
        if can {
            tested.to_string()
        } else {
            "–".to_owned()
        }
    };
    let (mut proves, mut hooks) = ("–", 0);
    if connector.hook.is_some() {
        (proves, hooks) = (sample.kind.authenticity.word(), sample.golden().len());
    }
    let mut cells = vec![
        format!("`{}`", sample.name()),
        proves.to_owned(),
        count(connector.hook.is_some(), hooks),
        count(
            connector.receives.is_some(),
            sample.golden_in("inbound").len(),
        ),
    ];
    cells.extend(CALLS.iter().map(|call| {
        let tested = named.iter().filter(|named| named == call).count();
        count(can(&connector, call), tested)
    }));
    format!("| {} |\n", cells.join(" | "))
}

fn can(connector: &Connector, call: &str) -> bool {
    match call {
        "send" => connector.sends.is_some(),
        "lookup" => match &connector.sends {
            Some(Sends::Http(provider)) => {
                let (mail, now) = (super::case::mail(), super::case::now());
                provider.lookup(&mail, now, now).is_some()
            }
            _ => false,
        },
        "hydrate" => connector.hydrates.is_some(),
        "reconcile" => connector.reconciles.is_some(),
        "write" => connector.writes.is_some(),
        "register" => connector.registers.is_some(),
        "renew" => connector.renews.is_some(),
        "probe" => connector.probes.is_some(),
        "token" => connector.refreshes.is_some(),
        other => panic!("there is no call {other:?}"),
    }
}
