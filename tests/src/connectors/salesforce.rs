//! Salesforce. The payloads follow the message of foxy-solutions.com's article on acknowledgements and the WSDL of
//! the SOAP API guide, "Understanding the Outbound Messaging WSDL".

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample, URL};

pub(super) fn sample() -> Sample {
    let settings = |key: &str| {
        Settings::default()
            .with_text("base_url", "https://acme.my.salesforce.com")
            .with_text("organization_id", "00D5e000000AbCd")
            .with_secret("webhook_key", key)
            .with_text("client_id", "3MVG9x")
            .with_secret("client_secret", "client-secret")
    };
    let mut sample = Sample::of(
        "salesforce",
        settings(PASSWORD),
        Some(settings(OTHER_PASSWORD)),
    );
    sample.url = format!("{URL}&key={PASSWORD}");
    sample.content_type = "text/xml; charset=UTF-8";
    sample.ping = Some("<!-- no notifications -->");
    sample
}
