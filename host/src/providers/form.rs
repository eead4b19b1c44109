//! Forms: `multipart/form-data` (RFC 7578) as it leaves, the same or urlencoded as it comes in.
//!
//! In: fields in their order, or a received request. Out: bytes, or fields in their order. The same
//! fields always give the same bytes: the boundary is a hash of them, so that none can contain it.

use std::convert::Infallible;
use std::fmt::Write as _;

use bytes::Bytes;
use data_encoding::HEXLOWER_PERMISSIVE;
use futures_util::{FutureExt, future, stream};
use multer::Multipart;

use crate::domain::digest;
use crate::domain::hook::{HookRequest, Malformed};

/// Fields of one received form; a mail with all its headers as fields stays far below.
const FIELDS_MAX: usize = 1_000;

/// A received form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form(pub Vec<Field>);

/// One field of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub name: String,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Form {
    /// The last field of this name as text. Senders that mix what people chose with their own fields put
    /// their own last.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let field = self.0.iter().rfind(|field| field.name == name)?;
        Some(String::from_utf8_lossy(&field.bytes).into_owned())
    }

    /// The last field of this name as it came.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        let field = self.0.iter().rfind(|field| field.name == name)?;
        Some(&field.bytes)
    }
}

/// The form of a request, by its content type.
pub(super) fn read(request: &HookRequest) -> Result<Form, Malformed> {
    let content_type = request.header("content-type");
    let content_type = content_type.map_err(|e| Malformed(e.to_string()))?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let pairs = request.body.split(|b| *b == b'&');
        let fields = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let mut half = || unescaped(halves.next().unwrap_or_default());
            Field {
                name: String::from_utf8_lossy(&half()).into_owned(),
                bytes: half(),
                ..Field::default()
            }
        });
        return within_limits(fields.take(FIELDS_MAX + 1).collect());
    }
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Malformed(format!("the body is no form: its type is {content_type}")))?;
    let body = Bytes::copy_from_slice(&request.body);
    let body = stream::once(future::ready(Ok::<_, Infallible>(body)));
    parts(Multipart::new(body, boundary))
        .now_or_never()
        .unwrap_or_else(|| Err(Malformed("the form ends early".to_owned())))
}

/// The bytes that were escaped: a raw mail in a field is not always UTF-8.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let escaped = digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok());
        if let Some(byte) = escaped {
            bytes.extend(byte);
            rest = &after[2..];
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
            rest = after;
        }
    }
    bytes
}

async fn parts(mut multipart: Multipart<'static>) -> Result<Form, Malformed> {
    let malformed = |e: multer::Error| Malformed(format!("the body is no whole form: {e}"));
    let mut fields = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(malformed)? {
        let mut field = Field {
            name: part.name().unwrap_or_default().to_owned(),
            file_name: part.file_name().map(str::to_owned),
            content_type: part.content_type().map(ToString::to_string),
            bytes: Vec::new(),
        };
        field.bytes = part.bytes().await.map_err(malformed)?.to_vec();
        fields.push(field);
        if fields.len() > FIELDS_MAX {
            break;
        }
    }
    within_limits(fields)
}

fn within_limits(fields: Vec<Field>) -> Result<Form, Malformed> {
    if fields.len() > FIELDS_MAX {
        return Err(Malformed(format!(
            "more than {FIELDS_MAX} fields in one form"
        )));
    }
    Ok(Form(fields))
}

/// The `content-type` and the body of a form of texts.
pub(super) fn multipart(fields: &[(String, String)]) -> (String, Vec<u8>) {
    let parts: Vec<_> = fields
        .iter()
        .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
        .collect();
    let boundary = digest::id("form", &parts);
    let mut body = String::new();
    for (name, value) in fields {
        let name = name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        let head = "Content-Disposition: form-data; name=";
        let _ = write!(body, "--{boundary}\r\n{head}\"{name}\"\r\n\r\n{value}\r\n");
    }
    let _ = write!(body, "--{boundary}--\r\n");
    let content_type = format!("multipart/form-data; boundary={boundary}");
    (content_type, body.into_bytes())
}

/// The body of an `application/x-www-form-urlencoded` request.
pub(super) fn urlencoded(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str, body: &[u8]) -> HookRequest {
        HookRequest {
            method: "POST".to_owned(),
            url: "https://x.example/hooks/in/inbound".to_owned(),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.to_vec(),
            certificate: None,
        }
    }

    fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let fields = owned(&[
            ("to", "Zoë <zoe@example.com>"),
            ("text", "--form_x--\r\n\r\nlines\r\n"),
            ("to", "second"),
            ("empty", ""),
        ]);
        let (content_type, body) = multipart(&fields);
        assert_eq!((content_type.clone(), body.clone()), multipart(&fields));
        let form = read(&request(&content_type, &body)).expect("a form");
        let got: Vec<_> = form
            .0
            .iter()
            .map(|f| (f.name.clone(), String::from_utf8_lossy(&f.bytes).into()))
            .collect();
        assert_eq!(got, fields);
        assert_eq!(form.text("to").as_deref(), Some("second"), "the last");
    }

    #[test]
    fn a_name_cannot_end_its_header() {
        let (_, body) = multipart(&owned(&[("h:\"\r\nX: y", "v")]));
        let text = String::from_utf8(body).expect("UTF-8");
        assert!(
            text.contains("name=\"h:%22%0D%0AX: y\"\r\n\r\nv\r\n"),
            "{text}"
        );
    }

    #[test]
    fn forms_of_others() {
        let urlencoded = request("application/x-www-form-urlencoded", b"a=1&b=%C3%BC+x&a=2");
        let form = read(&urlencoded).expect("a form");
        assert_eq!(form.text("a").as_deref(), Some("2"));
        assert_eq!(form.text("b").as_deref(), Some("ü x"));
        assert_eq!(form.bytes("c"), None);
        let raw = request("application/x-www-form-urlencoded", b"m=%FC%2b+%zz%4&&n");
        let form = read(&raw).expect("a form");
        assert_eq!(form.bytes("m"), Some(b"\xfc+ %zz%4".as_slice()));
        assert_eq!(form.bytes("n"), Some(b"".as_slice()));
        let file = b"--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\
            content-type: text/plain\r\n\r\n\xff\r\n--b--\r\n";
        let form = read(&request("multipart/form-data; boundary=b", file)).expect("a form");
        assert_eq!(form.0[0].file_name.as_deref(), Some("a.txt"));
        assert_eq!(form.0[0].content_type.as_deref(), Some("text/plain"));
        assert_eq!(form.bytes("f"), Some(b"\xff".as_slice()));
        for (content_type, body) in [
            ("application/json", b"{}".as_slice()),
            ("multipart/form-data", b"--b--"),
            ("multipart/form-data; boundary=b", b"--b\r\ncontent-disp"),
        ] {
            assert!(
                read(&request(content_type, body)).is_err(),
                "{content_type}"
            );
        }
        let many = "a=1&".repeat(FIELDS_MAX + 1);
        let many = request("application/x-www-form-urlencoded", many.as_bytes());
        assert!(read(&many).is_err());
    }
}
