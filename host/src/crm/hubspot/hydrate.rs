//! What a thin event needs beside itself: one GET of the object, and what its failure means.
//!
//! In: the `Hydrate` of an event. Out: the request; then, from the answer, `Hydrated` or what to do
//! next. Source: HubSpot docs, CRM objects (`GET /crm/v3/objects/{type}/{id}`), "Error handling".

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::domain::NewEvent;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::{HOUR_MS, SECOND_MS};

use super::Hubspot;
use super::events::HYDRATED;
use super::fields::CONTACT_PROPERTIES;
use super::hydrated::{Hydrated, associated, contact};

const DEAL_PROPERTIES: &[&str] = &[
    "dealname",
    "dealstage",
    "pipeline",
    "amount",
    "closedate",
    "hs_is_closed",
    "hs_is_closed_won",
    "hubspot_owner_id",
];
const MEETING_PROPERTIES: &[&str] = &[
    "hs_meeting_title",
    "hs_meeting_outcome",
    "hs_meeting_start_time",
    "hs_meeting_end_time",
    "hs_meeting_location",
    "hs_meeting_external_url",
    "hubspot_owner_id",
];
const EMAIL_PROPERTIES: &[&str] = &[
    "hs_email_subject",
    "hs_email_direction",
    "hs_email_status",
    "hs_email_from_email",
    "hs_email_to_email",
    "hs_timestamp",
    "hubspot_owner_id",
];

impl Hydrates for Hubspot {
    fn request(&self, hydrate: &Hydrate) -> Result<Request, AskError> {
        let (path, properties) = match hydrate.object.as_str() {
            "contact" => ("contacts", CONTACT_PROPERTIES),
            "deal" => ("deals", DEAL_PROPERTIES),
            "meeting" => ("meetings", MEETING_PROPERTIES),
            "email" => ("emails", EMAIL_PROPERTIES),
            other => {
                return Err(AskError::Refused(format!(
                    "HubSpot objects of type {other:?} are not hydrated, only {}",
                    HYDRATED.join(", ")
                )));
            }
        };
        let token = self.access_token.as_ref().ok_or_else(|| {
            AskError::Refused(
                "this connection has no access_token: set it, or HubSpot events stay without \
                 e-mail addresses"
                    .to_owned(),
            )
        })?;
        let associations = match path {
            "contacts" => "",
            _ => "&associations=contacts",
        };
        Ok(Request {
            method: Method::Get,
            url: format!(
                "{}/crm/v3/objects/{path}/{}?properties={}{associations}",
                self.base_url.trim_end_matches('/'),
                hydrate.id,
                properties.join(",")
            ),
            headers: vec![
                ("authorization", format!("Bearer {}", token.expose_secret())),
                ("accept", "application/json".to_owned()),
            ],
            body: Vec::new(),
        })
    }

    fn complete(
        &self,
        thin: &NewEvent,
        wanted: &Hydrate,
        answer: &Response,
    ) -> Result<Vec<NewEvent>, AskError> {
        Ok(read(wanted, answer)?.complete(thin))
    }
}

/// What the answer says.
fn read(wanted: &Hydrate, answer: &Response) -> Result<Hydrated, AskError> {
    if answer.status != 200 {
        return Err(failure(answer));
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if !body.is_object() {
        return Err(AskError::Retry {
            reason: "the answer is no JSON object".to_owned(),
            after_ms: None,
        });
    }
    Ok(match wanted.object.as_str() {
        "contact" => contact(&wanted.id, &body),
        object => associated(object, &body),
    })
}

/// "429, 423 and 5xx: retry later" (HubSpot docs, "Error handling").
fn failure(answer: &Response) -> AskError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = fields::text(&body, "message").unwrap_or("no explanation");
    let said: String = said.chars().take(200).collect();
    let reason = format!("HubSpot answered {}: {said}", answer.status);
    match answer.status {
        404 | 410 => AskError::Gone,
        401 => AskError::Refused(format!("{reason} (check access_token of this connection)")),
        403 => AskError::Refused(format!(
            "{reason} (the app needs the scopes crm.objects.contacts.read and \
             crm.objects.deals.read)"
        )),
        408 | 423 | 429 | 500.. => AskError::Retry {
            reason,
            after_ms: answer
                .header("retry-after")
                .and_then(|text| text.trim().parse::<u32>().ok())
                .map(|seconds| i64::from(seconds) * SECOND_MS)
                .or_else(|| policy_ms(fields::text(&body, "policyName")?)),
        },
        _ => AskError::Refused(reason),
    }
}

