//! Markdown to HTML, and values into Markdown.
//!
//! The template author writes Markdown and may write HTML. Values come from strangers and must show
//! as the very characters they are: never as markup, never as a link of their own.

use std::fmt::Write;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

/// Writes `text` so that Markdown and HTML both show it literally: whatever is not a letter or a
/// digit becomes a numeric character reference. `CommonMark` 0.31 section 2.5: "Entity and numeric
/// character references cannot be used in place of symbols indicating structure"; and they are
/// understood everywhere a value can stand, in text, in link destinations and in an author's HTML.
/// White space and punctuation beyond ASCII too: beside an author's `**` they decide what is bold.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !c.is_control() || c == '\n' || c == '\t' {
            write!(out, "&#{};", u32::from(c)).expect("writing to a string");
        }
    }
    out
}

/// Markdown to HTML: a fragment, without `<body>`. Beside `CommonMark` there are tables and
/// ~~strikethrough~~; and a line break is a line break, as whoever writes a letter means it.
pub(super) fn to_fragment(markdown: &str) -> String {
    let mut html = String::with_capacity(markdown.len() * 2);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    html::push_html(&mut html, Parser::new_ext(markdown, options).map(tame));
    html
}

/// A link whose address came from a value must not run anything: other schemes lose their address.
fn tame(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: tame_url(dest_url),
            title,
            id,
        }),
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Image {
            link_type,
            dest_url: tame_url(dest_url),
            title,
            id,
        }),
        Event::SoftBreak => Event::HardBreak,
        other => other,
    }
}

/// What a link in a mail may lead to.
const SCHEMES: [&str; 5] = ["http", "https", "mailto", "tel", "cid"];

fn tame_url(address: CowStr<'_>) -> CowStr<'_> {
    // Browsers skip white space and control characters before and inside a scheme.
    let compact: String = address
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    let scheme = compact
        .split(['/', '?', '#'])
        .next()
        .and_then(|head| head.split_once(':'));
    match scheme {
        Some((scheme, _)) if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => "#".into(),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(markdown: &str) -> String {
        to_fragment(markdown)
    }

    #[test]
    fn authors_write_markdown_and_html() {
        assert_eq!(
            body("**Hi** <b>you</b>"),
            "<p><strong>Hi</strong> <b>you</b></p>\n"
        );
        assert_eq!(
            body("[book](https://a.example/?x=1&y=2)"),
            "<p><a href=\"https://a.example/?x=1&amp;y=2\">book</a></p>\n"
        );
        assert_eq!(
            body("Best regards,\nAda ~~L.~~"),
            "<p>Best regards,<br />\nAda <del>L.</del></p>\n"
        );
        assert!(body("|a|b|\n|-|-|\n|1|2|").contains("<td>2</td>"));
    }

    #[test]
    fn values_show_literally() {
        for (value, html) in [
            ("<b>*x*</b>", "<p>Hi &lt;b&gt;*x*&lt;/b&gt;!</p>\n"),
            ("[click](http://evil)", "<p>Hi [click](http://evil)!</p>\n"),
            ("a\n\n# Head", "<p>Hi a\n\n# Head!</p>\n"),
            (
                "`code` &amp; <http://evil>",
                "<p>Hi `code` &amp;amp; &lt;http://evil&gt;!</p>\n",
            ),
            ("Zoë O’Neil", "<p>Hi Zoë O’Neil!</p>\n"),
        ] {
            assert_eq!(body(&format!("Hi {}!", escape(value))), html, "{value}");
        }
    }

    #[test]
    fn a_value_leaves_the_authors_markup_alone() {
        for value in ["a\u{2000}", "\u{a0}a", "a!", "’a’", "*"] {
            let html = body(&format!("Hi **{}**, you", escape(value)));
            assert_eq!(html, format!("<p>Hi <strong>{value}</strong>, you</p>\n"));
        }
    }

    #[test]
    fn a_value_may_be_an_address_but_never_a_script() {
        let link = |value: &str| body(&format!("[go]({})", escape(value)));
        assert_eq!(
            link("https://a.example/x_y?q=(1) 2"),
            "<p><a href=\"https://a.example/x_y?q=(1)%202\">go</a></p>\n"
        );
        assert_eq!(
            link("java\nscript:alert(1)"),
            "<p><a href=\"#\">go</a></p>\n"
        );
        assert_eq!(
            link("\"><img src=x>"),
            "<p><a href=\"%22%3E%3Cimg%20src=x%3E\">go</a></p>\n"
        );
        assert_eq!(
            body(&format!("<a href=\"{}\">go</a>", escape("\" onclick=\"x")))
                .matches('"')
                .count(),
            2
        );
    }

    proptest! {
        /// Whatever a stranger is called, the document has the tags of the template and no more.
        #[test]
        fn no_value_adds_a_tag(value in "\\PC{0,40}|[<>\\[\\]()*_`#&;:/!|~\\n\\t =\"'\\\\-]{0,40}") {
            let html = body(&format!("Hi {}, **see** you", escape(&value)));
            let tags: Vec<&str> = html.split('<').skip(1).filter_map(|t| t.split('>').next()).collect();
            prop_assert_eq!(tags, ["p", "strong", "/strong", "/p"]);
        }
    }
}
