//! Which plugins there are. What keeps one from being loaded is among the configuration's problems.

use super::Finding;
use crate::domain::manifest::Manifest;

pub(super) fn look(plugins: &[Manifest]) -> Vec<Finding> {
    let finding = |manifest: &Manifest| {
        let (version, kind) = (&manifest.version, manifest.kind.as_str());
        Finding::ok(
            &format!("plugin {}", manifest.id),
            format!("{kind} {version} can be loaded"),
        )
    };
    plugins.iter().map(finding).collect()
}
