//! Configuration, plugins and templates looked at together.

use super::*;
use crate::domain::manifest::Manifest;

const PLUGIN: &str = r#"
    id = "post-meeting"
    name = "Post meeting"
    version = "0.1.0"
    kind = "policy"
    description = "d"
    events = ["meeting-booked", "deal-won", "replied"]
    [config]
    type = "object"
    additionalProperties = false
    [config.properties]
    thanks = { type = "string", format = "template" }
    wait = { type = "integer", minimum = 1, description = "Days to wait." }
    [templates.thanks]
    subject = "Thanks"
    body = "Thank you"
"#;

fn told(sequence: &str, files: &[(&str, &str)]) -> Result<Validated, Vec<String>> {
    let text = format!("[identities.a]\nfrom = \"a@b.example\"\n[sequences.meet]\n{sequence}");
    let folder = folder(&text, files);
    let loaded = load(&folder.path().join("followup.toml"), &env).expect("loads");
    let manifest = Manifest::parse(PLUGIN).expect("manifest");
    validate(&loaded.config, &[manifest]).map_err(|problems| show(&problems, folder.path()))
}

const GOOD: &str = "policy = \"post-meeting\"\nenrol = 'event.kind == \"meeting-booked\"'\n\
                    exits.meeting_booked = false\nexits.converted_events = [\"order-paid\"]\n";

#[test]
fn what_fits_together_is_ready_to_use() {
    let thanks = ("templates/meet/thanks.md", "---\nsubject: s\n---\nb");
    let validated = told(&format!("{GOOD}config.thanks = \"thanks\"\n"), &[thanks]).expect("fits");
    assert_eq!(validated.warnings, []);
    assert!(validated.rules.contains_key("meet"));
    let (found, _) = validated
        .templates
        .find("meet", "post-meeting", "thanks")
        .expect("there");
    assert_eq!(found, crate::compose::Found::Sequence);
}

#[test]
fn each_thing_that_does_not_fit_is_told() {
    for (sequence, expect) in [
        (
            "policy = \"post-meting\"\nenrol = 'true'\n",
            vec![
                "4: sequences.meet.policy names \"post-meting\", which is not installed: did you mean \"post-meeting\"?",
            ],
        ),
        (
            "policy = \"post-meeting\"\nenrol = '''\nevent.kind == 'x' &&\nevnt.kind == 'x' '''\nexits.meeting_booked = false\nexits.converted = false\n",
            vec!["7: sequences.meet.enrol, column 1: evnt is unknown: did you mean \"event\"?"],
        ),
        (
            "policy = \"post-meeting\"\nenrol = 'true'\n",
            vec![
                "3: sequences.meet: post-meeting wants to hear of deal-won, but the exit condition converted ends the run first: \
             write exits.converted_events without \"deal-won\"",
                "3: sequences.meet: post-meeting wants to hear of meeting-booked, but the exit condition meeting-booked ends the run first: \
             write exits.meeting_booked = false",
            ],
        ),
        (
            &format!("{GOOD}[sequences.meet.config]\nthanks = \"thank\"\nwiat = 1\nwait = 0\n"),
            vec![
                "9: sequences.meet.config.thanks names the template \"thank\", which does not exist: did you mean \"thanks\"?",
                "10: sequences.meet.config.wiat is unknown: did you mean \"wait\"?",
                "11: sequences.meet.config.wait 0 is less than the minimum of 1: Days to wait.",
            ],
        ),
    ] {
        assert_eq!(told(sequence, &[]).expect_err(sequence), expect);
    }
}

#[test]
fn an_exit_that_is_written_down_is_only_warned_of() {
    let sequence = GOOD.replace("meeting_booked = false", "meeting_booked = true");
    let validated = told(&sequence, &[]).expect("a warning is no error");
    assert_eq!(validated.warnings.len(), 1);
    assert_eq!(validated.warnings[0].line, 6);
}

#[test]
fn cold_outreach_needs_an_address_and_a_way_out() {
    let cold = GOOD.replacen("enrol =", "cold = true\nenrol =", 1);
    let problems = told(&cold, &[]).expect_err("neither is there");
    assert_eq!(problems.len(), 2, "{problems:?}");
    for (problem, lacks) in problems
        .iter()
        .zip(["postal address", "way to unsubscribe"])
    {
        assert!(problem.contains(lacks), "{problem}");
    }
    let company = "[company]\npostal_address = \"1 Main Street\"\n[server]\npublic_url = \"https://f.example\"\n";
    told(&format!("{cold}{company}"), &[]).expect("both are there");
}

/// RFC 8058's button is lost with some providers: whoever writes through one is told, by name.
#[test]
fn a_provider_that_drops_the_unsubscribe_button_is_pointed_out() {
    let with = |kind: &str, more: &str| {
        let key = "api_key = \"0123456789abcdef\"";
        let connection = format!("[connections.mail]\nkind = \"{kind}\"\n{key}\n{more}");
        let validated = told(&format!("{GOOD}{connection}"), &[]).expect("warnings alone");
        let warnings = validated.warnings.iter();
        warnings
            .map(|warning| warning.message.clone())
            .collect::<Vec<_>>()
    };
    let none = "identities.a: its mails carry no way to unsubscribe";
    let drops = |kind: &str, left: &str| {
        format!(
            "identities.a: its connection mail ({kind}) does not send our List-Unsubscribe on, so that mail \
             programs show no unsubscribe button of ours (RFC 8058) in mails of meet: {left}"
        )
    };
    let public = "[server]\npublic_url = \"https://f.example\"\n";
    let link = "the link in the text is the only way out";
    for kind in ["brevo", "sparkpost"] {
        assert_eq!(with(kind, public), [drops(kind, link)]);
        assert_eq!(
            with(kind, ""),
            [drops(kind, "there is no other way out"), none.to_owned()]
        );
    }
    assert_eq!(with("sendgrid", public), Vec::<String>::new());
    assert_eq!(with("sendgrid", ""), [none]);
}

#[test]
fn templates_are_read_and_misplaced_ones_pointed_out() {
    let files = [
        (
            "templates/broken.md",
            "---\nsubject: Hi {{ contat.x }}\n---\nb",
        ),
        ("templates/met/lost.md", "---\nsubject: s\n---\nb"),
        ("templates/notes.txt", "not a template"),
    ];
    assert_eq!(
        told(GOOD, &files).expect_err("broken"),
        [
            "templates/broken.md:2: contat.x is unknown: did you mean \"contact\"?",
            "templates/met/lost.md: warning: lies in the folder \"met\", which is no sequence: did you mean \"meet\"?",
        ]
    );
}

#[test]
fn snippets_and_the_stylesheet_are_checked_with_their_lines() {
    let files = [
        (
            "templates/a.md",
            "---\nsubject: s\n---\n{% include \"snippets/sig\" %}\n{% include \"snippets/signatur\" %}",
        ),
        ("templates/snippets/sig.md", "{{ sender.name }}"),
        ("templates/snippets/signature.md", "a\n{{ sender.phone }}"),
        ("templates/style.css", "p {}\n@import 'x.css';"),
    ];
    assert_eq!(
        told(GOOD, &files).expect_err("broken"),
        [
            "templates/a.md:5: there is no snippet \"signatur\": did you mean \"signature\"?",
            "templates/snippets/signature.md:2: sender.phone is unknown: use one of: name, email",
            "templates/style.css:2: imports another stylesheet, which mail programs do not fetch: copy its rules here",
        ]
    );
}
