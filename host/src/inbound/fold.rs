//! One spelling of a text, in which phrases of many languages are looked for.
//!
//! Lower case, accents of Latin letters gone (people leave them out, and old systems lose them), any
//! white space one blank, typographic dashes and apostrophes plain, wide digits narrow. The phrase
//! tables of this room are written in this spelling; their tests hold them to it.

/// The text, folded.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}' {
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
            continue;
        }
        for lower in c.to_lowercase() {
            push(&mut folded, lower);
        }
    }
    folded.trim().to_owned()
}

fn push(folded: &mut String, c: char) {
    let plain = match c {
        // Combining marks: the dot of a lower-cased Turkish İ, accents of decomposed text.
        '\u{300}'..='\u{36f}' | '\u{ad}' => return,
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' | 'ľ' | 'ĺ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ť' | 'ț' | 'ţ' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' | 'ū' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        // Greek is written without accents in capitals, and by many without any.
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ß' => return folded.push_str("ss"),
        'æ' => return folded.push_str("ae"),
        'œ' => return folded.push_str("oe"),
        '‘' | '’' | '´' | '`' | 'ʼ' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '‐'..='―' | '−' | '〜' | '～' | '~' => '-',
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let code = u32::from(c) - 0xff01 + 0x21;
            return push(
                folded,
                char::from_u32(code).unwrap_or(c).to_ascii_lowercase(),
            );
        }
        other => other,
    };
    folded.push(plain);
}

/// The first of the phrases that the folded text contains.
pub(super) fn first_of<'p>(folded: &str, phrases: &[&'p str]) -> Option<&'p str> {
    phrases.iter().copied().find(|phrase| has(folded, phrase))
}

/// Whether the text contains the phrase as words: `stop` is not in `stopped`. Scripts without spaces
/// between words match anywhere; so does a phrase that ends with `*`, at its end.
pub(super) fn has(folded: &str, phrase: &str) -> bool {
    find(folded, phrase).is_some()
}

/// Where the phrase first stands in the text.
pub(super) fn find(folded: &str, phrase: &str) -> Option<usize> {
    spans(folded, phrase).next()
}

/// Everywhere the phrase stands in the text.
pub(super) fn spans<'t>(folded: &'t str, phrase: &'t str) -> impl Iterator<Item = usize> + 't {
    let (stem, open) = match phrase.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (phrase, false),
    };
    let free = |neighbour: Option<char>, own: Option<char>| {
        !(neighbour.is_some_and(is_spaced_letter) && own.is_some_and(is_spaced_letter))
    };
    let places = folded.match_indices(stem).map(|(at, _)| at);
    places.filter(move |at| {
        let after = || folded[at + stem.len()..].chars().next();
        free(folded[..*at].chars().next_back(), stem.chars().next())
            && (open || free(after(), stem.chars().next_back()))
    })
}

/// A letter of a script that puts spaces between words.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphanumeric() && !('\u{3040}'..='\u{9fff}').contains(&c) && !is_hangul(c)
}

/// Korean has spaces, but endings grow on to the words.
fn is_hangul(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        for (text, expect) in [
            ("  Zurück\r\n\tam  5.\u{a0}Jänner ", "zuruck am 5. janner"),
            ("À bientôt — l’équipe", "a bientot - l'equipe"),
            ("Straße, Œuvre, smørrebrød", "strasse, oeuvre, smorrebrod"),
            ("İstanbul IŞIK", "istanbul isik"),
            ("１２月２０日～", "12月20日-"),
            ("e\u{301}te\u{301}", "ete"),
            ("Январь", "январь"),
            ("Αυτόματη απάντηση", "αυτοματη απαντηση"),
        ] {
            assert_eq!(fold(text), expect, "{text}");
        }
    }

    #[test]
    fn phrases_are_words() {
        for (text, phrase, expect) in [
            ("please stop", "stop", true),
            ("it stopped", "stop", false),
            ("it stopped", "stop*", true),
            ("nonstop", "stop", false),
            ("明日から休みます", "休み", true),
            ("배송 복귀합니다", "복귀", true),
        ] {
            assert_eq!(has(text, phrase), expect, "{phrase} in {text}");
        }
    }
}
