//! What wit-bindgen writes from `wit/`: the wire between a plugin and the host.
//!
//! Nothing but `convert` and `export` looks in here, and nothing is glob-imported from it: the
//! contract may gain a type of any name, and an author's own `Event` must not clash with it.
//! One module for each interface that a plugin may export: two worlds that share an export cannot
//! be generated in one crate (wit-bindgen issue 1502), and a component brings those it exports.

wit_bindgen::generate!({
    path: "../wit",
    world: "policy",
    // Called in authors' crates, by way of `followup_guest::export!`.
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "followup_guest::bindings",
});

pub mod migrating {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package followup:sdk; world migrating { export followup:plugin/policy-migrate@0.1.0; }",
        world: "followup:sdk/migrating",
        with: { "followup:plugin/types@0.1.0": crate::bindings::followup::plugin::types },
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_migrating",
        default_bindings_module: "followup_guest::bindings::migrating",
    });
}

pub mod webhook {
    wit_bindgen::generate!({
        path: "../wit",
        world: "trigger-webhook-only",
        with: {
            "followup:plugin/types@0.1.0": crate::bindings::followup::plugin::types,
            "followup:plugin/log@0.1.0": crate::bindings::followup::plugin::log,
            "followup:plugin/calendar@0.1.0": crate::bindings::followup::plugin::calendar,
        },
        pub_export_macro: true,
        export_macro_name: "export_webhook",
        default_bindings_module: "followup_guest::bindings::webhook",
    });
}

pub mod poll {
    wit_bindgen::generate!({
        path: "../wit",
        world: "trigger-poll-only",
        with: {
            "followup:plugin/types@0.1.0": crate::bindings::followup::plugin::types,
            "followup:plugin/log@0.1.0": crate::bindings::followup::plugin::log,
            "followup:plugin/calendar@0.1.0": crate::bindings::followup::plugin::calendar,
            "followup:plugin/secrets@0.1.0": crate::bindings::webhook::followup::plugin::secrets,
            "followup:plugin/trigger-types@0.1.0": crate::bindings::webhook::followup::plugin::trigger_types,
        },
        pub_export_macro: true,
        export_macro_name: "export_poll",
        default_bindings_module: "followup_guest::bindings::poll",
    });
}
