//! Checks a policy's options against the JSON Schema of its manifest, in words for people.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use crate::domain::spelling;

use super::places::token;

/// One option that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// JSON pointer into the options.
    pub pointer: String,
    pub message: String,
    pub remedy: String,
}

/// Everything that is wrong with `options`. A string whose schema says `format = "template"` must be
/// one of `templates`. The error says that the schema itself is none.
pub(super) fn check(
    schema: &Json,
    options: &Json,
    templates: &[&str],
) -> Result<Vec<Complaint>, String> {
    let known: Vec<String> = templates.iter().map(|&name| name.to_owned()).collect();
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_format("template", move |name: &str| {
            known.iter().any(|template| template == name)
        })
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| error.to_string())?;
    let mut complaints = Vec::new();
    for error in validator.iter_errors(options) {
        explain(&error, schema, templates, &mut complaints);
    }
    Ok(complaints)
}

fn explain(
    error: &ValidationError<'_>,
    schema: &Json,
    templates: &[&str],
    complaints: &mut Vec<Complaint>,
) {
    let at = error.instance_path().as_str().to_owned();
    let mut add = |pointer: String, message: String, remedy: String| {
        complaints.push(Complaint {
            pointer,
            message,
            remedy,
        });
    };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = properties_beside(error, schema);
            for key in unexpected {
                let remedy = spelling::suggest(key, known.iter().map(String::as_str));
                add(
                    format!("{at}/{}", token(key)),
                    "is unknown".to_owned(),
                    remedy,
                );
            }
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            add(at, format!("lacks {key}"), format!("add {key} = ..."));
        }
        Kind::Format { format } if format == "template" => {
            let name = error.instance().as_str().unwrap_or_default().to_owned();
            let remedy = match spelling::nearest(&name, templates.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!(
                    "write templates/{name}.md or use one of: {}",
                    templates.join(", ")
                ),
            };
            add(
                at,
                format!("names the template {name:?}, which does not exist"),
                remedy,
            );
        }
        // Of several forms, the one that fits best is the one that was meant.
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let alike = |form: &Vec<ValidationError<'_>>| {
                form.iter()
                    .all(|error| matches!(error.kind(), Kind::Required { .. }))
            };
            if context.iter().all(alike) {
                let keys: Vec<String> = context.iter().flatten().filter_map(required_key).collect();
                add(
                    at,
                    format!("has none of {}", keys.join(", ")),
                    format!("give it {}", keys.join(" or ")),
                );
            } else if let Some(form) = context.iter().min_by_key(|form| form.len()) {
                for error in form {
                    explain(error, schema, templates, complaints);
                }
            }
        }
        Kind::OneOfMultipleValid { .. } => {
            add(
                at,
                "fits several forms at once".to_owned(),
                "leave one and remove the keys of the others".to_owned(),
            );
        }
        Kind::Enum { options } => add(
            at,
            format!("is {}", error.instance()),
            format!("use one of: {}", list(options)),
        ),
        _ => add(at, error.to_string(), description(error, schema)),
    }
}

fn required_key(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        Kind::Required { property } => property.as_str().map(str::to_owned),
        _ => None,
    }
}

fn list(options: &Json) -> String {
    let options: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(Json::to_string)
        .collect();
    options.join(", ")
}

/// The keys that the schema knows where the error was found.
fn properties_beside(error: &ValidationError<'_>, schema: &Json) -> Vec<String> {
    let properties = schema_around(error, schema).and_then(|schema| schema.get("properties"));
    properties
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|map| map.keys().cloned())
        .collect()
}

/// What the plugin's author says about the option.
fn description(error: &ValidationError<'_>, schema: &Json) -> String {
    schema_around(error, schema)
        .and_then(|schema| schema.get("description"))
        .and_then(Json::as_str)
        .map_or_else(|| "see the policy's plugin.toml".to_owned(), str::to_owned)
}

/// The schema whose keyword complained.
fn schema_around<'s>(error: &ValidationError<'_>, schema: &'s Json) -> Option<&'s Json> {
    let (around, _keyword) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(around)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(options: &Json) -> Vec<(String, String, String)> {
        let schema = json!({
            "type": "object",
            "required": ["steps"],
            "additionalProperties": false,
            "properties": {
                "pace": { "enum": ["slow", "fast"] },
                "wait": { "type": "integer", "minimum": 1, "description": "Days to wait." },
                "steps": { "type": "array", "minItems": 1, "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "oneOf": [{ "required": ["template"] }, { "required": ["task"] }],
                    "properties": {
                        "template": { "type": "string", "format": "template" },
                        "task": { "type": "string" },
                    },
                } },
            },
        });
        let complaints = check(&schema, options, &["step-1", "step-2"]).expect("a schema");
        complaints
            .into_iter()
            .map(|c| (c.pointer, c.message, c.remedy))
            .collect()
    }

    #[test]
    fn options_that_fit_have_no_complaints() {
        assert_eq!(
            told(&json!({ "steps": [{ "template": "step-1" }, { "task": "Call" }], "wait": 3 })),
            []
        );
    }

    #[test]
    fn each_mistake_is_told_in_place() {
        for (options, pointer, message, remedy) in [
            (json!({}), "", "lacks steps", "add steps = ..."),
            (
                json!({ "steps": [{ "template": "step-3" }] }),
                "/steps/0/template",
                "names the template \"step-3\", which does not exist",
                "did you mean \"step-1\"?",
            ),
            (
                json!({ "steps": [{ "template": "hello" }] }),
                "/steps/0/template",
                "names the template \"hello\", which does not exist",
                "write templates/hello.md or use one of: step-1, step-2",
            ),
            (
                json!({ "steps": [{ "task": "a", "tempalte": "b" }] }),
                "/steps/0/tempalte",
                "is unknown",
                "did you mean \"template\"?",
            ),
            (
                json!({ "steps": [{}] }),
                "/steps/0",
                "has none of template, task",
                "give it template or task",
            ),
            (
                json!({ "steps": [{ "task": "a", "template": "step-1" }] }),
                "/steps/0",
                "fits several forms at once",
                "leave one and remove the keys of the others",
            ),
            (
                json!({ "steps": [{ "task": "a" }], "pace": "warp" }),
                "/pace",
                "is \"warp\"",
                "use one of: \"slow\", \"fast\"",
            ),
            (
                json!({ "steps": [{ "task": "a" }], "wait": 0 }),
                "/wait",
                "0 is less than the minimum of 1",
                "Days to wait.",
            ),
        ] {
            assert_eq!(
                told(&options),
                [(pointer.to_owned(), message.to_owned(), remedy.to_owned())]
            );
        }
    }

    #[test]
    fn several_mistakes_are_all_told() {
        assert_eq!(
            told(&json!({ "steps": [{ "template": "a" }, { "template": "b" }], "wiat": 1 })).len(),
            3
        );
        assert!(check(&json!({ "type": "no such type" }), &json!({}), &[]).is_err());
    }
}
