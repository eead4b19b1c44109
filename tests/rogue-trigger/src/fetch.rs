//! Requests that the configuration lists, by WASI alone:
//! `{"method": "GET", "url": "...", "headers": {"authorization": "Bearer {token}"}, "body": "...", "times": 3}`.
//! `{token}` becomes the placeholder of the secret of that name.

use serde_json::Value as Json;
use wasip2::http::outgoing_handler::{FutureIncomingResponse, handle};
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::bindings::followup::plugin::secrets;

const CHUNK_BYTES: usize = 4_096;

/// One after the other, what came of each, a line each.
pub(crate) fn all(config: &Json) -> String {
    let told: Vec<_> = requests(config)
        .map(|request| told(send(request).and_then(receive)))
        .collect();
    told.join("\n")
}

/// All of them before the first answer is waited for.
pub(crate) fn at_once(config: &Json) -> String {
    let sent: Vec<_> = requests(config).map(send).collect();
    let told: Vec<_> = sent
        .into_iter()
        .map(|sent| told(sent.and_then(receive)))
        .collect();
    told.join("\n")
}

fn requests(config: &Json) -> impl Iterator<Item = &Json> {
    let listed = config["requests"].as_array().map_or(&[][..], Vec::as_slice);
    listed.iter().flat_map(|request| {
        let times = request["times"].as_u64().unwrap_or(1);
        (0..times).map(move |_| request)
    })
}

fn told(result: Result<String, String>) -> String {
    result.unwrap_or_else(|error| format!("error: {error}"))
}

fn send(request: &Json) -> Result<FutureIncomingResponse, String> {
    let text = |name: &str| filled(request[name].as_str().unwrap_or_default());
    let url = text("url");
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let split = rest.find('/').unwrap_or(rest.len());
    let fields = Fields::new();
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        // A number stands for a value of that length.
        let value = match value.as_u64() {
            Some(length) => "x".repeat(usize::try_from(length).unwrap_or_default()),
            None => filled(value.as_str().unwrap_or_default()),
        };
        fields
            .append(name, value.as_bytes())
            .map_err(|error| format!("{error:?}"))?;
    }
    let outgoing = OutgoingRequest::new(fields);
    let method = match request["method"].as_str() {
        None | Some("GET") => Method::Get,
        Some("POST") => Method::Post,
        Some("DELETE") => Method::Delete,
        Some(other) => Method::Other(other.to_owned()),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    outgoing.set_method(&method).map_err(|()| "method")?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| "scheme")?;
    outgoing
        .set_authority(Some(&rest[..split]))
        .map_err(|()| "authority")?;
    outgoing
        .set_path_with_query(Some(&rest[split..]))
        .map_err(|()| "path")?;
    let body = outgoing.body().map_err(|()| "body")?;
    let answer = handle(outgoing, None).map_err(code)?;
    let length = request["body_bytes"].as_u64().unwrap_or_default();
    let filler = "x".repeat(usize::try_from(length).unwrap_or_default());
    write(body, &[text("body"), filler].concat())?;
    Ok(answer)
}

/// A host that has read enough of a body closes it; the answer tells why.
fn write(body: OutgoingBody, text: &str) -> Result<(), String> {
    let stream = body.write().map_err(|()| "stream")?;
    for chunk in text.as_bytes().chunks(CHUNK_BYTES) {
        if stream.blocking_write_and_flush(chunk).is_err() {
            return Ok(());
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}

/// Status, headers whose name begins with `x-` or is `location`, and the body up to 200 bytes.
fn receive(answer: FutureIncomingResponse) -> Result<String, String> {
    answer.subscribe().block();
    let answer = answer
        .get()
        .ok_or("not ready")?
        .map_err(|()| "taken")?
        .map_err(code)?;
    let mut told = answer.status().to_string();
    for (name, value) in answer.headers().entries() {
        if name.starts_with("x-") || name == "location" {
            told.push_str(&format!(" {name}={}", String::from_utf8_lossy(&value)));
        }
    }
    let body = answer.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "stream")?;
    let mut read = Vec::new();
    loop {
        match stream.blocking_read(CHUNK_BYTES as u64) {
            Ok(chunk) => read.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    drop(stream);
    drop(IncomingBody::finish(body));
    let shown = String::from_utf8_lossy(&read[..read.len().min(200)]).into_owned();
    Ok(format!("{told} {shown}"))
}

fn filled(text: &str) -> String {
    if !text.contains("{token}") {
        return text.to_owned();
    }
    text.replace(
        "{token}",
        &secrets::placeholder("token").unwrap_or_default(),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "shaped for map_err")]
fn code(error: ErrorCode) -> String {
    format!("{error:?}")
}
