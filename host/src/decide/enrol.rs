//! The enrolment rule: does this event of this contact enrol it in a sequence?
//!
//! ```text
//! event.kind == "page-visited" && event.data.url.contains("/pricing") && contact.lifecyclestage != "customer"
//! ```
//! In: a rule in CEL (cel.dev) and what is known. Out: yes, no, or why the question makes no sense.
//! A field that is not there makes the rule say no; `has(contact.company)` asks for it.
//!
//! CEL always ends, but has no budget of its own. What bounds it here: the length of the rule, its
//! depth (the parser allows 96), no loop inside a loop, and how much of a list it gets to see.

mod shape;
mod subject;

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::{Env, ExecutionError, Program, Value};

pub use subject::Subject;

/// The longest rule, in bytes.
pub const RULE_MAX_BYTES: usize = 2_000;

/// How many elements of a list a rule sees.
pub const LIST_MAX: usize = 1_000;

/// A rule, read once and asked often. A clone shares it.
#[derive(Clone)]
pub struct EnrolRule {
    program: Arc<Program>,
    /// Whether it looks at more than the event.
    of_person: bool,
}

/// What is wrong with a rule. Counted from 1, within the rule's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}: {remedy}")]
pub struct EnrolError {
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub remedy: String,
}

/// The standard functions and macros of CEL, without its optional values: one way to ask for what
/// may be missing is enough.
static LANGUAGE: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

impl EnrolRule {
    pub fn compile(source: &str) -> Result<Self, EnrolError> {
        if source.len() > RULE_MAX_BYTES {
            return Err(EnrolError {
                line: 1,
                column: 1,
                message: format!(
                    "the rule is {} bytes long, {RULE_MAX_BYTES} allowed",
                    source.len()
                ),
                remedy: "shorten it, or let the policy decide".to_owned(),
            });
        }
        let program = LANGUAGE.compile(source).map_err(|errors| syntax(&errors))?;
        shape::check(&program, source)?;
        let names = program.references();
        let of_person = ["contact", "account"]
            .iter()
            .any(|name| names.has_variable(name));
        Ok(Self {
            of_person,
            program: Arc::new(program),
        })
    }

    pub fn source(&self) -> &str {
        &self.program.source_info().source
    }

    /// Whether the rule asks for the contact or the account: most ask for the event alone, and a contact
    /// is a hundred times as much to make ready.
    pub fn asks_for_person(&self) -> bool {
        self.of_person
    }

    /// Whether the rule holds. The error is for people: the rule compares what cannot be compared,
    /// or its value is neither true nor false.
    pub fn matches(&self, subject: &Subject) -> Result<bool, String> {
        match self.program.execute(subject.context()) {
            Ok(Value::Bool(yes)) => Ok(yes),
            Ok(other) => Err(format!(
                "the rule gives a {}, not true or false",
                other.type_of()
            )),
            Err(ExecutionError::NoSuchKey(_)) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl fmt::Debug for EnrolRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnrolRule").field(&self.source()).finish()
    }
}

fn syntax(errors: &cel::ParseErrors) -> EnrolError {
    let first = errors.errors.first();
    let (line, column) = first.map_or((1, 1), |error| error.pos);
    let message = first.map_or_else(|| errors.to_string(), |error| error.msg.clone());
    EnrolError {
        line: usize::try_from(line).unwrap_or(1).max(1),
        column: usize::try_from(column).unwrap_or(1).max(1),
        message: message.trim().to_owned(),
        remedy: "write it like: event.kind == \"form-submitted\" && contact.country == \"NZ\""
            .to_owned(),
    }
}

#[cfg(test)]
mod tests;
