//! One template: read once, rendered many times.
//!
//! The text part prints values as they are; the HTML part prints them escaped for Markdown and
//! HTML, and then turns the Markdown into HTML. A missing field makes the whole message fail, with
//! the names of all that are missing.

use std::sync::{Mutex, PoisonError};

use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::domain::manifest::DefaultTemplate;
use crate::domain::spelling;

use super::fields::{self, Context, Missing, Notes, SharedNotes};
use super::front_matter;
use super::markdown;
use super::{RENDER_FUEL_MAX, RENDERED_MAX_BYTES, SUBJECT_MAX_BYTES, TEMPLATE_MAX_BYTES};

/// A subject and a body, parsed.
#[derive(Debug)]
pub struct Template {
    name: String,
    engine: Environment<'static>,
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
}

/// A message ready for its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, at most `SUBJECT_MAX_BYTES`, never blank.
    pub subject: String,
    pub text: String,
    pub html: String,
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

const SUBJECT: &str = "subject";
const TEXT: &str = "text";
const HTML: &str = "html";

impl Template {
    /// Reads a template file.
    pub fn parse(name: &str, source: &str) -> Result<Self, TemplateError> {
        if source.len() > TEMPLATE_MAX_BYTES {
            return Err(too_large(source.len()));
        }
        let parts = front_matter::split(source)?;
        // Leading empty lines make the engine count lines as the file does.
        let padded = |line: usize, text: &str| "\n".repeat(line - 1) + text;
        Self::build(
            name,
            &padded(parts.subject_line, &parts.subject),
            &padded(parts.body_line, &parts.body),
        )
    }

    /// A plugin's own template.
    pub fn from_default(name: &str, default: &DefaultTemplate) -> Result<Self, TemplateError> {
        let size = default.subject.len() + default.body.len();
        if size > TEMPLATE_MAX_BYTES {
            return Err(too_large(size));
        }
        Self::build(name, &default.subject, &default.body)
    }

    fn build(name: &str, subject: &str, body: &str) -> Result<Self, TemplateError> {
        let template = Self::of_parts(name, &[(SUBJECT, subject), (TEXT, body), (HTML, body)])?;
        template.check_names(&[subject, body])?;
        template.check_filters()?;
        Ok(template)
    }

    /// Only a text, without the checks of a message.
    fn text(source: &str) -> Result<Self, TemplateError> {
        Self::of_parts(TEXT, &[(TEXT, source)])
    }

