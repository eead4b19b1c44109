//! What goes wrong in a guest is told in its author's words: message, file and line.

use followup::domain::fault::FaultKind;
use serde_json::json;

use super::Cell;
use super::workshop::{MOODY, has_tools, moody};

#[tokio::test]
async fn faults_name_the_authors_file_and_line() {
    for (language, file, source) in MOODY {
        if !has_tools(language) {
            continue;
        }
        let cell = Cell::new(&moody(language));
        let fails = async |how: &str| {
            let config = json!({"greeting": how}).to_string();
            cell.call("enrolled", &config).await.expect_err(how)
        };

        let bug = fails("bug").await;
        let line = source.lines().position(|line| line.contains("BUG"));
        let place = format!("{file}:{}", line.expect("a marked line") + 1);
        assert_eq!(bug.kind, FaultKind::Panic, "{language}: {bug:?}");
        assert!(bug.message.starts_with(&place), "{language}: {bug:?}");
        assert!(bug.message.contains("nothing"), "{language}: {bug:?}");
        assert!(bug.stderr_tail.contains("decide"), "{language}: {bug:?}");

        let refused = fails("refuse").await;
        assert_eq!(refused.kind, FaultKind::ErrorResult, "{language}");
        assert_eq!(refused.message, "will not", "{language}");

        let endless = fails("endless").await;
        assert_eq!(
            endless.kind,
            FaultKind::OutOfFuel,
            "{language}: {endless:?}"
        );
        let greedy = fails("greedy").await;
        assert_eq!(
            greedy.kind,
            FaultKind::OutOfMemory,
            "{language}: {greedy:?}"
        );
        // And none of it hurts the next call.
        cell.call("enrolled", "{}").await.expect("it decides");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_told_with_its_path() {
    if !has_tools("python") {
        return;
    }
    let cell = Cell::new(&moody("python"));
    let wrong = cell.call("enrolled", r#"{"greeting":1}"#).await;
    let wrong = wrong.expect_err("no text");
    assert!(
        wrong.message.contains("/greeting: must be a text"),
        "{wrong:?}"
    );
}
