//! How calls show who makes them: a user's API token, or an app's access tokens by OAuth 2.
//!
//! In: the settings of one or the other. Out: a header, or the call that asks for an access token (Pipedrive docs,
//! "OAuth authorization"). That a refresh token stays the same when it is used is what others rely on; the
//! documentation names its end alone: 60 days after its last use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call::{self, Credential};
use crate::domain::connector::{AskError, Refreshes, Settings, Token, Unfit};
use crate::domain::http::{Request, Response};
use crate::domain::instant::{HOUR_MS, SECOND_MS};
use crate::domain::{answer, fields as read};

/// What calls show themselves, or that they wait for an access token. Without either none is made.
pub(super) enum Access {
    ApiToken(SecretString),
    App,
    Nothing,
}

impl Access {
    /// None where `net` adds the token.
    pub(super) fn credential(&self) -> Option<Credential> {
        match self {
            Self::ApiToken(token) => Some(("x-api-token", token.expose_secret().trim().to_owned())),
            Self::App | Self::Nothing => None,
        }
    }
}

/// An app that a user of the company authorized.
pub(super) struct App {
    client_id: String,
    client_secret: SecretString,
    refresh_token: SecretString,
    oauth_url: String,
}

/// The one, the other, or neither.
pub(super) fn of(settings: &Settings) -> Result<(Access, Option<App>), Unfit> {
    if let Some(token) = settings.secret("api_token") {
        return Ok((Access::ApiToken(token.clone()), None));
    }
    let Some(client_id) = settings.text("client_id") else {
        return Ok((Access::Nothing, None));
    };
    let app = App {
        client_id: client_id.to_owned(),
        client_secret: settings.needed_secret("client_secret")?,
        refresh_token: settings.needed_secret("refresh_token")?,
        oauth_url: settings
            .needed_text("oauth_url")?
            .trim_end_matches('/')
            .to_owned(),
    };
    Ok((Access::App, Some(app)))
}

impl Refreshes for App {
    fn request(&self) -> Request {
        let refresh_token = self.refresh_token.expose_secret().trim();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        let client = format!("{}:{}", self.client_id, self.client_secret.expose_secret());
        let mut request = call::token(format!("{}/oauth/token", self.oauth_url), &form);
        let credential = (
            "authorization",
            format!("Basic {}", STANDARD.encode(client)),
        );
        request.headers.push(credential);
        request
    }

    fn read(&self, answer: &Response) -> Result<Token, AskError> {
        let body = answer.json();
        let token = read::text(&body, "access_token").filter(|_| answer.status == 200);
        let token = token.ok_or_else(|| {
            let hint = "check client_id, client_secret and refresh_token";
            answer::ask_failure("Pipedrive", answer, &super::explanation(answer), hint)
        })?;
        let expires_s = body.get("expires_in").and_then(Value::as_i64);
        Ok(Token {
            value: token.to_owned().into(),
            expires_in_ms: expires_s.map_or(HOUR_MS, |s| s.saturating_mul(SECOND_MS)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> Settings {
        Settings::default()
            .with_text("client_id", "b4d0")
            .with_text("oauth_url", "https://oauth.pipedrive.com/")
            .with_secret("client_secret", "s3")
            .with_secret("refresh_token", "r/1")
    }

    fn answer(status: u16, body: &Value) -> Response {
        Response {
            status,
            headers: Vec::new().into_iter().collect(),
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn an_api_token_or_an_app() {
        let (access, app) = of(&settings()).expect("an app");
        assert_eq!(access.credential(), None);
        let request = app.expect("an app").request();
        assert_eq!(request.url, "https://oauth.pipedrive.com/oauth/token");
        let form = String::from_utf8_lossy(&request.body);
        assert_eq!(form, "grant_type=refresh_token&refresh_token=r%2F1");
        let basic = ("authorization", "Basic YjRkMDpzMw==".to_owned());
        assert!(request.headers.contains(&basic));

        let (access, app) = of(&settings().with_secret("api_token", "t")).expect("a token");
        assert_eq!(access.credential(), Some(("x-api-token", "t".to_owned())));
        assert!(app.is_none());
        let (access, app) = of(&Settings::default()).expect("neither");
        assert!(matches!(access, Access::Nothing) && app.is_none());
        let half = Settings::default().with_text("client_id", "b4d0");
        assert!(of(&half).is_err(), "an app without its secret");
    }

    /// The answer of Pipedrive's OpenAPI document (Refreshing the tokens), and that of a token it does not know.
    #[test]
    fn answers() {
        let app = of(&settings()).expect("an app").1.expect("an app");
        let good = json!({"access_token": "a", "token_type": "Bearer", "refresh_token": "r/1",
            "scope": "deals:read", "expires_in": 3599, "api_domain": "https://acme.pipedrive.com"});
        let token = app.read(&answer(200, &good)).expect("a token");
        assert_eq!(token.value.expose_secret(), "a");
        assert_eq!(token.expires_in_ms, 3_599_000);
        let bad = json!({"success": false, "error": "invalid_grant"});
        assert!(matches!(
            app.read(&answer(400, &bad)),
            Err(AskError::Refused(reason)) if reason.contains("invalid_grant")
        ));
    }
}