    fn of_parts(name: &str, parts: &[(&'static str, &str)]) -> Result<Self, TemplateError> {
        let mut engine = engine();
        for (part, source) in parts {
            engine
                .add_template_owned(*part, (*source).to_owned())
                .map_err(|error| {
                    TemplateError::new(
                        error.line().unwrap_or(1),
                        explain(&error),
                        "see the template syntax in the README",
                    )
                })?;
        }
        Ok(Self {
            name: name.to_owned(),
            engine,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The message for one contact.
    pub fn render(&self, context: &Context<'_>) -> Result<Rendered, RenderError> {
        let notes = SharedNotes::default();
        let values = context.to_values(&notes);
        let subject = self.render_part(SUBJECT, &values, &notes)?;
        let text = self.render_part(TEXT, &values, &notes)?;
        let fields = std::mem::take(&mut lock(&notes).needed);
        if !fields.is_empty() {
            return Err(RenderError::Missing { fields });
        }
        let subject = one_line(&subject);
        if subject.is_empty() || text.trim().is_empty() {
            let part = if subject.is_empty() { SUBJECT } else { "body" };
            return Err(self.failed(1, format!("the {part} is empty")));
        }
        let html = markdown::to_document(&self.render_part(HTML, &values, &notes)?);
        Ok(Rendered {
            subject,
            text: text.trim_start_matches('\n').to_owned(),
            html,
        })
    }

    fn render_part(
        &self,
        part: &str,
        values: &Value,
        notes: &SharedNotes,
    ) -> Result<String, RenderError> {
        let template = self.engine.get_template(part).expect("added by build");
        let mut out = Bounded(Vec::new());
        match template.render_captured_to(values.clone(), &mut out) {
            Ok(_) => Ok(String::from_utf8_lossy(&out.0).into_owned()),
            Err(error) => Err(self.render_error(&error, notes)),
        }
    }

    fn render_error(&self, error: &minijinja::Error, notes: &SharedNotes) -> RenderError {
        let notes = lock(notes);
        // Arithmetic on a missing field fails before it could be printed.
        if let (ErrorKind::InvalidOperation, Some(field)) = (error.kind(), &notes.last_seen) {
            let mut fields = notes.needed.clone();
            fields.push(field.clone());
            return RenderError::Missing { fields };
        }
        self.failed(error.line().unwrap_or(1), explain(error))
    }

    fn failed(&self, line: usize, message: String) -> RenderError {
        RenderError::Failed {
            template: self.name.clone(),
            message,
            line,
        }
    }

    /// Names that no message will ever have.
    fn check_names(&self, sources: &[&str]) -> Result<(), TemplateError> {
        for part in [SUBJECT, TEXT] {
            let template = self.engine.get_template(part).expect("added by build");
            let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            names.sort();
            for name in names {
                let mut keys = name.split('.');
                let top = keys.next().unwrap_or_default();
                let global = self.engine.globals().any(|(global, _)| global == top);
                let remedy = match (top, keys.next()) {
                    ("sender", Some(field)) if !fields::SENDER_FIELDS.contains(&field) => {
                        spelling::suggest(field, fields::SENDER_FIELDS)
                    }
                    _ if !global && !fields::NAMES.contains(&top) => {
                        spelling::suggest(top, fields::NAMES)
                    }
                    _ => continue,
                };
                return Err(TemplateError::new(
                    line_of(sources, &name),
                    format!("{name} is unknown"),
                    remedy,
                ));
            }
        }
        Ok(())
    }

    /// The engine looks filters up only when it meets them; so a trial run lets it meet those that
    /// do not stand in a branch. Other failures of the trial say nothing: its values are made up.
    fn check_filters(&self) -> Result<(), TemplateError> {
        let nothing = fields::nothing();
        for part in [SUBJECT, TEXT] {
            let template = self.engine.get_template(part).expect("added by build");
            if let Err(error) = template.render(nothing.clone()) {
                let known = match error.kind() {
                    ErrorKind::UnknownFilter => {
                        "remove it or use a built-in filter such as default, title or join"
                    }
                    ErrorKind::UnknownTest => "remove it or use a built-in test such as defined",
                    ErrorKind::UnknownFunction => {
                        "remove it: templates have no functions of that name"
                    }
                    _ => continue,
                };
                return Err(TemplateError::new(
                    error.line().unwrap_or(1),
                    explain(&error),
                    known,
                ));
            }
        }
        Ok(())
    }
}

/// Fills in a text that a colleague reads (a task's title): unlike in a message, a field that is
/// missing does not hold it up but shows its name.
pub fn fill_in(source: &str, context: &Context<'_>) -> Result<String, RenderError> {
    if source.len() > TEMPLATE_MAX_BYTES {
        return Err(RenderError::Failed {
            template: TEXT.to_owned(),
            message: "too long".to_owned(),
            line: 1,
        });
    }
    let template = Template::text(source).map_err(|error| RenderError::Failed {
        template: TEXT.to_owned(),
        message: error.message,
        line: error.line,
    })?;
    let notes = SharedNotes::default();
    let values = context.to_values(&notes);
    template.render_part(TEXT, &values, &notes)
}

/// The template engine with the rules of this room.
fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_fuel(Some(RENDER_FUEL_MAX));
    engine.set_debug(false);
    // With an escaping mode the engine keeps track of what is escaped already (macros, set blocks).
    engine.set_auto_escape_callback(|part| match part {
        HTML => AutoEscape::Custom("markdown".into()),
        _ => AutoEscape::None,
    });
    engine.set_formatter(print);
    // Would let a value in as markup.
    engine.remove_filter("safe");
    for name in ["default", "d"] {
        engine.add_filter(name, or_default);
    }
    engine.add_test("defined", |value: &Value| !is_missing(value));
    engine.add_test("undefined", is_missing);
    engine.add_test("none", is_missing);
    engine
}

/// Prints one value. The part's name decides, so that no block of the template can turn it off.
fn print(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let text = value.to_string();
    let written = if state.name() != HTML || value.is_safe() {
        out.write_str(&text)
    } else {
        out.write_str(&markdown::escape(&text))
    };
    written.map_err(|_| ErrorKind::WriteFailure.into())
}

/// `{{ contact.first_name | default("there") }}`: blank counts as absent.
fn or_default(value: &Value, other: Value) -> Value {
    if let Some(field) = value.downcast_object_ref::<Missing>() {
        field.excuse();
        return other;
    }
    if is_missing(value) {
        other
    } else {
        value.clone()
    }
}

fn is_missing(value: &Value) -> bool {
    value.is_undefined()
        || value.is_none()
        || value.downcast_object_ref::<Missing>().is_some()
        || value.as_str().is_some_and(fields::is_blank)
}

/// Collects output up to the limit.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > RENDERED_MAX_BYTES {
            return Err(std::io::Error::other(format!(
                "is longer than {RENDERED_MAX_BYTES} bytes"
            )));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The engine's message without its place, which is told beside it.
fn explain(error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map(|detail| format!(": {detail}"))
        .unwrap_or_default();
    let source = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    format!("{}{detail}{source}", error.kind())
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

fn too_large(bytes: usize) -> TemplateError {
    TemplateError::new(
        1,
        format!("is {bytes} bytes long, {TEMPLATE_MAX_BYTES} allowed"),
        "shorten it",
    )
}

/// The first line that holds the name; sources are padded to count as the file does.
fn line_of(sources: &[&str], name: &str) -> usize {
    sources
        .iter()
        .find_map(|source| source.split('\n').position(|line| line.contains(name)))
        .map_or(1, |index| index + 1)
}

fn lock(notes: &Mutex<Notes>) -> std::sync::MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
