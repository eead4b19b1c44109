//! Links to the company's own pages tell who followed them: `fu`, a token that only the host can make
//! and prove, so that a page that reports its visits can name the mail that brought somebody.
//!
//! Only in links of the HTML part, only to hosts that the administrator named. What is counted or shown
//! of such a link is without it.

use super::html::map_links;

/// The name of the parameter; `plugins/page-visit/beacon.js` reads it.
const PARAMETER: &str = "fu=";

/// Whose visits are told, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visits<'a> {
    /// In lower case: `www.acme.example`.
    pub hosts: &'a [String],
    /// Names the message.
    pub token: &'a str,
}

impl Visits<'_> {
    /// The document with the token behind each link to one of the hosts.
    pub(super) fn apply(&self, html: &str, spared: &[&str]) -> String {
        if self.hosts.is_empty() {
            return html.to_owned();
        }
        map_links(html, |target| {
            let ours = host(target).is_some_and(|host| self.hosts.contains(&host));
            (ours && !spared.contains(&target)).then(|| with_token(target, self.token))
        })
    }
}

/// The link as its author wrote it.
pub fn without_token(link: &str) -> String {
    let (url, fragment) = split(link);
    let bare = url
        .rsplit_once(['?', '&'])
        .filter(|(_, last)| last.starts_with(PARAMETER))
        .map_or(url, |(bare, _)| bare);
    format!("{bare}{fragment}")
}

fn with_token(link: &str, token: &str) -> String {
    let (url, fragment) = split(link);
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{PARAMETER}{token}{fragment}")
}

/// A link and its fragment, which begins with `#` where there is one.
fn split(link: &str) -> (&str, &str) {
    link.split_at(link.find('#').unwrap_or(link.len()))
}

/// The host of a web link, in lower case and without its port.
fn host(link: &str) -> Option<String> {
    let (scheme, rest) = link.trim_start().split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    // With a user's name before it, the host would be whatever a reader takes it for.
    let host = authority.split(':').next()?;
    (!authority.contains('@') && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(link: &str, expect: &str) {
        let hosts = ["www.acme.example".to_owned()];
        let visits = Visits {
            hosts: &hosts,
            token: "abc",
        };
        let html = format!("<p><a href=\"{link}\">x</a></p>");
        let expect_html = format!("<p><a href=\"{expect}\">x</a></p>");
        assert_eq!(
            visits.apply(&html, &["https://www.acme.example/out"]),
            expect_html
        );
    }

    #[test]
    fn only_links_to_the_companys_own_pages() {
        let own = "https://www.acme.example";
        check(own, &format!("{own}?fu=abc"));
        check(&format!("{own}/a#b"), &format!("{own}/a?fu=abc#b"));
        check(&format!("{own}/a?b=c"), &format!("{own}/a?b=c&amp;fu=abc"));
        check(
            "HTTP://WWW.Acme.example:80/",
            "HTTP://WWW.Acme.example:80/?fu=abc",
        );
        for other in [
            "https://acme.example/",
            "https://www.acme.example.evil.example/",
            "https://www.acme.example@evil.example/",
            "https://evil.example/www.acme.example",
            "mailto:a@www.acme.example",
            "https://www.acme.example/out",
        ] {
            check(other, other);
        }
    }

    #[test]
    fn a_token_is_taken_off_again() {
        for link in [
            "https://a.example",
            "https://a.example/x?b=c",
            "https://a.example/x?b=c#d",
            "https://a.example/#d?e",
        ] {
            assert_eq!(without_token(&with_token(link, "abc")), link);
            assert_eq!(without_token(link), link);
        }
    }
}
