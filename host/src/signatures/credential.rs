//! A password that a sender shows with every webhook, for those who sign nothing.
//!
//! It may stand where the sender can put it: as `Authorization: Bearer` (RFC 6750, 2.1), as the password
//! of `Authorization: Basic` (RFC 7617, 2; what `https://user:PASSWORD@host/` becomes), in
//! `X-Followup-Key`, or as `?key=` of the address. Compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{self, HMAC_SHA256, Key};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::hook::{HookRequest, Refusal};

/// For senders that can set a header but not `Authorization`.
pub const KEY_HEADER: &str = "x-followup-key";
/// For senders that can set nothing but the address.
pub const KEY_PARAMETER: &str = "key";

/// Whether the request shows the password, in the first of the places where it shows any.
pub fn verify(password: &SecretString, request: &HookRequest) -> Result<(), Refusal> {
    let given = match request.header("authorization") {
        Ok(header) => {
            from_authorization(header).ok_or(Refusal::MalformedHeader("authorization".into()))?
        }
        Err(missing @ Refusal::MissingHeader(_)) => match request.header(KEY_HEADER) {
            Ok(key) => key.to_owned(),
            Err(Refusal::MissingHeader(_)) => parameter(request).ok_or(missing)?,
            Err(repeated) => return Err(repeated),
        },
        Err(repeated) => return Err(repeated),
    };
    if same(password.expose_secret().trim(), given.trim()) {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// The same with the setting `webhook_password`: without one, everything is refused.
pub fn verify_webhook(
    password: Option<&SecretString>,
    request: &HookRequest,
) -> Result<(), Refusal> {
    verify(configured(password)?, request)
}

/// The setting `webhook_password`, where it was made.
pub fn configured(password: Option<&SecretString>) -> Result<&SecretString, Refusal> {
    password.ok_or(Refusal::NotConfigured("webhook_password"))
}

/// The password of a `Bearer` or `Basic` credential.
fn from_authorization(header: &str) -> Option<String> {
    let (scheme, value) = header.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (_user, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

/// A parameter that is there twice is none: two readers could read two different ones.
fn parameter(request: &HookRequest) -> Option<String> {
    let (_, query) = request.url.split_once('?')?;
    let mut values = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == KEY_PARAMETER)
        .map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// Compared as HMACs under one key, which ring does in constant time whatever the lengths.
pub fn same(secret: &str, given: &str) -> bool {
    let key = Key::new(HMAC_SHA256, b"followup credential");
    let tag = hmac::sign(&key, secret.as_bytes());
    hmac::verify(&key, given.as_bytes(), tag.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], query: &str, expect: &Result<(), Refusal>) {
        let request = HookRequest {
            method: "POST".to_owned(),
            url: format!("https://x.example/hooks/in{query}"),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: Vec::new(),
            certificate: None,
        };
        let got = verify(&"hunter2".to_owned().into(), &request);
        assert_eq!(&got, expect, "{headers:?} {query}");
    }

    #[test]
    fn places_where_a_password_may_stand() {
        let basic = format!("Basic {}", STANDARD.encode("any:hunter2"));
        let wrong = format!("basic {}", STANDARD.encode("any:hunter3"));
        let missing = Err(Refusal::MissingHeader("authorization".into()));
        let malformed = Err(Refusal::MalformedHeader("authorization".into()));
        let bad = Err(Refusal::BadSignature);
        check(&[("authorization", "Bearer hunter2")], "", &Ok(()));
        check(&[("authorization", "bearer  hunter2 ")], "", &Ok(()));
        check(&[("authorization", &basic)], "", &Ok(()));
        check(&[("authorization", &wrong)], "", &bad);
        check(&[("authorization", "Bearer hunter")], "", &bad);
        check(&[("authorization", "Bearer")], "", &malformed);
        check(&[("authorization", "Digest hunter2")], "", &malformed);
        check(&[("authorization", "Basic !!!")], "", &malformed);
        check(&[(KEY_HEADER, "hunter2")], "", &Ok(()));
        check(&[(KEY_HEADER, "hunter")], "?key=hunter2", &bad);
        check(&[], "?a=1&key=hunter2", &Ok(()));
        check(&[], "?key=hunter", &bad);
        check(&[], "?key=hunter2&key=hunter2", &missing);
        check(&[], "", &missing);
        check(
            &[("authorization", "Bearer no")],
            "?key=hunter2",
            &Err(Refusal::BadSignature),
        );
        let twice = [("authorization", "Bearer hunter2"); 2];
        check(
            &twice,
            "",
            &Err(Refusal::RepeatedHeader("authorization".into())),
        );
    }
}
