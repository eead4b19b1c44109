//! The text part from the HTML one, so that both say the same.
//!
//! A link stands behind its words: `the guide <https://acme.example/guide>` (RFC 3986, appendix C:
//! "Using <> angle brackets around each URI is especially recommended"), and alone where the words are
//! the address itself. Lines are broken at `TEXT_WIDTH`, but never within a word or an address.

use std::cell::RefCell;
use std::rc::Rc;

use html2text::render::TextDecorator;
use html2text::{Handle, RcDom, config};

use super::html::links;

/// Where lines are broken (RFC 5322 2.1.1: "SHOULD be no more than 78 characters").
pub const TEXT_WIDTH: usize = 78;

/// How deep the elements of a document may lie in each other: programs on the way follow them by
/// recursion.
pub const NESTING_MAX: usize = 200;

/// The most tags of a document. A browser repeats what is left open: it can make the square of them.
pub const TAGS_MAX: usize = 2_000;

/// Wide enough that nothing is broken but what is no text for people.
pub(super) const UNBROKEN_WIDTH: usize = 1_000;

/// Stands around the number of a link until its line is broken. A private-use character, which is
/// taken out of what comes in.
const MARK: char = '\u{e000}';

/// The words of an HTML document or fragment.
pub(super) fn of_html(html: &str) -> Result<String, String> {
    let Unbroken { text, targets } = unbroken(html, UNBROKEN_WIDTH)?;
    Ok(broken(&text, &targets))
}

/// Words before their lines are broken, and what their links lead to.
#[derive(Debug)]
pub(super) struct Unbroken {
    pub(super) text: String,
    pub(super) targets: Vec<String>,
}

pub(super) fn unbroken(html: &str, width: usize) -> Result<Unbroken, String> {
    let tags = html.matches('<').count();
    if tags > 2 * TAGS_MAX {
        return Err(format!("has more than {TAGS_MAX} tags"));
    }
    // html2text knows no rules.
    let html = html.replace(MARK, "").replace("<hr />", "<p>---</p>");
    let decorator = Decorator::default();
    let targets = Rc::clone(&decorator.targets);
    let config = config::with_decorator(decorator)
        .no_table_borders()
        .allow_width_overflow()
        .unicode_strikeout(false);
    let failed = |error: html2text::Error| format!("cannot be made text: {error}");
    let dom = config.parse_html(html.as_bytes()).map_err(failed)?;
    if depth(&dom) > NESTING_MAX {
        return Err(format!("has elements more than {NESTING_MAX} deep"));
    }
    let tree = config.dom_to_render_tree(&dom).map_err(failed)?;
    let text = config.render_to_string(tree, width).map_err(failed)?;
    let targets = targets.take();
    Ok(Unbroken { text, targets })
}

pub(super) fn broken(text: &str, targets: &[String]) -> String {
    let text = name_links(text, targets);
    let lines: Vec<String> = text.lines().flat_map(break_line).collect();
    lines.join("\n").trim_matches('\n').to_owned() + "\n"
}

/// A link without words shows in no text; so that nobody misses it, it stands at the end.
pub(super) fn add_missing_links(text: &mut String, html: &str) {
    for link in links(html) {
        if !link.starts_with('#') && !text.contains(link.as_str()) {
            let bare = link.strip_prefix("mailto:").unwrap_or(&link);
            if !text.contains(bare) {
                for piece in ["\n<", &link, ">\n"] {
                    text.push_str(piece);
                }
            }
        }
    }
}

fn depth(dom: &RcDom) -> usize {
    let mut deepest = 0;
    let mut open: Vec<(Handle, usize)> = vec![(Handle::clone(&dom.document), 0)];
    while let Some((node, depth)) = open.pop() {
        deepest = deepest.max(depth);
        open.extend(
            node.children
                .borrow()
                .iter()
                .map(|child| (Handle::clone(child), depth + 1)),
        );
    }
    deepest
}

/// Puts addresses in the place of their numbers.
fn name_links(text: &str, targets: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    // `words` and `number` in turn: "the guide \u{e000}0\u{e000}, and".
    for (index, piece) in text.split(MARK).enumerate() {
        if index % 2 == 0 {
            out.push_str(piece);
        } else if let Some(target) = piece.parse().ok().and_then(|at: usize| targets.get(at)) {
            let bare = target.strip_prefix("mailto:").unwrap_or(target);
            if !out.ends_with(bare) && !out.ends_with(target) && !target.starts_with('#') {
                out.push_str(" <");
                out.push_str(target);
                out.push('>');
            }
        }
    }
    out
}

