//! A guest that does whatever a test tells it, also what no plugin should. `../README.md` lists it all.
//!
//! Owns how steps come in and how what they came to goes out. Must not have behaviour that no step
//! asks for.

mod abuse;
mod connections;
mod host;
mod steps;

use serde_json::{Value, json};
use steps::{Fail, Out, Steps};
use yoi_plugin_pdk::{Service, Tool, ToolError, Tools, info};

struct Probe {
    steps: Steps,
    config: Value,
}

impl Service for Probe {
    fn start(config: &str) -> Result<Self, String> {
        let config: Value = serde_json::from_str(config).map_err(|error| error.to_string())?;
        let mut probe = Probe { steps: Steps::default(), config };
        probe.part("start").map(|()| probe)
    }

    fn run(&mut self) -> Result<(), String> {
        self.part("run")
    }

    fn stop(&mut self) {
        let _ = self.part("stop");
    }
}

impl Probe {
    /// Carries out a part of the configuration, and logs what each step came to.
    fn part(&mut self, part: &str) -> Result<(), String> {
        let Some(steps) = self.config.get(part).cloned() else { return Ok(()) };
        for step in steps::list(&steps) {
            match self.steps.step(step) {
                Ok(Out::Value(value)) => {
                    let is_cancelled = steps::is_cancelled(&value);
                    info!("{part} {value}");
                    if is_cancelled {
                        return Ok(());
                    }
                }
                Ok(Out::Raw(text)) => return Err(text),
                Err(fail) => return Err(fail.text),
            }
        }
        Ok(())
    }
}

impl Tools for Probe {
    fn list() -> Vec<Tool> {
        let schema = r#"{"type":"object","properties":{"steps":{}},"required":["steps"]}"#;
        vec![Tool::new("do", "Carries out steps, for tests.", schema)]
    }

    fn call(name: &str, arguments: &str) -> Result<String, ToolError> {
        if name != "do" {
            return Err(ToolError::UnknownTool);
        }
        let arguments: Value = serde_json::from_str(arguments).map_err(ToolError::invalid)?;
        let steps = arguments.get("steps").ok_or_else(|| ToolError::invalid("there are no `steps`"))?;
        let mut done = Vec::new();
        let mut runner = Steps::default();
        for step in steps::list(steps) {
            match runner.step(step) {
                Ok(Out::Value(value)) => {
                    let is_cancelled = steps::is_cancelled(&value);
                    done.push(value);
                    if is_cancelled {
                        break;
                    }
                }
                Ok(Out::Raw(text)) => return Ok(text),
                Err(Fail { kind, text }) => {
                    return Err(match kind.as_str() {
                        "unknown_tool" => ToolError::UnknownTool,
                        "invalid_arguments" => ToolError::InvalidArguments(text),
                        _ => ToolError::Failed(text),
                    });
                }
            }
        }
        Ok(json!(done).to_string())
    }
}

yoi_plugin_pdk::register!(service: Probe, tools: Probe);
