//! Whole files in, values or the whole list of problems out.

mod documentation;
mod limits;
mod mistakes;
mod plugins;
mod together;
mod triggers;

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;
use crate::domain::enrollment::ExitRules;

/// A folder with a `followup.toml` of this text, and templates.
fn folder(text: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (path, text) in files.iter().chain(&[("followup.toml", text)]) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("write");
    }
    folder
}

fn load_text(text: &str) -> Result<Loaded, Vec<String>> {
    let folder = folder(text, &[]);
    load(&folder.path().join("followup.toml"), &env)
        .map_err(|problems| show(&problems, folder.path()))
}

fn env(name: &str) -> Option<String> {
    name.starts_with("TEST_")
        .then(|| format!("the value of {name}"))
}

/// `LINE message: remedy`, with the file's name where it is another one.
fn show(problems: &[Problem], folder: &Path) -> Vec<String> {
    let prefix = format!("{}/", folder.display());
    problems
        .iter()
        .map(|problem| {
            problem
                .to_string()
                .replace(&prefix, "")
                .replacen("followup.toml:", "", 1)
        })
        .collect()
}

#[test]
fn an_empty_file_is_all_defaults() {
    let Loaded { config, warnings } = load_text("").expect("loads");
    assert_eq!(warnings, []);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config
            .server
            .public_url("127.0.0.1:9".parse().expect("address")),
        "http://127.0.0.1:9"
    );
    assert!(config.store.place.to_string().ends_with("followup.db"));
    assert_eq!(
        config.calendar.working_days,
        [true, true, true, true, true, false, false]
    );
    assert_eq!(config.sandbox.limits.fuel_max, 50_000_000);
    assert_eq!(config.sandbox.limits.memory_max_bytes, 64 << 20);
    assert!(
        config.connections.is_empty()
            && config.identities.is_empty()
            && config.sequences.is_empty()
    );
}

#[test]
fn a_whole_file_is_read() {
    let Loaded { config, warnings } = load_text(
        r#"
        [server]
        listen = "[::1]:0"
        public_url = "https://f.example/"
        [store]
        url = "sqlite:/var/lib/followup/state.db"
        [calendar]
        time_zone = "Europe/Berlin"
        working_days = ["Mon", "saturday"]
        holidays = ["2026-12-25"]
        [connections.hs]
        kind = "hubspot"
        client_secret = "env:TEST_A"
        base_url = "http://127.0.0.1:9/"
        [connections.mail]
        kind = "resend"
        api_key = "env:TEST_B"
        [identities.ada]
        from = "Ada <ada@acme.example>"
        reply_to = "sales@acme.example"
        [sequences.pricing]
        policy = "cadence"
        enrol = 'true'
        re_enrol = "after-finish"
        exits.meeting_booked = false
        exits.converted_events = ["order-paid"]
        config.steps = [{ task = "a", n = 1.5, on = true, day = 2026-01-01 }]
        "#,
    )
    .expect("loads");
    assert_eq!(warnings, []);
    assert_eq!(
        config.server.public_url.as_deref(),
        Some("https://f.example")
    );
    assert_eq!(config.store.place.to_string(), "/var/lib/followup/state.db");
    assert_eq!(
        config.calendar.working_days,
        [true, false, false, false, false, true, false]
    );
    assert_eq!(config.calendar.holidays.len(), 1);
    let known = |name: &str| match &config.connections[name] {
        Connection::Kind(known) => known,
        other => panic!("{other:?}"),
    };
    let hubspot = known("hs");
    let secret = hubspot.settings.secret("client_secret").expect("a secret");
    assert_eq!(secret.expose_secret(), "the value of TEST_A");
    assert!(hubspot.settings.secret("access_token").is_none());
    let base_url = |known: &Known| (known.settings.base_url(), known.base_url_written);
    assert_eq!(
        base_url(hubspot),
        (Ok("http://127.0.0.1:9".to_owned()), true)
    );
    assert_eq!(
        base_url(known("mail")),
        (Ok("https://api.resend.com".to_owned()), false)
    );
    assert_eq!(config.identities["ada"].connection.as_deref(), Some("mail"));
    let sequence = &config.sequences["pricing"];
    assert_eq!(sequence.identity, "ada");
    assert_eq!(
        sequence.re_enrol,
        crate::guardrails::enrolment::ReEnrol::AfterFinish
    );
    let exits = ExitRules {
        meeting_booked: false,
        converted_events: vec!["order-paid".into()],
        ..ExitRules::default()
    };
    assert_eq!(sequence.exits, exits);
    assert_eq!(
        sequence.config,
        serde_json::json!({ "steps": [{ "task": "a", "n": 1.5, "on": true, "day": "2026-01-01" }] })
    );
    assert!(
        !format!("{config:?}").contains("the value of"),
        "secrets must not show"
    );
}
