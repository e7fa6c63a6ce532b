//! `executor = "acp"`.
//!
//! Owns the words of its settings. Must not start anything.

use super::{Agent, shared};
use agents::Sandbox;
use agents::acp::{Acp, AcpOptions, AcpOptionsError, Restarts};
use std::sync::Arc;
use yoi_settings::Members;

/// Reads one.
pub(super) fn read(name: String, description: Option<String>, table: &mut Members<'_>) -> Option<Agent> {
    let command =
        table.required("command", "the agent and its arguments, such as [\"opencode\", \"acp\"]", Members::texts);
    let usual = AcpOptions::new(command.clone().unwrap_or_default());
    let options = AcpOptions {
        variables: shared::variables(table, "env"),
        sandbox: match table.word("confine", &[("on", true), ("off", false)]) {
            Some(true) => Sandbox::default(),
            Some(false) | None => Sandbox::Off,
        },
        workdir: table.path("workdir"),
        mode: table.text("mode"),
        serve_files: table.switch("serve_files").unwrap_or(usual.serve_files),
        mcp: shared::servers(table),
        policy: shared::policy(table),
        approval_time: table.duration("approval_time"),
        shell: shared::shell(table),
        start_time: table.duration("start_time").unwrap_or(usual.start_time),
        time_limit: table.duration("time_limit").unwrap_or(usual.time_limit),
        cancel_time: table.duration("cancel_time").unwrap_or(usual.cancel_time),
        kill_after: table.duration("kill_after").unwrap_or(usual.kill_after),
        restarts: Restarts {
            most: table.whole("restarts").map_or(usual.restarts.most, |most| most as usize),
            within: table.duration("restarts_within").unwrap_or(usual.restarts.within),
        },
        ..usual
    };
    command?;
    match Acp::new(name, options) {
        Ok(acp) => {
            let (facts, program) = (acp.facts(), acp.program().map(str::to_owned));
            let acp = match description {
                Some(description) => acp.described(description),
                None => acp,
            };
            Some(Agent { profile: Arc::new(acp), facts, program })
        }
        Err(error) => {
            let member = if matches!(error, AcpOptionsError::McpName(_)) { "mcp" } else { "command" };
            table.wrong(member, &format!("does not fit: {error}"));
            None
        }
    }
}
