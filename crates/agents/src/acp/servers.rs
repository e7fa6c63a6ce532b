//! The MCP servers that an agent is told of.
//!
//! Owns their form in the protocol. What is made here holds secrets, and goes to the agent only.

use crate::mcp::{McpAt, McpServer};
use serde_json::{Value, json};

/// The servers as a session is opened with them; and the names of those that the agent cannot reach,
/// since it takes none over HTTP.
pub(super) fn as_told(servers: &[McpServer], http: bool) -> (Vec<Value>, Vec<&str>) {
    let (mut told, mut unreached) = (Vec::new(), Vec::new());
    for McpServer { name, at } in servers {
        match at {
            McpAt::Program { command, variables } => {
                let env: Vec<_> =
                    variables.values().map(|(name, value)| json!({"name": name, "value": value})).collect();
                let (program, args) = command.split_first().unzip();
                told.push(json!({"name": name, "command": program, "args": args.unwrap_or_default(), "env": env}));
            }
            McpAt::Url { url, headers } if http => {
                let headers = headers.iter().map(|(name, value)| json!({"name": name, "value": value.expose()}));
                let headers: Vec<_> = headers.collect();
                told.push(json!({"type": "http", "name": name, "url": url, "headers": headers}));
            }
            McpAt::Url { .. } => unreached.push(name.as_str()),
        }
    }
    (told, unreached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Variables;
    use crate::secret::Secret;

    #[test]
    fn programs_always_and_urls_where_the_agent_can() {
        let variables = Variables::default().with("A", "b");
        let command = vec!["files".to_owned(), "--root".to_owned()];
        let program = McpServer::new("files", McpAt::Program { command, variables }).unwrap();
        let headers = vec![("authorization".to_owned(), Secret::new("Bearer x"))];
        let url = "https://mcp.example/mcp".to_owned();
        let service = McpServer::new("far", McpAt::Url { url, headers }).unwrap();
        let servers = [program, service];
        let (told, unreached) = as_told(&servers, false);
        let files =
            json!({"name": "files", "command": "files", "args": ["--root"], "env": [{"name": "A", "value": "b"}]});
        assert_eq!((told, unreached), (vec![files.clone()], vec!["far"]));
        let (told, unreached) = as_told(&servers, true);
        let far = json!({"type": "http", "name": "far", "url": "https://mcp.example/mcp",
            "headers": [{"name": "authorization", "value": "Bearer x"}]});
        assert_eq!((told, unreached), (vec![files, far], vec![]));
    }
}
