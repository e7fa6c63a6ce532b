//! The server that commands talk to: a backend, or a runtime by itself.
//!
//! Owns finding out which it is, and finding runtimes and workers on it by name.

use crate::clock;
use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::name::WorkerName;
use futures_util::future::join_all;
use protocol::api::{RuntimeInfo, WorkerList};
use protocol::{Code, LinkState, Problem, RuntimeId, RuntimeKind, RuntimeRow, SessionInfo, WorkerId};
use yoi_client::{Client, ClientOptions, Error, Page, RuntimeClient, WorkerFilter};

/// The server that commands talk to.
pub enum Server {
    /// A backend, and who it takes us for.
    Backend(Client, SessionInfo),
    /// A runtime, and what it is. It has no other beside it.
    Runtime(RuntimeClient, Box<RuntimeInfo>),
}

/// A worker, found.
pub struct Found {
    /// The runtime it is on.
    pub on: RuntimeClient,
    /// The worker.
    pub worker: WorkerId,
}

impl Server {
    /// Asks the server what it is.
    pub async fn reach(connection: &ConnectionArgs) -> Result<Server, Failure> {
        Ok(Server::reach_with(connection.options()?).await?)
    }

    /// The same, with options of its own.
    pub async fn reach_with(options: ClientOptions) -> Result<Server, Error> {
        let client = Client::new(options.clone())?;
        match client.session().await {
            Ok(session) => Ok(Server::Backend(client, session)),
            // there are no sessions here: a runtime, or nothing of ours
            Err(Error::Problem(problem)) if problem.code == Code::NotFound => {
                let runtime = RuntimeClient::direct(options)?;
                let info = runtime.info().await?;
                Ok(Server::Runtime(runtime, Box::new(info)))
            }
            Err(error) => Err(error),
        }
    }

    /// Every runtime there is.
    pub async fn runtimes(&self) -> Result<Vec<RuntimeRow>, Failure> {
        match self {
            Server::Backend(client, _) => Ok(client.runtimes().await?.runtimes),
            Server::Runtime(_, info) => Ok(vec![row(info)]),
        }
    }

    /// One runtime; the only one where none is named.
    pub async fn runtime_row(&self, named: Option<&RuntimeId>) -> Result<RuntimeRow, Failure> {
        match (self, named) {
            (Server::Runtime(_, info), named) => {
                check(info, named)?;
                Ok(row(info))
            }
            (Server::Backend(client, _), Some(runtime)) => Ok(client.runtime_row(runtime).await?),
            (Server::Backend(client, _), None) => {
                let mut rows = client.runtimes().await?.runtimes;
                match (rows.pop(), rows.as_slice()) {
                    (Some(only), []) => Ok(only),
                    (last, rows) => Err(which(rows.iter().chain(&last), "Name one of them.")),
                }
            }
        }
    }

    /// Where to make a worker: on the runtime that is named, or else the only one, or else the one
    /// in the server itself.
    pub async fn runtime(&self, named: Option<&RuntimeId>) -> Result<RuntimeClient, Failure> {
        let client = match (self, named) {
            (Server::Runtime(runtime, info), named) => {
                check(info, named)?;
                return Ok(runtime.clone());
            }
            (Server::Backend(client, _), Some(runtime)) => return Ok(client.on(runtime)),
            (Server::Backend(client, _), None) => client,
        };
        let rows = client.runtimes().await?.runtimes;
        let embedded: Vec<&RuntimeRow> = rows.iter().filter(|row| row.kind == RuntimeKind::Embedded).collect();
        let only = match (rows.as_slice(), embedded.as_slice()) {
            ([only], _) => only,
            (_, [only]) => *only,
            _ => return Err(which(rows.iter(), "Name one of them with `--runtime`.")),
        };
        Ok(client.on(&only.runtime_id))
    }

    /// One page of workers, each with its runtime.
    pub async fn workers(&self, filter: &WorkerFilter, page: &Page) -> Result<WorkerList, Failure> {
        match self {
            Server::Backend(client, _) => Ok(client.workers(filter, page).await?),
            Server::Runtime(runtime, info) => {
                check(info, filter.runtime.as_ref())?;
                // what it knows itself needs no asking for
                let filter = WorkerFilter { runtime: None, ..filter.clone() };
                let mut list = runtime.workers(&filter, page).await?;
                for worker in &mut list.workers {
                    worker.runtime_id.get_or_insert_with(|| info.runtime_id.clone());
                }
                Ok(list)
            }
        }
    }

