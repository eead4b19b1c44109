//! Splits a template file into its front matter and its Markdown body.
//!
//! ```text
//! ---
//! subject: Your visit, {{ contact.first_name }}
//! ---
//! Hi {{ contact.first_name }}, ...
//! ```

use crate::domain::spelling;

use super::TemplateError;

/// A file taken apart. Lines count from 1, as editors do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub subject: String,
    pub subject_line: usize,
    pub body: String,
    pub body_line: usize,
}

const FENCE: &str = "---";
const KEYS: [&str; 1] = ["subject"];

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
        if !KEYS.contains(&key.trim()) {
            let remedy = spelling::suggest(key.trim(), KEYS);
            return Err(TemplateError::new(
                number,
                format!("{:?} is unknown", key.trim()),
                remedy,
            ));
        }
        if subject
            .replace((number, unquote(value.trim()).to_owned()))
            .is_some()
        {
            return Err(TemplateError::new(
                number,
                "there are two subjects",
                "keep one",
            ));
        }
    }
    Err(TemplateError::new(
        1,
        "the front matter does not end",
        "close it with a line of ---",
    ))
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
            };
            assert_eq!(parts, expect);
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
                "there are two subjects",
            ),
        ] {
            let error = split(source).expect_err(source);
            assert_eq!((error.line, error.message.as_str()), (line, message));
        }
    }
}
