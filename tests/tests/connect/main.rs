//! Connecting, looking at what is connected, and trying a captured webhook: by the program itself, over
//! every kind there is. A new kind needs no code here: its sample and its golden cases are enough.

mod doctor;
mod kinds;
mod refusals;
mod replay;

use std::process::Output;

use followup::domain::connector::Form;
use followup_tests::connectors::Sample;
use followup_tests::{Options, Site};
use secrecy::ExposeSecret;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// A folder whose server has a name in the world.
fn site() -> Site {
    let options = Options {
        server: "public_url = \"https://followup.acme.example\"",
        ..Options::default()
    };
    Site::new(PROGRAM, &options)
}

/// What an administrator types to connect a sample under the name `x-KIND`; its API is at `url`.
fn arguments(site: &Site, sample: &Sample, url: &str) -> Vec<String> {
    let kind = sample.kind;
    let name = name(sample);
    let mut arguments = ["connect", kind.name, "--name", &name]
        .map(str::to_owned)
        .to_vec();
    for field in kind.fields {
        let key = field.key;
        if field.form == Form::Secret {
            let Some(secret) = sample.settings.secret(key) else {
                continue;
            };
            let file = format!("secrets/given-{name}-{key}");
            site.write(&file, secret.expose_secret());
            arguments.extend(["--secret".to_owned(), format!("{key}=file:{file}")]);
            continue;
        }
        let value = match field.form {
            Form::Url => Some(url),
            _ => sample.settings.text(key),
        };
        if let Some(value) = value.filter(|value| field.default != Some(*value)) {
            arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
    }
    arguments
}

fn name(sample: &Sample) -> String {
    format!("x-{}", sample.name())
}

fn run(site: &Site, arguments: &[String], more: &[&str]) -> Output {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    site.run(&[&arguments, more].concat())
}

/// What a command printed as JSON, whether or not it liked what it found.
fn json(done: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&done.stderr);
    serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {complaint}"))
}

/// What a command said that did not do what it was asked.
fn refused(done: &Output) -> String {
    assert!(
        !done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
    String::from_utf8_lossy(&done.stderr).into_owned()
}
