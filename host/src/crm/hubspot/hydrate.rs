//! What a thin event needs beside itself: one GET of the object, and what its failure means.
//!
//! In: the `Hydrate` of an event. Out: the request; then, from the answer, `Hydrated` or what to do
//! next. Source: HubSpot docs, CRM objects (`GET /crm/v3/objects/{type}/{id}`), "Error handling".

use crate::domain::NewEvent;
use crate::domain::connector::{AskError, Hydrates};
use crate::domain::event::Hydrate;
use crate::domain::http::{Method, Request, Response};

use super::Hubspot;
use super::api::{failure, path_of};
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
    "hs_v2_date_entered_current_stage",
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
    "hs_email_text",
    "hs_timestamp",
    "hubspot_owner_id",
];

const CALL_PROPERTIES: &[&str] = &[
    "hs_call_title",
    "hs_call_status",
    "hs_call_direction",
    "hs_call_disposition",
    "hs_call_duration",
    "hs_timestamp",
    "hubspot_owner_id",
];
const TASK_PROPERTIES: &[&str] = &[
    "hs_task_subject",
    "hs_task_status",
    "hs_task_body",
    "hs_timestamp",
    "hubspot_owner_id",
];

/// What is asked for of an object.
pub(super) fn properties_of(object: &str) -> &'static [&'static str] {
    match object {
        "deal" => DEAL_PROPERTIES,
        "meeting" => MEETING_PROPERTIES,
        "email" => EMAIL_PROPERTIES,
        "call" => CALL_PROPERTIES,
        "task" => TASK_PROPERTIES,
        _ => CONTACT_PROPERTIES,
    }
}

impl Hydrates for Hubspot {
    fn request(&self, hydrate: &Hydrate) -> Result<Request, AskError> {
        let known = HYDRATED.contains(&hydrate.object.as_str());
        let path = path_of(&hydrate.object).filter(|_| known).ok_or_else(|| {
            AskError::Refused(format!(
                "HubSpot objects of type {:?} are not hydrated, only {}",
                hydrate.object,
                HYDRATED.join(", ")
            ))
        })?;
        if self.access_token.is_none() {
            return Err(AskError::Refused(
                "this connection has no access_token: set it, or HubSpot events stay without \
                 e-mail addresses"
                    .to_owned(),
            ));
        }
        let associations = match path {
            "contacts" => "",
            _ => "&associations=contacts",
        };
        let path = format!(
            "/crm/v3/objects/{path}/{}?properties={}{associations}",
            hydrate.id,
            properties_of(&hydrate.object).join(",")
        );
        Ok(self.call(Method::Get, &path, None))
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
    let body = answer.json();
    if answer.status != 200 || !body.is_object() {
        return Err(failure(answer));
    }
    Ok(match wanted.object.as_str() {
        "contact" => contact(&wanted.id, &body),
        object => associated(object, &body),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
             amount,closedate,hs_is_closed,hs_is_closed_won,hs_v2_date_entered_current_stage,\
             hubspot_owner_id&associations=contacts"
        );
        assert_eq!(
            request.headers[1],
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
