//! One connection to an MCP server.
//!
//! Owns the only code that knows `rmcp`. Must not repeat a call: what was sent may have taken effect.

use super::{McpAt, McpServer};
use crate::tools::Answer;
use protocol::{ImagePart, KnownPart, Part};
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ResourceContents};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ServiceError, ServiceExt};
use rustix::process::Signal;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::process::Child;
use yoi_executor::{Group, Tool};

/// From SIGTERM to SIGKILL.
const KILL_AFTER: Duration = Duration::from_secs(2);

/// A server that answers.
pub(super) struct Connection {
    service: RunningService<RoleClient, ()>,
    program: Option<(Child, Group)>,
}

impl Connection {
    /// Connects, and asks for the tools.
    pub(super) async fn open(server: &McpServer, folder: Option<&Path>) -> Result<(Connection, Vec<Tool>), String> {
        let (service, program) = match &server.at {
            McpAt::Program { command, variables } => {
                let (mut child, group) = start(command, variables, folder)?;
                let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
                    return Err("it has no standard streams".to_owned());
                };
                let service = ().serve((stdout, stdin)).await.map_err(|error| error.to_string())?;
                (service, Some((child, group)))
            }
            McpAt::Url { url, headers } => {
                let transport = over_http(url, headers)?;
                // its words name the URL, which others need not know
                (().serve(transport).await.map_err(|_| "it does not answer as an MCP server".to_owned())?, None)
            }
        };
        let listed = service.peer().list_all_tools().await.map_err(|error| words(&error))?;
        let tools = listed.into_iter().map(|tool| Tool {
            name: format!("{}__{}", server.name, tool.name),
            description: tool.description.unwrap_or_default().into_owned(),
            input_schema: Value::Object(tool.input_schema.as_ref().clone()),
        });
        let tools = tools.collect();
        Ok((Connection { service, program }, tools))
    }

    /// Whether it may still answer.
    pub(super) fn lives(&self) -> bool {
        !self.service.is_closed() && !self.service.peer().is_transport_closed()
    }

    /// Calls a tool, once.
    pub(super) async fn call(&self, tool: String, arguments: Value) -> Answer {
        let Value::Object(arguments) = arguments else { return Answer::failure("the arguments are not an object") };
        let params = CallToolRequestParams::new(tool).with_arguments(arguments);
        match self.service.peer().call_tool(params).await {
            Ok(result) => answer(result),
            Err(error) => Answer::failure(words(&error)),
        }
    }

    /// Ends it, and the program with everything it has started.
    pub(super) async fn close(mut self) {
        let _ = tokio::time::timeout(KILL_AFTER, self.service.cancel()).await;
        if let Some((child, group)) = &mut self.program {
            group.signal(Signal::TERM);
            let gone = async {
                let _ = child.wait().await;
                group.ended().await;
            };
            let _ = tokio::time::timeout(KILL_AFTER, gone).await;
        }
    }
}

fn start(
    command: &[String],
    variables: &crate::environment::Variables,
    folder: Option<&Path>,
) -> Result<(Child, Group), String> {
    use std::os::unix::process::CommandExt;
    let (program, arguments) = command.split_first().ok_or("no program is named")?;
    let mut command = Command::new(program);
    variables.apply(&mut command);
    command.args(arguments).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
    let child = child.map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let group = Group::led_by(child.id());
    Ok((child, group))
}

fn over_http(
    url: &str,
    headers: &[(String, crate::secret::Secret)],
) -> Result<StreamableHttpClientTransport<reqwest::Client>, String> {
    let client = crate::llm::http::client()?;
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    for (name, value) in headers {
        let told = || format!("`{name}` is not a header that can be sent");
        let header = reqwest::header::HeaderName::from_bytes(name.as_bytes()).map_err(|_| told())?;
        let mut value = reqwest::header::HeaderValue::from_str(value.expose()).map_err(|_| told())?;
        value.set_sensitive(true);
        config.custom_headers.insert(header, value);
    }
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

fn words(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => error.message.to_string(),
        ServiceError::TransportClosed => "the server is gone; whether the call took effect is not known".to_owned(),
        ServiceError::Timeout { .. } => "the server did not answer in time".to_owned(),
        ServiceError::Cancelled { .. } => "the call was cancelled".to_owned(),
        _ => "the server did not answer as it should; whether the call took effect is not known".to_owned(),
    }
}

fn answer(result: CallToolResult) -> Answer {
    let (mut texts, mut shown) = (Vec::new(), Vec::new());
    for block in result.content {
        match block {
            ContentBlock::Text(text) => texts.push(text.text),
            ContentBlock::Image(image) => {
                texts.push("[a picture, which is shown to people]".to_owned());
                let extra = serde_json::Map::new();
                let part = ImagePart { mime_type: image.mime_type, data: Some(image.data), uri: None, extra };
                shown.push(Part::Known(KnownPart::Image(part)));
            }
            ContentBlock::Audio(_) => texts.push("[a sound, which cannot be heard here]".to_owned()),
            ContentBlock::Resource(resource) => texts.push(match resource.resource {
                ResourceContents::TextResourceContents { uri, text, .. } => format!("{uri}:\n{text}"),
                ResourceContents::BlobResourceContents { uri, .. } => format!("[{uri}, which is not text]"),
                _ => "[a resource of an unknown form]".to_owned(),
            }),
            ContentBlock::ResourceLink(link) => texts.push(format!("[{}]", link.uri)),
            _ => texts.push("[content of an unknown form]".to_owned()),
        }
    }
    if texts.is_empty()
        && let Some(structured) = result.structured_content
    {
        texts.push(structured.to_string());
    }
    Answer { text: texts.join("\n"), shown, is_error: result.is_error.unwrap_or_default() }
}
