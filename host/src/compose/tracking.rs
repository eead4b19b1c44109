//! Links that tell when they are followed, and the picture that tells when it is seen: through a
//! domain of the sender's own, and only where that is switched on.
//!
//! Only links to web pages are counted; never the way out, an address or a number. What each leads to
//! is kept with the message, so that the redirect goes nowhere else.

use super::html::{escape, map_links};

/// The most links of one message that are counted; those behind stay as they are.
pub const LINKS_MAX: usize = 200;

/// What is counted, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracking<'a> {
    /// `https://go.acme.example`.
    pub base: &'a str,
    /// Name the message, in `{base}/c/{token}/{index}` and `{base}/o/{token}`.
    pub click_token: &'a str,
    pub open_token: &'a str,
    pub opens: bool,
    pub clicks: bool,
}

impl Tracking<'_> {
    /// The document with counted links, and what they lead to, by their index.
    pub(super) fn apply(&self, html: &str, spared: &[&str]) -> (String, Vec<String>) {
        let base = self.base.trim_end_matches('/');
        let token = self.click_token;
        let mut targets = Vec::new();
        let mut html = html.to_owned();
        if self.clicks {
            html = map_links(&html, |target| {
                if !is_page(target) || spared.contains(&target) || targets.len() >= LINKS_MAX {
                    return None;
                }
                targets.push(target.to_owned());
                Some(format!("{base}/c/{token}/{}", targets.len() - 1))
            });
        }
        if self.opens {
            let end = html.rfind("</body>").unwrap_or(html.len());
            let source = escape(&format!("{base}/o/{}", self.open_token));
            html.insert_str(
                end,
                &format!("<img src=\"{source}\" width=\"1\" height=\"1\" alt=\"\">"),
            );
        }
        (html, targets)
    }
}

fn is_page(target: &str) -> bool {
    let lower = target.trim_start().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}
