//! The network of a trigger's scenario: the answers that stand in the file, and no other.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::domain::outgoing::{OutgoingError, OutgoingRequest, OutgoingResponse};
use crate::sandbox::Outgoing;

/// One answer; it is given once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// `GET https://api.example.com/orders?since=3`
    request: String,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

/// Requests get here only once they were judged, as in production.
#[derive(Debug, Default)]
pub struct Network(Mutex<Vec<Answer>>);

impl Network {
    pub(super) fn answers(&self, answers: Vec<Answer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }

    /// What is left.
    pub(super) fn unasked(&self) -> Vec<String> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .iter()
            .map(|answer| answer.request.clone())
            .collect()
    }
}

#[async_trait::async_trait]
impl Outgoing for Network {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingResponse, OutgoingError> {
        let asked = format!("{} {}", request.method, request.url);
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = answers.iter().position(|answer| answer.request == asked) else {
            return Err(OutgoingError::Failed(format!(
                "the scenario has no answer for {asked}"
            )));
        };
        let answer = answers.remove(place);
        let headers = answer.headers.into_iter();
        Ok(OutgoingResponse {
            status: answer.status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
                .collect(),
            body: match answer.body {
                Value::Null => Vec::new(),
                Value::String(text) => text.into_bytes(),
                json => json.to_string().into_bytes(),
            },
        })
    }
}
