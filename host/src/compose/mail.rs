//! One message from everything it is made of.
//!
//! In: the templates, and a draft that names who, what and how. Out: the final mail, headers
//! included. Never a mail that its sender would have to answer for: cold outreach without a postal
//! address or a way out is an error.

use std::sync::Arc;

use super::thread::{self, Parent};
use super::tracking::Tracking;
use super::unsubscribe::{self, Ways};
use super::visits::Visits;
use super::{
    Body, Context, HostFields, RenderError, Rendered, Template, Templates, html, plain, text,
};
use crate::domain::EmailAddress;
use crate::domain::Event;
use crate::domain::JsonMap;
use crate::domain::decision::{AccountView, ContactView};
use crate::domain::mail::{Identity, Mail, Mailbox};

/// What a message is made of.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub id: &'a str,
    pub identity: &'a Identity,
    pub to: &'a EmailAddress,
    pub sequence: &'a str,
    pub plugin: &'a str,
    pub template: &'a str,
    pub contact: &'a ContactView,
    pub account: Option<&'a AccountView>,
    pub event: &'a Event,
    pub variables: &'a JsonMap,
    /// The conversation to continue, and its subject. None where the message to be answered never
    /// arrived (it bounced, was skipped or cancelled): then this one starts a thread of its own,
    /// under the subject of its template.
    pub parent: Option<(Parent<'a>, &'a str)>,
    pub manner: Manner<'a>,
}

/// How a message goes, beside what it says. The default adds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner<'a> {
    /// No HTML part, whatever the template is written in.
    pub plain_text: bool,
    /// To somebody who never asked: needs `postal_address` and a way to unsubscribe.
    pub cold: bool,
    /// The page that takes this very recipient off, and the one that shows what they receive.
    pub unsubscribe_url: Option<&'a str>,
    pub preferences_url: Option<&'a str>,
    /// A `mailto:` URI; else the identity's address, where it has one.
    pub unsubscribe_mailto: Option<&'a str>,
    /// Where answers go instead of the identity's own address: one with a token in it.
    pub reply_to_override: Option<&'a EmailAddress>,
    pub company_name: Option<&'a str>,
    /// As on an envelope, line by line.
    pub postal_address: Option<&'a str>,
    pub tracking: Option<Tracking<'a>>,
    pub visits: Option<Visits<'a>>,
}

/// Why there is no mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no template {0:?}: write templates/{0}.md")]
    NoTemplate(String),
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The law asks for both (CAN-SPAM, 16 CFR 316: "a valid physical postal address", and a working
    /// way to opt out), and so do we.
    #[error("cold outreach needs {}", .lacks.iter().map(|lack| lack.remedy()).collect::<Vec<_>>().join(" and "))]
    Cold { lacks: Vec<Lack> },
}

/// What cold outreach must not go without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    PostalAddress,
    WayOut,
}

impl Draft<'_> {
    /// Whether the reader's mail program would see what conversation it continues.
    fn can_thread(&self) -> bool {
        self.identity.quirks.keeps_threading
    }
}

impl Lack {
    fn remedy(self) -> &'static str {
        match self {
            Self::PostalAddress => "a postal address: set company.postal_address",
            Self::WayOut => {
                "a way to unsubscribe: set server.public_url, or unsubscribe_mailto of the identity"
            }
        }
    }
}

/// The words of a mail that is not finished yet: it may not go after all.
#[derive(Debug)]
pub struct Words {
    template: Arc<Template>,
    rendered: Rendered,
}

/// Renders the template. All that can be missing is missing here, and finishing costs as much again.
pub fn words(templates: &Templates, draft: &Draft<'_>) -> Result<Words, Error> {
    let own_mailto = own_mailto(draft);
    let ways = ways(draft, own_mailto.as_deref());
    let (template, rendered) = render(templates, draft, &ways)?;
    Ok(Words { template, rendered })
}

/// Renders the template and adds the headers. The same draft gives the same mail.
pub fn mail(templates: &Templates, draft: &Draft<'_>) -> Result<Mail, Error> {
    finish(templates, draft, words(templates, draft)?)
}

/// Makes the parts ready to send, and adds the headers. The words are the draft's.
pub fn finish(templates: &Templates, draft: &Draft<'_>, words: Words) -> Result<Mail, Error> {
    let Words { template, rendered } = words;
    let own_mailto = own_mailto(draft);
    let ways = ways(draft, own_mailto.as_deref());
    let parts = parts(templates, draft, &template, rendered.body, &ways)?;
    let parent = draft.parent.as_ref().filter(|_| draft.can_thread());
    let thread = parent.map(|(parent, _)| thread::reply_to(parent));
    let (in_reply_to, references) =
        thread.map_or((None, Vec::new()), |t| (Some(t.in_reply_to), t.references));
    Ok(Mail {
        id: draft.id.to_owned(),
        from: draft.identity.from.clone(),
        to: Mailbox {
            name: full_name(&draft.contact.attributes),
            address: draft.to.clone(),
        },
        reply_to: reply_to(draft),
        subject: subject_in_thread(draft, rendered.subject),
        text: parts.text,
        html: parts.html,
        message_id: thread::message_id(draft.id, &draft.identity.from.address),
        in_reply_to,
        references,
        tags: vec![draft.sequence.to_owned()],
        headers: ways.headers(),
        links: parts.links,
    })
}

/// The subject that `mail` would give it, and the same errors for want of a field or a template, at a
/// fraction of the cost: no part is made ready to send.
pub fn subject(templates: &Templates, draft: &Draft<'_>) -> Result<String, Error> {
    let own_mailto = own_mailto(draft);
    let ways = ways(draft, own_mailto.as_deref());
    let (_, rendered) = render(templates, draft, &ways)?;
    Ok(subject_in_thread(draft, rendered.subject))
}

