//! Connections of the kind `trigger`: alone, and held against their plugin's manifest.

use secrecy::ExposeSecret;

use super::*;
use crate::domain::manifest::Manifest;

const PLUGIN: &str = r#"
    id = "shop"
    name = "Shop"
    version = "0.1.0"
    kind = "trigger"
    description = "d"
    events = ["shop.order-paid"]
    [[grants.http]]
    host = "*.shop.example"
    reason = "r"
    [[grants.http]]
    host = "config:/url"
    reason = "r"
    [[grants.secrets]]
    name = "signing_key"
    uses = ["verify"]
    reason = "Proves the sender."
    [[grants.secrets]]
    name = "token"
    uses = ["header"]
    hosts = ["config:/url"]
    optional = true
    reason = "r"
    [verify]
    scheme = "standard-webhooks"
    secret = "signing_key"
    [config]
    type = "object"
    additionalProperties = false
    [config.properties]
    url = { type = "string" }
    size = { type = "integer", description = "How many." }
"#;

const HEAD: &str = "[connections.s]\nkind = \"trigger\"\nplugin = \"shop\"\n";
const KEY: &str = "secrets.signing_key = \"env:TEST_KEY\"\n";

/// Everything that `check` would say.
fn told(section: &str) -> Result<Config, Vec<String>> {
    let folder = folder(section, &[]);
    let secret = |_: &str| Some(format!("whsec_{}", "A".repeat(32)));
    let shown = |problems: Vec<Problem>| show(&problems, folder.path());
    let config = load(&folder.path().join("followup.toml"), &secret).map_err(shown)?;
    let manifest = Manifest::parse(PLUGIN).expect("manifest");
    match validate(&config.config, &[manifest]) {
        Ok(_) => Ok(config.config),
        Err(problems) => Err(show(&problems, folder.path())),
    }
}

#[test]
fn a_trigger_is_read() {
    let section = format!(
        "{HEAD}{KEY}hosts = [\"api.shop.example\", \"*.eu.shop.example\", \"my.example\"]\n\
         allow_private = [\"127.0.0.1/32\"]\ncreates_contacts = false\n\
         config = {{ url = \"https://My.example/x\", size = 3 }}\n"
    );
    let config = told(&section).expect("fits");
    let Connection::Trigger(trigger) = &config.connections["s"] else {
        panic!("a trigger");
    };
    assert_eq!(trigger.plugin, "shop");
    let key = trigger.secrets["signing_key"].expose_secret();
    assert!(key.starts_with("whsec_"));
    assert_eq!(trigger.config["size"], 3);
    assert!(!trigger.creates_contacts && trigger.poll_every_ms.is_none());
    assert_eq!(trigger.hosts.as_ref().map(Vec::len), Some(3));
    let loopback = "127.0.0.1".parse().expect("an address");
    assert!(trigger.allow_private[0].contains(loopback));
}

#[test]
fn each_thing_that_does_not_fit_is_told() {
    for (more, expect) in [
        (
            "",
            "1: connections.s.secrets lacks signing_key: Proves the sender: add signing_key = \"env:NAME\"",
        ),
        (
            "secrets = { signing_key = \"env:TEST_KEY\", tokn = \"env:TEST_T\" }\n",
            "4: connections.s.secrets.tokn: shop asks for no such secret: did you mean \"token\"?",
        ),
        (
            &format!("{KEY}config.siz = 3\n"),
            "5: connections.s.config.siz is unknown: did you mean \"size\"?",
        ),
        (
            &format!("{KEY}hosts = [\"api.evil.example\"]\n"),
            "5: connections.s.hosts: shop does not ask for api.evil.example: use some of: *.shop.example",
        ),
        (
            &format!("{KEY}hosts = [\"*.example\"]\n"),
            "5: connections.s.hosts.0 \"*.example\" cannot be read: ",
        ),
        (
            &format!("{KEY}poll_every = \"5m\"\n"),
            "5: connections.s.poll_every: shop is not polled, it waits for webhooks: remove poll_every",
        ),
        (
            &format!("{KEY}poll_every = \"1s\"\n"),
            "5: connections.s.poll_every \"1s\" cannot be read: write a time from 10s to 7d, like \"5m\"",
        ),
        (
            &format!("{KEY}config.url = \"mailto:a@b.example\"\n"),
            "5: connections.s.config.url is no URL with a host: write it like https://api.example.com/v1/items",
        ),
        (
            &format!("{KEY}allow_private = [\"10.0.0.1\"]\n"),
            "5: connections.s.allow_private.0 \"10.0.0.1\" cannot be read: write networks like",
        ),
    ] {
        let problems = told(&format!("{HEAD}{more}")).expect_err(more);
        assert!(
            problems.iter().any(|problem| problem.contains(expect)),
            "{more}: {problems:#?}"
        );
    }
}

#[test]
fn the_plugin_is_there_and_a_trigger() {
    let with = |plugin: &str| HEAD.replace("\"shop\"", plugin);
    for (section, expect) in [
        (
            with("\"shopp\""),
            "3: connections.s.plugin names \"shopp\", which is not installed: did you mean \"shop\"?",
        ),
        (
            "[connections.s]\nkind = \"trigger\"\n".to_owned(),
            "1: connections.s.plugin is missing: add plugin = \"calendly\"",
        ),
        (
            format!(
                "{HEAD}{KEY}[identities.a]\nfrom = \"a@b.example\"\n[sequences.q]\npolicy = \"shop\"\nenrol = 'true'\n"
            ),
            "8: sequences.q.policy names \"shop\", a trigger: name a policy",
        ),
    ] {
        assert_eq!(told(&section).expect_err(&section), [expect]);
    }
}
