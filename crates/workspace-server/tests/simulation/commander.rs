//! Somebody who drives workers through the backends.
//!
//! Owns the commands, and the rule that each fails, if it does, in one of the ways that it may.

use crate::people::{Clients, check_discretion};
use crate::plan::Plan;
use crate::random::Random;
use crate::truth::Key;
use crate::world::World;
use protocol::api::{CreateWorker, ResolveApproval, SendInput};
use protocol::{Code, Part};
use std::sync::atomic::Ordering;
use tokio::time::sleep;
use yoi_client::{Error, Page, RuntimeClient, TranscriptQuery, WorkerFilter};

/// Gives commands until the weather is calm.
pub async fn drive(world: World, n: usize, clients: Clients) {
    let name = format!("commander-{n}");
    let mut random = world.random("commands", &name);
    let workers = world.plan.workers();
    let mut count = 0;
    while !world.is_calm() {
        sleep(random.millis(800)).await;
        let key = random.pick(&workers).clone();
        let client = clients.any(&world, &mut random, &key.0);
        count += 1;
        let what = random.below(16);
        let result =
            command(&world, &client, &key, what, &format!("{name} says {count}."), &mut random, &clients).await;
        let told = result.as_ref().map_or_else(ToString::to_string, |()| "ok".to_owned());
        world.trace.line(&name, format_args!("command {what} of {}: {told}", key.1));
        if let Err(error) = result {
            check(&error);
        }
    }
    world.driving.fetch_sub(1, Ordering::Relaxed);
}

async fn command(
    world: &World,
    client: &RuntimeClient,
    key: &Key,
    what: u64,
    text: &str,
    random: &mut Random,
    clients: &Clients,
) -> Result<(), Error> {
    let worker = key.1;
    match what {
        0..6 => say(world, key, text, random, clients).await,
        6 => client.cancel(worker).await.map(drop),
        7 => client.stop(worker).await.map(drop),
        8 | 9 => client.resume(worker).await.map(drop),
        10 => client.workers(&WorkerFilter::default(), &Page::default()).await.map(drop),
        11 => client.transcript(worker, &TranscriptQuery::default()).await.map(drop),
        12 => {
            let detail = client.worker(worker).await?;
            assert_eq!(detail.worker.worker_id, worker);
            for approval in &detail.approvals {
                let answer = ResolveApproval { option: "yes".to_owned() };
                client.approve(worker, &approval.approval_id, &answer).await?;
            }
            Ok(())
        }
        13 => {
            let request = CreateWorker { worker_id: Some(worker), ..CreateWorker::default() };
            client.create(&request).await.map(drop)
        }
        // stopped and removed, and made again
        14 if random.once_in(3) => {
            client.stop(worker).await?;
            client.delete(worker).await?;
            sleep(random.millis(2_000)).await;
            let request = CreateWorker { worker_id: Some(worker), ..CreateWorker::default() };
            client.create(&request).await.map(drop)
        }
        _ => client.info().await.map(drop),
    }
}

/// Says something, again and again with the same key until somebody knows what became of it.
async fn say(world: &World, key: &Key, text: &str, random: &mut Random, clients: &Clients) -> Result<(), Error> {
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: Some(format!("key of {text}")) };
    for _ in 0..6 {
        let (client, losses) = (clients.any(world, random, &key.0), world.truth.losses(key));
        match client.input(key.1, &input).await {
            Ok(_) => {
                world.accepted.lock().push((key.clone(), text.to_owned(), losses));
                return Ok(());
            }
            Err(error) if matches!(error.code(), Code::WorkerStopped | Code::WorkerNotFound) => return Err(error),
            Err(error) => check(&error),
        }
        sleep(random.millis(1_500)).await;
    }
    Ok(())
}

/// How a command may fail.
fn check(error: &Error) {
    check_discretion(&error.to_string());
    let may = match error {
        Error::Connect { .. } | Error::Disconnected { .. } | Error::Timeout { .. } => true,
        Error::Problem(problem) => {
            check_discretion(&problem.detail);
            matches!(
                problem.code,
                Code::RuntimeUnavailable
                    | Code::RuntimeTimeout
                    | Code::UpstreamDisconnected
                    | Code::GoingAway
                    | Code::WorkerNotFound
                    | Code::WorkerStopped
                    | Code::WorkerBusy
                    | Code::ApprovalNotFound
            )
        }
        _ => false,
    };
    assert!(may, "a command failed as none should: {error:?} ({})", Plan::backend_host(0));
}
