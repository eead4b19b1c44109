//! Visits of pages, told by the script in them (`beacon.js`).
//!
//! In: a request from a browser that anybody can make. Out: at most one visit, by somebody whom a
//! link in one of our mails brought (its token is proven by the host), or whom the page names where
//! the administrator trusts it. Keeps no address of a page's query or fragment: those hold secrets.

mod visit;

use followup_guest::{Received, Request, Response, TriggerContext, TriggerError, Webhook};
use serde::Deserialize;

/// The script, served beside the address that it reports to.
const BEACON: &str = include_str!("../beacon.js");

#[derive(Debug, Deserialize)]
pub struct Config {
    pub origins: Vec<String>,
    #[serde(default)]
    pub trust_emails: bool,
    #[serde(default = "half_an_hour")]
    pub bucket_minutes: u32,
}

fn half_an_hour() -> u32 {
    30
}

pub struct PageVisit;

impl Webhook for PageVisit {
    type Config = Config;

    fn receive(cx: &TriggerContext<Config>, request: &Request) -> Result<Received, TriggerError> {
        if request.method == "GET" && request.path == "/beacon.js" {
            return Ok(Received::nothing().respond(beacon()));
        }
        // A browser says where a script runs, and no script can say otherwise (Fetch, "Origin header").
        let origin = request.header("origin").unwrap_or_default();
        if !cx.config.origins.iter().any(|ours| ours == origin) {
            let why = "this page is on none of the connection's origins\n";
            return Ok(Received::nothing().respond(Response::text(403, why)));
        }
        let received = match request.method.as_str() {
            "POST" => Received::events(visit::read(cx, request)),
            "OPTIONS" => Received::nothing(),
            _ => return Ok(Received::nothing().respond(Response::status(405))),
        };
        Ok(received.respond(allowed(origin)))
    }
}

followup_guest::export_trigger!(PageVisit, webhook);

fn beacon() -> Response {
    Response::status(200)
        .header("content-type", "text/javascript; charset=utf-8")
        .header("cache-control", "public, max-age=3600")
        .header("cross-origin-resource-policy", "cross-origin")
        .body(BEACON)
}

/// What a browser wants to read before and after a request to another origin (Fetch, "CORS protocol").
fn allowed(origin: &str) -> Response {
    Response::status(204)
        .header("access-control-allow-origin", origin)
        .header("access-control-allow-methods", "POST")
        .header("access-control-allow-headers", "content-type")
        .header("access-control-max-age", "86400")
        .header("vary", "origin")
}

#[cfg(test)]
mod tests;
