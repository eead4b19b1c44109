//! What a guest said before it died, in one line: the place in its author's own file, and the mistake.
//!
//! In goes the end of what it printed; out comes `policy.py:12: AttributeError: ...`. Every language has
//! its own way of saying it; what none of them reads stays in the fault's whole text.

/// The author's own files lie beside the folder of the SDK.
const SDK: &str = "sdk/";

pub(super) fn last_words(said: &str) -> Option<String> {
    // The interpreters are Rust themselves and panic after their guest did: its words come first.
    python(said)
        .or_else(|| javascript(said))
        .or_else(|| rust(said))
}

/// ```text
/// Traceback (most recent call last):
///   File "/0/policy.py", line 12, in decide
/// AttributeError: 'Context' object has no attribute 'nothing'
/// ```
fn python(said: &str) -> Option<String> {
    let start = said.rfind("Traceback (most recent call last):")?;
    let mut lines = said[start..].lines().skip(1);
    let (mut place, mut message) = (None, None);
    for line in &mut lines {
        if let Some(frame) = line.strip_prefix("  File \"") {
            let (file, rest) = frame.split_once("\", line ")?;
            let number = rest.split(',').next()?;
            place = outside_sdk(file, number).or(place);
        } else if !line.starts_with(' ') {
            message = Some(line.trim());
            break;
        }
    }
    Some(join(place, message.filter(|text| !text.is_empty())?))
}

/// The engine prints what was thrown as its own panic:
/// `Exception { message: Some("no step"), stack: Some("    at decide (/policy.js:7:12)\n...") })`.
fn javascript(said: &str) -> Option<String> {
    let exception = &said[said.rfind("Exception { message: Some(\"")?..];
    let message = quoted(exception.split_once("message: Some(")?.1)?;
    let stack = exception.split_once("stack: Some(").map(|(_, text)| text);
    let stack = stack.and_then(quoted).unwrap_or_default();
    let place = stack.lines().find_map(|frame| {
        let (_, place) = frame.rsplit_once('(')?;
        let (file, numbers) = place.trim_end_matches(')').split_once(':')?;
        outside_sdk(file, numbers)
    });
    Some(join(place, &message))
}

/// Rust prints the place on one line and the message on the next.
fn rust(said: &str) -> Option<String> {
    let start = said.rfind("panicked at ")?;
    let mut lines = said[start..].lines();
    let place = lines.next()?.trim_end_matches(':');
    let message = lines.next().unwrap_or_default().trim();
    Some(if message.is_empty() {
        place.to_owned()
    } else {
        format!("{place}: {message}")
    })
}

/// `policy.py:12` of a frame of the author's: the toolchains put the folder at `/` or `/0/`.
fn outside_sdk(file: &str, numbers: &str) -> Option<String> {
    let file = file.trim_start_matches('/');
    let file = file.strip_prefix("0/").unwrap_or(file);
    (!file.starts_with(SDK)).then(|| format!("{file}:{numbers}"))
}

fn join(place: Option<String>, message: &str) -> String {
    match place {
        Some(place) => format!("{place}: {message}"),
        None => message.to_owned(),
    }
}

/// The text of a literal as Rust's `Debug` writes it, from its opening quote on.
fn quoted(literal: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = literal.strip_prefix('"')?.chars();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                letter => text.push(letter),
            },
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expect: Option<&str>) {
        assert_eq!(last_words(said).as_deref(), expect, "{said}");
    }

    #[test]
    fn rust_panics() {
        check("", None);
        check("exit status 1", None);
        check(
            "\nthread '<unnamed>' (1) panicked at src/lib.rs:30:24:\nstep 7 has no template\nnote: run with",
            Some("panicked at src/lib.rs:30:24: step 7 has no template"),
        );
        check("panicked at a.rs:1:1:", Some("panicked at a.rs:1:1"));
        check(
            "panicked at a.rs:1:1:\nfirst\npanicked at b.rs:2:2:\nsecond",
            Some("panicked at b.rs:2:2: second"),
        );
    }

    #[test]
    fn python_tracebacks() {
        let interpreter = "\n\nthread '<unnamed>' (1) panicked at runtime/src/lib.rs:1293:29:\nPython function threw an unexpected exception\n";
        let check = |traceback: &str, expect| check(&format!("{traceback}{interpreter}"), expect);
        check(
            "Traceback (most recent call last):\n  File \"/0/sdk/error.py\", line 52, in run\n  File \"/0/policy.py\", line 12, in decide\nAttributeError: no attribute 'x'",
            Some("policy.py:12: AttributeError: no attribute 'x'"),
        );
        // What the SDK found out is told at the line of the author's that asked for it.
        check(
            "Traceback (most recent call last):\n  File \"/0/policy.py\", line 9, in decide\n    when(\"9\")\n  File \"/0/sdk/when.py\", line 40, in at\nValueError: '9' is no time",
            Some("policy.py:9: ValueError: '9' is no time"),
        );
        check(
            "Traceback (most recent call last):\n  File \"/0/sdk/when.py\", line 40, in at\nMemoryError",
            Some("MemoryError"),
        );
    }

    #[test]
    fn javascript_stacks() {
        let engine = "thread '<unnamed>' (1) panicked at crates/runtime/src/interpreter.rs:51:31:\nFailed to call 'decide': Value(Exception(\n";
        let check = |exception: &str, expect| check(&format!("{engine}{exception}"), expect);
        check(
            r#"Exception { message: Some("no \"here\""), stack: Some("    at whole (/sdk/wire.js:60:3)\n    at decide (/policy.js:2:156)\n") })"#,
            Some(r#"policy.js:2:156: no "here""#),
        );
        check(
            r#"Exception { message: Some("out of memory"), stack: None })"#,
            Some("out of memory"),
        );
        // Another engine's words: its panic is better than nothing.
        check(
            "Exception { message: Some(",
            Some(
                "panicked at crates/runtime/src/interpreter.rs:51:31: Failed to call 'decide': Value(Exception(",
            ),
        );
    }
}
