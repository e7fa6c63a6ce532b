//! The tools as an MCP server.
//!
//! Owns the only code here that knows `rmcp`: what the server says of itself, lists and calls. One
//! server has one caller, who is named by whoever starts it. Must not write anything to stdout that
//! is no message.

use crate::{Caller, TicketTools};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use yoi_executor::ToolFailure;

/// Why serving ended otherwise than by the client's leaving, or the token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other side does not begin as an MCP client does.
    #[error("the client does not speak MCP: {0}")]
    Handshake(String),
    /// The task that served is gone.
    #[error("serving ended unexpectedly")]
    Lost,
}

/// A server for one caller.
#[derive(Clone, Debug)]
pub struct Server {
    tools: TicketTools,
    caller: Caller,
}

impl Server {
    /// Offers the tools to somebody.
    #[must_use]
    pub fn new(tools: TicketTools, caller: Caller) -> Server {
        Server { tools, caller }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("yoi-tickets", env!("CARGO_PKG_VERSION")))
            .with_instructions("The tickets of a workspace: its records of work.")
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.tools.offered().into_iter().map(|tool| {
            let only_reads = crate::TicketTool::named(&tool.name).is_some_and(crate::TicketTool::only_reads);
            let schema = match tool.input_schema {
                Value::Object(schema) => schema,
                _ => serde_json::Map::new(),
            };
            let hints = ToolAnnotations::from_raw(None, Some(only_reads), Some(false), None, Some(false));
            Tool::new(tool.name, tool.description, schema).with_annotations(hints)
        });
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(call.arguments.unwrap_or_default()).to_string();
        let answer = tokio::select! {
            biased;
            () = context.ct.cancelled() => Err(ToolFailure::Cancelled),
            answer = self.tools.call_as(call.name.into_owned(), arguments, self.caller.clone()) => answer,
        };
        match answer {
            Ok(text) => Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into()),
            Err(ToolFailure::Unknown(name)) => {
                Err(ErrorData::invalid_params(format!("there is no tool `{name}`"), None))
            }
            // what a model can do something about is an answer
            Err(failure) => Ok(CallToolResult::error(vec![ContentBlock::text(failure.to_string())]).into()),
        }
    }
}

/// Serves over a pair of streams, until the client leaves or the token is cancelled.
///
/// # Errors
/// See [`Error`].
pub async fn serve<R, W>(server: Server, reader: R, writer: W, cancel: CancellationToken) -> Result<(), Error>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let started = tokio::select! {
        () = cancel.cancelled() => return Ok(()),
        started = server.serve((reader, writer)) => started,
    };
    let running = match started {
        Ok(running) => running,
        // gone before it said anything
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(Error::Handshake(crate::cut::line(&error.to_string(), 512))),
    };
    let stop = running.cancellation_token();
    let waiting = running.waiting();
    let mut waiting = std::pin::pin!(waiting);
    tokio::select! {
        ended = &mut waiting => ended.map(drop).map_err(|_| Error::Lost),
        () = cancel.cancelled() => {
            stop.cancel();
            waiting.await.map(drop).map_err(|_| Error::Lost)
        }
    }
}

/// Serves over standard input and output.
///
/// # Errors
/// See [`Error`].
pub async fn serve_stdio(server: Server, cancel: CancellationToken) -> Result<(), Error> {
    serve(server, tokio::io::stdin(), tokio::io::stdout(), cancel).await
}
