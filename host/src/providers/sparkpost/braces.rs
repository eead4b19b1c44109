//! Braces that a person wrote, kept from SparkPost's template language.
//!
//! "The start and end markers are defined as double curly braces", in the subject, both bodies and all header
//! values, and there is no way to turn that off. The macros `opening_double_curly()`, `closing_double_curly()`,
//! `opening_triple_curly()` and `closing_triple_curly()` stand for them. A single brace beside such a macro would
//! make its markers triple ones, so there it becomes a variable. Source: SparkPost API documentation,
//! "Substitutions reference: Escaping start and end tags".

use serde_json::{Value, json};

/// The variables' names.
const OPENING: &str = "followup_opening";
const CLOSING: &str = "followup_closing";

/// What the escaped texts need as `substitution_data`.
pub(super) fn substitution_data() -> Value {
    json!({OPENING: "{", CLOSING: "}"})
}

/// The text, so that what SparkPost makes of it is the text.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !"{}".contains(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        escaped.push_str(before);
        if run.contains("{{") || run.contains("}}") {
            escape_run(run, &mut escaped);
        } else {
            escaped.push_str(run);
        }
        rest = after;
    }
    escaped.push_str(rest);
    escaped
}

/// The text with no brace doubled, for places where it is not known whether the template language is
/// spoken.
pub(super) fn flatten(text: &str) -> String {
    let mut last = None;
    let is_kept = |c: &char| {
        let doubled = last == Some(*c) && "{}".contains(*c);
        last = Some(*c);
        !doubled
    };
    text.chars().filter(is_kept).collect()
}

/// A run of braces: each stretch of one kind by itself.
fn escape_run(run: &str, escaped: &mut String) {
    let mut rest = run;
    while let Some(brace) = rest.chars().next() {
        let length = rest.chars().take_while(|c| *c == brace).count();
        let (word, single) = if brace == '{' {
            ("opening", OPENING)
        } else {
            ("closing", CLOSING)
        };
        let mut left = length;
        while left > 0 {
            let (macro_name, taken) = match left {
                1 => (single.to_owned(), 1),
                3 => (format!("{word}_triple_curly()"), 3),
                _ => (format!("{word}_double_curly()"), 2),
            };
            escaped.push_str("{{");
            escaped.push_str(&macro_name);
            escaped.push_str("}}");
            left -= taken;
        }
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SparkPost documents to make of it: markers are the longest at hand, and a macro becomes what
    /// it stands for.
    fn rendered(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let (before, from) = rest.split_at(start);
            assert!(!from.starts_with("{{{"), "a triple marker in {text}");
            let end = from.find("}}").expect("an end");
            assert!(!from[end..].starts_with("}}}"), "a triple marker in {text}");
            out += before;
            out += match &from[2..end] {
                "opening_double_curly()" => "{{",
                "closing_double_curly()" => "}}",
                "opening_triple_curly()" => "{{{",
                "closing_triple_curly()" => "}}}",
                OPENING => "{",
                CLOSING => "}",
                other => panic!("{other} in {text}"),
            };
            rest = &from[end + 2..];
        }
        out + rest
    }

    #[test]
    fn what_was_written_is_what_is_read() {
        for text in [
            "",
            "no braces",
            "{a} {} }{",
            "Hi {{first_name}}",
            "{{{raw}}}",
            "{{{{a}}}}}",
            "a{}}b",
            "{{}",
            "{}}{{{}",
            "}}",
            "ü{{é}}ü",
            "{ {{ }} }",
        ] {
            assert_eq!(rendered(&escape(text)), text);
        }
        assert_eq!(
            escape("Hi {{x}}"),
            "Hi {{opening_double_curly()}}x{{closing_double_curly()}}"
        );
        assert_eq!(escape("{a} {}"), "{a} {}", "left as it is");
    }

    #[test]
    fn doubled_braces_become_single() {
        assert_eq!(flatten("A {{b}} {c} }}}"), "A {b} {c} }");
    }
}
