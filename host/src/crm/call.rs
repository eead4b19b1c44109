//! A call of an API that speaks JSON, and its answer.
//!
//! In: a method, an address, the header that shows the credential, a body. Out: a request; of an answer
//! its body, null where it is no JSON. Never a credential anywhere but in that header.

use serde_json::Value;

use crate::domain::http::{Method, Request, Response};

/// A header that shows who calls.
pub(super) type Credential = (&'static str, String);

pub(super) fn get(url: String, credential: Credential) -> Request {
    Request {
        method: Method::Get,
        url,
        headers: vec![credential, ("accept", JSON.to_owned())],
        body: Vec::new(),
    }
}

pub(super) fn send(method: Method, url: String, credential: Credential, body: &Value) -> Request {
    Request {
        method,
        url,
        headers: vec![
            credential,
            ("accept", JSON.to_owned()),
            ("content-type", JSON.to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

pub(super) fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// An address with parameters, each escaped.
pub(super) fn url(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{path}?{query}")
}

const JSON: &str = "application/json";
