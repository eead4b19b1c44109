//! What wit-bindgen writes from `wit/`: the wire between a policy and the host.
//!
//! Nothing but `convert` and `export` looks in here, and nothing is glob-imported from it: the
//! contract may gain a type of any name, and an author's own `Event` must not clash with it.

wit_bindgen::generate!({
    path: "../wit",
    world: "policy",
    // Called in authors' crates, by way of `followup_guest::export!`.
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "followup_guest::bindings",
});
