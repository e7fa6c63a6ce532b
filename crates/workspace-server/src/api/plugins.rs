//! The plugins of the workspace, to look at.
//!
//! Owns this request. Must not grant: that is for people, with `yoi plugin`.

use super::who::Who;
use crate::backend::Shared;
use axum::extract::State;
use http::StatusCode;
use protocol::{Code, PluginList};
use std::sync::Arc;
use yoi_edge::{Answer, Refused, json};

pub(super) async fn list(State(shared): State<Arc<Shared>>, who: Who) -> Answer {
    if !shared.policy().sees_plugins(who.principal()) {
        return Err(Refused::new(Code::Forbidden, "your role does not show what plugins may reach"));
    }
    let list = match &shared.plugins {
        Some(show) => show().await,
        None => PluginList::default(),
    };
    json(StatusCode::OK, &list)
}
