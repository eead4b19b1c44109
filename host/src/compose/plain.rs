//! A plain text as HTML that looks the same, for providers that take no mail without an HTML part.
//!
//! Line for line and space for space, no fonts and no colours: whoever writes plain text wants a mail
//! as a person types it. Addresses of pages can be followed, the way out among them, and lead where
//! they say: nothing is counted.

use std::fmt::Write;

use super::html::escape;

/// What an address begins with that can be followed.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// A fragment; the text's own line breaks and runs of spaces stay.
pub(super) fn as_html(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(line).collect();
    format!("<div>{}</div>\n", lines.join("<br>\n"))
}

fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(at) = next_link(rest) {
        push_words(&mut out, &rest[..at]);
        let link = &rest[at..at + link_len(&rest[at..])];
        let shown = escape(link);
        write!(out, "<a href=\"{shown}\">{shown}</a>").expect("writing to a string");
        rest = &rest[at + link.len()..];
    }
    push_words(&mut out, rest);
    out
}

/// Where the next address begins: not within a word, and something follows.
fn next_link(text: &str) -> Option<usize> {
    let first = |scheme: &&str| {
        let mut found = text.match_indices(*scheme);
        let whole = |at: usize| {
            let behind = &text[at + scheme.len()..];
            !text[..at].ends_with(char::is_alphanumeric)
                && behind.starts_with(char::is_alphanumeric)
        };
        found.find(|(at, _)| whole(*at)).map(|(at, _)| at)
    };
    SCHEMES.iter().filter_map(first).min()
}

/// Up to what ends an address, the full stop of its sentence left out (RFC 3986, appendix C).
fn link_len(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || "<>\"".contains(c));
    let link = &text[..end.unwrap_or(text.len())];
    link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\''])
        .len()
}

/// A browser shows one space for many, and none at the beginning of a line.
fn push_words(out: &mut String, text: &str) {
    for c in escape(text).replace('\t', "    ").chars() {
        if c == ' ' && (out.is_empty() || out.ends_with(' ') || out.ends_with("&nbsp;")) {
            out.push_str("&nbsp;");
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::html::links;
    use crate::compose::text;

    #[test]
    fn it_looks_the_same_and_can_be_followed() {
        for (text, expect) in [
            ("Hi\n\nAda\n", "Hi<br>\n<br>\nAda"),
            ("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;"),
            ("  * a   b", "&nbsp;&nbsp;* a &nbsp;&nbsp;b"),
            (
                "See <https://x.example/?a=1&b=2>.",
                "See &lt;<a href=\"https://x.example/?a=1&amp;b=2\">https://x.example/?a=1&amp;b=2</a>&gt;.",
            ),
            (
                "(http://x.example/y).",
                "(<a href=\"http://x.example/y\">http://x.example/y</a>).",
            ),
            (
                "x mailto:a@x.example, y",
                "x <a href=\"mailto:a@x.example\">mailto:a@x.example</a>, y",
            ),
            (
                "nohttps://x.example javascript:x mailto: x",
                "nohttps://x.example javascript:x mailto: x",
            ),
        ] {
            assert_eq!(as_html(text), format!("<div>{expect}</div>\n"), "{text}");
        }
    }

    #[test]
    fn no_text_becomes_markup() {
        let html = as_html("<script>x</script> https://x.example/\"onclick=\"y <b>");
        assert_eq!(links(&html), ["https://x.example/"]);
        assert_eq!(html.matches('<').count(), 4, "{html}");
        let read = text::of_html(&html).expect("text");
        assert!(read.contains("<script>x</script>"), "{read}");
    }
}
