//! Telling Mailgun where to post: the domain's webhooks, a route for received mail, and asking for the key
//! that both are signed with. Source: Mailgun's OpenAPI document, `POST /v4/domains/{domain}/webhooks`,
//! `GET /v5/accounts/http_signing_key`, `POST /v3/routes`.

use serde_json::Value;

use super::{Mailgun, refusal};
use crate::domain::connector::{AskError, Registered};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::providers::form;

/// "Valid types are ..." all of them.
const EVENT_TYPES: &[&str] = &[
    "accepted",
    "delivered",
    "temporary_fail",
    "permanent_fail",
    "opened",
    "clicked",
    "unsubscribed",
    "complained",
];

pub(super) fn requests(mailgun: &Mailgun, url: &str, inbound_url: &str) -> Vec<Request> {
    let types = EVENT_TYPES.iter().map(|word| ("event_types", *word));
    let webhooks: Vec<_> = [("url", url)].into_iter().chain(types).collect();
    let domain = &mailgun.domain;
    let mut requests = vec![
        post(
            mailgun,
            &format!("/v4/domains/{domain}/webhooks"),
            &webhooks,
        ),
        mailgun.get("/v5/accounts/http_signing_key"),
    ];
    if let Some(address) = &mailgun.inbound_address {
        let expression = format!("match_recipient(\"{}\")", pattern(address));
        let forward = format!("forward(\"{}\")", mime_url(inbound_url));
        let route = [
            ("priority", "0"),
            ("description", "Followup: replies"),
            ("expression", expression.as_str()),
            ("action", forward.as_str()),
            ("action", "stop()"),
        ];
        requests.push(post(mailgun, "/v3/routes", &route));
    }
    requests
}

pub(super) fn read(answers: &[Response]) -> Result<Registered, AskError> {
    let mut registered = Registered::default();
    for answer in answers {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !(200..300).contains(&answer.status) {
            let hint = "check api_key: a domain's sending key cannot register webhooks";
            return Err(refusal(answer, hint));
        }
        if let Some(key) = fields::text(&body, "http_signing_key") {
            let secret = ("webhook_signing_key", key.to_owned().into());
            registered.secrets.push(secret);
        }
        if let Some(webhooks) = body.get("webhooks").and_then(Value::as_object) {
            let names = webhooks.keys().map(|name| format!("webhook {name}"));
            registered.ids.extend(names);
        }
        if let Some(id) = body.pointer("/route/id").and_then(Value::as_str) {
            registered.ids.push(format!("route {id}"));
        }
    }
    Ok(registered)
}

fn post(mailgun: &Mailgun, path: &str, fields: &[(&str, &str)]) -> Request {
    let form = "application/x-www-form-urlencoded".to_owned();
    let mut request = mailgun.get(path);
    request.method = Method::Post;
    request.headers.push(("content-type", form));
    request.body = form::urlencoded(fields);
    request
}

/// "The destination URL must end with mime" for the whole mail. That a query counts as its end is not
/// verified; where it does not, the mail comes in parts, which are read as well.
fn mime_url(inbound_url: &str) -> String {
    let separator = if inbound_url.contains('?') { '&' } else { '?' };
    format!("{inbound_url}{separator}as=mime")
}

/// A pattern of Python that matches the address with any token behind a `+`.
fn pattern(address: &str) -> String {
    let escape = |text: &str| -> String {
        let needs = |c: char| !(c.is_ascii_alphanumeric() || "@-_".contains(c));
        text.chars()
            .flat_map(|c| needs(c).then_some('\\').into_iter().chain([c]))
            .collect()
    };
    match address.split_once('@') {
        Some((local, domain)) => format!("^{}(\\+.*)?@{}$", escape(local), escape(domain)),
        None => escape(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_the_address_with_its_tokens() {
        assert_eq!(
            pattern("re.ply@in.acme.example"),
            r"^re\.ply(\+.*)?@in\.acme\.example$"
        );
        assert_eq!(mime_url("https://x/i"), "https://x/i?as=mime");
        assert_eq!(mime_url("https://x/i?key=a"), "https://x/i?key=a&as=mime");
    }
}
