//! The WIT package, as Rust.
//!
//! Owns nothing: generated from `wit/`. Interfaces are linked and exports are looked up one by one,
//! so that the widest world serves them all.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin-with-tools",
    imports: {
        "yoi:plugin/clock.now": trappable,
        "yoi:plugin/clock.monotonic": trappable,
        "yoi:plugin/log.write": trappable,
        "yoi:plugin/websocket.[method]connection.status": trappable,
        "yoi:plugin/websocket.[method]connection.subprotocol": trappable,
        "yoi:plugin/websocket.[method]connection.close": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    with: { "yoi:plugin/websocket.connection": crate::websocket::Connection },
    additional_derives: [PartialEq],
    require_store_data_send: true,
});

pub(crate) use exports::yoi::plugin::{service, tools};
pub(crate) use yoi::plugin::{clock, emit, log, request, state, websocket};
