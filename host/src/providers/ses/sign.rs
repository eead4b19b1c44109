//! Signature Version 4, by the signer of Amazon's own SDK: who calls, when, and with which body.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::Instant;
use crate::domain::http::{Method, Request};

/// "Service name: ses", though the host says `email` and the model `sesv2`.
const SERVICE: &str = "ses";

/// Who calls, and where.
pub(super) struct Signer {
    pub access_key_id: SecretString,
    pub secret_access_key: SecretString,
    /// Of temporary credentials.
    pub session_token: Option<SecretString>,
    pub region: String,
}

impl Signer {
    /// A signed call with a JSON body; `None` where the address is none.
    pub(super) fn request(
        &self,
        method: Method,
        url: &str,
        body: Vec<u8>,
        now: Instant,
    ) -> Option<Request> {
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.extend(self.proof(method, url, &headers, &body, now)?);
        Some(Request {
            method,
            url: url.to_owned(),
            headers,
            body,
        })
    }

    fn proof(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, String)],
        body: &[u8],
        now: Instant,
    ) -> Option<Vec<(&'static str, String)>> {
        let trimmed = |secret: &SecretString| secret.expose_secret().trim().to_owned();
        let identity = Credentials::new(
            trimmed(&self.access_key_id),
            trimmed(&self.secret_access_key),
            self.session_token.as_ref().map(trimmed),
            None,
            "followup",
        )
        .into();
        let since_1970 = Duration::from_millis(u64::try_from(now.0).ok()?);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::UNIX_EPOCH.checked_add(since_1970)?)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let signed_headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(body);
        let signable = SignableRequest::new(verb(method), url, signed_headers, body).ok()?;
        let (instructions, _) = sign(signable, &params).ok()?.into_parts();
        let (headers, _) = instructions.into_parts();
        let pairs = headers
            .into_iter()
            .map(|header| (header.name(), header.value().to_owned()));
        Some(pairs.collect())
    }
}

fn verb(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(session_token: Option<&str>) -> Signer {
        Signer {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: session_token.map(Into::into),
            region: "us-east-1".to_owned(),
        }
    }

    fn header(request: &Request, name: &str) -> String {
        let found = request.headers.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    #[test]
    fn what_is_signed() {
        let now = Instant(1_772_442_000_000);
        let url = "https://email.us-east-1.amazonaws.com/v2/email/outbound-emails";
        let call = |body: &[u8], now| {
            let signed = signer(None).request(Method::Post, url, body.to_vec(), now);
            signed.expect("signed")
        };
        let request = call(b"{}", now);
        assert_eq!(header(&request, "x-amz-date"), "20260302T090000Z");
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260302/us-east-1/ses/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, Signature=";
        assert!(header(&request, "authorization").starts_with(scope));
        assert_eq!(request, call(b"{}", now));
        assert_ne!(request, call(b"{ }", now));
        assert_ne!(request, call(b"{}", now.plus_ms(1_000)));
        assert!(!format!("{request:?}").contains("AKIDEXAMPLE"));
    }

    #[test]
    fn temporary_credentials_show_their_token() {
        let url = "https://email.us-east-1.amazonaws.com/v2/email/account";
        let signed = signer(Some("token")).request(Method::Get, url, Vec::new(), Instant(0));
        let request = signed.expect("signed");
        assert_eq!(header(&request, "x-amz-security-token"), "token");
        assert!(header(&request, "authorization").contains("host;x-amz-date;x-amz-security-token"));
    }

    #[test]
    fn what_is_no_address_is_not_signed() {
        let signed = signer(None).request(Method::Get, "https://a b/", Vec::new(), Instant(0));
        assert_eq!(signed, None);
    }
}
