//! Telling a person's opens and clicks from those of machines: security scanners that follow every
//! link, proxies that load every picture, previews, scripts.
//!
//! In: what is known of one open or click. Out: why it is a machine's, if it is. A machine's never
//! starts, feeds or ends anything; it only proves that the mail arrived. In doubt it is a machine's:
//! a missed trigger costs a mail, a false one writes to a person about what they never did. An
//! opt-out is never judged: whoever made it, it counts.
//!
//! Mautic's `BotRatioHelper` asks for two of three of time since sending, network and user agent, and
//! so misses scanners that come from clouds under a browser's name (mautic#16263); here each sign is
//! enough, and so is following several links at once, as Braze's "multi-input detection" has it.

use serde_json::Value;

use super::NewEvent;
use super::event::kind;
use super::instant::SECOND_MS;

/// Nobody has read a mail and acted this soon after it was handed over. Mautic takes 2 s; mail
/// systems that scan at delivery add their queue to that, people need longer.
pub const TOO_SOON_MS: i64 = 5 * SECOND_MS;

/// Different links followed within this time are followed by a machine: a person reads in between.
pub const BURST_MS: i64 = 10 * SECOND_MS;
/// From this many on.
pub const BURST_LINKS: usize = 2;

/// What is known of an open or a click; what nobody told is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signal<'a> {
    /// Empty where the request had none.
    pub user_agent: Option<&'a str>,
    /// The request said that it only looks ahead.
    pub prefetched: bool,
    /// The provider says so itself.
    pub reported: bool,
    /// Since the message was handed over; negative where clocks disagree.
    pub since_sent_ms: Option<i64>,
    /// Different links of the message followed within `BURST_MS`, this one included.
    pub distinct_links: usize,
}

/// Why an event of this kind is a machine's; none where it may be a person's, or is neither open
/// nor click.
pub fn machine(event_kind: &str, signal: &Signal<'_>) -> Option<&'static str> {
    machine_kind(event_kind)?;
    let user_agent = signal.user_agent.map(str::to_ascii_lowercase);
    let named = |words: &[&str]| {
        let user_agent = user_agent.as_deref().unwrap_or_default();
        words.iter().any(|word| user_agent.contains(word))
    };
    let opened = event_kind == kind::EMAIL_OPENED;
    let alone = user_agent.as_deref().map(str::trim);
    if signal.reported {
        Some("the provider says so")
    } else if signal.prefetched {
        Some("the request only looks ahead")
    } else if alone == Some("") {
        Some("no user agent")
    } else if named(SCANNERS) {
        Some("a security scanner")
    } else if named(SCRIPTS) {
        Some("a robot or script")
    } else if named(PROXIES) || (opened && alone == Some(APPLE_PRIVACY)) {
        Some("a privacy proxy")
    } else if signal.since_sent_ms.is_some_and(|ms| ms < TOO_SOON_MS) {
        Some("too soon after sending")
    } else if !opened && signal.distinct_links >= BURST_LINKS {
        Some("several links at once")
    } else {
        None
    }
}

/// What the event is called when a machine caused it; none for other kinds.
pub fn machine_kind(event_kind: &str) -> Option<&'static str> {
    match event_kind {
        kind::EMAIL_OPENED => Some(kind::MACHINE_OPENED),
        kind::LINK_CLICKED => Some(kind::MACHINE_CLICKED),
        _ => None,
    }
}

/// Whether events of this kind start, feed and end nothing: no rule, no policy, no exit sees them.
pub fn is_machine_kind(event_kind: &str) -> bool {
    matches!(event_kind, kind::MACHINE_OPENED | kind::MACHINE_CLICKED)
}

/// The event under the kind it deserves, with the reason as `data.machine`.
#[must_use]
pub fn unmask(mut event: NewEvent, signal: &Signal<'_>) -> NewEvent {
    if let (Some(why), Some(kind)) = (machine(&event.kind, signal), machine_kind(&event.kind)) {
        kind.clone_into(&mut event.kind);
        event.data.insert("machine".to_owned(), Value::from(why));
    }
    event
}

/// Products that look at mail for a company, as they name themselves. Microsoft's Safe Links and
/// others come under a browser's name: time and bursts find those.
const SCANNERS: &[&str] = &[
    "barracuda",
    "mimecast",
    "proofpoint",
    "messagelabs",
    "fireeye",
    "forcepoint",
    "sophos",
    "trendmicro",
    "urlscan",
    "virustotal",
    "bingpreview",
    "existence discovery",
    "protocol discovery",
    "google-safety",
];

