//! The templates, SDKs and contract inside the binary, and how a template becomes a plugin's folder.
//!
//! `host/templates/KIND/LANGUAGE/` is the folder as it will be, with `{{id}}` (`webinar-no-show`),
//! `{{ident}}` (`webinar_no_show`), `{{Type}}` (`WebinarNoShow`) and `{{name}}` (`Webinar no show`) in
//! texts and names of files. `{{ contact.first_name }}`, with spaces, is a mail's and stays. The SDK of
//! the language goes to `sdk/`, the contract to `wit/`.

use std::collections::BTreeSet;

use crate::domain::manifest::PluginKind;

use super::sdk;

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The languages there are templates for.
pub(super) fn languages() -> Vec<&'static str> {
    let names = TEMPLATES
        .iter()
        .filter_map(|(name, _)| name.split('/').nth(1));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every file of a new plugin's folder: its name and what stands in it.
pub(super) fn files(
    id: &str,
    language: &str,
    kind: PluginKind,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let words = Words::of(id);
    let prefix = format!("{}/{language}/", kind.as_str());
    let template = under(TEMPLATES, &prefix);
    let mut files: Vec<_> = template
        .map(|(name, bytes)| (words.fill(name), words.fill_bytes(bytes)))
        .collect();
    for (name, bytes) in under(SDKS, &format!("{language}/")) {
        let bytes = if (language, name) == ("rust", "Cargo.toml") {
            sdk::alone(&String::from_utf8_lossy(bytes), WORKSPACE)?.into_bytes()
        } else {
            bytes.to_vec()
        };
        files.push((format!("sdk/{name}"), bytes));
    }
    let contract = CONTRACT.iter();
    files.extend(contract.map(|(name, bytes)| (format!("wit/{name}"), bytes.to_vec())));
    Ok(files)
}

fn under<'a>(
    files: &'a [(&'a str, &'a [u8])],
    prefix: &str,
) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    files
        .iter()
        .filter_map(move |(name, bytes)| Some((name.strip_prefix(prefix)?, *bytes)))
}

/// What stands in the place of each mark.
struct Words([(&'static str, String); 4]);

impl Words {
    fn of(id: &str) -> Self {
        let capital = |word: &str| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        };
        Self([
            ("{{id}}", id.to_owned()),
            ("{{ident}}", id.replace('-', "_")),
            ("{{Type}}", id.split('-').map(capital).collect()),
            ("{{name}}", capital(&id.replace('-', " "))),
        ])
    }

    fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (mark, word)| {
            text.replace(mark, word)
        })
    }

    /// A file that is no text stays as it is.
    fn fill_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.fill(text).into_bytes(),
            Err(_) => bytes.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::manifest::Manifest;

    #[test]
    fn marks_are_filled_and_mail_fields_stay() {
        let words = Words::of("webinar-no-show");
        let check = |text: &str, expect: &str| assert_eq!(words.fill(text), expect);
        check(
            "{{id}} {{ident}} {{Type}}",
            "webinar-no-show webinar_no_show WebinarNoShow",
        );
        check(
            "{{name}}: {{ contact.first_name }}",
            "Webinar no show: {{ contact.first_name }}",
        );
    }

    #[test]
    fn every_template_is_whole() {
        for language in languages() {
            for kind in [PluginKind::Policy, PluginKind::Trigger] {
                let files = files("my-plugin", language, kind).expect("files");
                let text = |name: &str| {
                    let file = files.iter().find(|(n, _)| n == name);
                    let (_, bytes) = file.unwrap_or_else(|| panic!("{language}: no {name}"));
                    String::from_utf8_lossy(bytes).into_owned()
                };
                let manifest = Manifest::parse(&text("plugin.toml")).expect("a manifest");
                assert_eq!((manifest.id.as_str(), manifest.kind), ("my-plugin", kind));
                assert!(
                    text("README.md").contains("followup plugin test"),
                    "{language}"
                );
                assert!(text("wit/types.wit").contains("package followup:plugin@"));
                let scenarios = files
                    .iter()
                    .filter(|(name, _)| name.starts_with("scenarios/"));
                assert!(scenarios.count() > 0, "{language}: no scenario");
                for (name, bytes) in &files {
                    let text = String::from_utf8_lossy(bytes);
                    let ours = !name.starts_with("sdk/") && !name.starts_with("wit/");
                    for mark in ["{{id}}", "{{ident}}", "{{Type}}", "{{name}}"] {
                        assert!(
                            !ours || !text.contains(mark),
                            "{language}: {mark} in {name}"
                        );
                    }
                }
            }
        }
    }
}
