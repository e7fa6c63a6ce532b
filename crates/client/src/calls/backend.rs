//! What is asked of a backend as a whole.
//!
//! Owns these calls' paths and answers.

use super::{NOTHING, Page, WorkerFilter, list};
use crate::client::Client;
use crate::error::Error;
use protocol::api::WorkerList;
use protocol::{RuntimeId, RuntimeList, RuntimeRow, SessionInfo};
use reqwest::Method;

impl Client {
    /// Who the backend takes the caller for, and what server it is.
    ///
    /// # Errors
    /// As every call: what the server refused, or why it was not reached.
    pub async fn session(&self) -> Result<SessionInfo, Error> {
        self.server.call(Method::GET, self.server.root.api(&["session"]), NOTHING).await
    }

    /// Every runtime of the workspace.
    ///
    /// # Errors
    /// See [`Client::session`].
    pub async fn runtimes(&self) -> Result<RuntimeList, Error> {
        self.server.call(Method::GET, self.server.root.api(&["runtimes"]), NOTHING).await
    }

    /// One runtime, as the backend knows it.
    ///
    /// # Errors
    /// See [`Client::session`].
    pub async fn runtime_row(&self, runtime: &RuntimeId) -> Result<RuntimeRow, Error> {
        self.server.call(Method::GET, self.server.root.api(&["runtimes", runtime.as_str()]), NOTHING).await
    }

    /// One page of the workers of all runtimes. A runtime that is away is a diagnostic in it.
    ///
    /// # Errors
    /// See [`Client::session`].
    pub async fn workers(&self, filter: &WorkerFilter, page: &Page) -> Result<WorkerList, Error> {
        let mut url = self.server.root.api(&["workers"]);
        list(&mut url, filter, page);
        self.server.call(Method::GET, url, NOTHING).await
    }
}