/// How long the limit lasts that a 429 names.
fn policy_ms(policy: &str) -> Option<i64> {
    match policy {
        "TEN_SECONDLY_ROLLING" => Some(10 * SECOND_MS),
        "DAILY" => Some(HOUR_MS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hubspot(token: Option<&str>) -> Hubspot {
        Hubspot::new(
            "secret".to_owned().into(),
            token.map(|text| text.to_owned().into()),
            "https://api.hubapi.com/".to_owned(),
        )
    }

    fn wanted(object: &str) -> Hydrate {
        Hydrate {
            object: object.to_owned(),
            id: "123".to_owned(),
        }
    }

    #[test]
    fn requests() {
        let request = hubspot(Some("pat-1"))
            .request(&wanted("deal"))
            .expect("known");
        assert_eq!(
            request.url,
            "https://api.hubapi.com/crm/v3/objects/deals/123?properties=dealname,dealstage,pipeline,\
             amount,closedate,hs_is_closed,hs_is_closed_won,hubspot_owner_id&associations=contacts"
        );
        assert_eq!(
            request.headers[0],
            ("authorization", "Bearer pat-1".to_owned())
        );
        let request = hubspot(Some("pat-1"))
            .request(&wanted("contact"))
            .expect("known");
        assert!(
            request
                .url
                .contains("/contacts/123?properties=email,firstname,")
        );
        assert!(!request.url.contains("associations"));
    }

    #[test]
    fn what_cannot_be_asked_says_why() {
        let no_token = hubspot(None).request(&wanted("deal")).expect_err("refused");
        assert!(no_token.to_string().contains("access_token"));
        let unknown = hubspot(Some("pat-1"))
            .request(&wanted("ticket"))
            .expect_err("refused");
        assert!(unknown.to_string().contains("\"ticket\""));
        assert!(!format!("{:?}", hubspot(Some("pat-1"))).contains("pat-1"));
    }

    #[test]
    fn failures() {
        let check = |status, headers: &[(&str, &str)], body: Value, expect: &str| {
            let answer = Response {
                status,
                headers: headers
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
                body: body.to_string().into_bytes(),
            };
            let got = read(&wanted("contact"), &answer).expect_err("a failure");
            let got = match got {
                AskError::Retry { after_ms, .. } => format!("retry {after_ms:?}"),
                AskError::Gone => "gone".to_owned(),
                AskError::Refused(reason) => reason,
            };
            assert!(got.starts_with(expect), "{status}: {got}");
        };
        check(404, &[], json!({}), "gone");
        check(
            401,
            &[],
            json!({"message": "expired"}),
            "HubSpot answered 401: expired (check access",
        );
        check(
            403,
            &[],
            json!({}),
            "HubSpot answered 403: no explanation (the app needs the scopes",
        );
        check(
            400,
            &[],
            json!({"message": "odd"}),
            "HubSpot answered 400: odd",
        );
        check(429, &[("retry-after", "3")], json!({}), "retry Some(3000)");
        let limit = json!({"policyName": "TEN_SECONDLY_ROLLING"});
        check(429, &[], limit, "retry Some(10000)");
        check(
            429,
            &[],
            json!({"policyName": "DAILY"}),
            "retry Some(3600000)",
        );
        check(423, &[], json!({}), "retry None");
        check(503, &[], json!(null), "retry None");
        check(200, &[], json!([]), "retry None");
    }
}
