//! The API's description (OpenAPI 3.1).
//!
//! Owns the one table of operations and the document made from it and from the schemas of
//! `protocol`, which is generated, committed and served as it is. Must not answer any of them.

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use yoi_edge::Answer;

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The method, in lower case.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Its name, for programs.
    pub id: &'static str,
    /// What it does, for people.
    pub summary: &'static str,
    /// Parameters of the query: name, and what it is.
    pub query: &'static [(&'static str, &'static str)],
    /// The schema of the request's body.
    pub body: Option<&'static str>,
    /// The status of success.
    pub status: u16,
    /// The schema of the answer's body.
    pub answer: Body,
    /// The codes of the errors besides those that every operation has.
    pub errors: &'static [&'static str],
}

/// What an answer's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// JSON of this schema.
    Json(&'static str),
    /// A stream of server-sent events, the `data` of each of this schema.
    Events(&'static str),
    /// A WebSocket, each text message of this schema.
    WebSocket(&'static str),
    /// Text.
    Text,
    /// Any JSON.
    Any,
}

const LIST: &[(&str, &str)] = &[
    ("status", "Only workers of this status"),
    ("label", "Only workers with this label, `name` or `name=value`; may be given several times, and all must match"),
    ("limit", "The most workers, 1 to 500; 100 where absent"),
    ("page", "`next_page` of the page before"),
];
const LIST_ALL: &[(&str, &str)] = &[
    ("runtime", "Only workers on this runtime"),
    ("status", "Only workers of this status"),
    ("label", "Only workers with this label, `name` or `name=value`; may be given several times, and all must match"),
    ("limit", "The most workers, 1 to 500; 100 where absent"),
    ("page", "`next_page` of the page before"),
];
const STREAM: &[(&str, &str)] = &[
    ("cursor", "Go on after this event"),
    ("on_gap", "What to do when the cursor cannot be honoured: `snapshot` (default) or `close`"),
    ("mode", "`replay` (default), `auto` or `live`"),
    (
        "coalesce",
        "When consecutive deltas may come as one: `on` (default), once behind; `bursts`, also when many come at once; `off`, never",
    ),
];
const TICKETS: &[(&str, &str)] = &[
    ("state", "Only tickets in this state; may be given several times, or several between commas"),
    ("text", "Only tickets whose title or body has this text, whatever its capitals"),
    ("blocked", "`true`: only tickets that wait for others; `false`: only those that do not"),
    ("assignee", "Only tickets of this assignee"),
];
const RUNTIME: &[&str] = &[
    "runtime_not_found",
    "runtime_unavailable",
    "runtime_timeout",
    "runtime_auth_failed",
    "runtime_tls_failed",
    "runtime_protocol_error",
    "upstream_disconnected",
];

macro_rules! worker {
    ($rest:literal) => {
        concat!("/api/runtimes/{runtime_id}/workers/{worker_id}", $rest)
    };
}

macro_rules! ticket {
    ($rest:literal) => {
        concat!("/api/tickets/{ticket_id}", $rest)
    };
}

/// The codes of whatever changes a ticket, and those that it has besides.
macro_rules! ticket_errors {
    ($($more:literal),*) => {
        &["ticket_malformed", "ticket_busy", "invalid_input", "forbidden", "rate_limited", "payload_too_large", "unsupported_operation", $($more),*]
    };
}

macro_rules! operations {
    ($($method:ident $path:expr, $id:literal, $summary:literal, $query:expr, $body:expr, $status:literal, $answer:expr, $errors:expr;)+) => {
        /// Every operation of the API.
        pub(crate) const OPERATIONS: &[Operation] = &[$(Operation {
            method: stringify!($method), path: $path, id: $id, summary: $summary, query: $query, body: $body,
            status: $status, answer: $answer, errors: $errors,
        },)+];
    };
}

operations! {
    get "/api/session", "getSession", "Who the caller is taken for, and what server this is", &[], None, 200, Body::Json("SessionInfo"), &[];
    post "/api/session", "signIn", "Exchange a token for a cookie", &[], Some("SignIn"), 200, Body::Json("SessionInfo"), &["invalid_input", "origin_not_allowed"];
    delete "/api/session", "signOut", "Take the cookie back", &[], None, 204, Body::None, &["origin_not_allowed"];
    get "/api/runtimes", "listRuntimes", "Every runtime of the workspace, as known last", &[], None, 200, Body::Json("RuntimeList"), &[];
    get "/api/runtimes/{runtime_id}", "getRuntime", "One runtime, as known last", &[], None, 200, Body::Json("RuntimeRow"), &["runtime_not_found"];
    get "/api/plugins", "listPlugins", "The plugins of the workspace's own runtime: what each may reach, and how it does", &[], None, 200, Body::Json("PluginList"), &["forbidden"];
    get "/api/tickets", "listTickets", "The tickets of the workspace, oldest first; one that cannot be read is a problem in the answer", TICKETS, None, 200, Body::Json("TicketList"), &["invalid_input", "forbidden"];
    post "/api/tickets", "createTicket", "Make a ticket; with an `idempotency_key` it may be sent again (200 then)", &[], Some("CreateTicket"), 201, Body::Json("TicketDetail"), ticket_errors!();
    get ticket!(""), "getTicket", "One ticket, with what happened to it and how it stands to others", &[], None, 200, Body::Json("TicketDetail"), &["ticket_not_found", "ticket_malformed", "forbidden"];
    post ticket!("/events"), "sayOfTicket", "Say something of a ticket; with an `idempotency_key` it may be sent again (200 then)", &[], Some("NewTicketEvent"), 201, Body::Json("TicketDetail"), ticket_errors!("ticket_not_found");
    post ticket!("/state"), "moveTicket", "Take a ticket to another state; with an `idempotency_key` it may be sent again", &[], Some("MoveTicket"), 200, Body::Json("TicketDetail"), ticket_errors!("ticket_not_found", "ticket_transition", "ticket_blocked", "ticket_changed");
    post ticket!("/relations"), "relateTicket", "Say how a ticket stands to another; one that is there already stays", &[], Some("NewTicketRelation"), 200, Body::Json("TicketDetail"), ticket_errors!("ticket_not_found");
    delete ticket!("/relations/{kind}/{target}"), "unrelateTicket", "Take a relation back", &[], None, 200, Body::Json("TicketDetail"), ticket_errors!("ticket_not_found");
    get "/api/workers", "listAllWorkers", "The workers of all runtimes; a runtime that is away is a diagnostic in the answer", LIST_ALL, None, 200, Body::Json("WorkerList"), &["invalid_input", "runtime_not_found"];
    get "/api/events", "followWorkspace", "How runtimes and workers change, as server-sent events", STREAM, None, 200, Body::Events("WorkspaceFrame"), &["bad_request", "rate_limited"];
    get "/api/events/ws", "followWorkspaceWs", "How runtimes and workers change, over WebSocket", STREAM, None, 101, Body::WebSocket("WorkspaceFrame"), &["upgrade_required", "origin_not_allowed", "rate_limited"];
    get "/api/runtimes/{runtime_id}/workers", "listWorkers", "One runtime's workers, in the order of their ids", LIST, None, 200, Body::Json("WorkerList"), &["invalid_input"];
    post "/api/runtimes/{runtime_id}/workers", "createWorker", "Make a worker; with a `worker_id` it may be sent again (200 then)", &[], Some("CreateWorker"), 201, Body::Json("WorkerDetail"), &["invalid_input", "profile_not_found", "worker_exists", "forbidden", "rate_limited", "payload_too_large"];
    get worker!(""), "getWorker", "One worker", &[], None, 200, Body::Json("WorkerDetail"), &["worker_not_found"];
    delete worker!(""), "deleteWorker", "Remove a stopped worker and its log", &[], None, 204, Body::None, &["worker_not_found", "worker_busy", "forbidden", "rate_limited"];
    post worker!("/input"), "sendInput", "Say something; with an `idempotency_key` it may be sent again", &[], Some("SendInput"), 202, Body::Json("InputAccepted"), &["invalid_input", "unsupported_operation", "worker_busy", "worker_stopped", "worker_not_found", "forbidden", "rate_limited", "payload_too_large"];
    post worker!("/cancel"), "cancelRun", "End the run under way", &[], None, 200, Body::Json("WorkerDetail"), &["worker_not_found", "forbidden", "rate_limited"];
    post worker!("/stop"), "stopWorker", "End the worker; its log stays", &[], None, 200, Body::Json("WorkerDetail"), &["worker_not_found", "forbidden", "rate_limited"];
    post worker!("/resume"), "resumeWorker", "Start a stopped worker again from its log", &[], None, 200, Body::Json("WorkerDetail"), &["worker_not_found", "worker_busy", "forbidden", "rate_limited"];
    post worker!("/approvals/{approval_id}"), "resolveApproval", "Answer a question", &[], Some("ResolveApproval"), 200, Body::Json("WorkerDetail"), &["approval_not_found", "worker_not_found", "invalid_input", "forbidden", "rate_limited"];
    get worker!("/transcript"), "getTranscript", "A page of what was said, the newest first", &[("before", "`before` of the page after"), ("limit", "The most entries, 1 to 200; 50 where absent")], None, 200, Body::Json("TranscriptPage"), &["worker_not_found", "not_visible", "invalid_input"];
    get worker!("/events"), "followWorker", "A worker's stream, as server-sent events", STREAM, None, 200, Body::Events("Frame"), &["bad_request", "worker_not_found", "runtime_not_found", "not_visible", "rate_limited"];
    get worker!("/events/ws"), "followWorkerWs", "A worker's stream, over WebSocket; unknown names are told after the upgrade", STREAM, None, 101, Body::WebSocket("Frame"), &["upgrade_required", "origin_not_allowed", "rate_limited"];
    get "/api/openapi.json", "getOpenapi", "This document", &[], None, 200, Body::Any, &[];
    get "/healthz", "isAlive", "Whether the process is alive", &[], None, 200, Body::None, &[];
    get "/readyz", "isReady", "Whether it takes requests", &[], None, 200, Body::None, &["going_away"];
    get "/metrics", "getMetrics", "Metrics, for Prometheus; for administrators", &[], None, 200, Body::Text, &["forbidden"];
}

/// The document, from the schemas of the types that are spoken.
#[must_use]
pub fn openapi(schemas: &Map<String, Value>) -> String {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described(operation));
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Yoi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Watch and drive the workers of a workspace. Errors are problem documents (RFC 9457). docs/wire.md says what streams promise, and docs/streams.md exactly what they send.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "security": [{ "token": [] }, { "cookie": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A principal's token. WebSockets of browsers and SDKs may offer the subprotocols `yoi.v1` and `yoi.token.` with the token in base64url after it." },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "yoi_session", "description": "Of `POST /api/session`" },
            },
            "schemas": schemas,
        },
    });
    let text = format!("{document:#}\n");
    text.replace("\"#/$defs/", "\"#/components/schemas/")
}

