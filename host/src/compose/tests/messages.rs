//! Whole messages: parts, headers, footers, counted links.

use proptest::prelude::*;
use serde_json::json;

use super::super::html::links;
use super::super::mail::{Draft, Error, Lack, Manner, mail};
use super::super::thread::Parent;
use super::super::*;
use super::object;
use crate::domain::decision::ContactView;
use crate::domain::event::kind;
use crate::domain::mail::{Identity, Mail, Mailbox, Quirks};
use crate::domain::{EmailAddress, Event, Instant, JsonMap};

pub(super) const URL: &str = "https://f.us.example/u/t1";

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("address")
}

/// Everything that a draft borrows, with what most tests have in common.
pub(super) struct Desk {
    pub(super) templates: Templates,
    pub(super) identity: Identity,
    contact: ContactView,
    event: Event,
    vars: JsonMap,
}

pub(super) fn desk(front: &str, body: &str) -> Desk {
    let (snippets, wrong) = Snippets::parse([
        ("signature", "Best,\n{{ sender.name }}"),
        ("offer", "{% include \"snippets/inner\" %}!"),
        ("inner", "for *{{ contact.first_name }}*"),
    ]);
    assert!(wrong.is_empty(), "{wrong:?}");
    let mut templates = Templates::new(snippets, Style::default());
    templates
        .add_file(
            None,
            "t",
            &format!("---\nsubject: Hello\n{front}---\n{body}"),
        )
        .expect("a template");
    Desk {
        templates,
        identity: Identity {
            name: "grace".into(),
            from: Mailbox {
                name: Some("Grace".into()),
                address: address("grace@us.example"),
            },
            reply_to: None,
            connection: "capture".into(),
            quirks: Quirks::NONE,
            inbound: None,
            unsubscribe_mailto: None,
            tracking: None,
        },
        contact: ContactView {
            id: "c1".into(),
            email: Some("ada@acme.example".into()),
            time_zone: "UTC".into(),
            locale: None,
            attributes: object(&json!({ "first_name": "Ada" })),
        },
        event: Event {
            id: "evt_1".into(),
            kind: kind::FORM_SUBMITTED.into(),
            occurred_at: Instant(0),
            data: JsonMap::new(),
        },
        vars: JsonMap::new(),
    }
}

impl Desk {
    pub(super) fn compose(&self, manner: Manner<'_>) -> Result<Mail, Error> {
        self.answer(manner, None)
    }

