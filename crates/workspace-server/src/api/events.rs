//! Streams: of one worker, and of the workspace, over WebSocket and as server-sent events.
//!
//! Owns the step from a request to a subject that the hub follows. What is wrong with the names
//! asked for is told after the upgrade on a WebSocket, and in place of the stream otherwise. Must
//! not write frames.

use super::presence::Present;
use super::who::{SUBPROTOCOL, Who, unauthenticated};
use super::workers::known_labels;
use super::{deflate, refused};
use crate::backend::Shared;
use crate::registry::Entry;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::future::FutureExt;
use futures_util::stream::BoxStream;
use http::HeaderMap;
use observation::{AttachRequest, Connection, Framing, Step, Subject};
use protocol::{Code, Diagnostic, Envelope, RuntimeId, WorkerId};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use yoi_access::{Observe, StreamPermit};
use yoi_edge::ws::Handshake;
use yoi_edge::{Answer, Params, Refused, sse};

/// How long a stream of server-sent events waits to be told that there is nothing to stream.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it takes until a worker that is hidden is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What is kept for as long as somebody watches.
struct Watching {
    _permit: StreamPermit,
    present: Present,
}

pub(super) async fn worker_ws(
    handshake: Handshake,
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    RawQuery(query): RawQuery,
) -> Answer {
    let watching = watching(&shared, &who)?;
    let request = AttachRequest::from_query(query.as_deref().unwrap_or_default());
    let subject = match request {
        Ok(request) => worker_subject(&shared, &who, &path, request),
        Err(diagnostic) => Subject::Refused { envelope: envelope(&path), diagnostic },
    };
    Ok(hand_over(handshake, &shared, &who, subject, watching))
}

pub(super) async fn workspace_ws(
    handshake: Handshake,
    State(shared): State<Arc<Shared>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Answer {
    let watching = watching(&shared, &who)?;
    let subject = match AttachRequest::from_query(query.as_deref().unwrap_or_default()) {
        Ok(request) => workspace_subject(&shared, &who, request),
        Err(diagnostic) => Subject::Refused { envelope: Envelope::anonymous(), diagnostic },
    };
    Ok(hand_over(handshake, &shared, &who, subject, watching))
}

pub(super) async fn worker(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let watching = watching(&shared, &who)?;
    let request = sse_request(query.as_deref(), &headers)?;
    stream(&shared, worker_subject(&shared, &who, &path, request), &who, watching).await
}

pub(super) async fn workspace(
    State(shared): State<Arc<Shared>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let watching = watching(&shared, &who)?;
    let request = sse_request(query.as_deref(), &headers)?;
    stream(&shared, workspace_subject(&shared, &who, request), &who, watching).await
}

fn watching(shared: &Shared, who: &Who) -> Result<Watching, Refused> {
    let permit = shared.limits.stream(who.principal()).map_err(|limited| refused::of_limited(&limited))?;
    let present = shared.presence.enter(&who.credential, &shared.directory).ok_or_else(unauthenticated)?;
    Ok(Watching { _permit: permit, present })
}

fn sse_request(query: Option<&str>, headers: &HeaderMap) -> Result<AttachRequest, Refused> {
    let asked = AttachRequest::from_query(query.unwrap_or_default());
    let mut request = asked.map_err(|diagnostic| Refused::new(diagnostic.code, diagnostic.message))?;
    if let Some(last) = sse::last_event_id(headers) {
        request.cursor = Some(last);
    }
    Ok(request)
}

/// What stands around frames about whatever a path names.
fn envelope(path: &Params) -> Envelope {
    let runtime = path.get("runtime_id").parse::<RuntimeId>().ok();
    match path.get("worker_id").parse::<WorkerId>() {
        Ok(worker) => Envelope::new(runtime.as_ref(), worker),
        Err(_) => Envelope::anonymous(),
    }
}

fn worker_subject(shared: &Arc<Shared>, who: &Who, path: &Params, request: AttachRequest) -> Subject {
    let refuse =
        |code, words: &str| Subject::Refused { envelope: envelope(path), diagnostic: Diagnostic::new(code, words) };
    let runtime = path.get("runtime_id").parse::<RuntimeId>().ok();
    let entry = runtime.filter(|id| shared.policy().sees_runtime(who.principal(), id));
    let Some(entry) = entry.and_then(|id| shared.registry.entry(&id)) else {
        return refuse(Code::RuntimeNotFound, "there is no such runtime in this workspace");
    };
    let Ok(worker) = path.get("worker_id").parse::<WorkerId>() else {
        return refuse(Code::WorkerNotFound, "there is no such worker");
    };
    let (policy, principal) = (shared.policy(), Arc::clone(&who.credential.principal));
    if let Some(labels) = known_labels(shared, entry.runtime_id(), worker) {
        let subject = super::workers::subject(entry.runtime_id(), worker, &labels);
        if policy.observe(&principal, &subject) == Observe::Hidden {
            return Subject::Later { envelope: envelope(path), steps: looking_in_vain(entry, worker) };
        }
    }
    let runtime_id = entry.runtime_id().clone();
    let admit = move |info: &protocol::WorkerInfo| {
        let subject = super::workers::subject(&runtime_id, worker, &info.labels);
        match policy.observe(&principal, &subject) {
            Observe::As(class) => Ok(policy.lens(&class)),
            Observe::Hidden => Err(Diagnostic::new(Code::WorkerNotFound, "there is no such worker")),
            Observe::Forbidden => Err(Diagnostic::new(Code::NotVisible, "you may not observe this worker")),
        }
    };
    shared.mirrors.follow(shared.upstream(&entry), worker, request, Box::new(admit))
}

/// How looking for a worker goes that is hidden from whoever looks: as for one that is not there,
/// which nobody knows while its runtime is away. Nothing of it is mirrored for them.
fn looking_in_vain(entry: Arc<Entry>, worker: WorkerId) -> BoxStream<'static, Step> {
    let steps = futures_util::stream::unfold(Some(false), move |told| {
        let entry = Arc::clone(&entry);
        async move {
            let told = told?;
            loop {
                let Some(asked) = entry.removed().run_until_cancelled(entry.handle().worker(worker)).await else {
                    let words = format!("runtime `{}` was taken out of the workspace", entry.runtime_id());
                    return Some((Step::Refuse(Diagnostic::new(Code::RuntimeNotFound, words)), None));
                };
                match asked {
                    Err(error) if error.code() != Code::WorkerNotFound => {
                        if !told {
                            return Some((Step::Tell(error.to_diagnostic()), Some(true)));
                        }
                        tokio::time::sleep(LOOK_AGAIN).await;
                    }
                    _ => {
                        let why = Diagnostic::new(Code::WorkerNotFound, "there is no such worker");
                        return Some((Step::Refuse(why), None));
                    }
                }
            }
        }
    });
    steps.boxed()
}

