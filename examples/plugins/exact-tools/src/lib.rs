//! Tools for what models do badly by themselves: counting, calendar days, comparing lists.
//!
//! Owns the choice of tool and reading its arguments. What each does is in a module of its own. Must
//! not need anything of the host.

mod compare;
mod count;
mod days;

use serde::de::DeserializeOwned;
use yoi_plugin_pdk::{Tool, ToolError, Tools};

struct Exact;

impl Tools for Exact {
    fn list() -> Vec<Tool> {
        vec![count::tool(), days::tool(), compare::tool()]
    }

    fn call(name: &str, arguments: &str) -> Result<String, ToolError> {
        match name {
            "count" => Ok(count::call(&read(arguments)?)),
            "days" => days::call(&read(arguments)?),
            "compare" => Ok(compare::call(&read(arguments)?)),
            _ => Err(ToolError::UnknownTool),
        }
    }
}

fn read<T: DeserializeOwned>(arguments: &str) -> Result<T, ToolError> {
    serde_json::from_str(arguments).map_err(ToolError::invalid)
}

/// `1 day`, `2 days`.
fn number(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

yoi_plugin_pdk::register!(tools: Exact);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_is_listed_can_be_called_and_has_a_schema() {
        for tool in Exact::list() {
            let schema: serde_json::Value = serde_json::from_str(&tool.input_schema).unwrap();
            assert_eq!(schema["type"], "object");
            let error = Exact::call(&tool.name, "{\"nothing\": 1}").unwrap_err();
            assert!(matches!(error, ToolError::InvalidArguments(_)), "{}", tool.name);
        }
        assert_eq!(Exact::call("guess", "{}"), Err(ToolError::UnknownTool));
    }
}
