//! Registries that hand out tokens, as ghcr.io and Docker Hub do: "it will return a 401 Unauthorized
//! HTTP response with information on how to authenticate" (distribution, "Token Authentication
//! Specification"). Debian's registry cannot without a token server of its own, so these two answers
//! are given here, and the contents come from a real one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use followup::plugins::Login;
use followup_tests::Registry;
use serde_json::json;

use crate::{lax, plugin, publish, refused};

/// What opens the registry, and the login for which it is given.
const TOKEN: &str = "dG9rZW4";
const LOGIN: &str = "Basic Ym90OnNlY3JldA==";

struct Front {
    /// Where the contents are.
    behind: Registry,
    host: String,
    /// Whether a token is given to everybody, as for public packages.
    is_public: bool,
}

#[tokio::test]
async fn a_token_is_asked_for_with_the_login_and_shown_to_the_registry() {
    let wasm = plugin("token");
    for is_public in [true, false] {
        let Some(behind) = Registry::start() else {
            return;
        };
        let reference = format!("{}/acme/webinar:1.2", behind.host);
        publish(&lax(&behind.host), &reference, &wasm, None)
            .await
            .expect("pushed");
        let host = serve(behind, is_public).await;
        let reference = format!("{host}/acme/webinar:1.2");
        let anonymous = lax(&host);
        let mut member = lax(&host);
        for registry in member.registries.by_host.values_mut() {
            registry.login = Some(Login {
                username: "bot".to_owned(),
                password: "secret".into(),
            });
        }
        let fetched = crate::get(&member, &reference).await.expect("fetched");
        assert_eq!(fetched.wasm, wasm);
        if is_public {
            let fetched = crate::get(&anonymous, &reference).await.expect("public");
            assert_eq!(fetched.wasm, wasm);
        } else {
            let told = ["does not let us at acme/webinar", "username = "];
            refused(&anonymous, &reference, &told).await;
        }
    }
}

/// Listens before the registry; returns its address.
async fn serve(behind: Registry, is_public: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let front = Arc::new(Front {
        behind,
        host: host.clone(),
        is_public,
    });
    let app = Router::new()
        .route("/token", get(token))
        .fallback(contents)
        .with_state(front);
    tokio::spawn(async move { axum::serve(listener, app).await });
    host
}

async fn token(State(front): State<Arc<Front>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    assert!(
        query.contains("scope=repository%3Aacme%2Fwebinar%3Apull"),
        "{query}"
    );
    let is_member = shown(request.headers()) == LOGIN;
    if front.is_public || is_member {
        Json(json!({ "token": TOKEN })).into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn contents(State(front): State<Arc<Front>>, request: Request) -> Response {
    if shown(request.headers()) == format!("Bearer {TOKEN}") {
        return front.behind.answer(request.uri().path()).await;
    }
    let challenge = format!(
        "Bearer realm=\"http://{}/token\",service=\"test\"",
        front.host
    );
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, challenge)],
    )
        .into_response()
}

fn shown(headers: &HeaderMap) -> &str {
    let shown = headers.get(header::AUTHORIZATION);
    shown.and_then(|it| it.to_str().ok()).unwrap_or_default()
}
