//! A request's body, within its limits of size and time.

use std::error::Error as _;
use std::time::Duration;

use axum::body::{self, Body};
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;

use super::Door;
use super::answer::Error;

impl Door {
    pub(super) async fn read_body(
        &self,
        headers: &HeaderMap,
        body: Body,
        max: usize,
    ) -> Result<Vec<u8>, Error> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > max) {
            return Err(Error::TooLarge(max));
        }
        let timeout_ms = self.limits.body_timeout_ms;
        match tokio::time::timeout(Duration::from_millis(timeout_ms), body::to_bytes(body, max))
            .await
        {
            Err(_) => Err(Error::TooSlow(timeout_ms)),
            Ok(Ok(bytes)) => Ok(bytes.into()),
            Ok(Err(e)) => {
                let cause = e.source();
                let too_large = cause.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
                Err(if too_large {
                    Error::TooLarge(max)
                } else {
                    Error::Broken(e.to_string())
                })
            }
        }
    }
}
