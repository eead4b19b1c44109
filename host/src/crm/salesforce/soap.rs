//! An outbound message: SOAP in, notifications out.
//!
//! A document type, and so every entity of one's own, is refused; the number of elements is limited. The
//! session id that a message may carry is a credential: it is read past and kept nowhere. Source: Salesforce
//! SOAP API guide, "Understanding the Outbound Messaging WSDL".

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use crate::domain::JsonMap;
use crate::domain::fields;
use crate::domain::hook::Malformed;

/// `maxOccurs="100"` in the WSDL.
const NOTIFICATIONS_MAX: usize = 100;
/// Elements, attributes not counted, and texts: 100 records with 250 fields.
const NODES_MAX: u32 = 60_000;
const OUTBOUND: &str = "http://soap.sforce.com/2005/09/outbound";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

#[derive(Debug)]
pub(super) struct Message {
    pub organization_id: String,
    pub notifications: Vec<Result<Notification, String>>,
}

/// A record as it was when the message left.
#[derive(Debug)]
pub(super) struct Notification {
    pub id: String,
    /// `Lead`, `Contact`, ...
    pub object: String,
    /// Every value is a text, or null; empty fields are left out.
    pub record: JsonMap,
}

pub(super) fn parse(body: &[u8]) -> Result<Message, Malformed> {
    let wrong = |what: &str| Malformed(format!("the body is no outbound message: {what}"));
    let text = std::str::from_utf8(body).map_err(|_| wrong("it is not UTF-8"))?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let document =
        Document::parse_with_options(text, options).map_err(|e| wrong(&e.to_string()))?;
    let notifications = document
        .descendants()
        .find(|node| node.has_tag_name((OUTBOUND, "notifications")))
        .ok_or_else(|| wrong("it has no `notifications`"))?;
    let organization_id = text_of(notifications, "OrganizationId")
        .ok_or_else(|| wrong("it has no `OrganizationId`"))?;
    let parts: Vec<_> = children(notifications, "Notification").collect();
    if parts.len() > NOTIFICATIONS_MAX {
        let count = parts.len();
        return Err(wrong(&format!(
            "it has {count} notifications, {NOTIFICATIONS_MAX} are allowed"
        )));
    }
    Ok(Message {
        organization_id,
        notifications: parts.into_iter().map(notification).collect(),
    })
}

fn notification(node: Node<'_, '_>) -> Result<Notification, String> {
    let id = text_of(node, "Id").ok_or("`Id` is missing")?;
    let record = children(node, "sObject")
        .next()
        .ok_or("`sObject` is missing")?;
    let object = record.attribute((INSTANCE, "type")).unwrap_or_default();
    let object = object.rsplit(':').next().unwrap_or_default().trim();
    if object.is_empty() {
        return Err("`sObject` has no `xsi:type`".to_owned());
    }
    let fields = record.children().filter(Node::is_element);
    let record: JsonMap = fields
        .map(|field| (field.tag_name().name().to_owned(), value(field)))
        .collect();
    fields::text(&Value::Object(record.clone()), "Id").ok_or("the `sObject` has no `Id`")?;
    Ok(Notification {
        id,
        object: object.to_owned(),
        record,
    })
}

fn value(field: Node<'_, '_>) -> Value {
    match (field.attribute((INSTANCE, "nil")), field.text()) {
        (Some("true" | "1"), _) | (_, None) => Value::Null,
        (_, Some(text)) => Value::from(text),
    }
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children()
        .filter(move |child| child.has_tag_name((OUTBOUND, name)))
}

fn text_of(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = children(node, name).next()?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(inner: &str) -> String {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>\
             <notifications xmlns=\"{OUTBOUND}\">{inner}</notifications></e:Body></e:Envelope>"
        )
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let organization = "<OrganizationId>00D000000000001</OrganizationId>";
        for (body, expect) in [
            (String::new(), "the body is no outbound message"),
            ("<a/>".to_owned(), "no `notifications`"),
            (envelope(""), "no `OrganizationId`"),
            (
                format!("<!DOCTYPE e [<!ENTITY a \"b\">]>{}", envelope(organization)),
                "DTD",
            ),
            (envelope("&xxe;"), "xxe"),
            (
                envelope(&format!("{organization}{}", "<Notification/>".repeat(101))),
                "101 notifications",
            ),
            (envelope(&"<a/>".repeat(60_001)), "limit"),
            (
                format!("{}{}", "<a>".repeat(30_000), "</a>".repeat(30_000)),
                "no `notifications`",
            ),
        ] {
            let Malformed(why) = parse(body.as_bytes()).expect_err("refused");
            assert!(why.contains(expect), "{why}");
        }
    }
}
