//! The TypeScript of the wire types, made from their JSON Schema.
//!
//! Owns how a schema is said in TypeScript; the words that no schema holds are in `constants`.
//! Knows only the forms of schema that our types have, and says `unknown` to any other.

mod constants;

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

type Object = Map<String, Value>;

const HEAD: &str = "\
// Made from crates/protocol by `cargo run -p xtask -- generate`. Do not edit.
// docs/wire.md says what these mean.
";

/// The whole module.
pub fn module(defs: &Object) -> String {
    let mut out = HEAD.to_owned();
    let tags = merged_tags(defs);
    for (name, def) in defs {
        let Some(def) = def.as_object() else { continue };
        out.push('\n');
        define(&mut out, defs, &tags, name, def);
    }
    out.push_str(&constants::all());
    out
}

/// One variant of a tagged union.
struct Variant<'a> {
    /// The member that tells, and its value.
    tag: (&'a str, &'a str),
    /// What it is called in TypeScript.
    name: String,
    schema: &'a Object,
    /// The definition that it is besides the tag.
    base: Option<&'a str>,
}

/// What a variant of this union is called behind its tag.
fn suffix(union: &str) -> &str {
    union.strip_prefix("Known").unwrap_or(union)
}

fn reference(schema: &Object) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn properties(schema: &Object) -> impl Iterator<Item = (&str, &Value)> {
    let members = schema.get("properties").and_then(Value::as_object);
    members.into_iter().flatten().map(|(name, v)| (name.as_str(), v))
}

fn variants<'a>(union: &str, def: &'a Object) -> Vec<Variant<'a>> {
    let all = def.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|schema| {
        let schema = schema.as_object()?;
        let tag = properties(schema).find_map(|(name, v)| Some((name, v.get("const")?.as_str()?)))?;
        let name = format!("{}{}", pascal(tag.1), suffix(union));
        Some(Variant { tag, name, schema, base: reference(schema) })
    })
    .collect()
}

/// The variant of a union that stands for every type it does not name.
fn unknown(def: &Object) -> Option<&Object> {
    let mut variants = def.get("oneOf").and_then(Value::as_array)?.iter().filter_map(Value::as_object);
    variants.find(|schema| properties(schema).any(|(_, value)| value.pointer("/not/enum").is_some()))
}

/// The tags of definitions that are a variant of a union by their own name: they are written into
/// them, not beside them.
fn merged_tags(defs: &Object) -> BTreeMap<String, (String, String)> {
    let unions = defs.iter().filter_map(|(name, def)| Some((name, def.as_object()?)));
    let merged = unions.flat_map(|(name, def)| variants(name, def)).filter(|v| v.base == Some(&v.name));
    merged.map(|v| (v.name, (v.tag.0.to_owned(), v.tag.1.to_owned()))).collect()
}

fn define(out: &mut String, defs: &Object, tags: &BTreeMap<String, (String, String)>, name: &str, def: &Object) {
    let variants = variants(name, def);
    if variants.is_empty() {
        doc(out, "", &description(def));
        if def.get("type").and_then(Value::as_str) == Some("object") {
            let tag = tags.get(name).map(|(tag, value)| (tag.as_str(), value.as_str()));
            interface(out, name, None, tag, &[def]);
        } else {
            let _ = writeln!(out, "export type {name} = {};", type_of(def));
        }
        return;
    }
    doc(out, "", &description(def));
    let names: Vec<_> = variants.iter().map(|v| format!("\n  | {}", v.name)).collect();
    match unknown(def) {
        Some(unknown) => {
            let _ = writeln!(out, "export type {name} = Known{name} | Unknown{name};\n");
            doc(out, "", "Of a type that this version knows.");
            let _ = writeln!(out, "export type Known{name} ={};\n", names.concat());
            doc(out, "", &description(unknown));
            interface(out, &format!("Unknown{name}"), None, None, &[unknown]);
            let types: Vec<_> = variants.iter().map(|v| v.tag.1).collect();
            out.push_str(&constants::guard(name, &types));
        }
        None => {
            let _ = writeln!(out, "export type {name} ={};", names.concat());
        }
    }
    for variant in variants.iter().filter(|v| v.base != Some(&v.name)) {
        debug_assert!(!defs.contains_key(&variant.name), "{} is defined twice", variant.name);
        out.push('\n');
        doc(out, "", &description(variant.schema));
        // members that stand beside the union belong to every variant
        interface(out, &variant.name, variant.base, Some(variant.tag), &[variant.schema, def]);
    }
}

