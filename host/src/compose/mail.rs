//! One message from everything it is made of.

use super::thread::{self, Parent};
use super::{Context, RenderError, Templates};
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
    /// The conversation to continue, and its subject.
    pub parent: Option<(Parent<'a>, &'a str)>,
}

/// Why there is no mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no template {0:?}: write templates/{0}.md")]
    NoTemplate(String),
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// Renders the template and adds the headers. The same draft gives the same mail.
pub fn mail(templates: &Templates, draft: &Draft<'_>) -> Result<Mail, Error> {
    let (_, template) = templates
        .find(draft.sequence, draft.plugin, draft.template)
        .ok_or_else(|| Error::NoTemplate(draft.template.to_owned()))?;
    let rendered = template.render(&Context {
        contact: draft.contact,
        account: draft.account,
        event: draft.event,
        vars: draft.variables,
        sender: &draft.identity.from,
        sequence: draft.sequence,
    })?;
    // Gmail starts a new thread when the subject changes, whatever the headers say; so an answer
    // keeps the parent's subject over the template's own.
    let (subject, in_reply_to, references) = match &draft.parent {
        Some((parent, subject)) if !subject.trim().is_empty() => {
            let thread = thread::reply_to(parent);
            (
                thread::reply_subject(subject),
                Some(thread.in_reply_to),
                thread.references,
            )
        }
        Some((parent, _)) => {
            let thread = thread::reply_to(parent);
            (
                rendered.subject,
                Some(thread.in_reply_to),
                thread.references,
            )
        }
        None => (rendered.subject, None, Vec::new()),
    };
    Ok(Mail {
        id: draft.id.to_owned(),
        from: draft.identity.from.clone(),
        to: Mailbox {
            name: full_name(&draft.contact.attributes),
            address: draft.to.clone(),
        },
        reply_to: draft.identity.reply_to.clone(),
        subject,
        text: rendered.text,
        html: rendered.html,
        message_id: thread::message_id(draft.id, &draft.identity.from.address),
        in_reply_to,
        references,
    })
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
