//! Getting at a registry: logins, TLS, and one that does not answer.

use std::fs;
use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use followup::plugins::{Login, Supply};
use followup_tests::Registry;
use followup_tests::registry::{PASSWORD, USERNAME};

use crate::{get, lax, plugin, publish, refused, says};

fn with_login(mut supply: Supply, password: &str) -> Supply {
    for registry in supply.registries.by_host.values_mut() {
        registry.login = Some(Login {
            username: USERNAME.to_owned(),
            password: password.into(),
        });
    }
    supply
}

#[tokio::test]
async fn a_private_registry_asks_for_a_login() {
    let Some(registry) = Registry::start_with_login() else {
        return;
    };
    let host = &registry.host;
    let reference = format!("{host}/acme/webinar:1.2");
    let wasm = plugin("private");
    let remedy = [
        "does not let us at acme/webinar".to_owned(),
        format!("[plugins.registries.\"{host}\"]\nusername = "),
    ];
    let remedy = remedy.each_ref().map(String::as_str);

    let anonymous = lax(host);
    let error = publish(&anonymous, &reference, &wasm, None).await;
    says(&error.expect_err("no login"), &remedy);
    let member = with_login(lax(host), PASSWORD);
    publish(&member, &reference, &wasm, None)
        .await
        .expect("pushed");
    let fetched = get(&member, &reference).await.expect("fetched");
    assert_eq!(fetched.wasm, wasm);
    refused(&anonymous, &reference, &remedy).await;
    refused(&with_login(lax(host), "wrong"), &reference, &remedy).await;

    // The login that `docker login` leaves behind serves as well.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("config.json");
    let mut docker = lax(host);
    docker.registries.docker_config = Some(file.clone());
    let auth = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    let login = format!(r#"{{"auths": {{"{host}": {{"auth": "{auth}"}}}}}}"#);
    fs::write(&file, login).expect("written");
    get(&docker, &reference).await.expect("fetched");
    let helper = format!(r#"{{"credHelpers": {{"{host}": "vault"}}}}"#);
    fs::write(&file, helper).expect("written");
    let told = "credential helper \"vault\", which is not supported";
    refused(&docker, &reference, &[told]).await;
}

#[tokio::test]
async fn a_registry_without_tls_must_be_named() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let host = &registry.host;
    let mut supply = lax(host);
    supply.registries.by_host.clear();
    let reference = format!("{host}/acme/webinar:1.2");
    let remedy = format!("[plugins.registries.\"{host}\"]\nplain_http = true");
    refused(&supply, &reference, &["cannot be reached", &remedy]).await;
}

#[tokio::test]
async fn a_registry_that_is_not_there_or_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = silent.local_addr().expect("an address").to_string();
    let reference = format!("{host}/acme/webinar:1.2");
    let mut supply = lax(&host);
    supply.limits.connect_timeout_ms = 100;
    refused(&supply, &reference, &["cannot be reached"]).await;
    supply.limits.connect_timeout_ms = 60_000;
    supply.limits.transfer_timeout_ms = 100;
    let told = ["took more than 100 ms", "plugins.transfer_timeout_ms"];
    refused(&supply, &reference, &told).await;
    drop(silent);
    refused(&supply, &reference, &["cannot be reached", "refused"]).await;
}
