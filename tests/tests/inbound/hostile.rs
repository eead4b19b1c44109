//! Bytes that nobody should send: never a panic, and time that grows with the size alone.

use std::fs;

use followup::inbound::{Envelope, InboundMail, classify, events};
use proptest::prelude::*;

use super::{NOW, folder, labels, ours};

fn read(bytes: &[u8]) -> usize {
    let mail = InboundMail::read(bytes, &Envelope::default());
    let is = classify(&mail, &ours(), NOW);
    events(&mail, &is, bytes, NOW).len()
}

#[test]
fn large_and_deep_mails_end_in_few_events() {
    let nested = |depth: usize| {
        let levels = (0..depth).map(|level| {
            format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")
        });
        let head = std::iter::once("From: a@x.example\n".to_owned());
        let end = std::iter::once("\nhello\n".to_owned());
        head.chain(levels).chain(end).collect::<String>()
    };
    let messages = "Content-Type: message/rfc822\n\n".repeat(30_000);
    let parts = "--b\nContent-Type: multipart/mixed; boundary=none\n\nx\n".repeat(10_000);
    let plain_parts = "--b\n\nx\n".repeat(10_000);
    for (name, mail) in [
        ("1,000 multiparts, one in the other", nested(1_000)),
        ("30,000 messages, one in the other", messages),
        (
            "10,000 parts that promise more",
            format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}"),
        ),
        (
            "10,000 parts",
            format!("Content-Type: multipart/mixed; boundary=b\n\n{plain_parts}"),
        ),
        (
            "a header of 1 MB",
            format!("From: a@x.example\nX: {}\n\nhi", "y ".repeat(500_000)),
        ),
        (
            "100,000 headers",
            format!("From: a@x.example\n{}\nhi", "X-A: b\n".repeat(100_000)),
        ),
        (
            "100,000 references",
            format!(
                "From: a@x.example\nReferences: {}\n\nhi",
                "<a@b>\n ".repeat(100_000)
            ),
        ),
        (
            "a subject of 1 MB",
            format!("Subject: {}\n\nhi", "=?utf-8?q?a?= ".repeat(70_000)),
        ),
        (
            "a recipient list of 1 MB",
            format!("To: {}\n\nhi", "a@b.example, ".repeat(80_000)),
        ),
        (
            "brackets",
            format!(
                "From: {}\nTo: {}\n\nhi",
                "(".repeat(300_000),
                "<".repeat(300_000)
            ),
        ),
        (
            "at signs",
            format!("From: a@x.example\n\n{}", "@".repeat(1_000_000)),
        ),
        (
            "a body of quotations",
            format!("From: a@x.example\n\n{}", "> a\n".repeat(250_000)),
        ),
        (
            "a body of attributions",
            format!("From: a@x.example\n\n{}", "On Monday 5,\n".repeat(80_000)),
        ),
        (
            "a body of numbers",
            format!(
                "From: a@x.example\nAuto-Submitted: auto-replied\n\n{}",
                "until 1.1. ".repeat(90_000)
            ),
        ),
        (
            "deep markup",
            format!(
                "Content-Type: text/html\n\n{}x",
                "<div><blockquote>".repeat(60_000)
            ),
        ),
        (
            "tables in tables",
            format!(
                "Content-Type: text/html\n\n{}x",
                "<table><tr><td>".repeat(60_000)
            ),
        ),
        (
            "a report of 50,000 recipients",
            format!(
                "From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
                 Content-Type: message/delivery-status\n\n{}--b--\n",
                "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n"
                    .repeat(15_000)
            ),
        ),
    ] {
        let count = read(mail.as_bytes());
        assert!(count <= 100, "{name}: {count} events");
    }
}

/// Bytes of a real mail, changed: cut, repeated, overwritten.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let mails: Vec<Vec<u8>> = labels()
        .iter()
        .map(|label| fs::read(folder().join(format!("{}.eml", label.file))).expect("a mail"))
        .collect();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..20);
    (prop::sample::select(mails), changes).prop_map(|(mut mail, changes)| {
        for (at, byte, what) in changes {
            if mail.is_empty() {
                break;
            }
            let at = at.index(mail.len());
            match what {
                0 => mail[at] = byte,
                1 => mail.truncate(at.max(1)),
                2 => {
                    mail.remove(at);
                }
                _ => {
                    let piece = mail[at..(at + usize::from(byte)).min(mail.len())].to_vec();
                    mail.splice(at..at, piece);
                }
            }
        }
        mail
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read(&bytes);
    }

    #[test]
    fn any_change_of_a_mail_is_read(bytes in mutated()) {
        read(&bytes);
    }

    #[test]
    fn any_pieces_of_mails_are_read(text in "(From: |Content-Type: |multipart/mixed; boundary=b|message/rfc822|\n|\n\n|--b|--|=\\?utf-8\\?q\\?|<|>|a@b.example| ){0,60}") {
        read(text.as_bytes());
    }
}
