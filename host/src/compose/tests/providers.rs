//! Mails for providers that do not send on what we write: each quirk, and what is composed instead.

use super::super::html::links;
use super::super::mail::Manner;
use super::super::thread::Parent;
use super::messages::{Desk, URL, desk};
use crate::domain::mail::{Mail, Quirks};

const NO_THREADS: Quirks = Quirks {
    keeps_threading: false,
    ..Quirks::NONE
};

fn with(quirks: Quirks, front: &str, body: &str) -> Desk {
    let mut desk = desk(front, body);
    desk.identity.quirks = quirks;
    desk
}

/// Under a subject of its own.
fn titled(quirks: Quirks, subject: &str) -> Desk {
    let mut desk = with(quirks, "", "");
    let source = format!("---\nsubject: {subject}\n---\nHi");
    let added = desk.templates.add_file(Some("pricing"), "t", &source);
    added.expect("a template");
    desk
}

fn answer(desk: &Desk, parents_subject: &str) -> Mail {
    let references = ["first@us.example".to_owned()];
    let parent = Parent {
        message_id: "second@us.example",
        references: &references,
    };
    let parent = Some((parent, parents_subject));
    desk.answer(Manner::default(), parent).expect("a mail")
}

#[test]
fn a_thread_that_nobody_sees_is_not_pretended() {
    // The template's subject, the thread's, and what the mail goes under with and without a thread.
    for (own, parents, threaded, alone) in [
        ("Hello", "Pricing", "Re: Pricing", "Hello"),
        ("Re: Hello", "Pricing", "Re: Pricing", "Hello"),
        ("RE: re: Hello", "", "RE: re: Hello", "Hello"),
        ("Re:", "Re: Pricing", "Re: Pricing", "Pricing"),
        ("Re:", " ", "Re:", "Re:"),
        ("Regarding you", "Pricing", "Re: Pricing", "Regarding you"),
    ] {
        let subject = |quirks: Quirks| {
            let mail = answer(&titled(quirks, own), parents);
            let stands_alone = mail.in_reply_to.is_none() && mail.references.is_empty();
            assert_eq!(stands_alone, !quirks.keeps_threading, "{own}");
            mail.subject
        };
        assert_eq!(subject(Quirks::NONE), threaded, "{own}, {parents}");
        assert_eq!(subject(NO_THREADS), alone, "{own}, {parents}");
    }
}

#[test]
fn the_first_mail_pretends_nothing_either() {
    let first = titled(NO_THREADS, "Re: our call").compose(Manner::default());
    let first = first.expect("a mail");
    assert_eq!(first.subject, "our call");
}

#[test]
fn a_text_goes_with_a_page_where_it_has_to() {
    let needs_html = Quirks {
        needs_html: true,
        ..Quirks::NONE
    };
    let plain = Manner {
        plain_text: true,
        unsubscribe_url: Some(URL),
        ..Manner::default()
    };
    for (front, body, manner, shown) in [
        (
            "format: text\n",
            "1 < 2\n  * Hi\n",
            Manner {
                plain_text: false,
                ..plain
            },
            "1 &lt; 2<br>\n&nbsp;&nbsp;* Hi<br>\n",
        ),
        (
            "",
            "**Hi** [you](https://x.example)",
            plain,
            "Hi you &lt;<a href=\"https://x.example\">https://x.example</a>&gt;<br>\n",
        ),
    ] {
        let without = desk(front, body).compose(manner).expect("a mail");
        let mail = with(needs_html, front, body)
            .compose(manner)
            .expect("a mail");
        assert_eq!((without.html, &without.text), (None, &mail.text));
        let html = mail.html.expect("a page");
        assert!(html.starts_with("<!doctype html>"), "{html}");
        assert!(html.contains(shown), "{html}");
        assert_eq!(links(&html).last().map(String::as_str), Some(URL), "{html}");
        assert_eq!(mail.links, [""; 0], "nothing is counted in a plain text");
    }
    // What has a page already has its own.
    let markdown = |quirks| {
        with(quirks, "", "**Hi**")
            .compose(Manner::default())
            .expect("a mail")
    };
    assert_eq!(markdown(needs_html), markdown(Quirks::NONE));
}

/// Where the header is dropped, nothing but the link in the mail leads out: so it is in both parts,
/// whatever the template is written in, and the header goes along all the same.
#[test]
fn the_way_out_can_be_seen_without_the_header() {
    let drops_header = Quirks {
        keeps_unsubscribe: false,
        needs_html: true,
        ..Quirks::NONE
    };
    for (front, body) in [
        ("", "Hi"),
        ("", "Hi, [no more]({{ unsubscribe_url }})"),
        ("format: text\n", "Hi"),
        ("format: text\n", "Hi, no more: {{ unsubscribe_url }}"),
    ] {
        for (plain_text, cold) in [(false, false), (true, false), (false, true)] {
            let manner = Manner {
                plain_text,
                cold,
                unsubscribe_url: Some(URL),
                postal_address: Some("Us Ltd\n1 Main St"),
                ..Manner::default()
            };
            let mail = with(drops_header, front, body)
                .compose(manner)
                .expect("a mail");
            assert_eq!(mail.text.matches(URL).count(), 1, "{body}: {}", mail.text);
            assert_eq!(links(&mail.html.expect("a page")), [URL], "{body}");
            assert_eq!(mail.headers[0].0, "List-Unsubscribe");
        }
    }
}
