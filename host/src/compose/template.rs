//! One template: read once, rendered many times.
//!
//! The body of a template is Markdown, or plain text where its front matter says `format: text`. A
//! missing field makes the whole message fail, with the names of all that are missing.

use crate::domain::manifest::DefaultTemplate;

use super::fields::{Context, SharedNotes};
use super::front_matter;
use super::markdown;
use super::part::{Part, Values, lock};
use super::snippets::Snippets;
use super::{SUBJECT_MAX_BYTES, TEMPLATE_MAX_BYTES};

/// What the body of a template is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Markdown,
    /// Goes out as it is, without an HTML part.
    Text,
}

/// A subject and a body, parsed.
#[derive(Debug)]
pub struct Template {
    name: String,
    subject_source: String,
    subject: Part,
    body: Part,
    format: Format,
}

/// What is wrong with a template before any contact is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}: {remedy}")]
pub struct TemplateError {
    /// From 1, in the file.
    pub line: usize,
    pub message: String,
    pub remedy: String,
}

impl TemplateError {
    pub(super) fn new(line: usize, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    pub(super) fn too_large(bytes: usize) -> Self {
        Self::new(
            1,
            format!("is {bytes} bytes long, {TEMPLATE_MAX_BYTES} allowed"),
            "shorten it",
        )
    }
}

/// A subject and a body for one contact, not yet a message: see `mail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, at most `SUBJECT_MAX_BYTES`, never blank.
    pub subject: String,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An HTML fragment.
    Html(String),
    Text(String),
}

/// Why there is no message. The first is cured by data, the second by a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// Every field that the template prints and the contact lacks: `contact.first_name`, ...
    #[error("missing {}", .fields.join(", "))]
    Missing { fields: Vec<String> },
    #[error("template {template}, line {line}: {message}")]
    Failed {
        template: String,
        message: String,
        line: usize,
    },
}

impl Template {
    /// Reads a template file.
    pub fn parse(name: &str, source: &str, snippets: &Snippets) -> Result<Self, TemplateError> {
        if source.len() > TEMPLATE_MAX_BYTES {
            return Err(TemplateError::too_large(source.len()));
        }
        let parts = front_matter::split(source)?;
        // Leading empty lines make the engine count lines as the file does.
        let padded = |line: usize, text: &str| "\n".repeat(line - 1) + text;
        Self::build(
            name,
            &padded(parts.subject_line, &parts.subject),
            &padded(parts.body_line, &parts.body),
            parts.format,
            snippets,
        )
    }

    /// A plugin's own template.
    pub fn from_default(name: &str, default: &DefaultTemplate) -> Result<Self, TemplateError> {
        let size = default.subject.len() + default.body.len();
        if size > TEMPLATE_MAX_BYTES {
            return Err(TemplateError::too_large(size));
        }
        // A plugin cannot know the snippets of a deployment.
        let snippets = Snippets::default();
        Self::build(
            name,
            &default.subject,
            &default.body,
            Format::Markdown,
            &snippets,
        )
    }

    fn build(
        name: &str,
        subject: &str,
        body: &str,
        format: Format,
        snippets: &Snippets,
    ) -> Result<Self, TemplateError> {
        let values = match format {
            Format::Markdown => Values::Escaped,
            Format::Text => Values::Plain,
        };
        let template = Self {
            name: name.to_owned(),
            subject_source: subject.trim().to_owned(),
            subject: Part::parse(subject, Values::Plain, snippets)?,
            body: Part::parse(body, values, snippets)?,
            format,
        };
        template.subject.check(subject)?;
        template.body.check(body)?;
        Ok(template)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The subject as its author wrote it.
    pub fn subject(&self) -> &str {
        &self.subject_source
    }

    /// The words for one contact.
    pub fn render(&self, context: &Context<'_>) -> Result<Rendered, RenderError> {
        let notes = SharedNotes::default();
        let values = context.to_values(&notes);
        let subject = self.subject.render(&self.name, &values, &notes)?;
        let body = self.body.render(&self.name, &values, &notes)?;
        let fields = std::mem::take(&mut lock(&notes).needed);
        if !fields.is_empty() {
            return Err(RenderError::Missing { fields });
        }
        let subject = one_line(&subject);
        if subject.is_empty() || body.trim().is_empty() {
            let part = if subject.is_empty() {
                "subject"
            } else {
                "body"
            };
            return Err(self.failed(format!("the {part} is empty")));
        }
        let body = match self.format {
            Format::Markdown => Body::Html(markdown::to_fragment(&body)),
            Format::Text => Body::Text(printable(&body).trim_matches('\n').to_owned() + "\n"),
        };
        Ok(Rendered { subject, body })
    }

    /// The template as a whole cannot become a message.
    pub(super) fn failed(&self, message: String) -> RenderError {
        RenderError::Failed {
            template: self.name.clone(),
            message,
            line: 1,
        }
    }
}

/// Fills in a text that a colleague reads (a task's title): unlike in a message, a field that is
/// missing does not hold it up but shows its name.
pub fn fill_in(source: &str, context: &Context<'_>) -> Result<String, RenderError> {
    const NAME: &str = "text";
    let failed = |message: String, line: usize| RenderError::Failed {
        template: NAME.to_owned(),
        message,
        line,
    };
    if source.len() > TEMPLATE_MAX_BYTES {
        return Err(failed("too long".to_owned(), 1));
    }
    let part = Part::parse(source, Values::Plain, &Snippets::default())
        .map_err(|error| failed(error.message, error.line))?;
    let notes = SharedNotes::default();
    let values = context.to_values(&notes);
    part.render(NAME, &values, &notes)
}

/// A header is one line: line breaks become spaces, other control characters go, the limit cuts.
fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let line = line.trim();
    let mut end = line.len().min(SUBJECT_MAX_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line[..end].trim_end().to_owned()
}

/// A text part has line breaks and tabs, and no other control characters.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect()
}
