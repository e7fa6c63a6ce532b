//! `websocket`: connections as resources.
//!
//! Owns which connection a handle is. Must not hold more than the instance's own.

use crate::bindings::websocket::{Host, HostConnection, Options, Received, Status, WsError};
use crate::instance::Guest;
use crate::websocket::{Connection, open};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use wasmtime::component::Resource;

impl Host for Guest {
    async fn open(&mut self, url: String, options: Options) -> wasmtime::Result<Result<Resource<Connection>, WsError>> {
        match Box::pin(open(&self.plugin, &mut self.sockets, &self.told, url, options)).await {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl HostConnection for Guest {
    async fn send_text(
        &mut self,
        connection: Resource<Connection>,
        text: String,
    ) -> wasmtime::Result<Result<(), WsError>> {
        self.send(&connection, Message::text(text)).await
    }

    async fn send_binary(
        &mut self,
        connection: Resource<Connection>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), WsError>> {
        self.send(&connection, Message::binary(bytes)).await
    }

    async fn receive(
        &mut self,
        connection: Resource<Connection>,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Received, WsError>> {
        let wait = Duration::from_millis(timeout_ms.into());
        Ok(self.table.get(&connection)?.receive(&self.told, wait).await)
    }

    fn close(
        &mut self,
        connection: Resource<Connection>,
        code: u16,
        reason: String,
    ) -> wasmtime::Result<Result<(), WsError>> {
        Ok(self.table.get(&connection)?.close(code, &reason))
    }

    fn status(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Status> {
        Ok(self.table.get(&connection)?.status())
    }

    fn subprotocol(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&connection)?.subprotocol().map(str::to_owned))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl Guest {
    async fn send(
        &mut self,
        connection: &Resource<Connection>,
        message: Message,
    ) -> wasmtime::Result<Result<(), WsError>> {
        Ok(self.table.get(connection)?.send(&self.plugin, &self.told, message).await)
    }
}
