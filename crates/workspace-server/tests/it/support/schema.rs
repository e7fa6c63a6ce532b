//! The API's description, and whether what is answered is as it says.
//!
//! Owns the part of JSON Schema that the description uses; a keyword that it does not know is a
//! failure, and never passed over.

use super::Reply;
use serde_json::{Map, Value};

const DOCUMENT: &str = include_str!("../../../openapi.json");

/// The API's description, as it is committed.
pub struct Api {
    /// The whole of it.
    pub document: Value,
}

impl Api {
    /// Reads it.
    pub fn read() -> Api {
        Api { document: serde_json::from_str(DOCUMENT).unwrap() }
    }

    /// Every operation: its path, its method in lower case, and what is said of it.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    /// What is said of the operation that a request asks for, if it is one.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap_or_default();
        let fits = |template: &str| {
            let (mut parts, mut wanted) = (path.split('/'), template.split('/'));
            loop {
                match (parts.next(), wanted.next()) {
                    (None, None) => return true,
                    (Some(part), Some(want)) if want.starts_with('{') && !part.is_empty() || part == want => {}
                    _ => return false,
                }
            }
        };
        let mut found: Vec<_> = self.operations().filter(|(template, _, _)| fits(template)).collect();
        // what stands there by name goes before what stands for any name
        found.sort_by_key(|(template, _, _)| template.matches('{').count());
        let (template, ..) = *found.first()?;
        let method = method.to_ascii_lowercase();
        found.iter().find(|found| found.0 == template && found.1 == method).map(|found| found.2)
    }

    /// Panics unless an answer is one of those described.
    pub fn check_reply(&self, method: &str, path: &str, reply: &Reply) {
        let what = format!("{method} {path} -> {} {}", reply.status, String::from_utf8_lossy(&reply.body));
        let media = reply.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        if reply.status >= 400 {
            assert_eq!(media, "application/problem+json", "{what}");
            self.check("Problem", &reply.json()).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
            let problem = reply.json();
            let code = problem["code"].as_str().unwrap();
            assert_eq!(problem["type"], format!("urn:yoi:error:{code}"), "{what}");
            assert_eq!(problem["status"], reply.status, "{what}");
            assert!(problem["retryable"].is_boolean() && problem["action"].is_string(), "{what}");
            assert!(!problem["title"].as_str().unwrap().is_empty(), "{what}");
        }
        let Some(operation) = self.operation(method, path) else {
            assert!(matches!(reply.status, 404 | 405), "not described: {what}");
            return;
        };
        let described = &operation["responses"][reply.status.to_string()];
        assert!(!described.is_null(), "a status that is not described: {what}");
        if reply.status >= 400 {
            let codes = described["description"].as_str().unwrap();
            let code = reply.code();
            assert!(codes.contains(&format!("`{code}`")), "a code that is not described: {what}");
        }
        let Some(content) = described["content"].as_object() else {
            return;
        };
        let schema = &content.get(media).unwrap_or_else(|| panic!("not described as {media}: {what}"))["schema"];
        if media == "application/json" {
            self.fits(schema, &reply.json(), 0).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        }
    }

    /// Whether a value is as the schema of this name says, or what is wrong with it.
    pub fn check(&self, name: &str, value: &Value) -> Result<(), String> {
        let schema = &self.document["components"]["schemas"][name];
        assert!(schema.is_object(), "no schema `{name}`");
        self.fits(schema, value, 0)
    }

    fn fits(&self, schema: &Value, value: &Value, depth: usize) -> Result<(), String> {
        assert!(depth < 100, "a schema without an end");
        match schema {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => Err(format!("nothing may stand here: {value}")),
            Value::Object(schema) => schema.iter().try_for_each(|(keyword, said)| {
                self.keyword(schema, keyword, said, value, depth).map_err(|wrong| format!("{keyword}: {wrong}"))
            }),
            other => panic!("not a schema: {other}"),
        }
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        said: &Value,
        value: &Value,
        depth: usize,
    ) -> Result<(), String> {
        let wrong = || Err(format!("{said} is not met by {value}"));
        let all = |good: bool| if good { Ok(()) } else { wrong() };
        let fits = |schema: &Value, value: &Value| self.fits(schema, value, depth + 1);
        let among = || said.as_array().unwrap().iter().map(|schema| fits(schema, value)).collect::<Vec<_>>();
        match keyword {
            "description" | "title" | "default" | "format" => Ok(()),
            "$ref" => {
                let name = said.as_str().unwrap().strip_prefix("#/components/schemas/").unwrap();
                self.check_at(name, value, depth)
            }
            "type" => match said {
                Value::Array(kinds) => all(kinds.iter().any(|kind| is(kind, value))),
                kind => all(is(kind, value)),
            },
            "const" => all(same(said, value)),
            "enum" => all(said.as_array().unwrap().iter().any(|said| same(said, value))),
            "not" => all(fits(said, value).is_err()),
            "anyOf" => {
                let tried = among();
                let why = || tried.iter().filter_map(|tried| tried.clone().err()).collect::<Vec<_>>().join(" | ");
                if tried.iter().any(Result::is_ok) { Ok(()) } else { Err(why()) }
            }
            "oneOf" => {
                let tried = among();
                let why = || tried.iter().filter_map(|tried| tried.clone().err()).collect::<Vec<_>>().join(" | ");
                match tried.iter().filter(|tried| tried.is_ok()).count() {
                    1 => Ok(()),
                    0 => Err(why()),
                    n => Err(format!("{n} are met by {value}")),
                }
            }
            "required" => match value.as_object() {
                Some(object) => {
                    all(said.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap())))
                }
                None => Ok(()),
            },
            "properties" => {
                let Some(object) = value.as_object() else { return Ok(()) };
                said.as_object().unwrap().iter().try_for_each(|(name, schema)| match object.get(name) {
                    Some(value) => fits(schema, value).map_err(|wrong| format!("{name}: {wrong}")),
                    None => Ok(()),
                })
            }
            "additionalProperties" => {
                let Some(object) = value.as_object() else { return Ok(()) };
                let named = schema.get("properties").and_then(Value::as_object);
                let mut others = object.iter().filter(|(name, _)| named.is_none_or(|named| !named.contains_key(*name)));
                others.try_for_each(|(name, value)| fits(said, value).map_err(|wrong| format!("{name}: {wrong}")))
            }
            "items" => value.as_array().map_or(Ok(()), |items| items.iter().try_for_each(|item| fits(said, item))),
            "minimum" => all(value.as_f64().is_none_or(|n| n >= said.as_f64().unwrap())),
            "maximum" => all(value.as_f64().is_none_or(|n| n <= said.as_f64().unwrap())),
            "maxLength" => all(value.as_str().is_none_or(|text| text.chars().count() as u64 <= said.as_u64().unwrap())),
            "pattern" => all(value.as_str().is_none_or(|text| has_form(said.as_str().unwrap(), text))),
            other => panic!("a keyword that is not known here: {other}"),
        }
    }

    fn check_at(&self, name: &str, value: &Value, depth: usize) -> Result<(), String> {
        let schema = &self.document["components"]["schemas"][name];
        assert!(schema.is_object(), "no schema `{name}`");
        self.fits(schema, value, depth + 1).map_err(|wrong| format!("{name}: {wrong}"))
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("not a type: {other}"),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && b.is_number() && a.as_f64() == b.as_f64()
}

