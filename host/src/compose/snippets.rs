//! Texts that several templates share: `templates/snippets/NAME.md`, written into a template by
//! `{% include "snippets/NAME" %}`.
//!
//! A snippet is a piece of Markdown without front matter and reads the same fields as the template it
//! stands in. Snippets may include others. Which one is included is known before anybody is mailed:
//! the name is a literal, exists, and leads back to itself nowhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::spelling;

use super::part::{Part, Values};
use super::{TEMPLATE_MAX_BYTES, TemplateError};

/// How deep snippets may include each other.
pub const SNIPPET_DEPTH_MAX: usize = 5;

/// The most snippets in one template, each counted as often as it is included.
pub const INCLUDES_MAX: usize = 200;

/// What stands before the name in an include.
pub(super) const FOLDER: &str = "snippets/";

const USAGE: &str = "write {% include \"snippets/NAME\" %}";

/// Every snippet of the deployment that is in order.
#[derive(Debug, Default)]
pub struct Snippets {
    sources: BTreeMap<String, String>,
    broken: BTreeSet<String>,
}

/// One include statement.
#[derive(Debug, PartialEq, Eq)]
struct Include {
    name: String,
    line: usize,
}

impl Snippets {
    /// Reads snippets by name; gives back those that cannot be used.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<(String, TemplateError)>) {
        let mut snippets = Self::default();
        for (name, source) in files {
            let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            snippets.sources.insert(name.to_owned(), source);
        }
        let wrong: Vec<(String, TemplateError)> = snippets
            .sources
            .iter()
            .filter_map(|(name, source)| Some((name.clone(), snippets.check(source).err()?)))
            .collect();
        for (name, _) in &wrong {
            snippets.sources.remove(name);
            snippets.broken.insert(name.clone());
        }
        (snippets, wrong)
    }

    pub fn len(&self) -> usize {
        self.sources.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The snippets that a source includes, directly or through others, each once.
    pub(super) fn reached_from(&self, source: &str) -> Result<Vec<(&str, &str)>, TemplateError> {
        let mut reached = Reached::default();
        self.follow(source, &mut Vec::new(), &mut reached)?;
        Ok(reached.found.into_iter().collect())
    }

    fn check(&self, source: &str) -> Result<(), TemplateError> {
        if source.len() > TEMPLATE_MAX_BYTES {
            return Err(TemplateError::too_large(source.len()));
        }
        if source.starts_with("---\n") {
            return Err(TemplateError::new(
                1,
                "a snippet has no front matter",
                "begin with the text; the subject is the template's",
            ));
        }
        Part::parse(source, Values::Escaped, self)?.check(source)
    }

    fn follow<'s>(
        &'s self,
        source: &str,
        path: &mut Vec<&'s str>,
        reached: &mut Reached<'s>,
    ) -> Result<(), TemplateError> {
        for include in includes(source)? {
            let Some((name, source)) = self.sources.get_key_value(&include.name) else {
                return Err(self.missing(&include));
            };
            reached.includes += 1;
            path.push(name);
            if path.len() > SNIPPET_DEPTH_MAX || reached.includes > INCLUDES_MAX {
                let message = if path.len() > SNIPPET_DEPTH_MAX {
                    format!(
                        "snippets include each other more than {SNIPPET_DEPTH_MAX} deep: {}",
                        path.join(", ")
                    )
                } else {
                    format!("there are more than {INCLUDES_MAX} includes")
                };
                return Err(TemplateError::new(
                    include.line,
                    message,
                    "include less, and no snippet in itself",
                ));
            }
            reached.found.insert(name, source);
            // What is wrong further down is told at the line that leads there.
            self.follow(source, path, reached)
                .map_err(|error| TemplateError {
                    line: include.line,
                    ..error
                })?;
            path.pop();
        }
        Ok(())
    }

    fn missing(&self, include: &Include) -> TemplateError {
        let name = &include.name;
        if self.broken.contains(name) {
            return TemplateError::new(
                include.line,
                format!("the snippet {name:?} has a mistake of its own"),
                format!("correct templates/snippets/{name}.md"),
            );
        }
        let known: Vec<&str> = self
            .sources
            .keys()
            .chain(&self.broken)
            .map(String::as_str)
            .collect();
        let remedy = if known.is_empty() {
            format!("write templates/snippets/{name}.md")
        } else {
            spelling::suggest(name, known)
        };
        TemplateError::new(
            include.line,
            format!("there is no snippet {name:?}"),
            remedy,
        )
    }
}

#[derive(Default)]
struct Reached<'s> {
    found: BTreeMap<&'s str, &'s str>,
    includes: usize,
}

/// The name under which the engine knows a snippet.
pub(super) fn full_name(name: &str) -> String {
    format!("{FOLDER}{name}")
}

