//! The styles of the HTML part, written into `style` attributes: many mail programs drop `<style>`.
//!
//! In: a document and `templates/style.css`, which comes after a modest style of ours. Out: the same
//! document, every tag and word of it, with attributes. Nothing is fetched and no file is read: a
//! stylesheet that the document links is left out.

use std::borrow::Cow;
use std::sync::Arc;

use css_inline::{CSSInliner, InlineError, InlineOptions, StylesheetResolver};

use super::TemplateError;
use super::layout::{Kept, Layout};

/// The largest `style.css`, in bytes.
pub const STYLE_MAX_BYTES: usize = 64 * 1024;

const DEFAULT: &str = include_str!("default.css");

/// Ready to be used for many messages.
pub struct Style {
    inliner: CSSInliner<'static>,
    /// By layout, where no rule asks what an attribute says: then words and addresses change nothing.
    styled: Option<Kept<str>>,
}

impl Style {
    /// Reads a stylesheet. What it says of an element wins over our own style.
    pub fn parse(css: &str) -> Result<Self, TemplateError> {
        if css.len() > STYLE_MAX_BYTES {
            let message = format!("is {} bytes long, {STYLE_MAX_BYTES} allowed", css.len());
            return Err(TemplateError::new(1, message, "shorten it"));
        }
        for (unwanted, message, remedy) in [
            // Rules that cannot become attributes (`@media`) stay in a <style> of the document.
            ("</", "contains </, which would end the style", "remove it"),
            (
                "@import",
                "imports another stylesheet, which mail programs do not fetch",
                "copy its rules here",
            ),
        ] {
            if let Some(at) = css.to_ascii_lowercase().find(unwanted) {
                let line = css[..at].matches('\n').count() + 1;
                return Err(TemplateError::new(line, message, remedy));
            }
        }
        Ok(Self::with(format!("{DEFAULT}\n{css}")))
    }

    fn with(css: String) -> Self {
        let asks_for_attributes = css.contains('[');
        let inliner = CSSInliner::new(InlineOptions {
            load_remote_stylesheets: false,
            resolver: Arc::new(FetchNothing),
            keep_at_rules: true,
            apply_width_attributes: true,
            resolve_css_variables: true,
            extra_css: Some(Cow::Owned(css)),
            ..InlineOptions::default()
        });
        Self {
            inliner,
            styled: (!asks_for_attributes).then(Kept::default),
        }
    }

    /// The document in one spelling: lower-case names, attributes in double quotes.
    pub(super) fn inline(&self, document: &str) -> Result<String, InlineError> {
        let Some((styled, layout)) = self.styled.as_ref().zip(Layout::of(document)) else {
            return self.inliner.inline(document);
        };
        let styled = styled.get(&layout, |marked| {
            Ok::<_, InlineError>(self.inliner.inline(marked)?.into())
        })?;
        Ok(layout.fill(&styled))
    }
}

/// Our own style alone.
impl Default for Style {
    fn default() -> Self {
        Self::with(DEFAULT.to_owned())
    }
}

impl std::fmt::Debug for Style {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Style")
    }
}

/// The second lock on the same door: the inliner is told to load nothing, and could not.
struct FetchNothing;

impl StylesheetResolver for FetchNothing {
    fn retrieve(&self, location: &str) -> Result<String, InlineError> {
        Err(self.unsupported(&format!("{location} is not fetched")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compose::text;

    #[test]
    fn styles_become_attributes() {
        let style = Style::parse("p { color: red } @media (max-width: 9px) { p { color: blue } }")
            .expect("CSS");
        let html = style
            .inline("<html><head></head><body><p>Hi</p></body></html>")
            .expect("inlined");
        assert!(html.contains("color: red"), "{html}");
        assert!(html.contains("@media (max-width: 9px)"), "{html}");
        let plain = Style::default().inline("<p>Hi</p>").expect("inlined");
        assert!(
            plain.contains("<p style=\"margin: 0 0 1em 0;\">Hi</p>"),
            "{plain}"
        );
    }

    #[test]
    fn nothing_is_fetched() {
        for link in [
            "https://x.example/a.css",
            "file:///etc/passwd",
            "/etc/passwd",
        ] {
            let html = format!("<head><link rel=\"stylesheet\" href=\"{link}\"></head><p>Hi</p>");
            let inlined = Style::default().inline(&html).expect("inlined");
            assert!(
                inlined.contains(">Hi</p>") && !inlined.contains("root:"),
                "{inlined}"
            );
        }
    }

    #[test]
    fn sheets_that_do_harm_are_refused() {
        for (css, line) in [
            ("p{}\n@IMPORT url(x);", 2),
            ("p{content:'</style><script>'}", 1),
        ] {
            assert_eq!(Style::parse(css).expect_err(css).line, line);
        }
        assert!(Style::parse(&" ".repeat(STYLE_MAX_BYTES + 1)).is_err());
    }

    /// Styled twice, so that the second time comes from the layout that is kept.
    fn check_kept(html: &str) {
        let style = Style::default();
        let expect = style.inliner.inline(html).expect("inlined");
        for _ in 0..2 {
            assert_eq!(style.inline(html).expect("inlined"), expect, "{html}");
        }
    }

    #[test]
    fn a_kept_layout_changes_nothing() {
        for html in [
            "<!doctype html>\n<body><p>Hi &quot;Zoë&quot; &amp; Co,</p>\n<p>see <a href=\"https://x.example/?a=1&amp;b=2\" title=\"1 > 0\">this</a></p></body>",
            "<table>a<tr><td>b</td> c </tr>\n</table><b>d<p>e</b>f &copy g",
            "<p>a &nbsp;b\u{a0}c</p><a href='x'>y</a><a href=x>z</a><!-- <p>q</p> -->",
            "> a > b < c <p title=\"<b>\">&lt;",
            "<p>\u{e001}0\u{e001}</p>",
        ] {
            check_kept(html);
        }
    }

    proptest! {
        #[test]
        fn a_kept_layout_changes_nothing_whatever_is_written(
            html in r#"(<(p|b|td|table|tr|a|a href="x&amp;y"|a title="z" href="w"|br /|/p|/a|/b|!doctype html|!-- |style)>|[a-zé&;#0-9 "'<>=/\n-]|&amp;|&#39;|words and ){0,40}"#
        ) {
            check_kept(&html);
        }

        /// Whatever a stylesheet says, every word of the document stays.
        #[test]
        fn css_never_drops_content(css in "[a-z*.#@{}:;()\"'<>!/,= -]{0,80}") {
            let html = "<html><head></head><body><p class=\"a\">One <a href=\"https://x.example\">two</a></p><b>three</b></body></html>";
            if let Ok(style) = Style::parse(&css) {
                let inlined = style.inline(html).expect("inlined");
                prop_assert_eq!(
                    text::of_html(&inlined).expect("text"),
                    text::of_html(html).expect("text"),
                );
            }
        }
    }
}