    pub(super) fn answer(
        &self,
        manner: Manner<'_>,
        parent: Option<(Parent<'_>, &str)>,
    ) -> Result<Mail, Error> {
        mail(
            &self.templates,
            &Draft {
                id: "msg_1",
                identity: &self.identity,
                to: &address("ada@acme.example"),
                sequence: "pricing",
                plugin: "cadence",
                template: "t",
                contact: &self.contact,
                account: None,
                event: &self.event,
                variables: &self.vars,
                parent,
                manner,
            },
        )
    }
}

fn html(mail: &Mail) -> &str {
    mail.html.as_deref().unwrap_or_default()
}

#[test]
fn both_parts_say_the_same() {
    let body = "Hi {{ contact.first_name }},\nsee [it](https://x.example) {% include \"snippets/offer\" %}\n\n{% include \"snippets/signature\" %}";
    let mail = desk("", body).compose(Manner::default()).expect("a mail");
    assert_eq!(
        mail.text,
        "Hi Ada,\nsee it <https://x.example> for Ada!\n\nBest,\nGrace\n"
    );
    assert!(html(&mail).contains("<em>Ada</em>!"), "{}", html(&mail));
    assert!(html(&mail).contains("<p style=\""), "{}", html(&mail));
}

#[test]
fn a_snippet_turns_no_escaping_off() {
    let mut desk = desk("", "{% include \"snippets/offer\" %}");
    desk.contact
        .attributes
        .insert("first_name".into(), json!("<b>*x*</b>"));
    let mail = desk.compose(Manner::default()).expect("a mail");
    assert!(
        html(&mail).contains("&lt;b&gt;*x*&lt;/b&gt;"),
        "{}",
        html(&mail)
    );
    assert_eq!(mail.text, "for <b>*x*</b>!\n");
    desk.contact.attributes.clear();
    let error = desk.compose(Manner::default()).expect_err("a gap");
    assert_eq!(error.to_string(), "missing contact.first_name");
}

#[test]
fn plain_text_has_no_html() {
    let manner = Manner {
        plain_text: true,
        unsubscribe_url: Some(URL),
        tracking: Some(Tracking {
            base: "https://go.us.example",
            click_token: "t1",
            open_token: "t1",
            opens: true,
            clicks: true,
        }),
        ..Manner::default()
    };
    let markdown = desk("", "**Hi** [x](https://x.example)").compose(manner);
    let markdown = markdown.expect("a mail");
    assert_eq!((&markdown.html, markdown.links.len()), (&None, 0));
    assert_eq!(
        markdown.text,
        format!("Hi x <https://x.example>\n\nUnsubscribe <{URL}>\n")
    );
    // What is written as text goes out as it is.
    let text = desk(
        "format: text\n",
        "**Hi** {{ contact.first_name }}\n  * <b>\n",
    )
    .compose(Manner::default())
    .expect("a mail");
    assert_eq!(
        (text.html, text.text.as_str()),
        (None, "**Hi** Ada\n  * <b>\n")
    );
}

#[test]
fn the_way_out_is_there_once() {
    let manner = Manner {
        unsubscribe_url: Some(URL),
        postal_address: Some("Us Ltd\n1 Main St"),
        ..Manner::default()
    };
    let added = desk("", "Hi").compose(manner).expect("a mail");
    assert_eq!(
        added.text,
        format!("Hi\n\nUs Ltd\n1 Main St\nUnsubscribe <{URL}>\n")
    );
    let own = desk(
        "",
        "Hi, [no more]({{ unsubscribe_url }}), {{ company.address }}",
    )
    .compose(manner)
    .expect("a mail");
    assert_eq!(
        own.text,
        format!("Hi, no more <{URL}>, Us Ltd, 1 Main St\n")
    );
    for mail in [&added, &own] {
        assert_eq!(links(html(mail)), [URL]);
        assert_eq!(mail.headers[0].1, format!("<{URL}>"));
        assert_eq!(mail.headers[1].1, "List-Unsubscribe=One-Click");
    }
    let error = desk("", "{{ unsubscribe_url }} {{ company.name }}").compose(Manner::default());
    assert_eq!(
        error.expect_err("a gap").to_string(),
        "missing unsubscribe_url, company.name"
    );
}

#[test]
fn cold_outreach_names_who_writes_and_the_way_out() {
    let check = |postal_address, unsubscribe_url, mailto: Option<&str>, expect: &[Lack]| {
        let mut desk = desk("", "Hi");
        desk.identity.unsubscribe_mailto = mailto.map(address);
        let manner = Manner {
            cold: true,
            postal_address,
            unsubscribe_url,
            ..Manner::default()
        };
        match desk.compose(manner) {
            Ok(mail) => {
                assert_eq!(expect, []);
                assert!(mail.text.contains("1 Main St"), "{}", mail.text);
                assert!(mail.text.contains("Unsubscribe <"), "{}", mail.text);
            }
            Err(error) => assert_eq!(
                error,
                Error::Cold {
                    lacks: expect.to_vec()
                }
            ),
        }
    };
    check(None, None, None, &[Lack::PostalAddress, Lack::WayOut]);
    check(Some(" "), Some(URL), None, &[Lack::PostalAddress]);
    check(Some("1 Main St"), None, None, &[Lack::WayOut]);
    check(Some("1 Main St"), Some(URL), None, &[]);
    check(Some("1 Main St"), None, Some("out@us.example"), &[]);
}

#[test]
fn only_links_to_pages_are_counted() {
    let body = "[a](https://x.example/?a=1&b=2) <a href='HTTP://y.example'>b</a> [m](mailto:a@x.example)\n[t](tel:1) [u]({{ unsubscribe_url }}) [a](https://x.example/?a=1&b=2)";
    let manner = Manner {
        unsubscribe_url: Some(URL),
        tracking: Some(Tracking {
            base: "https://go.us.example/",
            click_token: "t1",
            open_token: "t1",
            opens: true,
            clicks: true,
        }),
        ..Manner::default()
    };
    let mail = desk("", body).compose(manner).expect("a mail");
    let counted = |index: u8| format!("https://go.us.example/c/t1/{index}");
    assert_eq!(
        links(html(&mail)),
        [
            counted(0),
            counted(1),
            "mailto:a@x.example".into(),
            "tel:1".into(),
            URL.into(),
            counted(2)
        ]
    );
    assert_eq!(
        mail.links,
        [
            "https://x.example/?a=1&b=2",
            "HTTP://y.example",
            "https://x.example/?a=1&b=2"
        ]
    );
    assert!(!mail.text.contains("go.us.example"), "{}", mail.text);
    let pixel = "<img src=\"https://go.us.example/o/t1\" width=\"1\" height=\"1\" alt=\"\"></body>";
    assert!(html(&mail).contains(pixel), "{}", html(&mail));
}

#[test]
fn answers_keep_the_thread_as_the_recipient_saw_it() {
    let desk = desk("", "Hi");
    let parent = Parent {
        message_id: "CAF=x+Y_z@mail.gmail.example",
        references: &["0100a@us-east-1.amazonses.example".to_owned()],
    };
    let reply = desk
        .answer(Manner::default(), Some((parent, "Pricing")))
        .expect("a mail");
    assert_eq!(
        (reply.subject.as_str(), reply.in_reply_to.as_deref()),
        ("Re: Pricing", Some("CAF=x+Y_z@mail.gmail.example"))
    );
    assert_eq!(reply.references.len(), 2);
    // The message to be answered never arrived: a thread of its own, under the template's subject.
    let own = desk.compose(Manner::default()).expect("a mail");
    assert_eq!(
        (own.subject.as_str(), own.in_reply_to, own.references.len()),
        ("Hello", None, 0)
    );
}

#[test]
fn answers_go_where_the_token_is() {
    let mut desk = desk("", "Hi");
    let token = address("reply+t1@in.us.example");
    let manner = Manner {
        reply_to_override: Some(&token),
        ..Manner::default()
    };
    let reply_to = |desk: &Desk, manner| desk.compose(manner).expect("a mail").reply_to;
    assert_eq!(reply_to(&desk, Manner::default()), None);
    let to = reply_to(&desk, manner).expect("an address");
    assert_eq!(
        (to.name.as_deref(), to.address),
        (Some("Grace"), token.clone())
    );
    desk.identity.reply_to = Some(Mailbox {
        name: Some("Sales".into()),
        address: address("sales@us.example"),
    });
    let to = reply_to(&desk, manner).expect("an address");
    assert_eq!((to.name.as_deref(), &to.address), (Some("Sales"), &token));
}

/// Every kind of event brings the very thing it is about.
#[test]
fn messages_name_what_caused_them() {
    for (kind, data, body, expect) in [
        (
            kind::LINK_CLICKED,
            json!({ "url": "https://x.example/p", "link": { "name": "Pricing" } }),
            "{{ event.data.link.name }} {{ event.data.url }}",
            "Pricing https://x.example/p",
        ),
        (
            kind::PAGE_VISITED,
            json!({ "title": "Plans" }),
            "{{ event.data.title }}",
            "Plans",
        ),
        (
            kind::RESOURCE_DOWNLOADED,
            json!({ "resource": "White paper" }),
            "{{ event.data.resource }}",
            "White paper",
        ),
        (
            kind::FORM_SUBMITTED,
            json!({ "form": "Demo", "fields": { "team size": 7 } }),
            "{{ event.data.form }} {{ event.data.fields['team size'] }}",
            "Demo 7",
        ),
        (
            kind::MEETING_BOOKED,
            json!({ "title": "Tour", "starts_at": "2026-03-06T13:00:00Z" }),
            "{{ event.kind }}: {{ event.data.title }}, {{ event.title }}",
            "meeting-booked: Tour, Tour",
        ),
        (
            kind::DEAL_STAGE_CHANGED,
            json!({ "name": "Big one", "amount": 12.5 }),
            "{{ event.data.name }} {{ event.data.amount }}",
            "Big one 12.5",
        ),
        (
            "acme.trial-ends",
            json!({ "plan": { "days": [1, 2] } }),
            "{{ event.data.plan.days | join(', ') }}",
            "1, 2",
        ),
    ] {
        let mut desk = desk("", body);
        desk.event.kind = kind.into();
        desk.event.data = object(&data);
        let mail = desk.compose(Manner::default()).expect(kind);
        assert_eq!(mail.text, format!("{expect}\n"), "{kind}");
        desk.event.data.clear();
        let error = desk.compose(Manner::default()).expect_err(kind).to_string();
        assert!(error.starts_with("missing event.data."), "{error}");
    }
}

proptest! {
    /// Whoever it is for: the text has every link of the HTML, no value adds a tag, a link or a
    /// header, and the same draft gives the same bytes.
    #[test]
    fn no_value_changes_the_shape(value in "\\PC{1,30}|[<>\\[\\]()*_`#&;:/!|~\\r\\n\\t =\"'\\\\a-]{1,30}") {
        prop_assume!(!value.trim().is_empty());
        let mut desk = desk("", "Hi **{{ contact.x }}**, [see](https://x.example/{{ contact.x }}) <https://y.example>");
        let shape = |desk: &Desk| {
            let manner = Manner { unsubscribe_url: Some(URL), ..Manner::default() };
            let mail = desk.compose(manner).expect("a mail");
            let again = desk.compose(manner).expect("a mail");
            assert_eq!(mail, again);
            for link in links(html(&mail)) {
                assert!(mail.text.contains(&link), "{link} is not in {}", mail.text);
            }
            let tags: Vec<String> = html(&mail)
                .split('<')
                .filter_map(|tag| tag.split([' ', '>']).next().map(str::to_owned))
                .collect();
            let names: Vec<String> = mail.headers.iter().map(|(name, _)| name.clone()).collect();
            for value in mail.headers.iter().map(|(_, value)| value).chain(&mail.to.name).chain([&mail.subject]) {
                assert!(!value.contains(char::is_control), "{value:?}");
            }
            (tags, names, links(html(&mail)).len())
        };
        desk.contact.attributes.insert("x".into(), json!("plain"));
        let plain = shape(&desk);
        desk.contact.attributes.insert("x".into(), json!(value));
        desk.contact.attributes.insert("last_name".into(), json!(value));
        prop_assert_eq!(shape(&desk), plain);
    }
}