    /// A worker by its name. Where the runtime is not said, each is asked: that takes one small
    /// answer from each, however many workers there are.
    pub async fn find(&self, name: &WorkerName) -> Result<Found, Failure> {
        let worker = name.worker;
        let client = match (self, &name.runtime) {
            (Server::Runtime(runtime, info), named) => {
                check(info, named.as_ref())?;
                return Ok(Found { on: runtime.clone(), worker });
            }
            (Server::Backend(client, _), Some(runtime)) => return Ok(Found { on: client.on(runtime), worker }),
            (Server::Backend(client, _), None) => client,
        };
        let runtimes = client.runtimes().await?.runtimes.into_iter().map(|row| client.on(&row.runtime_id));
        let asked = join_all(runtimes.map(|on| async {
            let answer = on.worker(worker).await;
            (on, answer)
        }));
        let (mut found, mut away) = (Vec::new(), Vec::new());
        for (on, answer) in asked.await {
            match answer {
                Ok(_) => found.push(on),
                Err(Error::Problem(problem)) if absent(&problem.code) => {}
                Err(Error::Problem(problem)) => away.push((on, problem)),
                // the backend itself
                Err(error) => return Err(error.into()),
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(on), true) => Ok(Found { on, worker }),
            (Some(last), false) => {
                found.push(last);
                let names: Vec<String> = found.iter().map(|on| format!("{}/{worker}", id(on))).collect();
                Err(Failure::Usage {
                    message: format!("{worker} is on more than one runtime: {}", names.join(", ")),
                    hint: "Name it as one of these.".to_owned(),
                })
            }
            (None, _) => Err(Error::Problem(Box::new(nowhere(worker, &away))).into()),
        }
    }
}

/// Whether a runtime that answers so does not have the worker.
fn absent(code: &Code) -> bool {
    matches!(code, Code::WorkerNotFound | Code::NotVisible | Code::RuntimeNotFound)
}

fn nowhere(worker: WorkerId, away: &[(RuntimeClient, Box<Problem>)]) -> Problem {
    let away: Vec<String> = away.iter().map(|(on, problem)| format!("{} ({})", id(on), problem.code)).collect();
    if away.is_empty() {
        return Problem::new(Code::WorkerNotFound, format!("there is no such worker on any runtime: {worker}"));
    }
    let detail = format!("{worker} is on none of the runtimes that answer; these do not: {}", away.join(", "));
    Problem::new(Code::RuntimeUnavailable, detail)
}

fn id(on: &RuntimeClient) -> &str {
    on.runtime_id().map(RuntimeId::as_str).unwrap_or_default()
}

/// That a runtime which is asked by itself is the one that was named.
fn check(info: &RuntimeInfo, named: Option<&RuntimeId>) -> Result<(), Failure> {
    match named {
        Some(named) if *named != info.runtime_id => {
            let detail = format!("this server is the runtime {} itself; it knows no {named}", info.runtime_id);
            Err(Error::Problem(Box::new(Problem::new(Code::RuntimeNotFound, detail))).into())
        }
        _ => Ok(()),
    }
}

/// That more than one runtime could be meant, or none.
fn which<'a>(rows: impl Iterator<Item = &'a RuntimeRow>, hint: &str) -> Failure {
    let names: Vec<&str> = rows.map(|row| row.runtime_id.as_str()).collect();
    if names.is_empty() {
        let detail = "this workspace has no runtime";
        return Error::Problem(Box::new(Problem::new(Code::RuntimeNotFound, detail))).into();
    }
    Failure::Usage { message: format!("which runtime? There are {}", names.join(", ")), hint: hint.to_owned() }
}

/// The row that a backend would have for a runtime that we reach ourselves.
fn row(info: &RuntimeInfo) -> RuntimeRow {
    let info = info.clone();
    RuntimeRow {
        runtime_id: info.runtime_id,
        kind: RuntimeKind::Remote,
        link: LinkState::Up,
        status: Some(info.status),
        version: Some(info.version),
        capabilities: info.capabilities,
        profiles: info.profiles,
        default_profile: Some(info.default_profile),
        counts: Some(info.counts),
        store: Some(info.store),
        checked_at: Some(clock::now()),
        time: info.time,
        started_at: Some(info.started_at),
        diagnostics: info.diagnostics,
    }
}
