//! Templates as their authors meet them.

mod messages;
mod providers;

use serde_json::json;

use super::*;
use crate::domain::decision::{AccountView, ContactView};
use crate::domain::mail::Mailbox;
use crate::domain::{EmailAddress, Event, Instant, JsonMap};

fn object(value: &serde_json::Value) -> JsonMap {
    value.as_object().expect("an object").clone()
}

/// A rendered template as both parts show it.
#[derive(Debug, PartialEq)]
struct Shown {
    subject: String,
    text: String,
    html: String,
}

fn render_for(source: &str, attributes: &serde_json::Value) -> Result<Shown, RenderError> {
    let contact = ContactView {
        id: "c1".into(),
        email: Some("ada@acme.example".into()),
        time_zone: "Europe/London".into(),
        locale: None,
        attributes: object(attributes),
    };
    let account = AccountView {
        id: "a1".into(),
        name: Some("Acme".into()),
        attributes: JsonMap::new(),
    };
    let event = Event {
        id: "evt_1".into(),
        kind: "link-clicked".into(),
        occurred_at: Instant(0),
        data: object(
            &json!({ "link": { "name": "Pricing", "url": "https://x.example/p?a=1&b=2" } }),
        ),
    };
    let sender = Mailbox {
        name: Some("Grace".into()),
        address: EmailAddress::parse("grace@us.example").expect("address"),
    };
    let rendered = Template::parse("test", source, &Snippets::default())
        .expect(source)
        .render(&Context {
            contact: &contact,
            account: Some(&account),
            event: &event,
            vars: &object(&json!({ "step": 2, "resources": ["Guide", "Paper"] })),
            sender: &sender,
            sequence: "pricing",
            host: HostFields::default(),
        })?;
    let (text, html) = match rendered.body {
        Body::Text(text) => (text, String::new()),
        Body::Html(html) => (text::of_html(&html).expect("text"), html),
    };
    Ok(Shown {
        subject: rendered.subject,
        text,
        html,
    })
}

fn render(subject: &str, body: &str, attributes: &serde_json::Value) -> Result<Shown, RenderError> {
    render_for(&format!("---\nsubject: {subject}\n---\n{body}"), attributes)
}

fn missing(fields: &[&str]) -> RenderError {
    RenderError::Missing {
        fields: fields.iter().map(|&field| field.to_owned()).collect(),
    }
}

#[test]
fn all_names_are_there() {
    let mail = render(
        "{{ contact.first_name }} at {{ account.name }}",
        "{{ event.kind }} {{ event.link.name }}, step {{ vars.step }}, {{ contact.email }} \
         {{ contact.time_zone }} {{ sender.name }} {{ sender.email }} {{ sequence }}\n\
         {% for r in vars.resources %}- {{ r }}\n{% endfor %}",
        &json!({ "first_name": "Ada" }),
    )
    .expect("renders");
    assert_eq!(mail.subject, "Ada at Acme");
    assert_eq!(
        mail.text,
        "link-clicked Pricing, step 2, ada@acme.example Europe/London Grace\ngrace@us.example pricing\n- Guide\n- Paper\n"
    );
    assert!(mail.html.contains("<li>Guide</li>"), "{}", mail.html);
}

