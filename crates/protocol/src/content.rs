//! The parts of which messages and tool results are made.
//!
//! Owns their forms; a part of a type that this version does not know is kept and passed on.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// One part of `content[]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// One that this version knows.
    Known(KnownPart),
    /// One of another type, members in the order in which they came.
    Unknown(Map<String, Value>),
}

/// The parts that this version knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum KnownPart {
    /// Plain or Markdown text.
    Text(TextPart),
    /// A picture, inline or by reference.
    Image(ImagePart),
    /// Something named by a URI.
    Resource(ResourcePart),
    /// A change to a file.
    Diff(DiffPart),
    /// Output of a terminal.
    Terminal(TerminalPart),
}

macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $type,)*
            /// Members that this version does not know.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }
    };
}

part!(
    /// Text.
    TextPart {
        /// The text.
        text: String,
    }
);
part!(
    /// A picture.
    ImagePart {
        /// Its media type (RFC 6838), such as `image/png`.
        mime_type: String,
        /// Its bytes in base64 (RFC 4648 §4).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Where it is instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
    }
);
part!(
    /// A reference.
    ResourcePart {
        /// What it refers to.
        uri: String,
    }
);
part!(
    /// A change to a file.
    DiffPart {
        /// The file, relative to the working folder.
        path: String,
        /// Before; absent for a new file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<String>,
        /// After; absent for a removed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new: Option<String>,
    }
);
part!(
    /// Output of a terminal.
    TerminalPart {}
);

impl Part {
    /// The types that this version knows, as on the wire.
    pub const TYPES: &'static [&'static str] = &["text", "image", "resource", "diff", "terminal"];

    /// A text part.
    pub fn text(text: impl Into<String>) -> Self {
        Part::Known(KnownPart::Text(TextPart { text: text.into(), extra: Map::new() }))
    }

    /// The text of a text part.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Part::Known(KnownPart::Text(part)) => Some(&part.text),
            _ => None,
        }
    }

    /// The `type` of the part; empty where it has none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Part::Known(KnownPart::Text(_)) => "text",
            Part::Known(KnownPart::Image(_)) => "image",
            Part::Known(KnownPart::Resource(_)) => "resource",
            Part::Known(KnownPart::Diff(_)) => "diff",
            Part::Known(KnownPart::Terminal(_)) => "terminal",
            Part::Unknown(members) => members.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let members = Map::<String, Value>::deserialize(d)?;
        let known = match members.get("type").and_then(Value::as_str) {
            Some(name) => Part::TYPES.contains(&name),
            None => return Err(serde::de::Error::custom("a part of content needs a `type`")),
        };
        if !known {
            return Ok(Part::Unknown(members));
        }
        serde_json::from_value(Value::Object(members)).map(Part::Known).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for Part {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Part".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (known, unknown) = (generator.subschema_for::<KnownPart>(), generator.subschema_for::<UnknownPart>());
        schemars::json_schema!({ "description": "One part of `content[]`.", "anyOf": [known, unknown] })
    }
}

/// Names the form of [`Part::Unknown`] in the schema.
#[cfg(feature = "codegen")]
struct UnknownPart;

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for UnknownPart {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UnknownPart".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A part of a type that this version does not know; kept and passed on.",
            "type": "object",
            "required": ["type"],
            "properties": { "type": { "type": "string", "not": { "enum": Part::TYPES } } },
            "additionalProperties": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_round_trip_with_what_they_do_not_know() {
        for json in [
            r#"{"type":"text","text":"hi","lang":"en"}"#,
            r#"{"type":"terminal","rows":24,"data":"$ ls"}"#,
            r#"{"type":"diff","path":"a.rs","new":"x"}"#,
            r#"{"type":"hologram","z":1,"a":[true,null]}"#,
        ] {
            let part: Part = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&part).unwrap(), json);
        }
        assert!(serde_json::from_str::<Part>(r#"{"type":"text"}"#).unwrap_err().to_string().contains("text"));
        assert!(serde_json::from_str::<Part>("{}").unwrap_err().to_string().contains("type"));
    }
}
