//! A folded text in pieces: words, numbers and signs, each with its place.

/// All of them, in their order.
pub(super) fn tokens(folded: &str) -> Vec<Token<'_>> {
    let mut all: Vec<Token<'_>> = Vec::new();
    let mut apart = true;
    let mut chars = folded.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c == ' ' {
            apart = true;
            continue;
        }
        let class = class(c);
        let mut end = start + c.len_utf8();
        while class != Class::Sign
            && let Some((at, next)) = chars.peek()
            && self::class(*next) == class
        {
            end = at + next.len_utf8();
            chars.next();
        }
        all.push(Token {
            text: &folded[start..end],
            start,
            apart,
        });
        apart = false;
    }
    all
}

/// A word, a number or a sign, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub text: &'t str,
    pub start: usize,
    /// Whether a blank stands before it.
    pub apart: bool,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// A number of at most four digits.
    pub(super) fn number(&self) -> Option<u32> {
        let digits = self.text.len() <= 4 && self.text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| self.text.parse().ok()).flatten()
    }

    pub(super) fn day(&self) -> Option<u32> {
        self.number()
            .filter(|n| (1..=31).contains(n) && self.text.len() <= 2)
    }

    pub(super) fn year(&self) -> Option<i32> {
        let number = self.number().filter(|n| (2000..2100).contains(n))?;
        i32::try_from(number).ok()
    }
}

#[derive(PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Sign,
}

/// Characters of scripts without blanks stand alone, like signs.
fn class(c: char) -> Class {
    if c.is_ascii_digit() {
        Class::Digit
    } else if c.is_alphabetic()
        && !('\u{3040}'..='\u{9fff}').contains(&c)
        && !('\u{ac00}'..='\u{d7a3}').contains(&c)
        && c != 'º'
    {
        Class::Letter
    } else {
        Class::Sign
    }
}
