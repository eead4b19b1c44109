//! What can be connected.

use serde::Serialize;

use super::super::abilities::{self, Ability};
use super::super::print_json;
use super::super::table::{or_dash, table};
use crate::config::kinds;
use crate::domain::connector::{Authenticity, Connector, Field, Form, Kind, Settings};
use crate::domain::spelling;

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    title: &'static str,
    sort: &'static str,
    /// What its webhooks prove; none where it sends none.
    authenticity: Option<&'static str>,
    authenticity_means: Option<&'static str>,
    abilities: Vec<Ability>,
    settings: Vec<Setting>,
    steps: &'static [&'static str],
}

#[derive(Serialize)]
struct Setting {
    key: &'static str,
    secret: bool,
    needed: bool,
    default: Option<&'static str>,
    help: &'static str,
    example: &'static str,
}

pub(super) fn show(json: bool) -> anyhow::Result<()> {
    let rows: Vec<Row> = kinds().map(row).collect();
    if json {
        return print_json(&rows);
    }
    let mut shown = table(["kind", "title", "sort", "webhooks prove", "it can"]);
    for row in &rows {
        shown.add_row([
            row.kind,
            row.title,
            row.sort,
            or_dash(row.authenticity),
            &abilities::words(&row.abilities),
        ]);
    }
    println!("{shown}\n\nConnect one by `followup connect KIND`.");
    Ok(())
}

/// What to say about a word that is no kind.
pub(super) fn unknown(word: &str) -> String {
    match word {
        "inbound" | "capture" | "trigger" => format!(
            "{word} has no API to be asked: write its section yourself, as followup.default.toml shows it"
        ),
        _ => {
            let names = kinds().map(|kind| kind.name);
            format!(
                "{word:?} cannot be connected: {}",
                spelling::suggest(word, names)
            )
        }
    }
}

fn row(kind: &'static Kind) -> Row {
    let connector = connector(kind).unwrap_or_default();
    let proves = abilities::authenticity(kind, &connector);
    Row {
        kind: kind.name,
        title: kind.title,
        sort: abilities::sort(kind.sort),
        authenticity: proves.map(Authenticity::word),
        authenticity_means: proves.map(Authenticity::meaning),
        abilities: abilities::of(&connector),
        settings: kind.fields.iter().map(setting).collect(),
        steps: kind.steps,
    }
}

fn setting(field: &Field) -> Setting {
    Setting {
        key: field.key,
        secret: field.form == Form::Secret,
        needed: field.needed,
        default: field.default,
        help: field.help,
        example: field.example,
    }
}

/// Texts that some kind takes for one of its secrets: a password or a key in hexadecimal digits, a signing
/// secret of Standard Webhooks, a P-256 public key, a webhook with its key. None of them opens anything.
const SPECIMENS: [&str; 4] = [
    "00112233445566778899aabbccddeeff",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "Contact.update=1:0123456789abcdef",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+4kcBGUbkLZOtS3WGkr9p4UUdK3WXLxd0LuNK0pStNKrZketDAS0R7HYcO1+09rf70okFellIY9+7gSKJAeweQ==",
];

/// A kind with every setting filled in: what it can do then. Nothing is called with it.
fn connector(kind: &Kind) -> Option<Connector> {
    let mut chosen = vec![0; kind.fields.len()];
    // Each round takes another specimen for the secret that was not taken.
    for _ in 0..=kind.fields.len() * SPECIMENS.len() {
        match (kind.connect)(&specimen(kind, &chosen)) {
            Ok(connector) => return Some(connector),
            Err(unfit) => {
                let at = kind
                    .fields
                    .iter()
                    .position(|field| field.key == unfit.key)?;
                chosen[at] += 1;
                if chosen[at] >= SPECIMENS.len() {
                    return None;
                }
            }
        }
    }
    None
}

fn specimen(kind: &Kind, chosen: &[usize]) -> Settings {
    let mut settings = Settings::default();
    for (field, chosen) in kind.fields.iter().zip(chosen) {
        settings = match field.form {
            Form::Secret => settings.with_secret(field.key, SPECIMENS[*chosen]),
            _ => settings.with_text(field.key, field.default.unwrap_or(field.example)),
        };
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_it_can_do() {
        for kind in kinds() {
            let connector = connector(kind);
            assert!(
                connector.is_some(),
                "{}: a secret of it takes none of SPECIMENS; add one that it does",
                kind.name
            );
            assert!(!row(kind).abilities.is_empty(), "{}", kind.name);
        }
    }

    #[test]
    fn what_is_no_kind() {
        assert!(unknown("hubspt").contains("did you mean \"hubspot\"?"));
        assert!(unknown("inbound").contains("yourself"));
    }
}