/// Robots, previews and HTTP libraries. "bot" alone would be the telephones called CUBOT; robots
/// write a slash behind it, or the address of a page about themselves.
const SCRIPTS: &[&str] = &[
    "bot/",
    "bot;",
    "bot)",
    "+http",
    "crawler",
    "spider",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "curl/",
    "wget/",
    "python-requests",
    "python-urllib",
    "python-httpx",
    "aiohttp",
    "go-http-client",
    "okhttp",
    "apache-httpclient",
    "libwww-perl",
    "node-fetch",
    "axios/",
    "guzzlehttp",
    "powershell",
    "winhttp",
    "facebookexternalhit",
    "skypeuripreview",
    "whatsapp/",
];

/// They load pictures on behalf of many, some before anybody looks: Google's
/// (`via ggpht.com GoogleImageProxy`) mostly when a person opens, but nothing tells when not; so they all count as
/// machines. Opens alone prove nothing about a person anyway.
const PROXIES: &[&str] = &["googleimageproxy", "ggpht.com", "yahoomailproxy"];

/// All that Apple's Mail Privacy Protection says of itself. It loads pictures, it never clicks.
const APPLE_PRIVACY: &str = "mozilla/5.0";

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    fn check(event_kind: &str, signal: Signal<'_>, expect: Option<&str>) {
        assert_eq!(
            machine(event_kind, &signal),
            expect,
            "{event_kind} {signal:?}"
        );
    }

    fn agent(user_agent: &str) -> Signal<'_> {
        Signal {
            user_agent: Some(user_agent),
            ..Signal::default()
        }
    }

    #[test]
    fn by_name() {
        let (scanner, script, proxy) = (
            Some("a security scanner"),
            Some("a robot or script"),
            Some("a privacy proxy"),
        );
        for (text, opened, clicked) in [
            (FIREFOX, None, None),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                None,
                None,
            ),
            (
                "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Microsoft Outlook 16.0.17531; ms-office; MSOffice 16)",
                None,
                None,
            ),
            (
                "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17531; Pro)",
                None,
                None,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT KING KONG) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
                None,
                None,
            ),
            ("Mozilla/5.0", proxy, None),
            (
                "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
                proxy,
                proxy,
            ),
            (
                "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
                proxy,
                proxy,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 Safari/537.36 BingPreview/1.0b",
                scanner,
                scanner,
            ),
            ("BarracudaCentral/1.0", scanner, scanner),
            ("Microsoft Office Existence Discovery", scanner, scanner),
            (
                "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
                script,
                script,
            ),
            (
                "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
                script,
                script,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
                script,
                script,
            ),
            ("curl/8.5.0", script, script),
            ("python-requests/2.31", script, script),
            ("", Some("no user agent"), Some("no user agent")),
            (" ", Some("no user agent"), Some("no user agent")),
        ] {
            check(kind::EMAIL_OPENED, agent(text), opened);
            check(kind::LINK_CLICKED, agent(text), clicked);
            check(kind::UNSUBSCRIBED, agent(text), None);
        }
    }

    #[test]
    fn by_time_and_number() {
        let signal = |since_sent_ms, distinct_links| Signal {
            since_sent_ms,
            distinct_links,
            ..agent(FIREFOX)
        };
        let (soon, many) = (
            Some("too soon after sending"),
            Some("several links at once"),
        );
        for (since_sent_ms, distinct_links, opened, clicked) in [
            (None, 0, None, None),
            (Some(-1), 1, soon, soon),
            (Some(TOO_SOON_MS - 1), 1, soon, soon),
            (Some(TOO_SOON_MS), 1, None, None),
            (Some(60_000), BURST_LINKS, None, many),
        ] {
            check(
                kind::EMAIL_OPENED,
                signal(since_sent_ms, distinct_links),
                opened,
            );
            check(
                kind::LINK_CLICKED,
                signal(since_sent_ms, distinct_links),
                clicked,
            );
            check(kind::REPLIED, signal(since_sent_ms, distinct_links), None);
        }
        let told = |prefetched, reported| Signal {
            prefetched,
            reported,
            ..agent(FIREFOX)
        };
        let ahead = Some("the request only looks ahead");
        check(kind::LINK_CLICKED, told(true, false), ahead);
        check(
            kind::EMAIL_OPENED,
            told(false, true),
            Some("the provider says so"),
        );
    }
}
