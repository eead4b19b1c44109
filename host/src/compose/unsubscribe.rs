//! How a recipient gets out: the headers of the message, and what stands below it.
//!
//! RFC 8058 3.1: "The List-Unsubscribe header field MUST contain one HTTPS URI. It MAY contain other
//! non-HTTP/S URIs such as MAILTO:. The List-Unsubscribe-Post header MUST contain the single
//! key/value pair "List-Unsubscribe=One-Click"."

use url::{Host, Url};

use super::html::escape;
use crate::domain::EmailAddress;

/// The ways out of one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways<'a> {
    /// A page of ours with the token of the message, at the public address.
    pub url: Option<&'a str>,
    /// A `mailto:` URI.
    pub mailto: Option<&'a str>,
}

/// `mailto:` an address, with a subject that says what is wanted.
pub fn mailto(address: &EmailAddress) -> String {
    format!("mailto:{address}?subject=unsubscribe")
}

impl Ways<'_> {
    /// The best way that a person can follow.
    pub(super) fn link(&self) -> Option<&str> {
        self.url.or(self.mailto)
    }

    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let url = self.url.and_then(page);
        let mailto = self.mailto.and_then(|text| Url::parse(text).ok());
        let mailto = mailto.filter(|url| url.scheme() == "mailto");
        // RFC 2369 2: several "alternate, comma-separated" URIs, "the first is the preferred".
        let ways: Vec<String> = url
            .iter()
            .chain(&mailto)
            .map(|way| format!("<{way}>"))
            .collect();
        let mut headers = Vec::new();
        if !ways.is_empty() {
            headers.push(("List-Unsubscribe".to_owned(), ways.join(", ")));
        }
        if url.is_some_and(|url| url.scheme() == "https") {
            headers.push((
                "List-Unsubscribe-Post".to_owned(),
                "List-Unsubscribe=One-Click".to_owned(),
            ));
        }
        headers
    }
}

/// An address for the header: HTTPS, or HTTP on this very machine while somebody tries things out.
fn page(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (url.scheme() == "https" || (url.scheme() == "http" && loopback)).then_some(url)
}

/// What stands below a message that does not say it itself, as HTML: the postal address, line by
/// line, and the way out. `said` is the text of the message. None where nothing is to be added.
pub(super) fn footer(
    said: &str,
    ways: &Ways<'_>,
    preferences_url: Option<&str>,
    postal_address: Option<&str>,
    cold: bool,
) -> Option<String> {
    let link = ways.link().filter(|link| !said.contains(*link));
    let address = postal_address
        .filter(|_| link.is_some() || cold)
        .filter(|address| !words(said).contains(&words(address)));
    let mut blocks = Vec::new();
    if let Some(address) = address {
        let lines: Vec<String> = address.lines().map(|line| escape(line.trim())).collect();
        blocks.push(lines.join("<br>"));
    }
    if let Some(link) = link {
        let mut links = vec![format!("<a href=\"{}\">Unsubscribe</a>", escape(link))];
        links.extend(
            preferences_url
                .filter(|url| *url != link)
                .map(|url| format!("<a href=\"{}\">What you receive</a>", escape(url))),
        );
        blocks.push(links.join("<br>"));
    }
    (!blocks.is_empty())
        .then(|| format!("<p class=\"followup-footer\">{}</p>\n", blocks.join("<br>")))
}

/// A text without its line breaks and commas: an address is the same on one line and on three.
fn words(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILTO: &str = "mailto:out@acme.example?subject=unsubscribe";

    #[test]
    fn headers_promise_only_what_holds() {
        for (url, mailto, list, one_click) in [
            (None, None, None, false),
            (
                Some("https://f.example/u/t1"),
                Some(MAILTO),
                Some("<https://f.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>"),
                true,
            ),
            (
                Some("https://f.example/u/t1"),
                None,
                Some("<https://f.example/u/t1>"),
                true,
            ),
            (
                None,
                Some(MAILTO),
                Some("<mailto:out@acme.example?subject=unsubscribe>"),
                false,
            ),
            (
                Some("http://127.0.0.1:8080/u/t1"),
                None,
                Some("<http://127.0.0.1:8080/u/t1>"),
                false,
            ),
            (Some("http://f.example/u/t1"), None, None, false),
            (
                Some("not an address"),
                Some("https://x.example"),
                None,
                false,
            ),
            (
                Some("https://f.example/u/t1>\r\nBcc: <x@evil.example"),
                None,
                Some("<https://f.example/u/t1%3EBcc:%20%3Cx@evil.example>"),
                true,
            ),
        ] {
            let headers = Ways { url, mailto }.headers();
            let value = |name: &str| {
                headers
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.as_str())
            };
            assert_eq!(value("List-Unsubscribe"), list, "{url:?}");
            let post = one_click.then_some("List-Unsubscribe=One-Click");
            assert_eq!(value("List-Unsubscribe-Post"), post, "{url:?}");
        }
    }

    #[test]
    fn the_footer_says_what_the_message_does_not() {
        let url = Some("https://f.example/u/t1");
        let postal = Some("Acme <Ltd>\n1 Main St");
        for (said, url, postal, cold, parts) in [
            ("Hi", None, postal, false, &[][..]),
            ("Hi", None, postal, true, &["Acme &lt;Ltd&gt;<br>1 Main St"]),
            (
                "Hi",
                url,
                postal,
                false,
                &[
                    "Acme &lt;Ltd&gt;<br>1 Main St",
                    "href=\"https://f.example/u/t1\"",
                ],
            ),
            ("Hi", url, None, false, &["href=\"https://f.example/u/t1\""]),
            ("no more: <https://f.example/u/t1>", url, postal, false, &[]),
            (
                "no more: <https://f.example/u/t1>",
                url,
                postal,
                true,
                &["1 Main St"],
            ),
            (
                "<https://f.example/u/t1> Acme <Ltd>, 1 Main\nSt",
                url,
                postal,
                true,
                &[],
            ),
        ] {
            let ways = Ways { url, mailto: None };
            let footer = footer(said, &ways, None, postal, cold);
            assert_eq!(footer.is_none(), parts.is_empty(), "{said}: {footer:?}");
            for part in parts {
                assert!(
                    footer.as_deref().unwrap_or_default().contains(part),
                    "{footer:?}"
                );
            }
        }
    }
}
