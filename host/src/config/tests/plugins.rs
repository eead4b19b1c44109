//! `[plugins]`: registries and publishers, right and wrong.

use super::*;

const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

#[test]
fn registries_and_publishers_are_read() {
    let text = format!(
        "[plugins]\nfolder = \"components\"\nrequire_signature = false\ntransfer_timeout_ms = 5\n\
         [plugins.publishers]\nacme = \"{KEY}\"\n\
         [plugins.registries.\"127.0.0.1:5000\"]\nplain_http = true\n\
         [plugins.registries.\"ghcr.io\"]\nusername = \"bot\"\npassword = \"env:TEST_PASSWORD\"\n\
         [sandbox]\ncomponent_max_bytes = 7\n"
    );
    let config = load_text(&text).expect("loads").config;
    let plugins = &config.plugins;
    assert!(plugins.folder.ends_with("components") && plugins.lock.ends_with("followup.lock"));
    let supply = &plugins.supply;
    let limits = supply.limits;
    assert_eq!(
        (
            limits.component_max_bytes,
            limits.connect_timeout_ms,
            limits.transfer_timeout_ms
        ),
        (7, 10_000, 5)
    );
    assert!(!supply.trust.require_signature && supply.trust.publishers.contains_key("acme"));
    let hosts = &supply.registries.by_host;
    assert!(hosts["127.0.0.1:5000"].plain_http && hosts["127.0.0.1:5000"].login.is_none());
    let login = hosts["ghcr.io"].login.as_ref().expect("a login");
    assert_eq!(login.username, "bot");
    assert_eq!(login.password.expose_secret(), "the value of TEST_PASSWORD");
    assert!(!format!("{config:?}").contains("the value of"));
    assert_eq!(supply.registries.docker_config, None, "no HOME, no docker");
}

#[test]
fn what_comes_from_a_registry_is_signed_unless_told_otherwise() {
    let config = load_text("").expect("loads").config;
    assert!(config.plugins.supply.trust.require_signature);
    assert!(config.plugins.supply.trust.publishers.is_empty());
}

#[test]
fn mistakes_come_with_advice() {
    let text = "[plugins.publishers]\nacme = \"ABC\"\n\"A B\" = 1\n\
                [plugins.registries.\"https://ghcr.io\"]\n\
                [plugins.registries.\"ghcr.io\"]\nusername = \"bot\"\ntoken = \"x\"\n\
                [plugins.registries.\"r.example\"]\npassword = \"env:TEST_PASSWORD\"\n";
    let told = load_text(text).expect_err("many mistakes");
    let expect = [
        "2: plugins.publishers.acme \"ABC\" cannot be read: write the line of the publisher's .pub file",
        "3: plugins.publishers.A B is no name",
        "3: plugins.publishers.A B must be a text in quotes",
        "4: plugins.registries.https://ghcr.io is no name: write the host as references name it",
        "6: plugins.registries.ghcr.io.username stands without a password",
        "7: plugins.registries.ghcr.io.token is unknown",
        "9: plugins.registries.r.example.password stands without a username",
    ];
    for (told, expect) in told.iter().zip(expect) {
        assert!(told.starts_with(expect), "{told}\n{expect}");
    }
    assert_eq!(told.len(), expect.len(), "{told:#?}");
}
