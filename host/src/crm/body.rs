//! What is written into a CRM, as text or HTML, with the marker under it.

use crate::domain::connector::{SentMail, Write, marker};

/// The longest title of a note, in characters.
const TITLE_MAX_CHARS: usize = 100;

/// The title of a note that has none: its first line.
pub(super) fn title(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or("Note");
    line.chars().take(TITLE_MAX_CHARS).collect()
}

/// The text and, a line below it, the marker.
pub(super) fn text(write: &Write, body: &str) -> String {
    format!("{}\n\n{}", body.trim_end(), marker(write))
        .trim_start()
        .to_owned()
}

/// The same as HTML: nothing in the text is markup, a line break is one.
pub(super) fn html(write: &Write, body: &str) -> String {
    text(write, body)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("\r\n", "\n")
        .replace('\n', "<br>")
}

/// A sent mail as people read it, for a CRM that has no mails of its own.
pub(super) fn mail(mail: &SentMail) -> String {
    format!(
        "From: {}\nTo: {}\nSubject: {}\n\n{}",
        mail.from, mail.to, mail.subject, mail.text
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;
    use crate::domain::connector::WriteKind;

    #[test]
    fn the_marker_stands_under_the_text() {
        let write = Write {
            id: "wb_1".to_owned(),
            kind: WriteKind::Note {
                body: String::new(),
            },
            contact_id: "7".to_owned(),
            account_id: None,
            deal_id: None,
            owner_id: None,
            at: Instant(0),
        };
        assert_eq!(text(&write, "Call\n"), "Call\n\nfollowup:wb_1");
        assert_eq!(text(&write, ""), "followup:wb_1");
        assert_eq!(
            html(&write, "a < b & c\nd"),
            "a &lt; b &amp; c<br>d<br><br>followup:wb_1"
        );
    }
}
