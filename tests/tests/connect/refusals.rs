//! What is not connected, and that nothing is left behind by the attempt.

use followup_tests::connectors::sample;

use super::{arguments, json, refused, run, site};

#[test]
fn what_is_missing_or_wrong_is_named_and_nothing_is_written() {
    let site = site();
    site.write("secrets/key", "re_123");
    let before = site.read("followup.toml");
    let key = "api_key=file:secrets/key";
    for (arguments, part) in [
        (
            &["connect", "resend", "--name", "b"][..],
            "--secret api_key=env:RESEND_API_KEY",
        ),
        (&["connect", "resnd"], "did you mean \"resend\"?"),
        (&["connect", "trigger"], "write its section yourself"),
        (
            &["connect", "resend", "--secret", key],
            "has a connection resend already",
        ),
        (
            &[
                "connect",
                "resend",
                "--name",
                "b",
                "--secret",
                "api_key=re_123456",
            ],
            "takes env:NAME or file:PATH",
        ),
        (
            &[
                "connect",
                "resend",
                "--name",
                "b",
                "--set",
                "api_key=re_123456",
            ],
            "--secret api_key=env:RESEND_API_KEY",
        ),
        (
            &[
                "connect",
                "resend",
                "--name",
                "b",
                "--secret",
                "api_key=env:NOBODY_SET_THIS",
            ],
            "NOBODY_SET_THIS, which is not set",
        ),
        (
            &[
                "connect",
                "resend",
                "--name",
                "b",
                "--secret",
                key,
                "--set",
                "base_url=ftp://x",
            ],
            "base_url",
        ),
        (
            &["connect", "resend", "--name", "../b", "--secret", key],
            "is no name",
        ),
        (
            &[
                "connect",
                "cloudevents",
                "--name",
                "b",
                "--secret",
                "secret=file:secrets/crm",
                "--register",
            ],
            "cannot be told by its API",
        ),
    ] {
        let told = refused(&site.run(arguments));
        assert!(told.contains(part), "{arguments:?}: {told}");
        assert!(!told.contains("re_123456"), "{told}");
        assert_eq!(site.read("followup.toml"), before, "{arguments:?}");
    }
    let files = site.path(".").read_dir().expect("a folder").count();
    assert_eq!(
        files, 3,
        "followup.toml, templates and secrets, nothing beside"
    );
}

#[test]
fn one_of_the_name_is_changed_only_when_asked_to() {
    let site = site();
    let sample = sample("cloudevents");
    let given = arguments(&site, &sample, "");
    assert!(run(&site, &given, &[]).status.success());
    let once = site.read("followup.toml");
    assert!(refused(&run(&site, &given, &[])).contains("--yes"));
    let again = run(&site, &given, &["--yes", "--json"]);
    assert_eq!(json(&again)["check"]["ok"], true);
    assert_eq!(site.read("followup.toml"), once, "the same again");
}

#[test]
fn a_file_that_is_none_is_not_made() {
    let site = site();
    let mut command = site.command();
    command.args([
        "connect",
        "resend",
        "--secret",
        "api_key=env:RESEND_API_KEY",
        "--config",
    ]);
    let done = command
        .arg(site.path("nowhere.toml"))
        .output()
        .expect("runs");
    assert!(refused(&done).contains("followup init"));
    assert!(!site.path("nowhere.toml").exists());
}
