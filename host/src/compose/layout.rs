//! A document with its words taken out: what mails of one template have in common, so that it is parsed
//! and styled once for all of them.
//!
//! In: an HTML document. Out: the same with a numbered mark for each run of words and each address that
//! a link leads to, and what they stood for; or none, where the document is unusual enough that a word
//! could mean something. Styles see elements and attributes but no words: the marked document is styled
//! as the one it was made of (property tests hold it, here and in `text`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Layouts of which something is kept; a deployment has a few for each of its templates.
const KEPT_MAX: usize = 512;

/// Stands around the number of what was taken out. A private-use character; a document that has it is
/// left alone.
const MARK: char = '\u{e001}';

/// Elements whose text is not text, or that move it elsewhere.
const UNUSUAL: [&str; 14] = [
    "<!-",
    "<style",
    "<script",
    "<title",
    "<textarea",
    "<xmp",
    "<iframe",
    "<noembed",
    "<noframes",
    "<noscript",
    "<plaintext",
    "<svg",
    "<math",
    "<frameset",
];

/// The document without its words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout<'d> {
    /// With marks.
    pub(super) document: String,
    words: Vec<&'d str>,
}

impl<'d> Layout<'d> {
    pub(super) fn of(document: &'d str) -> Option<Self> {
        if document.contains([MARK, '\0', '\r']) || unusual(document) {
            return None;
        }
        let mut layout = Self {
            document: String::with_capacity(document.len()),
            words: Vec::new(),
        };
        let mut rest = document;
        while let Some(start) = rest.find('<') {
            layout.take_words(&rest[..start]);
            let end = start + rest[start..].find('>')? + 1;
            layout.take_address(&rest[start..end])?;
            rest = &rest[end..];
        }
        layout.take_words(rest);
        Some(layout)
    }

    /// The words, back in their places in what was made of the layout.
    pub(super) fn fill(&self, made: &str) -> String {
        self.fill_with(made, Cow::Borrowed)
    }

    /// The same where white space of any length is one space.
    pub(super) fn fill_collapsed(&self, made: &str) -> String {
        self.fill_with(made, |words| {
            let plain = !words.contains("  ") && !words.contains(['\n', '\t', '\x0c']);
            if plain {
                return Cow::Borrowed(words);
            }
            let words: Vec<_> = words.split_ascii_whitespace().collect();
            Cow::Owned(words.join(" "))
        })
    }

    fn fill_with<'s>(&'s self, made: &str, spell: impl Fn(&'s str) -> Cow<'s, str>) -> String {
        let words: usize = self.words.iter().map(|words| words.len()).sum();
        let mut out = String::with_capacity(made.len() + words);
        // Text and number in turn.
        for (index, piece) in made.split(MARK).enumerate() {
            let place = piece.parse().ok().filter(|_| index % 2 == 1);
            match place.and_then(|place: usize| self.words.get(place)) {
                Some(words) => out.push_str(&spell(words)),
                None => out.push_str(piece),
            }
        }
        out
    }

    /// What stands between two tags. Spaces around it stay: some places tell them from words.
    fn take_words(&mut self, text: &'d str) {
        let Some(pieces) = pieces(text) else {
            return self.document.push_str(text);
        };
        for piece in pieces {
            let words = piece.trim_matches(|c: char| c.is_ascii_whitespace());
            if words.is_empty() || piece.starts_with('&') || !words.chars().all(is_plain) {
                self.document.push_str(piece);
                continue;
            }
            let before = words.as_ptr() as usize - piece.as_ptr() as usize;
            self.document.push_str(&piece[..before]);
            self.mark(words);
            self.document.push_str(&piece[before + words.len()..]);
        }
    }

