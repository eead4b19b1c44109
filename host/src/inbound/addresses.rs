//! Addresses: in header fields, in running text, and what their local parts tell.

use crate::domain::EmailAddress;

/// The most addresses that are read of one text.
pub(super) const ADDRESSES_MAX: usize = 50;

/// The addresses of a header field or a text, in their order, each once. Made for what people and
/// old systems write: `<a@b>`, `mailto:a@b`, `rfc822; a@b`, `a@b.` at the end of a sentence.
pub(super) fn addresses(text: &str) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    for (at, _) in text.match_indices('@') {
        if found.len() == ADDRESSES_MAX {
            break;
        }
        let Some(address) = around(text, at) else {
            continue;
        };
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// The address whose `@` stands there.
fn around(text: &str, at: usize) -> Option<EmailAddress> {
    // No address is longer than 254 bytes, so neither side is.
    let from = text.ceil_char_boundary(at.saturating_sub(LOCAL_MAX_BYTES));
    let to = text.floor_char_boundary((at + 1 + DOMAIN_MAX_BYTES).min(text.len()));
    let local = text[from..at].rsplit(|c| !is_local(c)).next()?;
    let local = local.trim_start_matches(['.', '\'', '-']);
    let domain = text[at + 1..to].split(|c| !is_domain(c)).next()?;
    let domain = domain.trim_end_matches(['.', '-']);
    if !domain.contains('.') {
        return None;
    }
    EmailAddress::parse(&format!("{local}@{domain}")).ok()
}

const LOCAL_MAX_BYTES: usize = 64;
const DOMAIN_MAX_BYTES: usize = 190;

/// The characters of a `dot-atom` (RFC 5322 3.2.3) and letters beyond ASCII (RFC 6531).
fn is_local(c: char) -> bool {
    let script = ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..='\u{ffef}').contains(&c);
    (c.is_alphanumeric() && !script) || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

/// Internationalized names in running Japanese or Chinese cannot be told from the text around them.
fn is_domain(c: char) -> bool {
    let latin = c.is_alphanumeric() && u32::from(c) < 0x3000;
    latin || c == '-' || c == '.'
}

/// The local part without its `+tag`.
pub(super) fn mailbox(address: &EmailAddress) -> &str {
    let local = address.as_str().split('@').next().unwrap_or_default();
    local.split('+').next().unwrap_or_default()
}

/// RFC 5321 4.5.1 and what systems call themselves: who reports on delivery.
pub(super) fn is_daemon(address: &EmailAddress) -> bool {
    let name = plain(mailbox(address));
    DAEMONS.contains(&name.as_str())
        || name.starts_with("microsoftexchange")
        || name.starts_with("mailerdaemon")
}

/// The same of a `From` that has no proper address: its name, or what stands before an `@`.
pub(super) fn is_daemon_name(from: &str) -> bool {
    let mut words = from.split(['<', '>', '@', '(', ')', '"']);
    words.any(|word| {
        let name = plain(word);
        DAEMONS.contains(&name.as_str()) || name.starts_with("maildelivers")
    })
}

const DAEMONS: &[&str] = &[
    "mailerdaemon",
    "maildaemon",
    "postmaster",
    "maildeliverysubsystem",
    "maildeliverysystem",
    "maildelivery",
    "bounce",
    "bounces",
    "mdaemon",
];

/// The letters and digits, in lower case: `post_master`, `Mail Delivery System`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// An address nobody reads.
pub(super) fn is_no_reply(address: &EmailAddress) -> bool {
    let plain = plain(mailbox(address));
    let names = [
        "noreply",
        "donotreply",
        "dontreply",
        "nepasrepondre",
        "nonrispondere",
        "nichtantworten",
        "noresponder",
        "naoresponda",
        "autoreply",
        "autoresponder",
    ];
    names.iter().any(|name| plain.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_any_text() {
        for (text, expect) in [
            (
                "Ada <Ada@X.example>, b@y.example",
                &["ada@x.example", "b@y.example"] as &[&str],
            ),
            ("rfc822; a+b@x.example", &["a+b@x.example"]),
            ("write to a@x.example.", &["a@x.example"]),
            ("mailto:a@x.example, or <a@x.example>", &["a@x.example"]),
            (
                "(bob@x.example)[bob2@x.example]",
                &["bob@x.example", "bob2@x.example"],
            ),
            ("担当者のtaro@x.exampleまで", &["taro@x.example"]),
            ("me @ home, @handle, a@localhost", &[]),
            ("\"quoted\" 'o'neil@x.example'", &["o'neil@x.example"]),
        ] {
            let found = addresses(text);
            let found: Vec<_> = found.iter().map(EmailAddress::as_str).collect();
            assert_eq!(found, expect, "{text}");
        }
        assert!(addresses(&"a@b.example ".repeat(1000)).len() <= ADDRESSES_MAX);
    }

    #[test]
    fn what_local_parts_tell() {
        for (text, daemon, no_reply) in [
            ("MAILER-DAEMON@x.example", true, false),
            ("postmaster@x.example", true, false),
            (
                "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example",
                true,
                false,
            ),
            ("no-reply@x.example", false, true),
            ("do_not_reply+1@x.example", false, true),
            ("ada@x.example", false, false),
        ] {
            let address = EmailAddress::parse(text).expect("valid");
            assert_eq!(is_daemon(&address), daemon, "{text}");
            assert_eq!(is_no_reply(&address), no_reply, "{text}");
        }
    }
}