fn interface(out: &mut String, name: &str, base: Option<&str>, tag: Option<(&str, &str)>, schemas: &[&Object]) {
    let extends = base.map(|b| format!(" extends {b}")).unwrap_or_default();
    let _ = writeln!(out, "export interface {name}{extends} {{");
    if let Some((member, value)) = tag {
        let _ = writeln!(out, "  {member}: {};", literal(value));
    }
    let mut members = 0;
    for schema in schemas {
        let required: Vec<_> = schema.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        for (member, value) in properties(schema) {
            let Some(value) = value.as_object() else {
                continue;
            };
            if tag.is_some_and(|(tag, _)| tag == member) {
                continue;
            }
            members += 1;
            doc(out, "  ", &description(value));
            if required.iter().any(|r| r.as_str() == Some(member)) {
                let _ = writeln!(out, "  {member}: {};", type_of(value));
            } else {
                let _ = writeln!(out, "  {member}?: {};", without_null(value));
            }
        }
    }
    let open = schemas.iter().any(|s| s.get("additionalProperties") == Some(&Value::Bool(true)));
    if open && (members == 0 || name.starts_with("Unknown")) {
        out.push_str("  [member: string]: unknown;\n");
    }
    out.push_str("}\n");
}

/// The alternatives of a schema, each as TypeScript.
fn alternatives(schema: &Object) -> Vec<String> {
    if let Some(name) = reference(schema) {
        return vec![name.to_owned()];
    }
    if let Some(value) = schema.get("const").and_then(Value::as_str) {
        return vec![literal(value)];
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let is_open = any.iter().any(|s| s.get("const").is_some());
        let each = any.iter().filter_map(Value::as_object);
        let mut all: Vec<_> = each.flat_map(alternatives).collect();
        if is_open {
            // keeps the known values in completion, and any other string assignable
            all.iter_mut().filter(|a| *a == "string").for_each(|a| *a = "(string & {})".to_owned());
        }
        return all;
    }
    match schema.get("type") {
        Some(Value::String(name)) => vec![named(name, schema)],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(|n| named(n, schema)).collect(),
        _ => vec!["unknown".to_owned()],
    }
}

