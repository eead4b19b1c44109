//! One part of a template, a subject or a body: its source with the snippets it includes, and the
//! template engine with the rules of this room.
//!
//! Each part has an engine of its own, and the engine knows whether values are escaped: so neither a
//! block of the template nor a snippet can turn that off.

use std::sync::{Mutex, PoisonError};

use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::domain::spelling;

use super::fields::{self, Missing, Notes, SharedNotes};
use super::markdown;
use super::snippets::{self, Snippets};
use super::{RENDER_FUEL_MAX, RENDERED_MAX_BYTES, RenderError, TemplateError};

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// As they are: subjects and plain text.
    Plain,
    /// So that Markdown and HTML both show them literally.
    Escaped,
}

#[derive(Debug)]
pub(super) struct Part {
    engine: Environment<'static>,
}

const MAIN: &str = "main";

impl Part {
    /// Reads a source; leading empty lines make the engine count lines as the file does.
    pub(super) fn parse(
        source: &str,
        values: Values,
        snippets: &Snippets,
    ) -> Result<Self, TemplateError> {
        let mut engine = engine(values);
        let included = snippets.reached_from(source)?;
        let add = |engine: &mut Environment<'static>, name: String, source: &str| {
            engine
                .add_template_owned(name, source.to_owned())
                .map_err(|error| {
                    let remedy = "see the template syntax in the guide for administrators";
                    TemplateError::new(error.line().unwrap_or(1), explain(&error), remedy)
                })
        };
        for (name, source) in included {
            add(&mut engine, snippets::full_name(name), source)?;
        }
        add(&mut engine, MAIN.to_owned(), source)?;
        Ok(Self { engine })
    }

    /// What no message could ever get right: names that nobody has, filters that do not exist.
    pub(super) fn check(&self, source: &str) -> Result<(), TemplateError> {
        self.check_names(source)?;
        self.check_filters()
    }

    /// `shown` is the template's name for people.
    pub(super) fn render(
        &self,
        shown: &str,
        values: &Value,
        notes: &SharedNotes,
    ) -> Result<String, RenderError> {
        let template = self.engine.get_template(MAIN).expect("added by parse");
        let mut out = Bounded(Vec::new());
        match template.render_captured_to(values.clone(), &mut out) {
            Ok(_) => Ok(String::from_utf8_lossy(&out.0).into_owned()),
            Err(error) => Err(render_error(shown, innermost(&error), notes)),
        }
    }

    fn check_names(&self, source: &str) -> Result<(), TemplateError> {
        let template = self.engine.get_template(MAIN).expect("added by parse");
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.sort();
        for name in names {
            let mut keys = name.split('.');
            let top = keys.next().unwrap_or_default();
            let global = self.engine.globals().any(|(global, _)| global == top);
            let remedy = match (fields::known_fields(top), keys.next()) {
                (Some(known), Some(field)) if !known.contains(&field) => {
                    spelling::suggest(field, known.iter().copied())
                }
                _ if !global && !fields::NAMES.contains(&top) => {
                    spelling::suggest(top, fields::NAMES)
                }
                _ => continue,
            };
            return Err(TemplateError::new(
                line_of(source, &name),
                format!("{name} is unknown"),
                remedy,
            ));
        }
        Ok(())
    }

    /// The engine looks filters up only when it meets them; so a trial run lets it meet those that
    /// do not stand in a branch. Other failures of the trial say nothing: its values are made up.
    fn check_filters(&self) -> Result<(), TemplateError> {
        let template = self.engine.get_template(MAIN).expect("added by parse");
        let Err(error) = template.render(fields::nothing()) else {
            return Ok(());
        };
        let error = innermost(&error);
        let remedy = match error.kind() {
            ErrorKind::UnknownFilter => {
                "remove it or use a built-in filter such as default, title or join"
            }
            ErrorKind::UnknownTest => "remove it or use a built-in test such as defined",
            ErrorKind::UnknownFunction => "remove it: templates have no functions of that name",
            _ => return Ok(()),
        };
        Err(TemplateError::new(
            error.line().unwrap_or(1),
            explain(error),
            remedy,
        ))
    }
}

/// The template engine with the rules of this room.
fn engine(values: Values) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_fuel(Some(RENDER_FUEL_MAX));
    engine.set_debug(false);
    match values {
        // With an escaping mode the engine keeps track of what is escaped already (macros, blocks).
        Values::Escaped => {
            engine.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
            engine.set_formatter(print_escaped);
        }
        Values::Plain => {
            engine.set_auto_escape_callback(|_| AutoEscape::None);
            engine.set_formatter(print_plain);
        }
    }
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

fn print_plain(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    print(out, value, |text| text)
}

fn print_escaped(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let escape = |text: String| {
        if value.is_safe() {
            text
        } else {
            markdown::escape(&text)
        }
    };
    print(out, value, escape)
}

fn print(
    out: &mut Output<'_>,
    value: &Value,
    write: impl FnOnce(String) -> String,
) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    out.write_str(&write(value.to_string()))
        .map_err(|_| ErrorKind::WriteFailure.into())
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

fn render_error(shown: &str, error: &minijinja::Error, notes: &SharedNotes) -> RenderError {
    let notes = lock(notes);
    // Arithmetic on a missing field fails before it could be printed.
    if let (ErrorKind::InvalidOperation, Some(field)) = (error.kind(), &notes.last_seen) {
        let mut fields = notes.needed.clone();
        fields.push(field.clone());
        return RenderError::Missing { fields };
    }
    let snippet = error
        .name()
        .filter(|name| name.starts_with(snippets::FOLDER));
    RenderError::Failed {
        template: snippet.unwrap_or(shown).to_owned(),
        message: explain(error),
        line: error.line().unwrap_or(1),
    }
}

/// What went wrong in an included snippet, instead of "error in" it.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let mut error = error;
    while let Some(inner) =
        std::error::Error::source(error).and_then(|source| source.downcast_ref())
    {
        error = inner;
    }
    error
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

/// The first line that holds the name; sources are padded to count as the file does.
fn line_of(source: &str, name: &str) -> usize {
    source
        .split('\n')
        .position(|line| line.contains(name))
        .map_or(1, |index| index + 1)
}

pub(super) fn lock(notes: &Mutex<Notes>) -> std::sync::MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
