//! The mails that a scenario sent, as a mail program would read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use mail_parser::{HeaderName, Message, MessageParser};

/// What scenarios look at in an RFC 5322 message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SentMail {
    pub(super) subject: String,
    /// With its angle brackets; empty where there is none.
    pub(super) message_id: String,
    pub(super) in_reply_to: String,
    /// Divided by single spaces.
    pub(super) references: String,
    /// The plain text, as a person reads it.
    pub(super) text: String,
}

/// Every mail in the folder, by the name of its file: the message's id.
pub(super) fn read_all(folder: &Path) -> anyhow::Result<BTreeMap<String, SentMail>> {
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    fs::read_dir(folder)?
        .map(|entry| {
            let path = entry?.path();
            let name = path.file_stem().context("a file has a name")?;
            Ok((
                name.to_string_lossy().into_owned(),
                read(&fs::read(&path)?)?,
            ))
        })
        .collect()
}

fn read(bytes: &[u8]) -> anyhow::Result<SentMail> {
    let message = MessageParser::default().parse(bytes);
    let message = message.context("a file in the outbox is no mail")?;
    Ok(SentMail {
        subject: message.subject().unwrap_or_default().to_owned(),
        message_id: ids(&message, HeaderName::MessageId),
        in_reply_to: ids(&message, HeaderName::InReplyTo),
        references: ids(&message, HeaderName::References),
        text: message
            .body_text(0)
            .unwrap_or_default()
            .replace("\r\n", "\n"),
    })
}

/// A header of message ids as it stands there, unfolded.
fn ids(message: &Message<'_>, header: HeaderName<'_>) -> String {
    let raw = message.header_raw(header).unwrap_or_default();
    raw.split_whitespace().collect::<Vec<_>>().join(" ")
}
