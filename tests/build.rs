//! Builds the plugins that the tests run to components, and says where they lie.

fn main() {
    for artifact in followup_plugin_builder::build(&[
        "followup-rogue",
        "followup-rogue-trigger",
        "followup-pacer",
    ]) {
        let name = artifact
            .package
            .trim_start_matches("followup-")
            .replace('-', "_")
            .to_uppercase();
        println!(
            "cargo:rustc-env={name}_COMPONENT={}",
            artifact.path.display()
        );
    }
}
