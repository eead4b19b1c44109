//! The way to a collector of traces: OpenTelemetry's exporter calls from a thread of its own, our client needs the
//! runtime.

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

use super::{Net, chain};

/// Takes the exporter's requests. What an administrator wrote as its address may be anywhere.
#[derive(Debug)]
pub struct Collector {
    net: Net,
    runtime: Handle,
}

impl Net {
    /// Calls are made by the runtime that this is called in.
    pub fn collector(&self) -> Collector {
        Collector {
            net: self.clone(),
            runtime: Handle::current(),
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let net = self.net.clone();
        let call = self
            .runtime
            .spawn(async move { net.collect(request).await });
        let answered = match call.await {
            Ok(answered) => answered,
            Err(died) => Err(died.to_string()),
        };
        // The library says nothing to anybody.
        match &answered {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::warn!(status, "the collector of traces does not take them");
            }
            Err(why) => tracing::warn!(error = why, "the collector of traces is not reached"),
        }
        Ok(answered?)
    }
}

impl Net {
    async fn collect(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let request = reqwest::Request::try_from(request).map_err(|e| chain(&e))?;
        let answer = self.configured.execute(request).await;
        let answer = answer.map_err(|e| chain(&e))?;
        let read = self.read(answer).await.map_err(|e| e.to_string())?;
        let answer = Response::builder().status(read.status);
        answer
            .body(Bytes::from(read.body))
            .map_err(|e| e.to_string())
    }
}
