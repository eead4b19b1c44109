//! The Rust SDK's `Cargo.toml` outside of this workspace: what it inherits is written out.
//!
//! In go the crate's manifest and the workspace's; out comes one that stands alone.

use anyhow::Context;
use toml::{Table, Value};

/// The manifest with every `workspace = true` replaced by what it stands for, and without the lints,
/// which are about how we write.
pub(super) fn alone(manifest: &str, workspace: &str) -> anyhow::Result<String> {
    let mut manifest: Table = toml::from_str(manifest).context("the SDK's Cargo.toml")?;
    let workspace: Table = toml::from_str(workspace).context("the workspace's Cargo.toml")?;
    let workspace = &workspace["workspace"];
    manifest.remove("lints");
    if let Some(Value::Table(package)) = manifest.get_mut("package") {
        for (key, value) in package.iter_mut().filter(|(_, value)| inherits(value)) {
            *value = workspace["package"][key].clone();
        }
    }
    write_out(&mut manifest, &workspace["dependencies"]);
    Ok(toml::to_string(&manifest)?)
}

/// The dependencies, of all targets.
fn write_out(table: &mut Table, workspace: &Value) {
    for (key, value) in table.iter_mut() {
        let Value::Table(inner) = value else { continue };
        if key.ends_with("dependencies") {
            for (name, dependency) in inner.iter_mut().filter(|(_, value)| inherits(value)) {
                *dependency = merge(&workspace[name.as_str()], dependency);
            }
        } else {
            write_out(inner, workspace);
        }
    }
}

fn inherits(value: &Value) -> bool {
    value.get("workspace") == Some(&Value::Boolean(true))
}

/// The workspace's dependency with what the crate adds; features add up, as cargo does it.
fn merge(workspace: &Value, own: &Value) -> Value {
    let mut merged = match workspace {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    for (key, value) in own.as_table().into_iter().flatten() {
        match (key.as_str(), value, merged.get_mut(key)) {
            ("workspace", ..) => {}
            ("features", Value::Array(more), Some(Value::Array(features))) => {
                features.extend(more.clone());
            }
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Table(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inherited_is_written_out() {
        let manifest = r#"
            [package]
            name = "sdk"
            version.workspace = true
            [lints]
            workspace = true
            [dependencies]
            a.workspace = true
            b = { workspace = true, features = ["y"], optional = true }
            [target.'cfg(unix)'.dependencies]
            a.workspace = true
        "#;
        let workspace = r#"
            [workspace.package]
            version = "0.1.0"
            [workspace.dependencies]
            a = "1"
            b = { version = "2", features = ["x"] }
        "#;
        let expect = r#"
            [package]
            name = "sdk"
            version = "0.1.0"
            [dependencies]
            a = { version = "1" }
            b = { version = "2", features = ["x", "y"], optional = true }
            [target.'cfg(unix)'.dependencies]
            a = { version = "1" }
        "#;
        let got: Table = toml::from_str(&alone(manifest, workspace).expect("good")).expect("TOML");
        assert_eq!(got, toml::from_str::<Table>(expect).expect("TOML"));
    }
}