fn workspace_subject(shared: &Shared, who: &Who, request: AttachRequest) -> Subject {
    let policy = shared.policy();
    shared.summary.follow(request, policy.lens(&policy.workspace(who.principal())))
}

/// Gives the socket to the hub once the handshake is done.
fn hand_over(handshake: Handshake, shared: &Arc<Shared>, who: &Who, subject: Subject, watching: Watching) -> Response {
    let agreed = deflate::agree(handshake.extensions());
    let framing = if agreed.is_some() { Framing::Deflate } else { Framing::WebSocket };
    let mut handshake = handshake.with_protocol(SUBPROTOCOL);
    if let Some(agreed) = agreed {
        handshake = handshake.with_extension(agreed);
    }
    let (shared, expires_at) = (Arc::clone(shared), expiry(shared, who));
    handshake.hand_over(move |io, read| {
        let mut connection = Connection::new(io, read, subject);
        connection.framing = framing;
        connection.tag = watching.present.tag;
        connection.expires_at = expires_at;
        let (tag, end) = (connection.tag, Arc::clone(&watching.present.end));
        connection.keep = Some(Arc::new(watching));
        shared.hub.attach(connection);
        // an end that came before the hub had the socket: nobody else would tell it
        if let Some(why) = end.why() {
            shared.hub.end(tag, why);
        }
    })
}

/// When a credential ends, by the clock that waits.
fn expiry(shared: &Shared, who: &Who) -> Option<Instant> {
    let end = who.credential.expires_at?;
    let left = end.as_millis().saturating_sub(shared.clock.now().as_millis());
    Some(Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or_default()))
}

async fn stream(shared: &Arc<Shared>, subject: Subject, who: &Who, watching: Watching) -> Answer {
    let subject = match subject {
        Subject::Refused { diagnostic, .. } => return Err(Refused::new(diagnostic.code, diagnostic.message)),
        Subject::Later { envelope, mut steps } => match timeout(PATIENCE, steps.next()).await {
            Ok(Some(Step::Refuse(diagnostic))) => return Err(Refused::new(diagnostic.code, diagnostic.message)),
            Ok(first) => {
                let steps = futures_util::stream::iter(first).chain(steps).boxed();
                Subject::Later { envelope, steps }
            }
            Err(_) => Subject::Later { envelope, steps },
        },
        subject => subject,
    };
    let (end, expires_at) = (Arc::clone(&watching.present.end), expiry(shared, who));
    let ending = async move {
        tokio::select! {
            why = end.wait() => why,
            () = until(expires_at) => Diagnostic::new(Code::CredentialExpired, "the credential has ended; sign in again"),
        }
    };
    let body = observation::sse::body(subject, &shared.observation, Some(ending.boxed()));
    Ok(sse::response(body.inspect(move |_| {
        // kept for as long as the body lives
        let _ = &watching;
    })))
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
