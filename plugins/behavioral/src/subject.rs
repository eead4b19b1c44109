//! What an event was about, by the name a person would use.

use followup_guest::{Context, Event, kind};

/// The longest name, in characters: it goes into a mail's subject.
const WHAT_MAX: usize = 120;

pub struct Subject {
    /// `the price list`, `example.com/pricing`, the subject of a mail.
    pub what: String,
    /// Empty where the event has none.
    pub url: String,
}

/// The subject of an event; none where it names nothing.
pub fn of<C>(cx: &Context<C>, event: &Event) -> Option<Subject> {
    let name = match event.kind.as_str() {
        kind::EMAIL_OPENED => cx.touch(event.message_id()?)?.subject.as_deref(),
        kind::LINK_CLICKED => event.text("link"),
        kind::PAGE_VISITED => event.text("title"),
        kind::RESOURCE_DOWNLOADED => event.text("resource"),
        kind::FORM_SUBMITTED => event.text("form"),
        _ => None,
    };
    let url = event.text("url");
    let what = name.map(str::to_owned).or_else(|| url.map(readable))?;
    Some(Subject {
        what: what.chars().take(WHAT_MAX).collect(),
        url: url.unwrap_or_default().to_owned(),
    })
}

impl Subject {
    /// Whether the name or the URL contains the text, in any case.
    pub fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.what.to_lowercase().contains(&text) || self.url.to_lowercase().contains(&text)
    }
}

/// A URL as people write it: without scheme, `www.`, query and fragment, which may hold tokens.
fn readable(url: &str) -> String {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let url = url.strip_prefix("www.").unwrap_or(url);
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_readable() {
        let check = |url: &str, expect: &str| assert_eq!(readable(url), expect);
        check(
            "https://www.example.com/pricing/?utm_source=x#top",
            "example.com/pricing",
        );
        check("http://example.com/", "example.com");
        check("example.com/a/b", "example.com/a/b");
    }
}