#[test]
fn every_missing_field_is_named_at_once() {
    let blank = json!({ "first_name": " ", "company": null, "title": "Dr", "score": "" });
    for (subject, body, fields) in [
        (
            "Hi {{ contact.first_name }}",
            "{{ contact.company }} {{ contact.title }} {{ contact.plan.name }}",
            &["contact.first_name", "contact.company", "contact.plan.name"][..],
        ),
        (
            "s",
            "{{ contact.company }} {{ contact.company }}",
            &["contact.company"],
        ),
        (
            "s",
            "{{ contact.first_name | title }}",
            &["contact.first_name"],
        ),
        (
            "s",
            "{{ 'Hi ' ~ contact.first_name }}",
            &["contact.first_name"],
        ),
        (
            "s",
            "{% set n = contact.first_name %}Hi {{ n }}",
            &["contact.first_name"],
        ),
        (
            "s",
            "{% for t in contact.tags %}{{ t }}{% endfor %} x",
            &["contact.tags"],
        ),
        ("s", "{{ contact.tags | length }}", &["contact.tags"]),
        ("s", "{{ contact.tags | join(', ') }}", &["contact.tags"]),
        ("s", "{{ contact.score * 2 }}", &["contact.score"]),
        (
            "s",
            "{{ vars.link }} {{ contact.locale }}",
            &["vars.link", "contact.locale"],
        ),
    ] {
        assert_eq!(
            render(subject, body, &blank),
            Err(missing(fields)),
            "{body}"
        );
    }
}

#[test]
fn authors_may_provide_for_absence() {
    for (body, expect) in [
        ("Hi {{ contact.first_name | default('there') }}", "Hi there"),
        (
            "Hi {{ contact.first_name | default(contact.company) | d('you') }}",
            "Hi you",
        ),
        (
            "{% if contact.first_name %}{{ contact.first_name }}{% else %}Hello{% endif %}",
            "Hello",
        ),
        (
            "{% if contact.first_name is defined %}no{% else %}yes{% endif %}",
            "yes",
        ),
        ("{% if contact.first_name is none %}yes{% endif %}", "yes"),
        ("{{ 'yes' if not contact.a.b.c }}", "yes"),
        (
            "{% if contact.plan == 'pro' %}pro{% else %}other{% endif %}",
            "other",
        ),
    ] {
        let mail = render("s", body, &json!({ "first_name": "  " })).expect(body);
        assert_eq!(mail.text, format!("{expect}\n"), "{body}");
    }
}

#[test]
fn a_hostile_name_shows_literally_and_reads_naturally_in_text() {
    for name in ["<b>*x*</b>", "[click](http://evil)", "# x", "a\n\n    b"] {
        let mail = render(
            "Hi {{ contact.n }}",
            "Hi {{ contact.n }}, **see** [this]({{ event.link.url }})",
            &json!({ "n": name }),
        )
        .expect("renders");
        // White space is as in HTML: a run of it is one space.
        let shown = name.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            mail.text,
            format!("Hi {shown}, see this <https://x.example/p?a=1&b=2>\n")
        );
        assert_eq!(mail.html.matches("<a ").count(), 1, "{}", mail.html);
        assert!(
            mail.html
                .contains("href=\"https://x.example/p?a=1&amp;b=2\""),
            "{}",
            mail.html
        );
        for tag in ["<b>", "<em>", "<h1>", "<pre>", "evil\""] {
            assert!(!mail.html.contains(tag), "{}", mail.html);
        }
    }
}

#[test]
fn nothing_in_a_template_turns_escaping_off_or_on_twice() {
    for (body, expect) in [
        (
            "{% autoescape false %}{{ contact.n }}{% endautoescape %}",
            "<p>&lt;i&gt;</p>",
        ),
        (
            "{% set x %}**{{ contact.n }}**{% endset %}{{ x }}",
            "<p><strong>&lt;i&gt;</strong></p>",
        ),
        (
            "{% macro m(v) %}_{{ v }}_{% endmacro %}{{ m(contact.n) }}",
            "<p><em>&lt;i&gt;</em></p>",
        ),
        ("{{ contact.n | upper | e }}", "<p>&lt;I&gt;</p>"),
        ("{{ contact.n | default('x') }}", "<p>&lt;i&gt;</p>"),
    ] {
        let mail = render("s", body, &json!({ "n": "<i>" })).expect(body);
        assert!(mail.html.contains(expect), "{body}: {}", mail.html);
    }
}

