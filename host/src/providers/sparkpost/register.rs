//! Telling SparkPost where to post: the webhook for events, and for replies an inbound domain with a relay webhook,
//! both showing the password. Source: SparkPost API documentation, "Webhooks", "Inbound domains", "Relay webhooks".

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::SparkPost;
use super::outcome::explanation;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Registered};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

/// Opens and clicks are counted by our own links.
const EVENTS: &[&str] = &[
    "injection",
    "delivery",
    "delay",
    "bounce",
    "out_of_band",
    "spam_complaint",
    "policy_rejection",
    "generation_failure",
    "generation_rejection",
    "list_unsubscribe",
    "link_unsubscribe",
];

pub(super) fn requests(sparkpost: &SparkPost, url: &str, inbound_url: &str) -> Vec<Request> {
    let password = sparkpost.webhook_password.as_ref();
    let password = password.map_or("", |password| password.expose_secret().trim());
    let webhook = json!({
        "name": "Followup",
        "target": url,
        "events": EVENTS,
        "auth_type": "basic",
        "auth_credentials": {"username": "followup", "password": password},
    });
    let mut requests = vec![post(sparkpost, "/webhooks", &webhook)];
    let domain = sparkpost.inbound_address.as_deref();
    if let Some((_, domain)) = domain.and_then(|address| address.rsplit_once('@')) {
        let relay = json!({
            "name": "Followup: replies",
            "target": inbound_url,
            "auth_token": password,
            "match": {"protocol": "SMTP", "domain": domain},
        });
        requests.push(post(
            sparkpost,
            "/inbound-domains",
            &json!({"domain": domain}),
        ));
        requests.push(post(sparkpost, "/relay-webhooks", &relay));
    }
    requests
}

/// The answers to the webhook, the inbound domain and the relay webhook, in this order.
pub(super) fn read(answers: &[Response]) -> Result<Registered, AskError> {
    let mut registered = Registered::default();
    let names = ["webhook", "inbound domain", "relay webhook"];
    for (answer, name) in answers.iter().zip(names) {
        // "resource conflict": the domain was registered before.
        let is_there = answer.status == 409 && name == "inbound domain";
        if !(200..300).contains(&answer.status) && !is_there {
            let hint = "check that api_key may write webhooks, inbound domains and relay webhooks";
            let said = format!("{name}: {}", explanation(answer));
            return Err(ask_failure("SparkPost", answer, &said, hint));
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let results = body.get("results").unwrap_or(&Value::Null);
        if let Some(id) = fields::id(results, "id") {
            registered.ids.push(format!("{name} {id}"));
        }
    }
    Ok(registered)
}

fn post(sparkpost: &SparkPost, path: &str, body: &Value) -> Request {
    sparkpost.call(Method::Post, path, Some(body))
}
