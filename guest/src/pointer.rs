//! Where in a JSON text a place lies, as a JSON pointer (RFC 6901).
//!
//! serde tells line and column of a mistake; an administrator wants `/steps/2/template`.

/// The pointer to the value that ends at, or goes on past, a line and column (both from 1) of a
/// valid JSON text. Beyond the text: the last value.
pub(crate) fn locate(text: &str, line: usize, column: usize) -> String {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    // Without its last byte the value is still open, so its pointer is still known.
    let end = (start + column).saturating_sub(1).min(text.len());
    let mut walk = Walk::default();
    for byte in &text.as_bytes()[..end] {
        walk.step(*byte);
    }
    walk.pointer()
}

#[derive(Default)]
struct Walk {
    /// The objects and arrays that are open.
    open: Vec<Frame>,
    /// The text since the last quote, while inside a string.
    string: Option<Vec<u8>>,
    escaped: bool,
}

enum Frame {
    Object { key: Option<String>, in_value: bool },
    Array { index: usize },
}

impl Walk {
    fn step(&mut self, byte: u8) {
        if let Some(string) = &mut self.string {
            match byte {
                b'"' if !self.escaped => self.string_ends(),
                _ => {
                    self.escaped = byte == b'\\' && !self.escaped;
                    string.push(byte);
                }
            }
            return;
        }
        match (byte, self.open.last_mut()) {
            (b'"', _) => self.string = Some(Vec::new()),
            (b'{', _) => self.open.push(Frame::Object {
                key: None,
                in_value: false,
            }),
            (b'[', _) => self.open.push(Frame::Array { index: 0 }),
            (b'}' | b']', _) => {
                self.open.pop();
            }
            (b':', Some(Frame::Object { in_value, .. })) => *in_value = true,
            (b',', Some(Frame::Object { key, in_value })) => {
                *key = None;
                *in_value = false;
            }
            (b',', Some(Frame::Array { index })) => *index += 1,
            _ => {}
        }
    }

    fn string_ends(&mut self) {
        let string = self.string.take().unwrap_or_default();
        if let Some(Frame::Object {
            key,
            in_value: false,
        }) = self.open.last_mut()
        {
            *key = Some(String::from_utf8_lossy(&string).into_owned());
        }
    }

    fn pointer(&self) -> String {
        self.open
            .iter()
            .filter_map(|frame| match frame {
                Frame::Object { key, .. } => key.clone(),
                Frame::Array { index } => Some(index.to_string()),
            })
            .fold(String::new(), |path, part| {
                // RFC 6901 3: "~" is written "~0" and "/" is written "~1".
                path + "/" + &part.replace('~', "~0").replace('/', "~1")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let check = |text: &str, expect: &str| {
            let (before, after) = text.split_once('^').expect("a mark");
            let line = before.lines().count().max(1);
            let column = before.lines().last().map_or(0, str::len);
            let text = format!("{before}{after}");
            assert_eq!(locate(&text, line, column), expect, "{text}");
        };
        check(r#"{"a":12^}"#, "/a");
        check(r#"{"a":"x"^,"b":2}"#, "/a");
        check(r#"{"a":1,"b":[1,{"c":"},]\""^}]}"#, "/b/1/c");
        check(r#"{"a":[{"b":1}^]}"#, "/a/0/b");
        check("{\"a\":1,\n  \"b~/\": tru^e}", "/b~0~1");
        check(r#"{"a":[[1,2],[3^]]}"#, "/a/1/0");
        check("12^", "");
        check(r#"["é",2^]"#, "/1");
    }
}
