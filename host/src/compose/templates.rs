//! Which template a name means: the sequence's own, else the shared one, else the plugin's default.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::snippets::Snippets;
use super::style::Style;
use super::texts::Texts;
use super::{Template, TemplateError};
use crate::domain::manifest::Manifest;

/// Every template of the deployment, parsed once at start, with what they share.
#[derive(Debug, Default)]
pub struct Templates {
    snippets: Snippets,
    style: Style,
    texts: Texts,
    by_sequence: BTreeMap<(String, String), Arc<Template>>,
    shared: BTreeMap<String, Arc<Template>>,
    by_plugin: BTreeMap<(String, String), Arc<Template>>,
}

/// Where a template was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Sequence,
    Shared,
    PluginDefault,
}

/// A template in the list of all.
#[derive(Debug)]
pub struct Listed<'a> {
    pub found: Found,
    /// The sequence or the plugin it belongs to; none where it is for all.
    pub owner: Option<&'a str>,
    pub name: &'a str,
    pub template: &'a Template,
}

impl Templates {
    /// No templates yet, but what they may include and how they look.
    pub fn new(snippets: Snippets, style: Style) -> Self {
        Self {
            snippets,
            style,
            texts: Texts::default(),
            ..Self::default()
        }
    }

    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(super) fn style(&self) -> &Style {
        &self.style
    }

    /// Adds the template of a file: `templates/NAME.md`, or `templates/SEQUENCE/NAME.md`.
    pub fn add_file(
        &mut self,
        sequence: Option<&str>,
        name: &str,
        source: &str,
    ) -> Result<(), TemplateError> {
        let shown =
            sequence.map_or_else(|| name.to_owned(), |sequence| format!("{sequence}/{name}"));
        let template = Arc::new(Template::parse(&shown, source, &self.snippets)?);
        match sequence {
            Some(sequence) => {
                self.by_sequence
                    .insert((sequence.to_owned(), name.to_owned()), template);
            }
            None => {
                self.shared.insert(name.to_owned(), template);
            }
        }
        Ok(())
    }

    /// Adds the default templates of a plugin; gives back those that cannot be read.
    pub fn add_defaults(&mut self, manifest: &Manifest) -> Vec<(String, TemplateError)> {
        let mut broken = Vec::new();
        for (name, default) in &manifest.templates {
            match Template::from_default(&format!("{}:{name}", manifest.id), default) {
                Ok(template) => {
                    self.by_plugin
                        .insert((manifest.id.clone(), name.clone()), Arc::new(template));
                }
                Err(error) => broken.push((name.clone(), error)),
            }
        }
        broken
    }

    /// What `name` means in a sequence that runs this plugin.
    pub fn find(&self, sequence: &str, plugin: &str, name: &str) -> Option<(Found, Arc<Template>)> {
        let own = || {
            self.by_sequence
                .get(&(sequence.to_owned(), name.to_owned()))
        };
        let shared = || self.shared.get(name);
        let default = || self.by_plugin.get(&(plugin.to_owned(), name.to_owned()));
        own()
            .map(|template| (Found::Sequence, template))
            .or_else(|| shared().map(|template| (Found::Shared, template)))
            .or_else(|| default().map(|template| (Found::PluginDefault, template)))
            .map(|(found, template)| (found, Arc::clone(template)))
    }

    /// Every template: shared ones, those of sequences, those of plugins.
    pub fn list(&self) -> Vec<Listed<'_>> {
        let shared = self.shared.iter().map(|(name, template)| Listed {
            found: Found::Shared,
            owner: None,
            name,
            template,
        });
        let own = owned(Found::Sequence, &self.by_sequence);
        let defaults = owned(Found::PluginDefault, &self.by_plugin);
        shared.chain(own).chain(defaults).collect()
    }

    /// Every name that means something there, for "did you mean".
    pub fn names(&self, sequence: &str, plugin: &str) -> Vec<&str> {
        let own = self
            .by_sequence
            .keys()
            .filter(|(owner, _)| owner == sequence)
            .map(|(_, name)| name);
        let default = self
            .by_plugin
            .keys()
            .filter(|(owner, _)| owner == plugin)
            .map(|(_, name)| name);
        let mut names: Vec<&str> = own
            .chain(self.shared.keys())
            .chain(default)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn owned(
    found: Found,
    templates: &BTreeMap<(String, String), Arc<Template>>,
) -> impl Iterator<Item = Listed<'_>> {
    templates
        .iter()
        .map(move |((owner, name), template)| Listed {
            found,
            owner: Some(owner),
            name,
            template,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_template_wins() {
        let manifest = Manifest::parse(
            r#"
            id = "cadence"
            name = "Cadence"
            version = "0.1.0"
            kind = "policy"
            description = "d"
            [config]
            type = "object"
            [templates.hello]
            subject = "Hello"
            body = "Hi"
            [templates.broken]
            subject = "{{ nobody }}"
            body = "Hi"
            "#,
        )
        .expect("manifest");
        let mut templates = Templates::default();
        let broken = templates.add_defaults(&manifest);
        assert_eq!(
            broken
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
            ["broken"]
        );
        let found = |templates: &Templates, sequence: &str, plugin: &str| {
            templates
                .find(sequence, plugin, "hello")
                .map(|(found, _)| found)
        };
        assert_eq!(
            found(&templates, "pricing", "cadence"),
            Some(Found::PluginDefault)
        );
        assert_eq!(found(&templates, "pricing", "other"), None);
        let source = "---\nsubject: s\n---\nb";
        templates.add_file(None, "hello", source).expect("good");
        assert_eq!(found(&templates, "pricing", "cadence"), Some(Found::Shared));
        templates
            .add_file(Some("pricing"), "hello", source)
            .expect("good");
        assert_eq!(
            found(&templates, "pricing", "cadence"),
            Some(Found::Sequence)
        );
        assert_eq!(found(&templates, "other", "cadence"), Some(Found::Shared));
        assert_eq!(templates.names("pricing", "cadence"), ["hello"]);
    }
}
