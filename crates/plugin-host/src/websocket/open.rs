//! Opening a connection.
//!
//! Owns the order of checks and the deadline from the name to the handshake. Must not run the
//! connection.

use super::handshake::{self, Shaken};
use super::inbox::Inbox;
use super::task::{self, Task};
use super::{CloseOrder, Connection, Sockets};
use crate::bindings::websocket::{Options, WsError};
use crate::context::Context;
use crate::dial::Dialled;
use crate::gauges::Kind;
use crate::http1;
use crate::permission::Question;
use manifest::{Capability, Limits, Permit};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::sync::CancellationToken;

/// The most subprotocols that can be offered.
const MAX_SUBPROTOCOLS: usize = 16;

/// Bytes of each connection's buffers, which live as long as it does.
const BUFFER_BYTES: usize = 8 << 10;

/// Opens a connection and waits until it stands.
pub(crate) async fn open(
    plugin: &Arc<Context>,
    sockets: &mut Sockets,
    told: &CancellationToken,
    url: String,
    options: Options,
) -> Result<Connection, WsError> {
    if told.is_cancelled() {
        return Err(WsError::Cancelled);
    }
    if options.subprotocols.len() > MAX_SUBPROTOCOLS {
        return Err(WsError::Protocol(format!("at most {MAX_SUBPROTOCOLS} subprotocols can be offered")));
    }
    let question = question(url, &options);
    let permit = plugin.gate.ask(&question)?;
    let slot = plugin.connections.clone().try_acquire_owned().map_err(|_| WsError::TooManyConnections)?;

    let most = plugin.limits.connect_timeout();
    let allowed = options.connect_timeout_ms.map_or(most, |ms| Duration::from_millis(ms.into()).min(most));
    let deadline = Instant::now() + allowed;
    let headers = options.headers.into_iter().map(|header| (header.name, header.value)).collect();
    let opening = timeout_at(deadline, stand(plugin, &permit, &question, headers, deadline));
    let Stood { shaken, peer, alive } = tokio::select! {
        biased;
        () = told.cancelled() => return Err(WsError::Cancelled),
        stood = opening => stood.unwrap_or(Err(WsError::Timeout))?,
    };

    let slot = Arc::new(slot);
    let inbox = Arc::new(Inbox::new(plugin.limits.receive_messages, plugin.limits.receive_bytes));
    let close = Arc::new(CloseOrder::default());
    let (outgoing, to_send) = mpsc::channel(1);
    let task = Task {
        socket: shaken.socket,
        inbox: inbox.clone(),
        to_send,
        close: close.clone(),
        stop: sockets.stop(),
        gate: plugin.gate.clone(),
        question,
        peer,
        nat64: plugin.services.dialler.nat64().into(),
        limits: task::Limits::of(&plugin.limits),
        _slot: slot.clone(),
        _alive: [alive, plugin.services.gauges.count(Kind::Task)],
    };
    sockets.spawn(task.run());
    Ok(Connection { inbox, outgoing, close, subprotocol: shaken.subprotocol, _slot: slot })
}

/// What stands once it does.
struct Stood {
    shaken: Shaken,
    peer: IpAddr,
    alive: crate::gauges::Alive,
}

async fn stand(
    plugin: &Context,
    permit: &Permit,
    question: &Question,
    set: Vec<(String, Vec<u8>)>,
    deadline: Instant,
) -> Result<Stood, WsError> {
    let url = permit.url();
    let mut headers = http1::headers(url, set)?;
    let Dialled { stream, peer, alive } = plugin.services.dialler.dial(permit, deadline).await?;
    let credentials = permit.credentials(peer, plugin.services.dialler.nat64());
    http1::add_credentials(&mut headers, &credentials, &*plugin.services.secrets).await?;
    let shaken = handshake::shake(stream, url, headers, &question.subprotocols, config(&plugin.limits)).await?;
    Ok(Stood { shaken, peer, alive })
}

fn question(url: String, options: &Options) -> Question {
    Question {
        capability: Capability::Websocket,
        method: Box::default(),
        url: url.into(),
        headers: options.headers.iter().map(|header| header.name.as_str().into()).collect(),
        subprotocols: options.subprotocols.iter().map(|name| name.as_str().into()).collect(),
    }
}

fn config(limits: &Limits) -> WebSocketConfig {
    let bytes = |limit| Some(usize::try_from(limit).unwrap_or(usize::MAX));
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(bytes(limits.message_bytes))
        .max_frame_size(bytes(limits.frame_bytes))
}
