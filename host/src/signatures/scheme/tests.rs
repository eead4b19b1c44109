use super::*;

const NOW_S: i64 = 1_614_265_330;

fn verifier(scheme: Scheme, header: Option<&str>, secret: &str) -> Result<Verifier, KeyError> {
    let verify = Verify {
        scheme,
        secret: "key".to_owned(),
        header: header.map(str::to_owned),
    };
    Verifier::new(&verify, &SecretString::from(secret))
}

fn check(verifier: &Verifier, headers: &[(&str, &str)], body: &str, expect: Result<(), Refusal>) {
    let request = HookRequest {
        method: "POST".to_owned(),
        url: "https://followup.example.com/hooks/x".to_owned(),
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        certificate: None,
    };
    let got = verifier.verify(&request, Instant(NOW_S * SECOND_MS));
    assert_eq!(got, expect, "{headers:?}");
}

const BAD: Result<(), Refusal> = Err(Refusal::BadSignature);

/// The example of GitHub's documentation, "Validating webhook deliveries", "Testing the webhook
/// payload validation".
#[test]
fn github_signs_the_body_in_hexadecimal() {
    let name = "x-hub-signature-256";
    let github = verifier(
        Scheme::HmacSha256Hex,
        Some(name),
        "It's a Secret to Everybody",
    )
    .expect("a secret");
    let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let prefixed = format!("sha256={digits}");
    let body = "Hello, World!";
    check(&github, &[(name, &prefixed)], body, Ok(()));
    check(&github, &[(name, digits)], body, Ok(()));
    check(&github, &[(name, &digits.to_uppercase())], body, Ok(()));
    check(&github, &[(name, &prefixed)], "Hello, World", BAD);
    check(&github, &[(name, "sha256=")], body, BAD);
    check(&github, &[(name, "sha256=zz")], body, BAD);
    let missing = Err(Refusal::MissingHeader(name.into()));
    check(&github, &[], body, missing);
    let twice = [(name, prefixed.as_str()), (name, digits)];
    check(
        &github,
        &twice,
        body,
        Err(Refusal::RepeatedHeader(name.into())),
    );
}

/// RFC 4231, test case 2, in the form of Shopify's `X-Shopify-Hmac-Sha256`.
#[test]
fn shopify_signs_the_body_in_base64() {
    let name = "x-shopify-hmac-sha256";
    let shopify = verifier(Scheme::HmacSha256Base64, Some(name), "Jefe").expect("a secret");
    let base64 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    let body = "what do ya want for nothing?";
    check(&shopify, &[(name, base64)], body, Ok(()));
    let typeform = format!("sha256={base64}");
    check(&shopify, &[(name, &typeform)], body, Ok(()));
    check(&shopify, &[(name, base64)], "what do ya want?", BAD);
    check(&shopify, &[(name, "no base64")], body, BAD);
}

/// The signature was made with OpenSSL: `openssl dgst -sha256 -hmac KEY` over `1614265330.BODY`.
#[test]
fn calendly_signs_time_and_body() {
    let name = "calendly-webhook-signature";
    let key = "hRYhoBRgRoXZcJQaMIhUVYBxZu8bhpAfXOnIlOnyqws";
    let calendly = verifier(Scheme::TimestampedHmacSha256, Some(name), key).expect("a secret");
    let digits = "a9534f531161ec8a2f89ec1b801107e3f092a57c17b701cdfefcd00f51cce1cd";
    let body = r#"{"event":"invitee.created"}"#;
    let malformed = || Err(Refusal::MalformedHeader(name.into()));
    let stale = |age_s| {
        Err(Refusal::Stale {
            age_s,
            tolerance_s: 300,
        })
    };
    for (proof, expect) in [
        (format!("t={NOW_S},v1={digits}"), Ok(())),
        (
            format!("t={NOW_S}, v1={}, v1={digits}", "0".repeat(64)),
            Ok(()),
        ),
        (format!("v1={digits},t={NOW_S}"), Ok(())),
        (format!("t={NOW_S},v0={digits}"), BAD),
        (format!("t={NOW_S}"), BAD),
        (format!("t={NOW_S},v1={}", "0".repeat(64)), BAD),
        (format!("t={},v1={digits}", NOW_S + 1), BAD),
        (format!("t={},v1={digits}", NOW_S - 301), stale(301)),
        (format!("t={},v1={digits}", NOW_S + 301), stale(-301)),
        (format!("t={NOW_S},t={NOW_S},v1={digits}"), malformed()),
        (format!("t=now,v1={digits}"), malformed()),
        (digits.to_owned(), malformed()),
    ] {
        check(&calendly, &[(name, &proof)], body, expect);
    }
    let proof = format!("t={NOW_S},v1={digits}");
    check(&calendly, &[(name, &proof)], r#"{"event":"x"}"#, BAD);
}

#[test]
fn a_token_is_shown_as_it_is() {
    let plain = verifier(Scheme::SharedToken, None, "correct-horse").expect("a secret");
    for (value, expect) in [
        ("correct-horse", Ok(())),
        ("Bearer correct-horse", Ok(())),
        ("bearer  correct-horse", Ok(())),
        ("Basic correct-horse", BAD),
        ("correct-hors", BAD),
        ("", BAD),
    ] {
        check(&plain, &[("authorization", value)], "", expect);
    }
    let named = verifier(Scheme::SharedToken, Some("x-token"), "correct-horse").expect("a secret");
    check(&named, &[("x-token", "correct-horse")], "", Ok(()));
    let missing = Err(Refusal::MissingHeader("x-token".into()));
    check(&named, &[("authorization", "correct-horse")], "", missing);
}

/// The vector of the specification's own test suite.
#[test]
fn standard_webhooks_as_elsewhere() {
    let scheme = Scheme::StandardWebhooks;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let standard = verifier(scheme, None, secret).expect("a secret");
    let at = NOW_S.to_string();
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", at.as_str()),
        (
            "webhook-signature",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];
    check(&standard, &headers, r#"{"test": 2432232314}"#, Ok(()));
    check(&standard, &headers, "{}", BAD);
    let refused = verifier(scheme, None, "MfKQ9r8GKYqrTwjUPD8").err();
    assert_eq!(refused, Some(KeyError::Prefix));
}

#[test]
fn secrets_are_looked_at_and_never_shown() {
    let empty = verifier(Scheme::SharedToken, None, " \n").err();
    assert_eq!(empty, Some(KeyError::Empty));
    let shown = format!("{:?}", verifier(Scheme::SharedToken, None, "correct-horse"));
    assert!(!shown.contains("horse"), "{shown}");
}
