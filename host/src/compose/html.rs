//! What a document is made of, finding the links in it, and putting others in their place.
//!
//! Reads HTML as `Style::inline` writes it, and only that: names in lower case, every attribute with
//! a value in double quotes, `&` and `"` escaped. So this is no parser of what authors write.

/// What a browser reads as text up to its own end tag.
const RAW_TEXT: [&str; 9] = [
    "style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript",
];

/// The document with the target of each link (`<a>`, `<area>`) replaced by what `change` gives for
/// it; none leaves it.
pub(super) fn map_links(html: &str, mut change: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |end| end + 3)
        } else {
            tag_end(rest)
        };
        let (tag, behind) = rest.split_at(end);
        match name(tag) {
            "a" | "area" => push_link(&mut out, tag, &mut change),
            _ => out.push_str(tag),
        }
        rest = behind;
        if RAW_TEXT.contains(&name(tag)) {
            let close = format!("</{}", name(tag));
            let raw = rest.find(&close).unwrap_or(rest.len());
            out.push_str(&rest[..raw]);
            rest = &rest[raw..];
        }
    }
    out + rest
}

/// A fragment as a whole page.
pub(super) fn document(fragment: &str) -> String {
    format!(
        "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n{fragment}</body>\n</html>\n"
    )
}

/// The targets of all links, in order.
pub(super) fn links(html: &str) -> Vec<String> {
    let mut links = Vec::new();
    map_links(html, |link| {
        links.push(link.to_owned());
        None
    });
    links
}

/// Text as it may stand between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The name of a start tag.
fn name(tag: &str) -> &str {
    let name = tag.strip_prefix('<').unwrap_or_default();
    name.split([' ', '>']).next().unwrap_or_default()
}

/// Behind the `>` that stands in no attribute.
fn tag_end(tag: &str) -> usize {
    let mut quoted = false;
    for (at, c) in tag.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

fn push_link(out: &mut String, tag: &str, change: &mut impl FnMut(&str) -> Option<String>) {
    let Some((start, end)) = href(tag) else {
        return out.push_str(tag);
    };
    match change(&unescape(&tag[start..end])) {
        Some(other) => {
            out.push_str(&tag[..start]);
            out.push_str(&escape(&other));
            out.push_str(&tag[end..]);
        }
        None => out.push_str(tag),
    }
}

/// Where the value of `href` stands.
fn href(tag: &str) -> Option<(usize, usize)> {
    let mut at = tag.find(' ')? + 1;
    loop {
        let (name, _) = tag[at..].split_once("=\"")?;
        let start = at + name.len() + 2;
        let end = start + tag[start..].find('"')?;
        if name.trim() == "href" {
            return Some((start, end));
        }
        at = end + 1;
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::style::Style;

    /// Every link counted: `1`, `2`, ...
    fn counted(html: &str) -> (Vec<String>, String) {
        let html = Style::default().inline(html).expect("inlined");
        let mut count = 0;
        let mapped = map_links(&html, |_| {
            count += 1;
            Some(count.to_string())
        });
        (links(&html), mapped)
    }

    #[test]
    fn links_are_found_however_they_are_written() {
        for (html, expect) in [
            (
                "<a href=\"https://x.example/?a=1&amp;b=2\">x</a>",
                vec!["https://x.example/?a=1&b=2"],
            ),
            (
                "<A title='href=\"no\"' HREF=https://x.example>x</A>",
                vec!["https://x.example"],
            ),
            (
                "<a title=\"a > b\" href='mailto:a@x.example'>x</a><map><area href='/y'></map>",
                vec!["mailto:a@x.example", "/y"],
            ),
            (
                "<!-- <a href=\"no\"> --><title><a href=\"no\"></title>",
                vec![],
            ),
            ("<abbr href=\"no\">x</abbr><a name=\"x\">y</a>", vec![]),
            ("<a href='\"&amp;quot;'>x</a>", vec!["\"&quot;"]),
        ] {
            let (found, mapped) = counted(html);
            assert_eq!(found, expect, "{html}");
            for number in 1..=found.len() {
                assert!(mapped.contains(&format!("href=\"{number}\"")), "{mapped}");
            }
        }
    }

    #[test]
    fn everything_else_stays() {
        let html = Style::default()
            .inline("<p>1 &lt; 2</p><!-- x --><a href=\"y\" class=\"z\">w</a>")
            .expect("inlined");
        assert_eq!(map_links(&html, |_| None), html);
        assert_eq!(map_links(&html, |link| Some(link.to_owned())), html);
    }
}
