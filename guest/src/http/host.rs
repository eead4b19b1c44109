//! `wasi:http/outgoing-handler@0.2`: one request out, one whole answer in.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

use super::{Error, Request, Response};

/// `blocking-write-and-flush` of wasi:io 0.2 takes 4096 bytes at most.
const WRITE_MAX_BYTES: usize = 4096;
const READ_BYTES: u64 = 64 * 1024;

pub(super) fn send(request: &Request) -> Result<Response, Error> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| failed("no body"))?;
    let future = outgoing_handler::handle(outgoing, None).map_err(|code| refused(&code))?;
    write(body, &request.body)?;
    future.subscribe().block();
    let answer = future.get().and_then(Result::ok);
    let answer = answer.ok_or_else(|| failed("no answer"))?;
    read(answer.map_err(|code| refused(&code))?)
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let invalid = |what: &str| Error::Invalid(format!("{what} of {:?}", request.url));
    let (scheme, rest) = request
        .url
        .split_once("://")
        .ok_or_else(|| invalid("the scheme"))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return Err(invalid("the scheme")),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers)
        .map_err(|error| Error::Invalid(format!("a header: {error:?}")))?;
    let outgoing = OutgoingRequest::new(headers);
    let set = outgoing.set_method(&method(&request.method));
    set.map_err(|()| invalid("the method"))?;
    let set = outgoing.set_scheme(Some(&scheme));
    set.map_err(|()| invalid("the scheme"))?;
    let set = outgoing.set_authority(Some(authority));
    set.map_err(|()| invalid("the host"))?;
    let set = outgoing.set_path_with_query(Some(&path));
    set.map_err(|()| invalid("the path"))?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), Error> {
    let stream = body.write().map_err(|()| failed("no body"))?;
    for chunk in bytes.chunks(WRITE_MAX_BYTES) {
        match stream.blocking_write_and_flush(chunk) {
            Ok(()) => {}
            // The receiver has heard enough; its answer says why.
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(failed(&error.to_debug_string()));
            }
        }
    }
    // A stream is a child of its body and must go first.
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| refused(&code))
}

fn read(response: IncomingResponse) -> Result<Response, Error> {
    let status = response.status();
    let headers = response.headers().entries();
    let headers = headers
        .into_iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let incoming = response.consume().map_err(|()| failed("no body"))?;
    let stream = incoming.stream().map_err(|()| failed("no body"))?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(bytes) => body.extend_from_slice(&bytes),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(failed(&error.to_debug_string()));
            }
        }
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn failed(what: &str) -> Error {
    Error::Failed(what.to_owned())
}

fn refused(code: &ErrorCode) -> Error {
    match code {
        ErrorCode::HttpRequestDenied => {
            Error::Denied("the plugin's log says what would allow it".to_owned())
        }
        ErrorCode::DestinationIpProhibited => {
            Error::Denied("the address is not one that may be called".to_owned())
        }
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => {
            Error::Invalid(format!("{code:?}"))
        }
        ErrorCode::InternalError(Some(message)) => Error::Failed(message.clone()),
        code => Error::Failed(format!("{code:?}")),
    }
}