/// The patterns of the description, read by what they stand for.
fn has_form(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[a-z0-9][a-z0-9._-]{0,63}$" => text.parse::<protocol::RuntimeId>().is_ok(),
        "^w_[0-7][0-9a-hjkmnp-tv-z]{25}$" => text.parse::<protocol::WorkerId>().is_ok(),
        "^r_[0-7][0-9a-hjkmnp-tv-z]{25}$" => text.parse::<protocol::RunId>().is_ok(),
        other => panic!("a pattern that is not known here: {other}"),
    }
}

/// The check does find.
#[test]
fn what_is_not_as_described_is_found() {
    let api = Api::read();
    let good = serde_json::json!({
        "runtime_id": "box", "kind": "remote", "link": "up", "capabilities": [], "profiles": [], "diagnostics": [],
        "of_tomorrow": 1,
    });
    api.check("RuntimeRow", &good).unwrap();
    for (at, bad) in [
        ("/runtime_id", serde_json::json!("Not An Id")),
        ("/link", serde_json::json!(7)),
        ("/capabilities", serde_json::json!([1])),
        ("/profiles", serde_json::json!([{"name": "x"}])),
        ("/diagnostics", serde_json::json!([{"code": "internal"}])),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(at).unwrap() = bad;
        api.check("RuntimeRow", &value).unwrap_err();
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("link");
    api.check("RuntimeRow", &short).unwrap_err();
    assert_eq!(api.operation("POST", "/api/runtimes/x/workers?y").unwrap()["operationId"], "createWorker");
    assert_eq!(api.operation("GET", "/api/workers").unwrap()["operationId"], "listAllWorkers");
    assert!(api.operation("PUT", "/api/workers").is_none() && api.operation("GET", "/api/x").is_none());
}
