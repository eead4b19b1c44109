//! Splits a template file into its front matter and its Markdown body.
//!
//! ```text
//! ---
//! subject: Your visit, {{ contact.first_name }}
//! format: text
//! ---
//! Hi {{ contact.first_name }}, ...
//! ```
//! The subject must be there: a message whose thread cannot be continued goes under it. The format is
//! `markdown` unless it says `text`.

use crate::domain::spelling;

use super::{Format, TemplateError};

/// A file taken apart. Lines count from 1, as editors do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub subject: String,
    pub subject_line: usize,
    pub body: String,
    pub body_line: usize,
    pub format: Format,
}

const FENCE: &str = "---";
const KEYS: [&str; 2] = ["subject", "format"];

pub(super) fn split(source: &str) -> Result<Parts, TemplateError> {
    let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut lines = source
        .split('\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    if lines.next().map(|(_, line)| line.trim_end()) != Some(FENCE) {
        return Err(TemplateError::new(
            1,
            "the file does not begin with a line of ---",
            "begin with ---, then `subject: ...`, then ---, then the text",
        ));
    }
    let mut subject = None;
    let mut format = None;
    for (number, line) in lines.by_ref() {
        let line = line.trim();
        if line == FENCE {
            let (subject_line, subject) = subject.ok_or_else(|| {
                TemplateError::new(
                    number,
                    "there is no subject",
                    "write `subject: ...` between the two lines of ---",
                )
            })?;
            let body: Vec<&str> = lines.map(|(_, line)| line).collect();
            return Ok(Parts {
                subject,
                subject_line,
                body: body.join("\n"),
                body_line: number + 1,
                format: format.unwrap_or(Format::Markdown),
            });
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once(':').ok_or_else(|| {
            TemplateError::new(
                number,
                format!("{line:?} is not `key: value`"),
                "write `subject: ...`",
            )
        })?;
        let value = unquote(value.trim());
        let twice = match key.trim() {
            "subject" => subject.replace((number, value.to_owned())).is_some(),
            "format" => format.replace(read_format(number, value)?).is_some(),
            other => {
                let remedy = spelling::suggest(other, KEYS);
                return Err(TemplateError::new(
                    number,
                    format!("{other:?} is unknown"),
                    remedy,
                ));
            }
        };
        if twice {
            let message = format!("there are two lines of {}", key.trim());
            return Err(TemplateError::new(number, message, "keep one"));
        }
    }
    Err(TemplateError::new(
        1,
        "the front matter does not end",
        "close it with a line of ---",
    ))
}

fn read_format(line: usize, value: &str) -> Result<Format, TemplateError> {
    match value {
        "markdown" => Ok(Format::Markdown),
        "text" => Ok(Format::Text),
        other => Err(TemplateError::new(
            line,
            format!("{other:?} is no format"),
            "write `format: markdown` or `format: text`",
        )),
    }
}

/// People who know YAML put a subject with a colon in quotes.
fn unquote(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains(quote)).then_some(inner)
        })
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_apart() {
        for (source, subject, subject_line, body, body_line) in [
            (
                "---\nsubject: Hi: you\n---\nBody\n",
                "Hi: you",
                2,
                "Body\n",
                4,
            ),
            (
                "\u{feff}---\r\n# note\r\n\r\nsubject: \"Hi\"\r\n---\r\nA\r\nB",
                "Hi",
                4,
                "A\nB",
                6,
            ),
            (
                "---\nsubject: \"a\" and \"b\"\n---",
                "\"a\" and \"b\"",
                2,
                "",
                4,
            ),
        ] {
            let parts = split(source).expect(source);
            let expect = Parts {
                subject: subject.into(),
                subject_line,
                body: body.into(),
                body_line,
                format: Format::Markdown,
            };
            assert_eq!(parts, expect);
        }
    }

    #[test]
    fn the_format_may_be_text() {
        for (line, expect) in [
            ("", Format::Markdown),
            ("format: markdown\n", Format::Markdown),
            ("format: \"text\"\n", Format::Text),
        ] {
            let parts = split(&format!("---\nsubject: a\n{line}---\nb")).expect(line);
            assert_eq!(parts.format, expect, "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (source, line, message) in [
            ("Hello", 1, "the file does not begin with a line of ---"),
            ("---\nsubject: Hi\n", 1, "the front matter does not end"),
            ("---\n---\nHi", 2, "there is no subject"),
            ("---\n\nsubjet: Hi\n---\nHi", 3, "\"subjet\" is unknown"),
            (
                "---\nsubject\n---\nHi",
                2,
                "\"subject\" is not `key: value`",
            ),
            (
                "---\nsubject: a\nsubject: b\n---\n",
                3,
                "there are two lines of subject",
            ),
            (
                "---\nsubject: a\nformat: html\n---\n",
                3,
                "\"html\" is no format",
            ),
        ] {
            let error = split(source).expect_err(source);
            assert_eq!((error.line, error.message.as_str()), (line, message));
        }
    }
}