#[test]
fn a_subject_is_one_line_and_never_blank() {
    let long = "ü".repeat(800);
    for (name, expect) in [
        (
            "A\r\nBcc: x@evil.example",
            "Hi A  Bcc: x@evil.example".to_owned(),
        ),
        ("nul\0\u{7}", "Hi nul".to_owned()),
        (long.as_str(), format!("Hi {}", "ü".repeat(497))),
    ] {
        let mail = render("Hi {{ contact.n }}", "b", &json!({ "n": name })).expect("renders");
        assert_eq!(mail.subject, expect);
        assert!(mail.subject.len() <= SUBJECT_MAX_BYTES);
    }
    let empty = render("{% if contact.n %}x{% endif %}", "b", &json!({}));
    assert!(
        matches!(empty, Err(RenderError::Failed { ref message, .. }) if message == "the subject is empty")
    );
    let empty = render("s", "{% if contact.n %}x{% endif %}", &json!({}));
    assert!(
        matches!(empty, Err(RenderError::Failed { ref message, .. }) if message == "the body is empty")
    );
}

#[test]
fn mistakes_are_found_before_anybody_is_mailed() {
    for (source, line, message, remedy) in [
        (
            "---\nsubject: Hi {{ contat.first_name }}\n---\nx",
            2,
            "contat.first_name is unknown",
            "did you mean \"contact\"?",
        ),
        (
            "---\nsubject: Hi\n---\na\n{{ sender.mail }}",
            5,
            "sender.mail is unknown",
            "did you mean \"email\"?",
        ),
        (
            "---\nsubject: Hi\n---\n\n\n{{ contact.x | titel }}",
            6,
            "unknown filter: filter titel is unknown",
            "remove it",
        ),
        (
            "---\nsubject: Hi\n---\n{{ contact.x | safe }}",
            4,
            "unknown filter: filter safe is unknown",
            "remove it",
        ),
        (
            "---\nsubject: Hi\n---\na\n{% if contact.x %}",
            5,
            "syntax error: unexpected end of input, expected end of block",
            "syntax",
        ),
        (
            "---\nsubject: Hi {{ contact.x\n---\na",
            2,
            "syntax error",
            "syntax",
        ),
    ] {
        let error = Template::parse("t", source, &Snippets::default()).expect_err(source);
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.starts_with(message), "{error}");
        assert!(error.remedy.contains(remedy), "{error}");
    }
    let long = "x".repeat(TEMPLATE_MAX_BYTES + 1);
    assert!(Template::parse("t", &long, &Snippets::default()).is_err());
}

#[test]
fn runaway_templates_end() {
    for body in [
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        "{{ contact.n * 100000000 }}",
        "{% for a in range(2000) %}{{ contact.n }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ] {
        let result = render("s", body, &json!({ "n": "0123456789".repeat(100) }));
        assert!(
            matches!(result, Err(RenderError::Failed { .. })),
            "{body}: {result:?}"
        );
    }
}

#[test]
fn a_text_for_a_colleague_shows_what_is_missing() {
    let contact = ContactView {
        id: "1".to_owned(),
        email: None,
        time_zone: "UTC".to_owned(),
        locale: None,
        attributes: JsonMap::from_iter([("first_name".to_owned(), json!("Ada"))]),
    };
    let event = Event {
        id: "evt_1".to_owned(),
        kind: "form-submitted".to_owned(),
        occurred_at: Instant(0),
        data: JsonMap::new(),
    };
    let context = Context {
        contact: &contact,
        account: None,
        event: &event,
        vars: &JsonMap::new(),
        sender: &Mailbox {
            name: None,
            address: EmailAddress::parse("grace@us.example").expect("address"),
        },
        sequence: "pricing",
        host: HostFields::default(),
    };
    for (source, expect) in [
        ("Call {{ contact.first_name }}", "Call Ada"),
        ("Call {{ contact.last_name }}", "Call [contact.last_name]"),
        ("Call <b>", "Call <b>"),
    ] {
        assert_eq!(fill_in(source, &context).expect(source), expect);
    }
    assert!(fill_in("{{ contact.", &context).is_err());
}