    /// A tag; none where it is not written as our own Markdown writes them.
    fn take_address(&mut self, tag: &'d str) -> Option<()> {
        if tag[1..].contains('<') || tag.contains('\'') {
            return None;
        }
        let mut rest = tag;
        while let Some(start) = rest.find('"') {
            let (name, value) = rest.split_at(start + 1);
            let value = &value[..value.find('"')?];
            let name = name.strip_suffix("=\"")?;
            self.document.push_str(name);
            self.document.push_str("=\"");
            match pieces(value) {
                Some(pieces) if tag.starts_with("<a ") && name.ends_with(" href") => {
                    for piece in pieces {
                        if piece.is_empty() || piece.starts_with('&') {
                            self.document.push_str(piece);
                        } else {
                            self.mark(piece);
                        }
                    }
                }
                _ => self.document.push_str(value),
            }
            self.document.push('"');
            rest = &rest[start + value.len() + 2..];
        }
        self.document.push_str(rest);
        Some(())
    }

    fn mark(&mut self, words: &'d str) {
        self.document.push(MARK);
        self.document.push_str(&self.words.len().to_string());
        self.document.push(MARK);
        self.words.push(words);
    }
}

/// What was made of layouts, so that it is made once; a bounded number of them.
#[derive(Debug)]
pub(super) struct Kept<T: ?Sized>(Mutex<HashMap<String, Arc<T>>>);

impl<T: ?Sized> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: ?Sized> Kept<T> {
    pub(super) fn get<E>(
        &self,
        layout: &Layout<'_>,
        make: impl FnOnce(&str) -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().get(&layout.document).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let made = make(&layout.document)?;
        let mut kept = kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(layout.document.clone(), Arc::clone(&made));
        Ok(made)
    }
}

/// A character that nobody who reads a document makes another of, or of none.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ' '..='~' | '\n' | '\t' | '\u{2010}'..='\u{2027}' | '€')
}

fn unusual(document: &str) -> bool {
    let tags = document
        .match_indices('<')
        .map(|(at, _)| &document.as_bytes()[at..]);
    tags.into_iter().any(|tag| {
        UNUSUAL.iter().any(|name| {
            tag.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        })
    })
}

/// References (`&amp;`) and what stands between them. None where there is something that the writer of
/// documents would spell otherwise.
fn pieces(text: &str) -> Option<Vec<&str>> {
    if text.contains(['>', '\u{a0}']) {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let end = start + rest[start..].find(';')? + 1;
        let reference = &rest[start + 1..end - 1];
        if reference.is_empty()
            || !reference
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'#')
        {
            return None;
        }
        pieces.push(&rest[..start]);
        pieces.push(&rest[start..end]);
        rest = &rest[end..];
    }
    pieces.push(rest);
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses_are_taken_out() {
        let name = |name: &str| {
            format!(
                "<p>Hi {name},</p> <a href=\"https://x.example/{name}?a=1&amp;b\" title=\"t\">go &gt;</a>"
            )
        };
        let (ada, grace) = (name("Ada"), name("Grace"));
        let layouts = [&ada, &grace].map(|html| Layout::of(html).expect("usual"));
        assert_eq!(layouts[0].document, layouts[1].document);
        assert!(!layouts[0].document.contains("Ada"), "{layouts:?}");
        assert_eq!(layouts[0].fill(&layouts[1].document), ada);
        assert_eq!(layouts[1].fill(&layouts[0].document), grace);
    }

    #[test]
    fn what_is_unusual_is_left_alone() {
        for html in [
            "<!-- x -->",
            "<STYLE>p{}</STYLE>",
            "<p title='x'>",
            "<p title=x\">\">",
            "<p",
            "\u{e001}",
            "a\rb",
        ] {
            assert_eq!(Layout::of(html), None, "{html}");
        }
    }

    #[test]
    fn few_are_kept() {
        let kept = Kept::<str>::default();
        let make = |document: &str| Ok::<_, ()>(Arc::from(document));
        for number in 0..=KEPT_MAX {
            let html = format!("<p class=\"c{number}\">x</p>");
            let layout = Layout::of(&html).expect("usual");
            kept.get(&layout, make).expect("made");
            let again = kept.get(&layout, |_| Err(()));
            assert_eq!(again.as_deref(), Ok(&*layout.document));
        }
        assert_eq!(kept.0.lock().expect("unpoisoned").len(), 1);
    }
}
