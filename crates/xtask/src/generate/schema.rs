//! The JSON Schema of every public wire type.
//!
//! Owns the list of types that are spoken over the wire; everything else that is generated from
//! types is made from what this gives.

use protocol::{api, tickets};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The definitions by name, in the order in which they are reached. They say what is written:
/// a reader takes members left out that are optional, and members it does not know.
pub fn definitions() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    register(&mut generator);
    generator.take_definitions(true)
}

fn register(generator: &mut SchemaGenerator) {
    generator.subschema_for::<protocol::Frame>();
    generator.subschema_for::<protocol::AnyEvent>();
    generator.subschema_for::<protocol::State>();
    generator.subschema_for::<protocol::Diagnostic>();
    generator.subschema_for::<protocol::Problem>();
    generator.subschema_for::<api::CreateWorker>();
    generator.subschema_for::<api::SendInput>();
    generator.subschema_for::<api::ResolveApproval>();
    generator.subschema_for::<api::InputAccepted>();
    generator.subschema_for::<api::WorkerDetail>();
    generator.subschema_for::<api::WorkerList>();
    generator.subschema_for::<api::TranscriptPage>();
    generator.subschema_for::<api::RuntimeInfo>();
    generator.subschema_for::<protocol::RuntimeList>();
    generator.subschema_for::<protocol::PluginList>();
    generator.subschema_for::<tickets::TicketList>();
    generator.subschema_for::<tickets::TicketDetail>();
    generator.subschema_for::<tickets::CreateTicket>();
    generator.subschema_for::<tickets::NewTicketEvent>();
    generator.subschema_for::<tickets::MoveTicket>();
    generator.subschema_for::<tickets::NewTicketRelation>();
    generator.subschema_for::<protocol::WorkspaceFrame>();
    generator.subschema_for::<protocol::WorkspaceEvent>();
    generator.subschema_for::<protocol::SessionInfo>();
    generator.subschema_for::<protocol::SignIn>();
}

/// The whole document.
pub fn document(defs: &Map<String, Value>) -> String {
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:yoi:schema:protocol",
        "title": "Yoi's wire types",
        "description": "Made from crates/protocol by `cargo run -p xtask -- generate`. docs/wire.md says what they mean.",
        "$defs": defs,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves_and_every_type_says_what_it_is() {
        let defs = definitions();
        let mut refs = Vec::new();
        collect(&Value::Object(defs.clone()), &mut refs);
        for reference in refs {
            let name = reference.strip_prefix("#/$defs/").unwrap();
            assert!(defs.contains_key(name), "{reference}");
        }
        for (name, def) in &defs {
            assert!(def["description"].as_str().is_some_and(|d| !d.is_empty()), "{name}");
        }
        let file = include_str!("../../../protocol/src/api.rs");
        for line in file.lines().filter(|l| l.ends_with('{') && (l.starts_with("    ") || l.starts_with("pub struct")))
        {
            let words = line.trim().trim_start_matches("pub struct ").trim_end_matches(" {");
            let is_name =
                |w: &str| w.starts_with(|c: char| c.is_ascii_uppercase()) && w.chars().all(char::is_alphanumeric);
            assert!(!is_name(words) || defs.contains_key(words), "{words} is not registered");
        }
    }

    fn collect(value: &Value, refs: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                refs.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|v| collect(v, refs));
            }
            Value::Array(items) => items.iter().for_each(|v| collect(v, refs)),
            _ => {}
        }
    }
}
