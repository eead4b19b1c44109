//! What a POST says: a mail program's one-click, or a button of our pages. Pure.
//!
//! RFC 8058 section 3.1: "the POST request body MUST contain the key/value pair
//! `List-Unsubscribe=One-Click`", sent as `multipart/form-data` or
//! `application/x-www-form-urlencoded`. Anything else unsubscribes nobody: scanners POST as well.

use url::form_urlencoded;

/// The one field of the mail program's request, and of ours.
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");
/// The field that our own buttons fill in.
pub(super) const CHOICE_FIELD: &str = "choice";

/// The longest name of a multipart boundary (RFC 2046 section 5.1.1).
const BOUNDARY_MAX_BYTES: usize = 70;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    OneClick,
    /// The value of a button.
    Choice(String),
}

/// Reads a body; none where it is neither.
pub(super) fn read(content_type: &str, body: &[u8]) -> Option<Sent> {
    let (media, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let (name, value) = if media.trim().eq_ignore_ascii_case("multipart/form-data") {
        only_part(boundary(parameters)?, body)?
    } else {
        only_pair(body)?
    };
    if (name.as_str(), value.as_str()) == ONE_CLICK {
        Some(Sent::OneClick)
    } else {
        (name == CHOICE_FIELD).then_some(Sent::Choice(value))
    }
}

fn only_pair(body: &[u8]) -> Option<(String, String)> {
    // Some programs end a body by a line break.
    let mut pairs = form_urlencoded::parse(body.trim_ascii());
    let (name, value) = pairs.next()?;
    pairs
        .next()
        .is_none()
        .then(|| (name.into_owned(), value.into_owned()))
}

fn boundary(parameters: &str) -> Option<&str> {
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then_some(value)
    })?;
    let value = value.trim().trim_matches('"');
    (!value.is_empty() && value.len() <= BOUNDARY_MAX_BYTES).then_some(value)
}

/// The name and value of a multipart body that has one part (RFC 7578 section 4.2).
fn only_part(boundary: &str, body: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(body).ok()?;
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(delimiter.as_str()).skip(1);
    let part = parts.next()?;
    // The delimiter that ends the body is followed by two dashes.
    if !parts.next()?.starts_with("--") || parts.next().is_some() {
        return None;
    }
    let (head, value) = part
        .split_once("\r\n\r\n")
        .or_else(|| part.split_once("\n\n"))?;
    let name = head.lines().find_map(part_name)?;
    Some((name.to_owned(), value.trim_end().to_owned()))
}

fn part_name(line: &str) -> Option<&str> {
    let (header, value) = line.split_once(':')?;
    if !header.trim().eq_ignore_ascii_case("content-disposition") {
        return None;
    }
    value.split(';').find_map(|parameter| {
        let (key, name) = parameter.split_once('=')?;
        (key.trim().eq_ignore_ascii_case("name")).then(|| name.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URLENCODED: &str = "application/x-www-form-urlencoded";
    const MULTIPART: &str = "multipart/form-data; boundary=---b";

    fn check(content_type: &str, body: &str, expect: Option<Sent>) {
        let read = read(content_type, body.as_bytes());
        assert_eq!(read, expect, "{content_type}: {body}");
    }

    fn part(name: &str, value: &str) -> String {
        format!("-----b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[test]
    fn only_the_exact_body_is_a_click() {
        let one_click = || Some(Sent::OneClick);
        for content_type in [
            URLENCODED,
            "application/x-www-form-urlencoded; charset=utf-8",
            "",
        ] {
            check(content_type, "List-Unsubscribe=One-Click", one_click());
        }
        check(URLENCODED, "List%2DUnsubscribe=One%2DClick", one_click());
        check(URLENCODED, "List-Unsubscribe=One-Click\r\n", one_click());
        for wrong in [
            "",
            "List-Unsubscribe",
            "List-Unsubscribe=",
            "list-unsubscribe=one-click",
            "List-Unsubscribe=One-Click&x=1",
            "x=1&List-Unsubscribe=One-Click",
            "{\"List-Unsubscribe\":\"One-Click\"}",
        ] {
            check(URLENCODED, wrong, None);
        }
        let choice = Some(Sent::Choice("pause-30".to_owned()));
        check(URLENCODED, "choice=pause-30", choice);
    }

    #[test]
    fn the_same_in_parts() {
        let one = part("List-Unsubscribe", "One-Click");
        let end = "-----b--\r\n";
        check(MULTIPART, &format!("{one}{end}"), Some(Sent::OneClick));
        let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"---b\"";
        check(quoted, &format!("{one}{end}"), Some(Sent::OneClick));
        for wrong in [
            one.clone(),
            end.to_owned(),
            format!("{one}{one}{end}"),
            format!("{}{end}", part("List-Unsubscribe", "Two-Clicks")),
            format!("{}{end}", part("Other", "One-Click")),
            "List-Unsubscribe=One-Click".to_owned(),
        ] {
            check(MULTIPART, &wrong, None);
        }
        check("multipart/form-data", &format!("{one}{end}"), None);
    }
}
