//! The tools as a box of workers, alone and beside another.

use crate::{Room, json};
use futures_util::future::BoxFuture;
use protocol::WorkerId;
use serde_json::json as value;
use std::sync::Arc;
use ticket_tools::{Both, TicketTools};
use tokio_util::sync::CancellationToken;
use yoi_executor::{Tool, ToolCall, ToolFailure, Toolbox};

struct Other;

impl Toolbox for Other {
    fn tools(&self) -> Vec<Tool> {
        let tool = |name: &str| Tool { name: name.into(), description: "other".into(), input_schema: value!({}) };
        vec![tool("plugin__greet"), tool("TicketShow")]
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>> {
        Box::pin(async move { Ok(format!("other {}", call.tool)) })
    }
}

fn call(tool: &str, arguments: serde_json::Value) -> ToolCall {
    let worker_id = WorkerId::from_parts(1, 2);
    ToolCall { tool: tool.into(), arguments: arguments.to_string(), worker_id, cancel: CancellationToken::new() }
}

#[tokio::test]
async fn a_worker_comments_in_its_own_name() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let tools = TicketTools::new(room.desk(&[]));
    assert!(tools.tools().iter().all(|tool| tool.input_schema["type"] == "object"));
    json(tools.call(call("TicketComment", value!({"ticket": id, "body": "hello"}))).await);
    let said = room.store.show(id).unwrap().events.pop().unwrap();
    assert_eq!(said.author, format!("worker:{}", WorkerId::from_parts(1, 2)));
    let cancelled = call("TicketShow", value!({"ticket": id}));
    cancelled.cancel.cancel();
    assert_eq!(tools.call(cancelled).await, Err(ToolFailure::Cancelled));
}

#[tokio::test]
async fn two_boxes_are_one() {
    let room = Room::new();
    let id = room.ticket("First", &[]);
    let both = Both(Arc::new(TicketTools::new(room.desk(&[]))), Arc::new(Other));
    let names: Vec<String> = both.tools().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "TicketShow").count(), 1);
    assert_eq!(names.last().map(String::as_str), Some("plugin__greet"));
    assert_eq!(both.call(call("plugin__greet", value!({}))).await, Ok("other plugin__greet".into()));
    assert_eq!(json(both.call(call("TicketShow", value!({"ticket": id}))).await)["title"], "First");
}
