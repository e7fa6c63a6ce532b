//! Making, finding, stopping and deleting workers.
//!
//! Owns these requests' forms and statuses.

use super::worker_id;
use crate::server::service::Shared;
use crate::{Created, ListQuery};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use http::header::LOCATION;
use http::{HeaderValue, Request, StatusCode};
use protocol::Status;
use std::sync::Arc;
use yoi_edge::{Answer, Params, Query, Refused, body, json};

pub(super) async fn list(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let mut query = Query::read(query.as_deref(), &["status", "label[]", "limit", "page"])?;
    let status = query.text("status").map(|status| match Status::from(status.as_str()) {
        Status::Other(_) => Err(Refused::invalid(format!("`status` is one of: {}", names(Status::KNOWN)))),
        status => Ok(status),
    });
    let query = ListQuery {
        status: status.transpose()?,
        labels: query.texts("label").iter().map(|label| label.parse()).collect::<Result<_, _>>()?,
        limit: query.number("limit")?,
        page: query.text("page"),
    };
    json(StatusCode::OK, &shared.runtime.catalogue().list(&query)?)
}

fn names(statuses: &[Status]) -> String {
    statuses.iter().map(Status::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) async fn create(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Answer {
    let request = body::read(request).await?;
    match shared.runtime.catalogue().create(request).await? {
        Created::New(detail) => {
            let mut response = json(StatusCode::CREATED, &detail)?;
            let location = format!("/v1/workers/{}", detail.worker.worker_id);
            if let Ok(location) = HeaderValue::from_str(&location) {
                response.headers_mut().insert(LOCATION, location);
            }
            Ok(response)
        }
        Created::Existing(detail) => json(StatusCode::OK, &detail),
    }
}

pub(super) async fn detail(State(shared): State<Arc<Shared>>, path: Params) -> Answer {
    json(StatusCode::OK, &shared.runtime.catalogue().get(worker_id(&path)?)?)
}

pub(super) async fn stop(State(shared): State<Arc<Shared>>, path: Params) -> Answer {
    json(StatusCode::OK, &shared.runtime.catalogue().stop(worker_id(&path)?).await?)
}

pub(super) async fn resume(State(shared): State<Arc<Shared>>, path: Params) -> Answer {
    json(StatusCode::OK, &shared.runtime.catalogue().resume(worker_id(&path)?).await?)
}

pub(super) async fn delete(State(shared): State<Arc<Shared>>, path: Params) -> Answer {
    shared.runtime.catalogue().delete(worker_id(&path)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
