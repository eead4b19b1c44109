//! What a domain says about its mail, read as the standards say: texts in, meanings out.
//!
//! `spf` is RFC 7208, `dmarc` RFC 7489, `dkim` RFC 6376. Pure: who asks the DNS is elsewhere, and
//! what a meaning is worth to the sender is `identity`'s to judge.

pub mod dkim;
pub mod dmarc;
pub mod spf;

/// The `name=value` tags of a record (RFC 6376, 3.2), in order. White space around them is none of them.
fn tags(text: &str) -> Vec<(&str, &str)> {
    text.split(';')
        .filter_map(|tag| tag.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}
