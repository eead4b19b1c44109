//! What a native test plays of the host: secrets and the network, one set for each thread.

use std::cell::RefCell;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Host {
    pub secrets: BTreeMap<String, String>,
    #[cfg(feature = "http")]
    pub answers: Vec<(String, String, crate::http::Response)>,
    #[cfg(feature = "http")]
    pub requests: Vec<crate::http::Request>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// Runs a call with this host in place, and gives it back.
pub(crate) fn with<T>(host: &mut Host, call: impl FnOnce() -> T) -> T {
    HOST.set(std::mem::take(host));
    let result = call();
    *host = HOST.take();
    result
}

/// The value of a secret, or what the host would say.
pub(crate) fn secret(name: &str) -> Result<Vec<u8>, String> {
    HOST.with_borrow(|host| match host.secrets.get(name) {
        Some(value) => Ok(value.as_bytes().to_vec()),
        None => Err(format!("no secret {name:?} was granted")),
    })
}

/// The registered answer to a request, which is remembered.
#[cfg(feature = "http")]
pub(crate) fn answer(
    request: &crate::http::Request,
) -> Result<crate::http::Response, crate::http::Error> {
    HOST.with_borrow_mut(|host| {
        host.requests.push(request.clone());
        let mut answers = host.answers.iter();
        let found =
            answers.position(|(method, url, _)| *method == request.method && *url == request.url);
        match found {
            // Each answers once, so that pages of the same address can differ.
            Some(index) => Ok(host.answers.remove(index).2),
            None => Err(crate::http::Error::Failed(format!(
                "the scenario has no answer for {} {}",
                request.method, request.url
            ))),
        }
    })
}