fn named(name: &str, schema: &Object) -> String {
    match name {
        "integer" | "number" => "number".to_owned(),
        "string" | "boolean" | "null" => name.to_owned(),
        "array" => {
            let items = schema.get("items").and_then(Value::as_object).map(alternatives);
            match items.unwrap_or_default().as_slice() {
                [] => "unknown[]".to_owned(),
                [one] => format!("{one}[]"),
                many => format!("({})[]", many.join(" | ")),
            }
        }
        "object" => match schema.get("additionalProperties").and_then(Value::as_object) {
            Some(value) => format!("Record<string, {}>", type_of(value)),
            None => "Record<string, unknown>".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

fn type_of(schema: &Object) -> String {
    alternatives(schema).join(" | ")
}

/// The type of a member that is left out rather than null.
fn without_null(schema: &Object) -> String {
    let mut all = alternatives(schema);
    all.retain(|a| a != "null");
    all.join(" | ")
}

/// What the schema says about itself, and of an open enumeration what its values are.
fn description(schema: &Object) -> String {
    let mut text = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for value in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(name), Some(said)) = (value.get("const"), value.get("description").and_then(Value::as_str)) {
            let _ = write!(text, "\n- `{name}`: {said}");
        }
    }
    // links that only rustdoc follows
    text.replace("[`crate::AnyEvent::from_json`] reads it", "an `AnyEvent`").replace("[`", "`").replace("`]", "`")
}

fn doc(out: &mut String, indent: &str, text: &str) {
    let text = text.replace("*/", "*\u{200b}/");
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let _ = match lines.as_slice() {
        [] => Ok(()),
        [one] => writeln!(out, "{indent}/** {one} */"),
        many => writeln!(out, "{indent}/**\n{indent} * {}\n{indent} */", many.join(&format!("\n{indent} * "))),
    };
}

/// A string literal: JSON's are TypeScript's.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

fn pascal(snake: &str) -> String {
    let word = |w: &str| w.get(..1).unwrap_or_default().to_uppercase() + w.get(1..).unwrap_or_default();
    snake.split('_').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(def: Value) -> String {
        let defs: Object = [("Thing".to_owned(), def)].into_iter().collect();
        let text = module(&defs);
        text.split_once("\n\n").unwrap().1.split_once("\n// Constants").unwrap().0.trim().to_owned()
    }

    #[test]
    fn open_enumerations_keep_completion() {
        let def = json!({"description": "D.", "anyOf": [{"const": "a", "description": "A."}, {"type": "string"}]});
        assert_eq!(made(def), "/**\n * D.\n * - `\"a\"`: A.\n */\nexport type Thing = \"a\" | (string & {});");
    }

    #[test]
    fn optional_members_are_left_out_not_null() {
        let def = json!({
            "type": "object",
            "properties": {
                "a": {"type": ["integer", "null"]},
                "b": {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]},
                "c": {"type": "array", "items": {"type": ["string", "null"]}},
            },
            "required": ["b", "c"],
        });
        assert_eq!(made(def), "export interface Thing {\n  a?: number;\n  b: X | null;\n  c: (string | null)[];\n}");
    }

    #[test]
    fn tagged_unions_become_interfaces() {
        let variant =
            |tag: &str| json!({"type": "object", "properties": {"type": {"const": tag}}, "required": ["type"]});
        let def = json!({"oneOf": [variant("a_b"), variant("c")], "properties": {"at": {"type": "string"}}, "required": ["at"]});
        let text = made(def);
        assert!(text.starts_with("export type Thing =\n  | ABThing\n  | CThing;"), "{text}");
        assert!(text.contains("export interface CThing {\n  type: \"c\";\n  at: string;\n}"), "{text}");
    }

    #[test]
    fn a_union_that_is_open_has_a_variant_of_any_other_type() {
        let known = json!({"type": "object", "properties": {"type": {"const": "a"}}, "required": ["type"]});
        let rest = json!({
            "description": "U.",
            "type": "object",
            "properties": {"type": {"type": "string", "not": {"enum": ["a"]}}},
            "required": ["type"],
            "additionalProperties": true,
        });
        let text = made(json!({"oneOf": [known, rest]}));
        let of_unknown =
            "/** U. */\nexport interface UnknownThing {\n  type: string;\n  [member: string]: unknown;\n}\n";
        assert!(text.contains(of_unknown), "{text}");
        assert!(text.contains("export type Thing = KnownThing | UnknownThing;"), "{text}");
        assert!(text.contains("export const THING_TYPES = [\n  \"a\",\n] as const;"), "{text}");
        assert!(text.contains("export function isKnownThing(thing: Thing): thing is KnownThing {"), "{text}");
    }

    #[test]
    fn the_real_module_has_no_hole() {
        let text = module(&crate::generate::schema::definitions());
        assert!(!text.contains(": any"), "`any` takes away what types are for");
        for name in
            ["BlockDeltaEvent", "SnapshotEvent extends State", "EventFrame", "TextPart", "UnknownEvent", "Problem"]
        {
            assert!(text.contains(&format!("export interface {name} {{")), "{name}");
        }
        assert_eq!(text.matches(": unknown;").count(), 5, "an extension's value, three unknowns and a terminal");
    }
}
