//! The policies and triggers that ship with Followup, as components inside the binary.
//!
//! Written by `build.rs`: `(id, component)`, where the id is that of the plugin's manifest. They
//! get no privilege for being here: the sandbox loads them as it loads any other plugin.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wasmparser::{Parser, Payload};

    use super::*;
    use crate::compose::{Body, Context, HostFields, Template};
    use crate::domain::decision::ContactView;
    use crate::domain::mail::Mailbox;
    use crate::domain::manifest::{Manifest, PluginKind, SECTION};
    use crate::domain::{EmailAddress, Event, Instant, JsonMap};

    /// The texts of every manifest section, in the component and the modules nested in it.
    fn manifests(component: &[u8]) -> Vec<String> {
        let sections = Parser::new(0).parse_all(component);
        sections
            .filter_map(|payload| match payload.expect("a valid component") {
                Payload::CustomSection(section) if section.name() == SECTION => {
                    Some(String::from_utf8(section.data().to_vec()).expect("UTF-8"))
                }
                _ => None,
            })
            .collect()
    }

    /// The id, the text and the manifest of every shipped plugin.
    fn shipped() -> impl Iterator<Item = (&'static str, String, Manifest)> {
        EMBEDDED.iter().map(|(id, component)| {
            let text = manifests(component).remove(0);
            let manifest = Manifest::parse(&text).unwrap_or_else(|e| panic!("{id}: {e}"));
            (*id, text, manifest)
        })
    }

    /// The example at the head of a manifest, as it would stand in followup.toml.
    fn example(text: &str) -> Value {
        let lines = text.lines().take_while(|line| line.starts_with('#'));
        let lines: Vec<_> = lines.filter_map(|line| line.strip_prefix("#   ")).collect();
        let example: Value = toml::from_str(&lines.join("\n")).expect("the example is TOML");
        let sections = example.as_object().expect("sections");
        let named = sections.values().next().expect("sequences or connections");
        let mut named = named.as_object().expect("names").values();
        named.next().expect("one of them").clone()
    }

    #[test]
    fn each_carries_its_own_manifest_exactly_once() {
        for (id, component) in EMBEDDED {
            let path = format!("{}/../plugins/{id}/plugin.toml", env!("CARGO_MANIFEST_DIR"));
            let source = std::fs::read_to_string(path).expect("the author's plugin.toml");
            assert_eq!(manifests(component), [source], "{id}");
        }
        for (id, _, manifest) in shipped() {
            assert_eq!(manifest.id, id);
        }
    }

    #[test]
    fn each_example_is_valid_against_the_schema() {
        for (id, text, manifest) in shipped() {
            let section = example(&text);
            let key = match manifest.kind {
                PluginKind::Policy => "policy",
                PluginKind::Trigger => "plugin",
            };
            assert_eq!(section[key], id);
            let schema = jsonschema::validator_for(&manifest.config).expect("a JSON Schema");
            let errors: Vec<_> = schema
                .iter_errors(&section["config"])
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, [""; 0], "{id}");
            let unknown = serde_json::json!({ "no-such-key": 1 });
            assert!(!schema.is_valid(&unknown), "{id} takes any key");
        }
    }

    /// With every variable its description promises, no default template has a gap; and a variable
    /// that may be empty by its description holds no message up.
    #[test]
    fn each_default_template_renders() {
        let sender = Mailbox {
            name: Some("Grace".to_owned()),
            address: EmailAddress::parse("grace@acme.example").expect("address"),
        };
        let contact = ContactView {
            id: "1".to_owned(),
            email: None,
            time_zone: "UTC".to_owned(),
            locale: None,
            attributes: object(&json!({ "first_name": "Ada" })),
        };
        let event = Event {
            id: "evt_1".to_owned(),
            kind: "form-submitted".to_owned(),
            occurred_at: Instant(0),
            data: JsonMap::new(),
        };
        for optional in ["something", ""] {
            let vars = object(&json!({
                "what": "Pricing", "title": "Product tour", "when": "today", "time_zone": "UTC", "days": 3,
                "url": optional, "subject": optional, "location": optional, "booking_link": optional,
                "next_step": optional,
            }));
            let policies = shipped().filter(|(_, _, manifest)| manifest.kind == PluginKind::Policy);
            for (id, _, manifest) in policies {
                assert!(!manifest.templates.is_empty(), "{id}");
                for (name, default) in &manifest.templates {
                    let template = Template::from_default(name, default).expect("a template");
                    let rendered = template.render(&Context {
                        contact: &contact,
                        account: None,
                        event: &event,
                        vars: &vars,
                        sender: &sender,
                        sequence: "pricing",
                        host: HostFields::default(),
                    });
                    let rendered = rendered.unwrap_or_else(|e| panic!("{id}/{name}: {e}"));
                    let (Body::Html(body) | Body::Text(body)) = rendered.body;
                    assert!(!body.contains("{{"), "{id}/{name}");
                }
            }
        }
    }

    fn object(value: &Value) -> JsonMap {
        value.as_object().expect("an object").clone()
    }
}
