//! Salesforce's ids: one record has a case-sensitive one of 15 characters, and the same with 3 more.
//!
//! "The 18-character ID is the 15-character one with a case-safe suffix" (Salesforce docs, "ID Field
//! Type"). Everything of ours knows records by the long form.

/// The long form of an id in either form; none where the text is no id.
pub(super) fn long(text: &str) -> Option<String> {
    if !matches!(text.len(), 15 | 18) || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let short = &text[..15];
    let suffix = short.as_bytes().chunks(5).map(|chunk| {
        let bits = chunk.iter().enumerate();
        let bits = bits.map(|(at, byte)| usize::from(byte.is_ascii_uppercase()) << at);
        char::from(SUFFIXES[bits.sum::<usize>()])
    });
    Some(short.chars().chain(suffix).collect())
}

const SUFFIXES: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The object that a person's id belongs to, by its first three characters.
pub(super) fn person_object(id: &str) -> Option<&'static str> {
    match id.get(..3)? {
        "00Q" => Some("Lead"),
        "003" => Some("Contact"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_one() {
        for (text, expect) in [
            ("001A0000006Vm9r", Some("001A0000006Vm9rIAC")),
            ("001A0000006Vm9rIAC", Some("001A0000006Vm9rIAC")),
            ("003000000000000", Some("003000000000000AAA")),
            ("001A0000006Vm9", None),
            ("001A0000006Vm9'", None),
            ("001A0000006Vmü9", None),
            ("", None),
        ] {
            assert_eq!(long(text).as_deref(), expect, "{text}");
        }
        assert_eq!(person_object("00Q5e00001a2b3c"), Some("Lead"));
        assert_eq!(person_object("006"), None);
    }
}