/// Every include statement of a source, comments left out.
fn includes(source: &str) -> Result<Vec<Include>, TemplateError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find('{').map(|offset| at + offset) {
        let rest = &source[start..];
        let close = match rest.as_bytes().get(1) {
            Some(b'#') => "#}",
            Some(b'%') => "%}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        // What is never closed is a syntax error, which the engine tells.
        let Some(end) = rest.find(close) else { break };
        at = start + end + close.len();
        if close == "#}" {
            continue;
        }
        let line = source[..start].matches('\n').count() + 1;
        let statement = rest[2..end].trim_matches(['-', '+']).trim();
        let (word, argument) = statement
            .split_once(|c: char| c.is_whitespace() || c == '"' || c == '\'')
            .map_or((statement, ""), |(word, _)| {
                (word, statement[word.len()..].trim())
            });
        match word {
            "include" => {
                let name = literal(argument).ok_or_else(|| {
                    TemplateError::new(line, format!("{{% {statement} %}} is no include"), USAGE)
                })?;
                found.push(Include {
                    name: name.to_owned(),
                    line,
                });
            }
            "extends" | "import" | "from" | "block" => {
                let message = format!("{{% {word} ... %}} is not for templates of mails");
                return Err(TemplateError::new(line, message, USAGE));
            }
            "raw" => {
                at = source[at..]
                    .find("endraw")
                    .map_or(source.len(), |offset| at + offset);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The NAME of `"snippets/NAME"`.
fn literal(argument: &str) -> Option<&str> {
    let quote = argument.chars().next().filter(|c| "\"'".contains(*c))?;
    let text = argument[1..].strip_suffix(quote)?;
    text.strip_prefix(FOLDER)
        .filter(|name| !name.is_empty() && !name.contains(['"', '\'', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<(String, usize, String, String)> {
        Snippets::parse(files.iter().copied())
            .1
            .into_iter()
            .map(|(name, error)| (name, error.line, error.message, error.remedy))
            .collect()
    }

    #[test]
    fn includes_are_found_where_they_count() {
        for (source, expect) in [
            ("a\n{% include \"snippets/b\" %}", vec![("b", 2)]),
            ("{%- include 'snippets/b' -%}", vec![("b", 1)]),
            ("{# {% include \"snippets/b\" %} #}", vec![]),
            (
                "{% raw %}{% include \"snippets/b\" %}{% endraw %}{% include \"snippets/c\" %}",
                vec![("c", 1)],
            ),
            (
                "{{ x }} { {% if y %}\n{% include \"snippets/b\" %}{% endif %}",
                vec![("b", 2)],
            ),
            ("{% includes %} {%", vec![]),
        ] {
            let found = includes(source).expect(source);
            let found: Vec<_> = found.iter().map(|i| (i.name.as_str(), i.line)).collect();
            assert_eq!(found, expect, "{source}");
        }
        for source in [
            "{% include name %}",
            "{% include \"b\" %}",
            "{% include \"snippets/../b\" %}",
            "{% include [\"snippets/b\"] %}",
            "{% include \"snippets/b\" ignore missing %}",
            "{% extends \"snippets/b\" %}",
            "{% import \"snippets/b\" as b %}",
        ] {
            let error = includes(source).expect_err(source);
            assert_eq!(error.remedy, USAGE, "{source}");
        }
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        assert_eq!(
            told(&[
                ("front", "---\nsubject: x\n---\ny"),
                ("lost", "a\n{% include \"snippets/signatur\" %}"),
                ("names", "\n\n{{ contat.x }}"),
                ("signature", "{{ sender.name }}"),
                ("syntax", "{% if %}"),
            ])
            .into_iter()
            .map(|(name, line, message, remedy)| format!("{name}:{line}: {message}: {remedy}"))
            .map(|line| line.chars().take(80).collect())
            .collect::<Vec<String>>(),
            [
                "front:1: a snippet has no front matter: begin with the text; the subject is the ",
                "lost:2: there is no snippet \"signatur\": did you mean \"signature\"?",
                "names:3: contat.x is unknown: did you mean \"contact\"?",
                "syntax:1: syntax error: unexpected end of block: see the template syntax in the ",
            ]
        );
    }

    #[test]
    fn circles_and_depth_end() {
        let circle = [
            ("a", "{% include \"snippets/b\" %}"),
            ("b", "x\n{% include \"snippets/a\" %}"),
        ];
        let (snippets, wrong) = Snippets::parse(circle);
        assert_eq!(wrong.len(), 2);
        assert!(
            wrong[0]
                .1
                .message
                .starts_with("snippets include each other more than 5 deep: b, a, b"),
            "{wrong:?}"
        );
        let error = snippets
            .reached_from("{% include \"snippets/a\" %}")
            .expect_err("broken");
        assert!(error.message.contains("mistake of its own"), "{error}");

        let wide = "{% include \"snippets/x\" %}".repeat(INCLUDES_MAX + 1);
        assert_eq!(told(&[("x", "x"), ("wide", &wide)]).len(), 1);
    }
}
