//! A plugin with a service, which says that it is there, and a tool, which greets.

use serde::Deserialize;
use std::time::Duration;
use yoi_plugin_pdk::{Service, Tool, ToolError, Tools, clock, emit, info};

/// What the workspace has set for this plugin.
#[derive(Deserialize)]
struct Config {
    #[serde(default = "a_minute")]
    every_s: u64,
}

struct Plugin {
    config: Config,
}

impl Service for Plugin {
    fn start(config: &str) -> Result<Self, String> {
        let config = serde_json::from_str(config).map_err(|error| format!("the configuration: {error}"))?;
        Ok(Plugin { config })
    }

    fn run(&mut self) -> Result<(), String> {
        for round in 1_u64.. {
            emit::status(&format!("round {round}")).map_err(|error| error.to_string())?;
            info!("round {round}");
            // an error here means: the host wants the plugin to end
            if clock::sleep(Duration::from_secs(self.config.every_s)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Greet {
    name: String,
}

impl Tools for Plugin {
    fn list() -> Vec<Tool> {
        let schema = r#"{
            "type": "object",
            "properties": { "name": { "type": "string", "description": "Whom to greet" } },
            "required": ["name"],
            "additionalProperties": false
        }"#;
        vec![Tool::new("greet", "Greets somebody by name.", schema)]
    }

    fn call(name: &str, arguments: &str) -> Result<String, ToolError> {
        match name {
            "greet" => serde_json::from_str(arguments).map(|greet| greeting(&greet)).map_err(ToolError::invalid),
            _ => Err(ToolError::UnknownTool),
        }
    }
}

yoi_plugin_pdk::register!(service: Plugin, tools: Plugin);

fn a_minute() -> u64 {
    60
}

fn greeting(greet: &Greet) -> String {
    format!("Hello, {}!", greet.name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_greets() {
        assert_eq!(Plugin::call("greet", r#"{"name": " Ada "}"#).unwrap(), "Hello, Ada!");
        assert!(matches!(Plugin::call("greet", "{}"), Err(ToolError::InvalidArguments(_))));
        assert!(matches!(Plugin::call("shout", "{}"), Err(ToolError::UnknownTool)));
    }
}
