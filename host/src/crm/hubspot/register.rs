//! Subscriptions of a public app, made by the webhooks API.
//!
//! A private app's subscriptions can only be made by hand ("Webhooks subscriptions for private apps can only be
//! edited in your app settings, and currently can't be edited via API", HubSpot docs, Private apps). That of
//! a public app takes the developer API key as the parameter `hapikey`, and in no header: it is the one
//! secret that stands in an address.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};

use super::api::{explanation, failure};
use super::fields::CONTACT_PROPERTIES;

/// What is subscribed to beside changes of properties.
const EVENTS: &[&str] = &[
    "contact.creation",
    "contact.deletion",
    "contact.merge",
    "contact.privacyDeletion",
    "deal.creation",
    "deal.deletion",
];
/// Requests that HubSpot makes side by side.
const CONCURRENT_MAX: u32 = 10;

/// A public app and the key of its developer account.
pub(super) struct PublicApp {
    pub app_id: String,
    pub developer_key: SecretString,
    pub base_url: String,
}

impl PublicApp {
    fn call(&self, method: Method, what: &str, body: &Value) -> Request {
        let mut url = format!("{}/webhooks/v3/{}/{what}?", self.base_url, self.app_id);
        let key = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hapikey", self.developer_key.expose_secret())
            .finish();
        url.push_str(&key);
        Request {
            method,
            url,
            headers: vec![
                ("accept", "application/json".to_owned()),
                ("content-type", "application/json".to_owned()),
            ],
            body: body.to_string().into_bytes(),
        }
    }
}

impl Registers for PublicApp {
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        let throttling = json!({"maxConcurrentRequests": CONCURRENT_MAX});
        let settings = json!({"targetUrl": url, "throttling": throttling});
        let mut requests = vec![self.call(Method::Put, "settings", &settings)];
        let mut subscribe = |subscription: &Value| {
            requests.push(self.call(Method::Post, "subscriptions", subscription));
        };
        for event in EVENTS {
            subscribe(&json!({"eventType": event, "active": true}));
        }
        for property in CONTACT_PROPERTIES {
            subscribe(
                &json!({"eventType": "contact.propertyChange", "propertyName": property,
                "active": true}),
            );
        }
        for property in ["dealstage", "amount", "closedate", "hubspot_owner_id"] {
            subscribe(
                &json!({"eventType": "deal.propertyChange", "propertyName": property,
                "active": true}),
            );
        }
        requests
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut registered = Registered::default();
        for answer in answers {
            let exists = explanation(answer).contains("already exists");
            if !(200..300).contains(&answer.status) && answer.status != 409 && !exists {
                return Err(failure(answer));
            }
            registered.ids.extend(fields::id(&answer.json(), "id"));
        }
        Ok(registered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> PublicApp {
        PublicApp {
            app_id: "7".to_owned(),
            developer_key: "key-1".to_owned().into(),
            base_url: "https://api.hubapi.com".to_owned(),
        }
    }

    #[test]
    fn settings_come_first_and_each_subscription_is_a_call() {
        let requests = app().requests("https://x.example/hooks/hubspot", "");
        let url = "https://api.hubapi.com/webhooks/v3/7/settings?hapikey=key-1";
        assert_eq!(
            (requests[0].method, requests[0].url.as_str()),
            (Method::Put, url)
        );
        let bodies = requests
            .iter()
            .map(|request| serde_json::from_slice(&request.body));
        let bodies: Vec<Value> = bodies.map(|body| body.expect("JSON")).collect();
        assert_eq!(bodies[0]["targetUrl"], "https://x.example/hooks/hubspot");
        let merge = json!({"eventType": "contact.merge", "active": true});
        assert!(bodies.contains(&merge));
        let moved = json!({"eventType": "deal.propertyChange", "propertyName": "dealstage", "active": true});
        assert!(bodies.contains(&moved));
    }

    #[test]
    fn what_was_there_before_is_no_failure() {
        let answer = |status, body: Value| Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let exists = json!({"message": "Subscription already exists"});
        let answers = [
            answer(200, json!({})),
            answer(201, json!({"id": 5})),
            answer(400, exists),
        ];
        assert_eq!(app().read(&answers).expect("registered").ids, ["5"]);
        assert!(app().read(&[answer(401, json!({}))]).is_err());
    }
}
