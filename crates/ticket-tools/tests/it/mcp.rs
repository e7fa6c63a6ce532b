//! A real MCP client at the other end of a pipe.

use crate::{Room, caller};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService};
use rmcp::{ServiceError, ServiceExt};
use serde_json::json as value;
use std::time::Duration;
use ticket::State;
use ticket_tools::TicketTools;
use ticket_tools::mcp::{Error, Server, serve};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

type Client = RunningService<RoleClient, ()>;

async fn connected(room: &Room, steps: &[&str], cancel: &CancellationToken) -> (Client, JoinHandle<Result<(), Error>>) {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (reader, writer) = tokio::io::split(theirs);
    let server = Server::new(TicketTools::new(room.desk(steps)), caller());
    let served = tokio::spawn(serve(server, reader, writer, cancel.clone()));
    (().serve(ours).await.unwrap(), served)
}

async fn call(client: &Client, tool: &str, arguments: serde_json::Value) -> Result<CallToolResult, ServiceError> {
    let arguments = arguments.as_object().cloned().unwrap();
    client.peer().call_tool(CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)).await
}

fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text().map(|text| text.text.clone())).collect()
}

#[tokio::test]
async fn a_client_lists_and_calls() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let (client, served) = connected(&room, &["planning:ready"], &CancellationToken::new()).await;
    let listed = client.peer().list_all_tools().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(
        names,
        [
            "TicketShow",
            "TicketList",
            "TicketComment",
            "TicketRelationQuery",
            "TicketOrchestrationPlanQuery",
            "TicketTransition"
        ]
    );
    assert_eq!(listed[0].annotations.as_ref().unwrap().read_only_hint, Some(true));
    assert_eq!(listed[5].input_schema["properties"]["to"]["enum"], value!(["ready"]));
    let result = call(&client, "TicketList", value!({})).await.unwrap();
    assert!(text(&result).contains("First") && result.is_error != Some(true));
    call(&client, "TicketComment", value!({"ticket": id, "body": "hello"})).await.unwrap();
    call(&client, "TicketTransition", value!({"ticket": id, "to": "ready"})).await.unwrap();
    assert_eq!(room.state(id), State::Ready);
    // what a model can put right is an answer, what it cannot is an error
    let refused = call(&client, "TicketTransition", value!({"ticket": id, "to": "ready"})).await.unwrap();
    assert_eq!(refused.is_error, Some(true));
    let refused = call(&client, "TicketShow", value!({"ticket": "x", "y": 1})).await.unwrap();
    assert_eq!(refused.is_error, Some(true), "{}", text(&refused));
    assert!(matches!(call(&client, "Shell", value!({})).await, Err(ServiceError::McpError(_))));
    client.cancel().await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn serving_ends_when_it_is_told_to_and_when_nobody_speaks_mcp() {
    let room = Room::new();
    let cancel = CancellationToken::new();
    let (_client, served) = connected(&room, &[], &cancel).await;
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap().unwrap();

    for words in ["", "\n\nnonsense\n{}\n"] {
        let (mut ours, theirs) = tokio::io::duplex(4096);
        let (reader, writer) = tokio::io::split(theirs);
        let server = Server::new(TicketTools::new(room.desk(&[])), caller());
        let served = tokio::spawn(serve(server, reader, writer, CancellationToken::new()));
        ours.write_all(words.as_bytes()).await.unwrap();
        drop(ours);
        let ended = tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
        assert!(ended.is_ok() || matches!(ended, Err(Error::Handshake(_))), "{ended:?}");
    }
}
