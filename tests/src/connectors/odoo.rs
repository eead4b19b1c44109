//! Odoo. Payloads: what `_run_action_webhook` of odoo/odoo's `ir_actions.py` makes; answers: "External RPC API" and
//! the records of a demonstration database.

use followup::domain::connector::Settings;

use super::{OTHER_PASSWORD, PASSWORD, Sample, URL};

pub(super) fn sample() -> Sample {
    let settings = |password: &str| {
        Settings::default()
            .with_text("base_url", "https://acme.odoo.com")
            .with_text("database", "acme")
            .with_text("user_id", "2")
            .with_secret("api_key", "odoo-key-1")
            .with_secret("webhook_password", password)
    };
    let mut sample = Sample::of("odoo", settings(PASSWORD), Some(settings(OTHER_PASSWORD)));
    // Odoo can set neither a header nor a user in the address.
    sample.url = format!("{URL}&key={PASSWORD}");
    sample
}
