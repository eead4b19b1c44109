//! `followup.toml` with one connection more, everything else as it was, byte for byte.

use std::path::Path;

use anyhow::{Context, bail};
use toml_edit::{DocumentMut, Item, Table, value};

use super::answers::{Answer, Value};
use crate::config::CONFIG_MAX_BYTES;

/// The file before anything is changed.
pub(super) struct Draft<'a> {
    pub(super) path: &'a Path,
    pub(super) name: &'a str,
    pub(super) text: String,
    document: DocumentMut,
}

impl<'a> Draft<'a> {
    pub(super) fn open(path: &'a Path, name: &'a str) -> anyhow::Result<Self> {
        let size = path.metadata().with_context(|| {
            format!(
                "{} cannot be read: name another file with --config, or write a new one with `followup init FOLDER`",
                path.display()
            )
        })?;
        if size.len() > CONFIG_MAX_BYTES {
            bail!("{} is longer than {CONFIG_MAX_BYTES} bytes", path.display());
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Self::of(path, name, text)
    }

    pub(super) fn of(path: &'a Path, name: &'a str, text: String) -> anyhow::Result<Self> {
        let document = text.parse().with_context(|| {
            format!("{} is no TOML: `followup check` says where", path.display())
        })?;
        Ok(Self {
            path,
            name,
            text,
            document,
        })
    }

    /// Whether there is a connection of this name.
    pub(super) fn exists(&self) -> bool {
        self.document
            .get("connections")
            .and_then(Item::as_table_like)
            .is_some_and(|connections| connections.contains_key(self.name))
    }

    /// The settings of a connection of this name and kind: what is not given anew stays.
    pub(super) fn kept(&self, kind: &str) -> Vec<String> {
        self.document
            .get("connections")
            .and_then(|connections| connections.get(self.name))
            .and_then(Item::as_table)
            .filter(|section| kind_of(section) == Some(kind))
            .map(|section| section.iter().map(|(key, _)| key.to_owned()).collect())
            .unwrap_or_default()
    }

    /// The text with the connection. `typed` gives the reference of a secret that was typed, by its key.
    pub(super) fn with(
        &self,
        kind: &str,
        answers: &[Answer],
        typed: impl Fn(&str) -> String,
    ) -> anyhow::Result<String> {
        let mut document = self.document.clone();
        if !document.contains_key("connections") {
            // Without a header of its own.
            let mut connections = Table::new();
            connections.set_implicit(true);
            document.insert("connections", Item::Table(connections));
        }
        let Some(connections) = document["connections"].as_table_like_mut() else {
            bail!("connections is no table in {}", self.path.display());
        };
        let old = connections.get(self.name).and_then(Item::as_table);
        let old_is_none = old.is_none();
        let mut section = match old {
            // Its place, its comments, and what nobody speaks of stay.
            Some(old) if kind_of(old) == Some(kind) => old.clone(),
            Some(old) => {
                let mut section = Table::new();
                section.set_position(old.position());
                *section.decor_mut() = old.decor().clone();
                section
            }
            None => {
                let mut section = Table::new();
                section.decor_mut().set_prefix("\n");
                section
            }
        };
        fill(&mut section, kind, answers, typed);
        connections.insert(self.name, Item::Table(section));
        if old_is_none {
            keep_last_words(&mut document, self.name);
        }
        let text = document.to_string();
        // TOML's own line ends are LF; a file that was written with others keeps them.
        let all_crlf = self.text.contains("\r\n")
            && self.text.matches('\n').count() == self.text.matches("\r\n").count();
        Ok(if all_crlf {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text
        })
    }
}

/// Comments at the end of the file belong to the section above them: a new one that comes last
/// stands below.
fn keep_last_words(document: &mut DocumentMut, name: &str) {
    let words = document.trailing().as_str().unwrap_or_default().to_owned();
    if words.trim().is_empty() {
        return;
    }
    document.set_trailing("");
    let text = document.to_string();
    let last = text.rfind("\n[").map(|at| &text[at + 1..]);
    let is_last = last.is_some_and(|last| last.starts_with(&format!("[connections.{name}]")));
    let section = document["connections"].get_mut(name);
    match section.and_then(Item::as_table_mut).filter(|_| is_last) {
        Some(section) => {
            let ends = if words.ends_with('\n') { "\n" } else { "\n\n" };
            section.decor_mut().set_prefix(words + ends);
        }
        None => document.set_trailing(words),
    }
}

fn kind_of(section: &Table) -> Option<&str> {
    section.get("kind").and_then(Item::as_str)
}

fn fill(section: &mut Table, kind: &str, answers: &[Answer], typed: impl Fn(&str) -> String) {
    section.entry("kind").or_insert(value(kind));
    for Answer { key, value: answer } in answers {
        let item = match answer {
            Value::Text(text) | Value::Reference(text) => value(text.as_str()),
            Value::Flag(flag) => value(*flag),
            Value::Typed(_) => value(typed(key)),
        };
        section.insert(key, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, name: &str) -> String {
        let draft = Draft::of(Path::new("followup.toml"), name, text.to_owned()).expect("TOML");
        let answers = [
            Answer {
                key: "api_key".to_owned(),
                value: Value::Typed("hunter2".into()),
            },
            Answer {
                key: "base_url".to_owned(),
                value: Value::Text("https://x.example/\"".to_owned()),
            },
        ];
        let typed = |key: &str| format!("file:secrets/{name}-{key}");
        draft.with("resend", &answers, typed).expect("a table")
    }

    const NEW: &str = "[connections.mail]\nkind = \"resend\"\napi_key = \"file:secrets/mail-api_key\"\nbase_url = 'https://x.example/\"'\n";

    #[test]
    fn what_stood_there_stays() {
        let before = "# Ours.\n[server]\nlisten = \"127.0.0.1:0\" # why\n\n  # Oddly   indented.\n[connections.crm]\nkind='cloudevents'\n\n";
        let after = "\n# Who writes.\n[identities.ada]\nfrom = \"a@b.example\"\n\n[[odd]]\nx = 1\n# The end";
        let last = "[server]\nlisten = \"127.0.0.1:0\"\n# public_url = \"https://x\"\n";
        for text in [
            String::new(),
            "# Nothing yet.\n".to_owned(),
            last.to_owned(),
            before.to_owned(),
            format!("{before}{after}"),
        ] {
            let got = with(&text, "mail");
            let without = got.replacen(&format!("\n{NEW}"), "", 1);
            assert_ne!(without, got, "{got}");
            // A last line without its end is ended.
            assert_eq!(without.trim_end(), text.trim_end(), "{got}");
            let below = got.find("# public_url") < got.find("[connections.mail]");
            assert!(below, "{got}");
        }
    }

    #[test]
    fn line_ends_are_the_files() {
        let text = "[server]\r\nlisten = \"127.0.0.1:0\"\r\n";
        let got = with(text, "mail");
        assert_eq!(got, format!("{text}\r\n{}", NEW.replace('\n', "\r\n")));
    }

    #[test]
    fn another_of_the_name_is_replaced_in_its_place() {
        let text = "[connections.a]\nkind = \"capture\"\n\n# About mail.\n[connections.mail]\nkind = \"sendgrid\" # old\nother = \"env:X\"\n\n[connections.z]\nkind = \"capture\"\n";
        let draft = Draft::of(Path::new("x"), "mail", text.to_owned()).expect("TOML");
        assert!(draft.exists());
        let got = with(text, "mail");
        let expect = format!(
            "[connections.a]\nkind = \"capture\"\n\n# About mail.\n{NEW}\n[connections.z]\nkind = \"capture\"\n"
        );
        assert_eq!(got, expect);
    }

    #[test]
    fn what_is_not_given_anew_stays() {
        let text = "[connections.mail]\nkind = \"resend\" # ours\nwebhook_secret = \"env:W\"\napi_key = \"env:X\"\n";
        let draft = Draft::of(Path::new("x"), "mail", text.to_owned()).expect("TOML");
        assert_eq!(draft.kept("resend"), ["kind", "webhook_secret", "api_key"]);
        assert!(draft.kept("sendgrid").is_empty());
        let expect = "[connections.mail]\nkind = \"resend\" # ours\nwebhook_secret = \"env:W\"\napi_key = \"file:secrets/mail-api_key\"\nbase_url = 'https://x.example/\"'\n";
        assert_eq!(with(text, "mail"), expect);
    }

    #[test]
    fn a_secret_is_never_written() {
        assert!(!with("", "mail").contains("hunter2"));
    }
}
