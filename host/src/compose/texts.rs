//! The text parts of many mails of few templates: each layout is parsed once.
//!
//! In: an HTML fragment. Out: what `text::of_html` makes of it, byte for byte (a property test holds it).

use std::sync::Arc;

use super::layout::{Kept, Layout};
use super::text::{UNBROKEN_WIDTH, Unbroken, broken, of_html, unbroken};

/// So wide that nothing is broken at all, whatever stands in the place of words.
const LAYOUT_WIDTH: usize = 1_000_000;

/// Elements that lay their words out one after the other, whatever the words are. Not tables, say, whose
/// columns are as wide as their words.
const FLOWING: [&str; 29] = [
    "p",
    "br",
    "a",
    "strong",
    "em",
    "b",
    "i",
    "u",
    "ul",
    "ol",
    "li",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "div",
    "span",
    "code",
    "section",
    "article",
    "header",
    "footer",
    "html",
    "head",
    "body",
    "main",
];

/// Kept by layout.
#[derive(Debug, Default)]
pub(super) struct Texts(Kept<Unbroken>);

impl Texts {
    pub(super) fn of_html(&self, html: &str) -> Result<String, String> {
        let Some(layout) = Layout::of(html).filter(|layout| flows(&layout.document)) else {
            return of_html(html);
        };
        let kept = self.0.get(&layout, |marked| {
            unbroken(marked, LAYOUT_WIDTH).map(Arc::new)
        })?;
        let text = layout.fill_collapsed(&kept.text);
        if text.lines().any(|line| line.len() >= UNBROKEN_WIDTH) {
            return of_html(html);
        }
        let targets: Vec<_> = kept.targets.iter().map(|to| layout.fill(to)).collect();
        Ok(broken(&text, &targets))
    }
}

fn flows(html: &str) -> bool {
    html.split('<').skip(1).all(|tag| {
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next();
        name.is_some_and(|name| FLOWING.contains(&name))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Twice, so that the second time comes from the layout that is kept.
    fn check_kept(html: &str) {
        let (texts, expect) = (Texts::default(), of_html(html));
        for _ in 0..2 {
            assert_eq!(texts.of_html(html), expect, "{html}");
        }
    }

    #[test]
    fn a_kept_layout_changes_nothing() {
        for html in [
            "<p>Hi  Ada &amp;\n Co, see <a href=\"https://x.example/?a=1&amp;b=2\">this</a>.</p>\n<ul><li>one</li><li>two</li></ul>",
            "<p><a href=\"https://x.example/\">https://x.example/</a> <a href=\"mailto:a@x.example\">a@x.example</a></p>",
            "<blockquote><p>said</p></blockquote><table><tr><td>a</td><td>b c</td></tr></table>",
            "<pre>a  b\n c</pre><p>x<sup>2</sup></p><hr>",
        ] {
            check_kept(html);
        }
        check_kept(&format!("<p>{}</p>", "word ".repeat(300)));
    }

    proptest! {
        #[test]
        fn a_kept_layout_changes_nothing_whatever_is_written(
            html in r#"(<(p|b|li|ul|a|a href="x&amp;y"|a href="see this"|br /|blockquote|h1|code|div|/p|/a|/b|/li|/ul|/blockquote|/h1|/code|/div)>|[a-zé&;#0-9 "'<>=\n*_.-]|&amp;|&#39;|words and |  ){0,40}"#
        ) {
            check_kept(&html);
        }
    }
}
