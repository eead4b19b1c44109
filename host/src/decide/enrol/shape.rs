//! What can be said of a rule before any event is seen: its names, its functions, its loops, and
//! whether it can be true or false at all.

use cel::Program;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::domain::spelling;

use super::EnrolError;
use super::subject::{EVENT_FIELDS, NAMES};

/// The functions of CEL's standard library.
const FUNCTIONS: [&str; 30] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "bool",
    "dyn",
    "type",
    "duration",
    "timestamp",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "has",
    "all",
    "exists",
    "exists_one",
    "filter",
];

/// Names of types, for `type(x) == string`.
const TYPES: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "uint",
];

pub(super) fn check(program: &Program, source: &str) -> Result<(), EnrolError> {
    let walk = Walk { program, source };
    walk.expression(program.expression(), &mut Vec::new(), 0)?;
    match never_boolean(&program.expression().expr) {
        Some(what) => Err(EnrolError {
            line: 1,
            column: 1,
            message: format!("the rule gives {what}, not true or false"),
            remedy: "compare it with something: ==, !=, <, >, in, has(...)".to_owned(),
        }),
        None => Ok(()),
    }
}

struct Walk<'a> {
    program: &'a Program,
    source: &'a str,
}

impl Walk<'_> {
    /// `bound` are the variables of the loops around, `loops` their number.
    fn expression<'e>(
        &self,
        at: &'e IdedExpr,
        bound: &mut Vec<&'e str>,
        loops: usize,
    ) -> Result<(), EnrolError> {
        match &at.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(at, name, bound),
            Expr::Select(select) => {
                self.expression(&select.operand, bound, loops)?;
                let of_event = matches!(&select.operand.expr, Expr::Ident(name) if name == "event");
                if of_event
                    && !bound.contains(&"event")
                    && !EVENT_FIELDS.contains(&select.field.as_str())
                {
                    let remedy = spelling::nearest(&select.field, EVENT_FIELDS).map_or_else(
                        || format!("what the event brought is in event.data.{}", select.field),
                        |near| format!("did you mean \"{near}\"?"),
                    );
                    return Err(self.error(
                        &select.operand,
                        format!("event.{} is unknown", select.field),
                        &remedy,
                    ));
                }
                Ok(())
            }
            Expr::Call(call) => {
                if call.func_name.starts_with(char::is_alphabetic)
                    && !FUNCTIONS.contains(&call.func_name.as_str())
                {
                    let remedy = spelling::suggest(&call.func_name, FUNCTIONS);
                    return Err(self.error(
                        at,
                        format!("there is no function {}", call.func_name),
                        &remedy,
                    ));
                }
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.expression(part, bound, loops)?;
                }
                Ok(())
            }
            Expr::List(list) => list
                .elements
                .iter()
                .try_for_each(|item| self.expression(item, bound, loops)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expression(&entry.key, bound, loops)?;
                    self.expression(&entry.value, bound, loops)
                }
                EntryExpr::StructField(field) => self.expression(&field.value, bound, loops),
            }),
            Expr::Struct(_) => Err(self.error(at, "a rule has no messages", "write a comparison")),
            Expr::Comprehension(comprehension) => {
                self.comprehension(at, comprehension, bound, loops)
            }
        }
    }

    fn name(&self, at: &IdedExpr, name: &str, bound: &[&str]) -> Result<(), EnrolError> {
        if name.starts_with('@')
            || bound.contains(&name)
            || NAMES.contains(&name)
            || TYPES.contains(&name)
        {
            return Ok(());
        }
        Err(self.error(
            at,
            format!("{name} is unknown"),
            &spelling::suggest(name, NAMES),
        ))
    }

    fn comprehension<'e>(
        &self,
        at: &'e IdedExpr,
        comprehension: &'e ComprehensionExpr,
        bound: &mut Vec<&'e str>,
        loops: usize,
    ) -> Result<(), EnrolError> {
        if loops > 0 {
            return Err(self.error(
                at,
                "a loop inside a loop",
                "use one of all, exists, exists_one, filter at a time",
            ));
        }
        self.expression(&comprehension.iter_range, bound, loops)?;
        let outside = bound.len();
        bound.push(&comprehension.iter_var);
        bound.extend(comprehension.iter_var2.as_deref());
        bound.push(&comprehension.accu_var);
        for part in [
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ] {
            self.expression(part, bound, loops + 1)?;
        }
        bound.truncate(outside);
        Ok(())
    }

    fn error(&self, at: &IdedExpr, message: impl Into<String>, remedy: &str) -> EnrolError {
        let start = self
            .program
            .source_info()
            .offset_for(at.id)
            .map_or(0, |(start, _)| start as usize);
        let before: String = self.source.chars().take(start).collect();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |text| text.chars().count())
            + 1;
        EnrolError {
            line,
            column,
            message: message.into(),
            remedy: remedy.to_owned(),
        }
    }
}

/// What the value is, where it can never be a boolean. A field may be anything.
fn never_boolean(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Literal(LiteralValue::Boolean(_)) => None,
        Expr::Literal(_) => Some("a constant"),
        Expr::List(_) => Some("a list"),
        Expr::Map(_) | Expr::Struct(_) => Some("a map"),
        Expr::Ident(name) if NAMES.contains(&name.as_str()) => Some("a map"),
        Expr::Call(call) => match call.func_name.as_str() {
            operators::ADD
            | operators::SUBSTRACT
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO
            | operators::NEGATE
            | "size"
            | "int"
            | "uint"
            | "double" => Some("a number"),
            "string" | "bytes" => Some("a text"),
            "duration" | "timestamp" => Some("a time"),
            "type" => Some("a type"),
            name if name.starts_with("get") => Some("a number"),
            operators::CONDITIONAL => call
                .args
                .iter()
                .skip(1)
                .find_map(|branch| never_boolean(&branch.expr)),
            _ => None,
        },
        _ => None,
    }
}
