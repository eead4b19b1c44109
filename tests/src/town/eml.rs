//! The mails in the outbox folder, as a mail program would read them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

/// An RFC 5322 message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eml {
    text: String,
}

impl Eml {
    /// A header's value, unfolded; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        // RFC 5322 2.2.3: "Unfolding is accomplished by simply removing any CRLF that is immediately
        // followed by WSP."
        let head = head.replace("\r\n\t", " ").replace("\r\n ", " ");
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }

    /// The plain text, as a person reads it.
    pub fn body(&self) -> String {
        let plain = self
            .text
            .split("Content-Type: text/plain")
            .nth(1)
            .unwrap_or_default();
        let plain = plain.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        unquote(plain.split("\r\n--part").next().unwrap_or_default())
    }

    /// The whole file.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Quoted-printable, RFC 2045 6.7: `=` and two hexadecimal digits are an octet, `=` at the end of a
/// line joins it to the next.
fn unquote(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

pub(super) fn read_all(folder: &Path) -> anyhow::Result<BTreeMap<String, Eml>> {
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    std::fs::read_dir(folder)?
        .map(|entry| {
            let path = entry?.path();
            let name = path
                .file_stem()
                .context("a file has a name")?
                .to_string_lossy()
                .into_owned();
            Ok((
                name,
                Eml {
                    text: std::fs::read_to_string(&path)?,
                },
            ))
        })
        .collect()
}
