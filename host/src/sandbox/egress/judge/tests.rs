use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::manifest::{Grants, HostPattern, HttpGrant};
use crate::sandbox::{AuthoritySetup, egress};

fn grant(host: &str, methods: &[&str], paths: &[&str]) -> HttpGrant {
    let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    HttpGrant {
        host: HostPattern(host.to_owned()),
        methods: owned(methods),
        paths: owned(paths),
        reason: "tests".to_owned(),
    }
}

fn setup() -> AuthoritySetup {
    AuthoritySetup {
        grants: Grants {
            http: vec![
                grant("api.example.com", &["GET"], &["/v1/*"]),
                grant("*.example.org", &["GET", "POST"], &[]),
                grant("config:/url", &["GET"], &[]),
                grant("config:/other", &["GET"], &[]),
            ],
            secrets: Vec::new(),
        },
        config: json!({ "url": "https://crm.local:8443/api" }),
        secrets: BTreeMap::new(),
        hosts: None,
        allow_private: Vec::new(),
    }
}

/// `expect` is the URL that may be called, or a part of the denial or its remedy.
fn check_with(setup: AuthoritySetup, request: &str, expect: &str) {
    let authority = egress::Authority::new(setup).expect("an authority");
    let (method, url) = request.split_once(' ').expect("a method");
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let split = rest.find('/').unwrap_or(rest.len());
    let asked = Asked {
        method,
        scheme,
        authority: &rest[..split],
        path: &rest[split..],
        connection: "webinar",
    };
    match judge(&authority, &asked) {
        Ok(url) => assert_eq!(url.as_str(), expect, "{request}"),
        Err(Denial { why, remedy }) => {
            let told = format!("{why}\n{remedy}");
            assert!(told.contains(expect), "{request}: {told}");
        }
    }
}

fn check(request: &str, expect: &str) {
    check_with(setup(), request, expect);
}

#[test]
fn what_was_granted_leaves() {
    check(
        "GET https://api.example.com/v1/events?page=2",
        "https://api.example.com/v1/events?page=2",
    );
    check(
        "GET https://API.example.com/v1/",
        "https://api.example.com/v1/",
    );
    check(
        "GET https://api.example.com:443/v1/x",
        "https://api.example.com/v1/x",
    );
    check("POST https://a.b.example.org/", "https://a.b.example.org/");
    check(
        "GET https://crm.local:8443/api/people",
        "https://crm.local:8443/api/people",
    );
}

#[test]
fn what_was_not_granted_is_denied_with_the_line_that_would() {
    check(
        "GET https://evil.example/x",
        "grants no request to evil.example",
    );
    check(
        "GET https://evil.example/x",
        "[[grants.http]]\nhost = \"evil.example\"\nmethods = [\"GET\"]\npaths = [\"/x\"]",
    );
    check(
        "POST https://api.example.com/v1/x",
        "methods = [\"GET\", \"POST\"]\npaths = [\"/v1/*\"]",
    );
    check(
        "GET https://api.example.com/v2/x",
        "paths = [\"/v1/*\", \"/v2/x\"]",
    );
    check(
        "GET https://api.example.com:8080/v1/x",
        "on its usual port, not on 8080",
    );
    check(
        "GET https://crm.local/api",
        "grants no request to crm.local",
    );
    check(
        "GET https://example.org/",
        "grants no request to example.org",
    );
    check(
        "GET http://api.example.com/v1/x",
        "[connections.webinar]: allow_private",
    );
}

#[test]
fn a_path_that_climbs_is_judged_where_it_arrives() {
    check(
        "GET https://api.example.com/v1/../admin",
        "no GET of the path /admin",
    );
    check(
        "GET https://api.example.com/v1/%2e%2e/admin",
        "no GET of the path /admin",
    );
    check("GET https://api.example.com/v1/..%2fadmin", "climbs");
    check("GET https://api.example.com/v1/%2E%2E%5cadmin", "climbs");
    check(
        "GET https://api.example.com/v1/%252e%252e%252fadmin",
        "climbs",
    );
    check("GET https://api.example.com/v1/..;a=b/admin", "climbs");
    check(
        "GET https://api.example.com/v1/a..b",
        "https://api.example.com/v1/a..b",
    );
}

#[test]
fn hosts_in_disguise() {
    let own = |url: &str| AuthoritySetup {
        config: json!({ "url": url }),
        allow_private: vec!["127.0.0.1/32".parse().expect("a range")],
        ..setup()
    };
    let check =
        |request: &str, expect: &str| check_with(own("http://127.0.0.1:80/"), request, expect);
    check("GET http://127.0.0.1/", "http://127.0.0.1/");
    for disguised in [
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
    ] {
        check(
            &format!("GET http://{disguised}/"),
            "writes the host 127.0.0.1 as",
        );
    }
    check("GET http://[::ffff:127.0.0.1]/", "writes the host");
    check("GET http://[::ffff:7f00:1]/", "IPv4 address in disguise");
    check("GET http://[64:ff9b::7f00:1]/", "host = \"config:/url\"");
    check(
        "GET http://169.254.169.254/latest/meta-data",
        "host = \"config:/url\"",
    );
    check(
        "GET https://api.example.com@127.0.0.1/",
        "a user before the host",
    );
    check(
        "GET https://user:pw@api.example.com/v1/x",
        "a user before the host",
    );
    check("GET ftp://api.example.com/v1/x", "ftp: is not called");
    check(
        "GET https://api.example.com./v1/x",
        "grants no request to api.example.com.",
    );
    check(
        "GET https://api.example.com\\@evil.example/v1/x",
        "a user before the host",
    );
}

#[test]
fn the_administrator_narrows() {
    let narrowed = || AuthoritySetup {
        hosts: Some(vec![HostPattern("a.example.org".to_owned())]),
        ..setup()
    };
    check_with(
        narrowed(),
        "GET https://a.example.org/",
        "https://a.example.org/",
    );
    check_with(
        narrowed(),
        "GET https://b.example.org/",
        "[connections.webinar]: hosts = [\"b.example.org\"]",
    );
    // And never widens.
    let wide = AuthoritySetup {
        hosts: Some(vec![HostPattern("evil.example".to_owned())]),
        ..setup()
    };
    check_with(
        wide,
        "GET https://evil.example/",
        "grants no request to evil.example",
    );
}

#[test]
fn a_url_of_the_configuration_that_is_none() {
    let wrong = AuthoritySetup {
        config: json!({ "url": 7 }),
        ..setup()
    };
    let why = egress::Authority::new(wrong).expect_err("no URL");
    assert!(why.contains("config.url: 7 is no URL"), "{why}");
}
