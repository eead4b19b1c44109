//! The body of a mail: its text as a person reads it, and the parts that reports are made of.
//!
//! The parser is kept from what would cost it more than the mail is worth: structure beyond the limits
//! below is not taken apart, the mail is then read as one plain text.

use std::borrow::Cow;
use std::panic;

use html2text::config;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::fields::Fields;

/// Multiparts and messages inside one mail: digests have dozens, attacks have thousands.
const CONTAINERS_MAX: usize = 100;
/// Lines that could begin a part.
const PARTS_MAX: usize = 1_000;
/// The text that is read; nobody says "I am away" later than that.
const TEXT_MAX_BYTES: usize = 64 * 1024;
/// Markup is several times its text.
const HTML_MAX_BYTES: usize = 256 * 1024;
/// Tags in markup that is laid out; above, tags are only cut out.
const TAGS_MAX: usize = 5_000;
/// The width text is laid out to: wide, so that phrases stay on one line.
const WIDTH: usize = 200;
/// The parts of a report, and the bytes of one, that are read.
const REPORT_PARTS_MAX: usize = 20;
const REPORT_PART_MAX_BYTES: usize = 256 * 1024;

/// What there is of a mail beside its header.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub text: String,
    pub parts: Vec<ReportPart>,
    /// RFC 2047 decoded.
    pub subject: Option<String>,
}

/// A part that tells about another mail.
#[derive(Debug, Clone)]
pub(super) struct ReportPart {
    /// `message/delivery-status`, `message/rfc822`, ...
    pub media_type: String,
    pub text: String,
    /// Of a returned mail or its header.
    pub fields: Fields,
}

/// Reads the body of a whole mail.
pub(super) fn read(bytes: &[u8]) -> Body {
    let parser = MessageParser::default();
    // mail-parser 0.11 asserts, in debug builds, that boundaries of mails inside mails nest; broken
    // ones do not. A mail that its parser trips over costs its structure, never the request.
    let structured = (!is_excessive(bytes))
        .then(|| panic::catch_unwind(|| parser.parse(bytes)).ok().flatten())
        .flatten();
    let whole = structured.is_some();
    let parsed = structured.or_else(|| parser.parse_headers(bytes));
    let subject = parsed
        .as_ref()
        .and_then(|mail| mail.subject().map(|s| clean(s, SUBJECT_MAX_BYTES)));
    match parsed {
        // A report whose declared boundary never comes has its parts in the preamble.
        Some(mail) if whole && !is_unread(&mail) => Body {
            text: text(&mail),
            parts: report_parts(&mail),
            subject,
        },
        _ => Body {
            text: clean(&after_header(bytes), TEXT_MAX_BYTES),
            parts: Vec::new(),
            subject,
        },
    }
}

/// No subject says more in more than that; a header line ends at 998 (RFC 5322 2.1.1).
const SUBJECT_MAX_BYTES: usize = 998;

fn is_unread(mail: &Message<'_>) -> bool {
    let kind = mail.content_type();
    let report = kind.and_then(|kind| kind.subtype()) == Some("report");
    report && report_parts(mail).is_empty() && text(mail).trim().is_empty()
}

fn is_excessive(bytes: &[u8]) -> bool {
    let starts = bytes.windows(3).filter(|w| *w == b"\n--").count();
    // `multipart/...` and `message/rfc822`, in any case, anywhere: quoted ones cost nothing but care.
    let named = |word: &[u8]| {
        bytes
            .windows(word.len())
            .filter(|w| w.eq_ignore_ascii_case(word))
            .count()
    };
    starts > PARTS_MAX || named(b"multipart/") + named(b"message/") > CONTAINERS_MAX
}

fn after_header(bytes: &[u8]) -> Cow<'_, str> {
    let end = bytes
        .windows(2)
        .position(|w| w == b"\n\n")
        .or_else(|| bytes.windows(4).position(|w| w == b"\r\n\r\n"));
    let body = &bytes[end.unwrap_or(bytes.len())..];
    String::from_utf8_lossy(&body[..body.len().min(TEXT_MAX_BYTES)])
}

/// The plain part; where it is missing or blank, the HTML one as text.
fn text(mail: &Message<'_>) -> String {
    let plain = joined(mail, &mail.text_body);
    if plain.trim().is_empty() {
        joined(mail, &mail.html_body)
    } else {
        plain
    }
}

fn joined(mail: &Message<'_>, ids: &[u32]) -> String {
    let mut text = String::new();
    for part in ids.iter().filter_map(|id| mail.part(*id)) {
        if text.len() >= TEXT_MAX_BYTES {
            break;
        }
        match &part.body {
            PartType::Text(plain) => text.push_str(&clean(plain, TEXT_MAX_BYTES)),
            PartType::Html(html) => text.push_str(&clean(&html_text(html), TEXT_MAX_BYTES)),
            _ => continue,
        }
        text.push('\n');
    }
    text
}

/// HTML as text; quotations keep their `> `, by which they are known later.
fn html_text(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(HTML_MAX_BYTES)];
    let laid_out = || {
        config::plain_no_decorate()
            .allow_width_overflow()
            .no_table_borders()
            .string_from_read(html.as_bytes(), WIDTH)
            .ok()
    };
    let simple = html.bytes().filter(|b| *b == b'<').count() <= TAGS_MAX;
    let text = if simple { laid_out() } else { None };
    text.unwrap_or_else(|| mail_parser::decoders::html::html_to_text(html))
}

/// Without control characters, at most so long.
fn clean(text: &str, max_bytes: usize) -> String {
    let text = &text[..text.floor_char_boundary(max_bytes)];
    text.chars()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .collect()
}

/// The parts of the mail itself: those of mails inside it are not its own.
fn report_parts(mail: &Message<'_>) -> Vec<ReportPart> {
    mail.parts
        .iter()
        .filter_map(report_part)
        .take(REPORT_PARTS_MAX)
        .collect()
}

fn report_part(part: &MessagePart<'_>) -> Option<ReportPart> {
    let media_type = part.content_type().map_or_else(String::new, |told| {
        format!("{}/{}", told.ctype(), told.subtype().unwrap_or_default()).to_ascii_lowercase()
    });
    let raw: Cow<'_, [u8]> = match &part.body {
        PartType::Message(inner) => {
            let begin = inner.parts.first().map_or(0, |root| root.offset_header) as usize;
            inner.raw_message.get(begin..).unwrap_or_default().into()
        }
        _ if !is_report(&media_type) => return None,
        PartType::Text(text) | PartType::Html(text) => text.as_bytes().into(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref().into(),
        PartType::Multipart(_) => return None,
    };
    let raw = &raw[..raw.len().min(REPORT_PART_MAX_BYTES)];
    let text = String::from_utf8_lossy(raw).into_owned();
    let fields = Fields::read(text.trim_start());
    Some(ReportPart {
        media_type: if media_type.is_empty() {
            "message/rfc822".to_owned()
        } else {
            media_type
        },
        text,
        fields,
    })
}

/// RFC 3464, RFC 6533 (the `global-` ones), RFC 5965, RFC 8098, RFC 3462 (`text/rfc822-headers`).
fn is_report(media_type: &str) -> bool {
    matches!(
        media_type,
        "message/delivery-status"
            | "message/global-delivery-status"
            | "message/disposition-notification"
            | "message/global-disposition-notification"
            | "message/feedback-report"
            | "message/rfc822"
            | "message/global"
            | "message/rfc822-headers"
            | "message/global-headers"
            | "message/partial"
            | "text/rfc822-headers"
            | "text/rfc822"
    )
}