/// A line in lines of `TEXT_WIDTH`, those that follow indented as the first.
fn break_line(line: &str) -> Vec<String> {
    let line = line.trim_end();
    if line.chars().count() <= TEXT_WIDTH {
        return vec![line.to_owned()];
    }
    let body = line.trim_start_matches([' ', '>']);
    let start = &line[..line.len() - body.len()];
    let item = body
        .split_once(' ')
        .filter(|(head, _)| *head == "-" || is_number(head))
        .map_or(0, |(head, _)| head.len() + 1);
    let indent = start.to_owned() + &" ".repeat(item);
    let (mut lines, mut current) = (Vec::new(), start.to_owned());
    let mut empty = true;
    for word in body.split(' ') {
        let width = current.chars().count() + usize::from(!empty) + word.chars().count();
        if !empty && width > TEXT_WIDTH {
            lines.push(std::mem::replace(&mut current, indent.clone()));
            empty = true;
        }
        if !empty {
            current.push(' ');
        }
        current.push_str(word);
        empty = false;
    }
    lines.push(current);
    lines
}

fn is_number(head: &str) -> bool {
    head.strip_suffix('.')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Writes words as they are, and marks links.
#[derive(Debug, Clone, Default)]
struct Decorator {
    /// Every target met, shared with the copies for parts of the document.
    targets: Rc<RefCell<Vec<String>>>,
    /// Links that are open.
    open: Vec<usize>,
}

impl TextDecorator for Decorator {
    type Annotation = ();

    fn decorate_link_start(&mut self, url: &str) -> (String, ()) {
        let mut targets = self.targets.borrow_mut();
        self.open.push(targets.len());
        targets.push(url.to_owned());
        (String::new(), ())
    }

    fn decorate_link_end(&mut self) -> String {
        self.open
            .pop()
            .map(|link| format!("{MARK}{link}{MARK}"))
            .unwrap_or_default()
    }

    fn decorate_em_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        ("~".to_owned(), ())
    }

    fn decorate_strikeout_end(&self) -> String {
        "~".to_owned()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _: &str, title: &str) -> (String, ()) {
        (title.to_owned(), ())
    }

    fn header_prefix(&self, _: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "- ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::markdown::to_fragment;

    #[test]
    fn the_words_stay_and_the_marks_go() {
        let long = "word ".repeat(30);
        let broken = format!(
            "{}\n{}",
            "word ".repeat(15).trim_end(),
            "word ".repeat(15).trim_end()
        );
        for (markdown, expect) in [
            (
                "Hi **you**,\n\n_all_ well?\nAda",
                "Hi you,\n\nall well?\nAda",
            ),
            (
                "See [the guide](https://a.example/?a=1&b=2), please",
                "See the guide <https://a.example/?a=1&b=2>, please",
            ),
            ("<https://a.example/x>", "https://a.example/x"),
            ("<ada@a.example>", "ada@a.example"),
            ("[Ada](mailto:ada@a.example)", "Ada <mailto:ada@a.example>"),
            ("- a\n- b\n\n1. c\n2. d", "- a\n- b\n1. c\n2. d"),
            ("# Title\n\n> quoted", "Title\n\n> quoted"),
            ("a ~~b~~\n\n***\n\nc", "a ~b~\n\n---\n\nc"),
            ("[x](#)", "x"),
            ("![a picture](https://a.example/p.png)", "a picture"),
            (long.as_str(), broken.as_str()),
        ] {
            let text = of_html(&to_fragment(markdown)).expect(markdown);
            assert_eq!(text, format!("{expect}\n"), "{markdown}");
        }
    }

    #[test]
    fn lines_are_broken_between_words_only() {
        let url = format!("https://a.example/{}", "x".repeat(3_000));
        let text = of_html(&to_fragment(&format!(
            "- {} [here]({url})",
            "word ".repeat(20)
        )))
        .expect("text");
        assert!(text.contains(&url), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= TEXT_WIDTH || !line.trim().contains(' '));
        }
        assert!(
            text.lines()
                .nth(1)
                .expect("a second line")
                .starts_with("  word")
        );
    }

    #[test]
    fn hostile_documents_end() {
        for html in [
            "<b>".repeat(NESTING_MAX + 1),
            "<blockquote>".repeat(TAGS_MAX),
            "<p>".repeat(3 * TAGS_MAX),
        ] {
            assert!(of_html(&html).is_err());
        }
        assert_eq!(
            of_html("\u{e000}0\u{e000} <p>x</p>").expect("text"),
            "0\n\nx\n"
        );
    }
}
