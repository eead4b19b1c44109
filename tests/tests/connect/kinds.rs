//! Every kind is connected from the command line.

use std::os::unix::fs::PermissionsExt;

use followup::domain::connector::Form;
use followup::domain::http::Response;
use followup_tests::ScriptedApi;
use followup_tests::connectors::{Sample, samples};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{arguments, json as told, name, run, site};

/// The cases of `golden/NAME/api` of one call that went well.
fn good_case(sample: &Sample, call: &str) -> Option<Value> {
    let cases = sample.golden_in("api").into_iter().map(|(name, bytes)| {
        let case: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        case
    });
    let good = |case: &Value| {
        let one = case["answer"].as_object().map(|_| &case["answer"]);
        let several = case["answers"].as_array().into_iter().flatten();
        let mut statuses = one
            .into_iter()
            .chain(several)
            .map(|answer| &answer["status"]);
        let expected = case["expect"].as_str().is_none_or(|expect| expect == "ok");
        expected && statuses.all(|status| status.as_u64().is_some_and(|s| (200..300).contains(&s)))
    };
    cases.filter(|case| case["call"] == call).find(good)
}

fn response(answer: &Value) -> Response {
    Response {
        status: answer["status"].as_u64().expect("a status") as u16,
        headers: Vec::new(),
        body: match &answer["body"] {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_connected_and_asked_who_it_is() {
    let site = site();
    for sample in samples() {
        let connector = sample.connector();
        let before = site.read("followup.toml");
        let token = connector
            .refreshes
            .as_ref()
            .and_then(|_| good_case(&sample, "token"));
        let probe = connector
            .probes
            .as_ref()
            .and_then(|_| good_case(&sample, "probe"));
        let script: Vec<Value> = [&token, &probe]
            .into_iter()
            .flatten()
            .map(|case| case["answer"].clone())
            .collect();
        let api = ScriptedApi::start(&script).await;
        // Where its API is cannot be said of every kind.
        let reachable = sample
            .kind
            .fields
            .iter()
            .any(|field| field.form == Form::Url);
        let tested = probe.as_ref().filter(|_| reachable);
        let more: &[&str] = if tested.is_some() {
            &["--json"]
        } else {
            &["--json", "--no-test"]
        };
        let done = run(&site, &arguments(&site, &sample, &api.url), more);
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {complaint}", sample.name());

        let connected = told(&done);
        if let (Some(case), Some(probes)) = (tested, &connector.probes) {
            let who = probes
                .read(&response(&case["answer"]))
                .expect("a good answer");
            assert_eq!(connected["answered_by"], who, "{}", sample.name());
            assert!(!api.asked().is_empty());
        }
        let name = name(&sample);
        let url = format!("https://followup.acme.example/hooks/{name}");
        if connector.hook.is_some() {
            assert_eq!(connected["webhook_url"], url);
        }
        let inbound = connector
            .receives
            .is_some()
            .then(|| format!("{url}/inbound"));
        assert_eq!(connected["inbound_url"], json!(inbound));
        let steps = connected["steps"].to_string();
        assert!(
            !steps.contains("{url}") && !steps.contains("{inbound_url}"),
            "{steps}"
        );
        assert_eq!(connected["check"]["ok"], true, "{connected}");

        // One section more, and nothing else is touched; no secret is anywhere but in its file.
        let after = site.read("followup.toml");
        let section = after
            .find(&format!("\n[connections.{name}]"))
            .expect("the section");
        let (head, tail) = after.split_at(section);
        // It ends before the first blank line.
        let rest = tail[1..].find("\n\n").map_or("", |at| &tail[at + 2..]);
        assert_eq!(format!("{head}{rest}"), before, "{name}");
        for field in sample.kind.fields {
            if let Some(secret) = sample.settings.secret(field.key) {
                let secret = secret.expose_secret();
                assert!(!after.contains(secret), "{name}: {}", field.key);
                assert!(!String::from_utf8_lossy(&done.stdout).contains(secret));
            }
        }
    }
    let listed = told(&site.run(&["connections", "--json"]));
    let listed = listed.as_array().expect("a list");
    for sample in samples() {
        let row = listed.iter().find(|row| row["name"] == name(&sample));
        let row = row.unwrap_or_else(|| panic!("{} is not listed", sample.name()));
        assert_eq!(row["kind"], sample.name());
        if sample.connector().hook.is_some() {
            assert_eq!(row["authenticity"], sample.kind.authenticity.word());
        }
        assert!(!row["abilities"].as_array().expect("a list").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_where_the_api_allows_it() {
    let site = site();
    for sample in samples() {
        let connector = sample.connector();
        let (Some(registers), Some(case)) = (&connector.registers, good_case(&sample, "register"))
        else {
            continue;
        };
        if !sample
            .kind
            .fields
            .iter()
            .any(|field| field.form == Form::Url)
        {
            continue;
        }
        let token = connector
            .refreshes
            .as_ref()
            .and_then(|_| good_case(&sample, "token"));
        let mut script: Vec<Value> = token.iter().map(|case| case["answer"].clone()).collect();
        let answers = case["answers"].as_array().expect("answers").clone();
        script.extend(answers.iter().cloned());
        let api = ScriptedApi::start(&script).await;
        let more = &["--register", "--no-test", "--json"];
        let done = run(&site, &arguments(&site, &sample, &api.url), more);
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}: {complaint}", sample.name());

        let read: Vec<_> = answers.iter().map(response).collect();
        let registered = registers.read(&read).expect("good answers");
        let connected = told(&done);
        assert_eq!(connected["registered"], json!(registered.ids));
        let config = site.read("followup.toml");
        let name = name(&sample);
        for (key, secret) in &registered.secrets {
            let file = format!("secrets/{name}-{key}");
            assert_eq!(site.read(&file).trim_end(), secret.expose_secret());
            let mode = site
                .path(&file)
                .metadata()
                .expect("a file")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            assert!(
                config.contains(&format!("{key} = \"file:{file}\"")),
                "{config}"
            );
        }
        for (key, text) in &registered.texts {
            assert!(config.contains(&format!("{key} = \"{text}\"")), "{config}");
        }
    }
}

#[test]
fn what_can_be_connected_is_a_table() {
    let site = site();
    // Needs no configuration: it is how one begins.
    let mut command = site.command();
    let done = command.args(["connect", "--json"]).output().expect("runs");
    let rows = told(&done);
    let names: Vec<_> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["kind"])
        .collect();
    let kinds: Vec<_> = followup::config::kinds().map(|kind| kind.name).collect();
    assert_eq!(names, kinds);
    let done = site.command().arg("connect").output().expect("runs");
    let text = String::from_utf8_lossy(&done.stdout);
    for kind in followup::config::kinds() {
        assert!(text.contains(kind.title), "{text}");
    }
}
