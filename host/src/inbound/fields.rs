//! Header fields: of the mail, of a returned mail, of the groups of a report. All have one syntax
//! (RFC 5322 2.2; RFC 3464 2.1 and RFC 5965 3.1 refer to it).

/// The most fields of one block, and the most bytes of one field, that are read.
const FIELDS_MAX: usize = 500;
const FIELD_MAX_BYTES: usize = 32 * 1024;

/// Fields in their order: names in lower case, values unfolded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the block at the beginning of the text, up to its first empty line. A line that is no field
    /// and continues none is passed over: mail systems leave such behind.
    pub(super) fn read(text: &str) -> Self {
        Self::read_lines(&mut text.lines())
    }

    /// Reads the blocks of a report, which empty lines separate (RFC 3464 2.1).
    pub(super) fn read_groups(text: &str, groups_max: usize) -> Vec<Self> {
        let mut lines = text.lines().peekable();
        let mut groups = Vec::new();
        while lines.peek().is_some() && groups.len() < groups_max {
            let group = Self::read_lines(&mut lines);
            if !group.is_empty() {
                groups.push(group);
            }
        }
        groups
    }

    fn read_lines<'t>(lines: &mut impl Iterator<Item = &'t str>) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.trim().is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut()
                    && value.len() + line.len() < FIELD_MAX_BYTES
                {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':')
                && is_name(name.trim_end())
                && fields.len() < FIELDS_MAX
            {
                let end = value.floor_char_boundary(FIELD_MAX_BYTES);
                let name = name.trim_end().to_ascii_lowercase();
                fields.push((name, value[..end].trim().to_owned()));
            }
        }
        Self(fields)
    }

    /// The first field of that name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value without what follows its first `;`, in lower case: `auto-replied; owner=x`.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let word = value.split(';').next().unwrap_or_default();
        Some(word.trim().to_ascii_lowercase())
    }
}

/// RFC 5322 3.6.8: printable ASCII without the colon.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic())
}

/// The Message-IDs of a field: what stands in `<>`, else (broken clients) what looks like one. Strips
/// the brackets, keeps the case (RFC 5322 3.6.4 compares ids as they are), forgives commas between.
pub(super) fn message_ids(value: &str, most: usize) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let bracketed = value.split('<').skip(1).filter_map(|rest| {
        let (id, _) = rest.split_once('>')?;
        Some(id.split_whitespace().collect::<String>())
    });
    ids.extend(bracketed);
    if ids.is_empty() {
        let bare = value
            .split([' ', ',', '\t'])
            .map(|id| id.trim_matches(['<', '>']));
        ids.extend(bare.filter(|id| id.contains('@')).map(str::to_owned));
    }
    ids.retain(|id| !id.is_empty() && id.len() <= ID_MAX_BYTES);
    ids.truncate(most);
    ids
}

/// RFC 5322 2.1.1: a line has at most 998 characters, and an id stands on one.
const ID_MAX_BYTES: usize = 998;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let fields =
            Fields::read("Subject: a\r\n\tb\r\nX-Empty:\r\nnonsense\r\nsubject : c\r\n\r\nX: y");
        let read: Vec<_> = fields.iter().collect();
        assert_eq!(
            read,
            [("subject", "a b"), ("x-empty", ""), ("subject", "c")]
        );
        let groups = Fields::read_groups("A: 1\n\n\nB: 2\nC: 3\n\n", 9);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[1].get("c"), Some("3"));
        assert_eq!(Fields::read_groups(&"A: 1\n\n".repeat(99), 5).len(), 5);
    }

    #[test]
    fn ids() {
        for (value, expect) in [
            ("<a@b>", &["a@b"] as &[&str]),
            ("<a@b>\t<C@d>", &["a@b", "C@d"]),
            ("<a@b>,<c@d>", &["a@b", "c@d"]),
            ("<a\r\n @b> (comment)", &["a@b"]),
            ("a@b", &["a@b"]),
            ("Your message of Monday", &[]),
            ("<>", &[]),
            ("", &[]),
        ] {
            assert_eq!(message_ids(value, 9), expect, "{value}");
        }
        assert_eq!(message_ids(&"<a@b>".repeat(99), 5).len(), 5);
    }
}