fn own_mailto(draft: &Draft<'_>) -> Option<String> {
    let address = draft.identity.unsubscribe_mailto.as_ref();
    address.map(unsubscribe::mailto)
}

fn ways<'a>(draft: &Draft<'a>, own_mailto: Option<&'a str>) -> Ways<'a> {
    Ways {
        url: draft.manner.unsubscribe_url,
        mailto: draft.manner.unsubscribe_mailto.or(own_mailto),
    }
}

fn render(
    templates: &Templates,
    draft: &Draft<'_>,
    ways: &Ways<'_>,
) -> Result<(Arc<Template>, Rendered), Error> {
    let (_, template) = templates
        .find(draft.sequence, draft.plugin, draft.template)
        .ok_or_else(|| Error::NoTemplate(draft.template.to_owned()))?;
    let manner = &draft.manner;
    cold(manner, ways)?;
    let address = manner.postal_address.map(one_line);
    let rendered = template.render(&Context {
        contact: draft.contact,
        account: draft.account,
        event: draft.event,
        vars: draft.variables,
        sender: &draft.identity.from,
        sequence: draft.sequence,
        host: HostFields {
            company_name: manner.company_name,
            company_address: address.as_deref(),
            unsubscribe_url: manner.unsubscribe_url,
            preferences_url: manner.preferences_url,
        },
    })?;
    Ok((template, rendered))
}

/// Gmail starts a new thread when the subject changes, whatever the headers say; so an answer keeps
/// the parent's subject over the template's own. Where the provider loses the thread, the mail stands
/// alone: under its own subject, or the thread's where its own says nothing but "Re:".
fn subject_in_thread(draft: &Draft<'_>, own: String) -> String {
    let parents = draft
        .parent
        .as_ref()
        .map_or("", |(_, subject)| subject.trim());
    if draft.can_thread() {
        return if parents.is_empty() {
            own
        } else {
            thread::reply_subject(parents)
        };
    }
    let alone = [own.as_str(), parents].map(thread::own_subject);
    let alone = alone.into_iter().find(|subject| !subject.is_empty());
    alone.map_or_else(|| own.clone(), str::to_owned)
}

fn cold(manner: &Manner<'_>, ways: &Ways<'_>) -> Result<(), Error> {
    let mut lacks = Vec::new();
    if manner.cold {
        let blank = |text: &str| text.trim().is_empty();
        if manner.postal_address.is_none_or(blank) {
            lacks.push(Lack::PostalAddress);
        }
        if ways.link().is_none() {
            lacks.push(Lack::WayOut);
        }
    }
    if lacks.is_empty() {
        Ok(())
    } else {
        Err(Error::Cold { lacks })
    }
}

/// The parts of a message that are read.
struct Parts {
    text: String,
    html: Option<String>,
    /// What the counted links of `html` lead to.
    links: Vec<String>,
}

fn parts(
    templates: &Templates,
    draft: &Draft<'_>,
    template: &Template,
    body: Body,
    ways: &Ways<'_>,
) -> Result<Parts, RenderError> {
    let manner = &draft.manner;
    let failed = |why: String| template.failed(format!("the body {why}"));
    let said = match &body {
        Body::Text(text) => text.clone(),
        Body::Html(html) => templates.texts().of_html(html).map_err(failed)?,
    };
    let footer = unsubscribe::footer(
        &said,
        ways,
        manner.preferences_url,
        manner.postal_address,
        manner.cold,
    );
    let footer = footer.unwrap_or_default();
    let mut text = said;
    if !footer.is_empty() {
        text.push('\n');
        text.push_str(&templates.texts().of_html(&footer).map_err(failed)?);
    }
    let fragment = match body {
        Body::Html(fragment) if !manner.plain_text => fragment,
        Body::Html(_) | Body::Text(_) => {
            let needed = draft.identity.quirks.needs_html;
            return Ok(Parts {
                html: needed.then(|| html::document(&plain::as_html(&text))),
                text,
                links: Vec::new(),
            });
        }
    };
    let html = templates
        .style()
        .inline(&html::document(&format!("{fragment}{footer}")))
        .map_err(|error| failed(format!("cannot be styled: {error}")))?;
    text::add_missing_links(&mut text, &html);
    let spared: Vec<&str> = [manner.unsubscribe_url, manner.preferences_url]
        .into_iter()
        .flatten()
        .collect();
    let html = match manner.visits {
        Some(visits) => visits.apply(&html, &spared),
        None => html,
    };
    let (html, links) = manner
        .tracking
        .map_or_else(|| (html.clone(), Vec::new()), |t| t.apply(&html, &spared));
    Ok(Parts {
        text,
        html: Some(html),
        links,
    })
}

fn reply_to(draft: &Draft<'_>) -> Option<Mailbox> {
    let own = &draft.identity.reply_to;
    let Some(address) = draft.manner.reply_to_override else {
        return own.clone();
    };
    Some(Mailbox {
        name: own
            .as_ref()
            .map_or(&draft.identity.from, |own| own)
            .name
            .clone(),
        address: address.clone(),
    })
}

fn one_line(address: &str) -> String {
    let lines: Vec<&str> = address
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(", ")
}

fn full_name(attributes: &JsonMap) -> Option<String> {
    let parts: Vec<_> = ["first_name", "last_name"]
        .iter()
        .filter_map(|name| attributes.get(*name).and_then(serde_json::Value::as_str))
        .map(|part| part.chars().filter(|c| !c.is_control()).collect::<String>())
        .filter(|part| !part.trim().is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