fn described(operation: &Operation) -> Value {
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut parameters: Vec<Value> = in_braces(operation.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(operation.query.iter().map(|(name, words)| {
        let kind = match *name {
            "limit" => json!({ "type": "integer", "minimum": 1 }),
            "label" | "state" => json!({ "type": "array", "items": { "type": "string" } }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "query", "description": words, "schema": kind })
    }));
    let content = match operation.answer {
        Body::Json(name) => Some(("application/json", schema(name))),
        Body::Events(name) => Some(("text/event-stream", schema(name))),
        Body::WebSocket(name) => Some(("application/json", schema(name))),
        Body::Text => Some(("text/plain", json!({ "type": "string" }))),
        Body::Any => Some(("application/json", json!({ "type": "object" }))),
        Body::None => None,
    };
    let words = match operation.answer {
        Body::Events(_) => "Frames, one in the `data` of each event",
        Body::WebSocket(_) => "A WebSocket; each text message is one frame, described here",
        _ => operation.summary,
    };
    let mut success = json!({ "description": words });
    if let (Some((media, schema)), Some(success)) = (content, success.as_object_mut()) {
        success.insert("content".to_owned(), json!({ media: { "schema": schema } }));
    }
    let mut responses = Map::new();
    if operation.status == 201 {
        let mut again = success.clone();
        if let Some(again) = again.as_object_mut() {
            again.insert("description".to_owned(), json!("The same request made it before"));
        }
        responses.insert("200".to_owned(), again);
    }
    responses.insert(operation.status.to_string(), success);
    let everywhere = ["unauthenticated", "internal"];
    let is_health = operation.path.ends_with('z');
    let mut by_status: std::collections::BTreeMap<u16, Vec<&str>> = Default::default();
    let of_runtime = asked_of_runtime(operation);
    for code in operation.errors.iter().chain(of_runtime).chain(everywhere.iter().filter(|_| !is_health)) {
        let codes = by_status.entry(protocol::Code::from(*code).http_status()).or_default();
        if !codes.contains(code) {
            codes.push(code);
        }
    }
    for (status, codes) in by_status {
        let words = codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
        let problem = json!({ "application/problem+json": { "schema": schema("Problem") } });
        responses.insert(status.to_string(), json!({ "description": words, "content": problem }));
    }
    let mut out = json!({ "operationId": operation.id, "summary": operation.summary });
    if let Some(out) = out.as_object_mut() {
        if !parameters.is_empty() {
            out.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = operation.body {
            let content = json!({ "application/json": { "schema": schema(body) } });
            out.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
        out.insert("responses".to_owned(), Value::Object(responses));
        if is_health {
            out.insert("security".to_owned(), json!([{}]));
        }
    }
    out
}

/// The codes that every request has which a runtime answers. What is wrong with a stream is told in
/// it.
fn asked_of_runtime(operation: &Operation) -> &'static [&'static str] {
    let asks = operation.path.starts_with("/api/runtimes/{runtime_id}/workers");
    if asks && !matches!(operation.answer, Body::Events(_) | Body::WebSocket(_)) { RUNTIME } else { &[] }
}

fn in_braces(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The document, as it was generated.
const DOCUMENT: &str = include_str!("../../openapi.json");

/// `GET /api/openapi.json`.
pub(super) async fn document() -> Answer {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, DOCUMENT).into_response())
}
