//! The bindings that `wit-bindgen` makes from `wit/`.
//!
//! Owns nothing of its own. Must not be used by plugins: the other modules are what they use, and
//! `register!` is the only other way in.

/// The imports, and the export `service`.
pub mod service {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "plugin",
        runtime_path: "yoi_plugin_pdk::rt",
        default_bindings_module: "yoi_plugin_pdk::bindings::service",
        export_macro_name: "export_service",
        pub_export_macro: true,
        generate_all,
    });
}

/// The export `tools`; its world's imports are those of [`service`].
pub mod tools {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "tools-only",
        runtime_path: "yoi_plugin_pdk::rt",
        default_bindings_module: "yoi_plugin_pdk::bindings::tools",
        export_macro_name: "export_tools",
        pub_export_macro: true,
        with: {
            "yoi:plugin/request@0.1.0": super::service::yoi::plugin::request,
            "yoi:plugin/websocket@0.1.0": super::service::yoi::plugin::websocket,
            "yoi:plugin/log@0.1.0": super::service::yoi::plugin::log,
            "yoi:plugin/clock@0.1.0": super::service::yoi::plugin::clock,
            "yoi:plugin/state@0.1.0": super::service::yoi::plugin::state,
            "yoi:plugin/emit@0.1.0": super::service::yoi::plugin::emit,
        },
    });
}

pub(crate) use service::yoi::plugin as host;
