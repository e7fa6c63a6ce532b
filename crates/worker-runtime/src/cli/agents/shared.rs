//! What settings of both kinds of agents have in common.
//!
//! Owns the words for policies, sandboxes and environments. Must not know either kind.

use agents::mcp::{McpAt, McpServer};
use agents::policy::{Policy, Rule, Verdict};
use agents::tools::ShellOptions;
use agents::{Sandbox, Secret, Variables};
use yoi_settings::{Members, Variable};

/// `policy`, `allow`, `ask` and `deny`.
pub(super) fn policy(table: &mut Members<'_>) -> Policy {
    let words = [("ask", Verdict::Ask), ("allow", Verdict::Allow), ("deny", Verdict::Deny)];
    let otherwise = table.word("policy", &words).unwrap_or_default();
    let mut rules = |member| -> Vec<Rule> {
        let rule = |text: &str| text.parse().map_err(|error: agents::RuleError| format!("does not fit: {error}"));
        table.parsed_texts(member, rule).unwrap_or_default()
    };
    let (allow, ask, deny) = (rules("allow"), rules("ask"), rules("deny"));
    Policy { otherwise, allow, ask, deny }
}

/// `member`, as variables of a program.
pub(super) fn variables(table: &mut Members<'_>, member: &'static str) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in table.marked_variables(member) {
        if name.is_empty() || name.contains(['=', '\0']) {
            table.wrong(member, &format!("has `{name}`, which is not the name of an environment variable"));
            continue;
        }
        variables = match value {
            Variable::Plain(text) => variables.with(name, text),
            Variable::Secret(text) => variables.with_secret(name, Secret::new(text)),
        };
    }
    variables
}

/// Headers, whose values are all taken for secrets.
pub(super) fn headers(table: &mut Members<'_>) -> Vec<(String, Secret)> {
    let headers = table.marked_variables("headers").into_iter();
    headers.map(|(name, value)| (name, Secret::new(value.into_text()))).collect()
}

/// How commands are run: `sandbox`, `read_paths`, `write_paths`, `shell_env` and `shell_time`.
pub(super) fn shell(table: &mut Members<'_>) -> ShellOptions {
    let usual = ShellOptions::default();
    let is_on = table.word("sandbox", &[("on", true), ("off", false)]).unwrap_or(true);
    let (read, write) = (table.paths("read_paths"), table.paths("write_paths"));
    if !is_on && (read.is_some() || write.is_some()) {
        table.wrong("sandbox", "is off, so that read_paths and write_paths mean nothing: leave them out");
    }
    let (read, write) = (read.unwrap_or_default(), write.unwrap_or_default());
    ShellOptions {
        sandbox: if is_on { Sandbox::On { read, write } } else { Sandbox::Off },
        variables: variables(table, "shell_env"),
        time_limit: table.duration("shell_time").unwrap_or(usual.time_limit),
    }
}

/// Servers of tools.
pub(super) fn servers(table: &mut Members<'_>) -> Vec<McpServer> {
    let mut servers = Vec::new();
    table.tables("mcp", |mut server| {
        let name = server.required("name", "what its tools are called by", Members::text);
        let (command, url) = (server.texts("command"), server.text("url"));
        let (variables, headers) = (variables(&mut server, "env"), headers(&mut server));
        let at = match (command, url) {
            (Some(command), None) => Some(McpAt::Program { command, variables }),
            (None, Some(url)) => Some(McpAt::Url { url, headers }),
            _ => {
                server.unfit("has `command`, a program and its arguments, or `url`");
                None
            }
        };
        if let (Some(name), Some(at)) = (name, at) {
            match McpServer::new(name, at) {
                Ok(made) => servers.push(made),
                Err(error) => server.unfit(&format!("does not fit: {error}")),
            }
        }
        server.finish();
    });
    servers
}
