//! Registering our webhooks: `POST /api/v1/webhooks`, one for each object, all actions.
//!
//! "The maximum limit of webhooks is 40 different webhooks per user" (Guide for Webhooks v2).

use secrecy::ExposeSecret;
use serde_json::json;

use crate::domain::connector::{AskError, Registered, Registers};
use crate::domain::http::{Method, Request, Response};
use crate::domain::{answer, fields as read};

use super::{Pipedrive, explanation};

const OBJECTS: &[&str] = &["person", "deal", "activity", "lead"];

impl Registers for Pipedrive {
    fn requests(&self, url: &str, _inbound_url: &str) -> Vec<Request> {
        OBJECTS
            .iter()
            .map(|object| {
                let body = json!({
                    "subscription_url": url,
                    "event_action": "*",
                    "event_object": object,
                    "name": format!("Followup: {object}"),
                    "http_auth_user": "followup",
                    "http_auth_password": self.webhook_password.expose_secret().trim(),
                    "version": "2.0",
                });
                self.send(Method::Post, "/api/v1/webhooks", &body)
            })
            .collect()
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut made = Registered::default();
        for (object, answer) in OBJECTS.iter().zip(answers) {
            let id = read::id(&answer.json()["data"], "id");
            match id {
                Some(id) if (200..300).contains(&answer.status) => {
                    made.ids.push(format!("webhook {id} ({object})"));
                }
                _ => {
                    let hint = "check api_token, or the app's scope admin";
                    let said = explanation(answer);
                    return Err(answer::ask_failure("Pipedrive", answer, &said, hint));
                }
            }
        }
        Ok(made)
    }
}
