//! Coming back with what was given long ago: each cursor is resumed from exactly, or refused for a
//! reason that is true.
//!
//! Owns that judgement, the altered and the foreign cursor, and what is checked when all is quiet.

use crate::checks::Told;
use crate::network::Line;
use crate::people::{Clients, check_discretion};
use crate::random::Random;
use crate::truth::{Key, Standing};
use crate::world::World;
use event_log::Position;
use protocol::{Coalesce, Code, Diagnostic, ExpiredReason, Mode, OnGap};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use yoi_client::{RawFrame, RuntimeClient, SubscribeOptions};

/// What became of a cursor.
#[derive(Debug)]
enum Answer {
    Resumed,
    Refused(Diagnostic),
    /// Nobody knows.
    Failed,
}

/// Comes back with a cursor that somebody was given: it is resumed from exactly, or refused for a
/// reason that is true.
pub async fn come_back(
    world: &World,
    name: &str,
    client: &RuntimeClient,
    key: &Key,
    cursor: &str,
    on_gap: OnGap,
) -> bool {
    let (truth, since) = (&world.truth, world.truth.mark(key));
    let mut told = Told::resuming(truth.clone(), key.clone(), Coalesce::Off, cursor);
    let at = told.at.unwrap();
    let answer = resume(&mut told, client, cursor, on_gap).await;
    world.trace.line(name, format_args!("{at} at {client:?} is {answer:?}"));
    let standing = truth.standing(key, at);
    let lost = standing == Standing::Lost || !truth.held(key, since);
    match answer {
        Answer::Failed => return false,
        Answer::Resumed if world.is_settled() => assert!(told.is_complete(), "{at} was resumed to {:?}", told.at),
        Answer::Resumed => {}
        Answer::Refused(why) => {
            check_discretion(&why.message);
            let is_far = match standing {
                Standing::Good { events, bytes } => is_far(world, events, bytes),
                Standing::Lost => true,
            };
            let is_true = match (&why.code, &why.reason) {
                (Code::CursorExpired, Some(ExpiredReason::Retention)) => lost || is_far,
                (Code::CursorExpired | Code::CursorUnknown, _) => lost,
                (Code::WorkerNotFound | Code::WorkerDeleted, _) => lost,
                _ => false,
            };
            assert!(is_true, "{at} is {standing:?} and was refused: {why:?}");
        }
    }
    true
}

/// Whether so much need not be kept. Half of the bounds surely is.
fn is_far(world: &World, events: u64, bytes: u64) -> bool {
    let most = (world.plan.mirror_limits.max_events as u64).min(world.plan.retain);
    events * 2 > most || bytes * 2 > world.plan.mirror_limits.max_bytes as u64
}

async fn resume(told: &mut Told, client: &RuntimeClient, cursor: &str, on_gap: OnGap) -> Answer {
    let options =
        SubscribeOptions { cursor: Some(cursor.to_owned()), on_gap, coalesce: Coalesce::Off, mode: Mode::Replay };
    told.connects(true);
    let Ok(mut subscription) = client.subscribe(told.key.1, options).await else { return Answer::Failed };
    let (mut frames, until) = (Vec::new(), Instant::now() + Duration::from_secs(20));
    loop {
        let Ok(Ok(())) = tokio::time::timeout_at(until, subscription.receive(&mut frames)).await else {
            return Answer::Failed;
        };
        for frame in frames.drain(..) {
            match frame {
                RawFrame::Event { cursor, json, .. } => told.event(&cursor, &json),
                RawFrame::Ready { cursor } => {
                    told.ready(cursor.as_deref());
                    return Answer::Resumed;
                }
                RawFrame::Diagnostic(why) => match why.code {
                    Code::CursorUnknown | Code::CursorExpired | Code::WorkerNotFound | Code::WorkerDeleted => {
                        return Answer::Refused(*why);
                    }
                    Code::Lagged => return Answer::Failed,
                    _ => told.diagnostic(&why),
                },
                RawFrame::Link { lost: true, .. } => return Answer::Failed,
                _ => {}
            }
        }
    }
}

/// When all is quiet and everybody has everything: what of all that was ever said still holds.
pub async fn look_back(world: World) -> turmoil::Result {
    while !world.is_settled() || world.looking.load(Ordering::Relaxed) > 0 {
        sleep(Duration::from_millis(200)).await;
    }
    let clients = Clients::new(&world.plan, &Line::default());
    let mut random = world.random("look back", "");
    let cursors = world.truth.cursors();
    for (runtime, worker) in world.plan.workers() {
        let key = (runtime, worker);
        let of: Vec<&String> = cursors.iter().filter(|(of, _)| *of == key).map(|(_, cursor)| cursor).collect();
        for client in clients.all(&world, &key.0) {
            for _ in 0..12.min(of.len()) {
                let cursor = *random.pick::<&String>(&of);
                certainly(&world, &client, &key, cursor).await;
            }
            if world.truth.exists(&key) {
                refuses_what_it_never_gave(&world, &client, &key, &cursors, &mut random).await;
            }
        }
    }
    check_inputs(&world);
    // nobody looks any more: the mirrors go, and with them their connections
    sleep(world.plan.linger + Duration::from_secs(5)).await;
    for gauge in ["yoi_mirror_upstream_connections", "yoi_mirrors"] {
        assert_eq!(world.gauges.get(gauge), 0, "{gauge} when nobody looks any more");
    }
    Ok(())
}

async fn certainly(world: &World, client: &RuntimeClient, key: &Key, cursor: &str) {
    for _ in 0..10 {
        if come_back(world, "look back", client, key, cursor, OnGap::Close).await {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("a cursor of {key:?} is neither resumed nor refused at {client:?}");
}

/// A cursor that was altered, and one of another worker.
async fn refuses_what_it_never_gave(
    world: &World,
    client: &RuntimeClient,
    key: &Key,
    all: &[(Key, String)],
    random: &mut Random,
) {
    let Some((_, cursor)) = all.iter().find(|(of, _)| of == key) else { return };
    let mut altered = cursor.clone().into_bytes();
    let at = random.below(altered.len() as u64) as usize;
    altered[at] = if altered[at] == b'x' { b'y' } else { b'x' };
    let altered = String::from_utf8(altered).unwrap();
    let foreign = all.iter().find(|(of, _)| of != key).map(|(_, cursor)| cursor.clone());
    for wrong in [Some(altered), foreign].into_iter().flatten() {
        let mut told = Told::new(world.truth.clone(), key.clone(), Coalesce::Off);
        told.at = Some(Position::ORIGIN);
        match resume(&mut told, client, &wrong, OnGap::Close).await {
            Answer::Refused(why) => assert_eq!(why.code, Code::CursorUnknown),
            other => panic!("a cursor that was never given is {other:?}"),
        }
    }
}

/// What was accepted is there, once; unless the disk was set back since.
fn check_inputs(world: &World) {
    for (key, text, losses) in world.accepted.lock().iter() {
        let times = world.truth.times_said(key, text);
        let least = usize::from(world.truth.losses(key) == *losses);
        assert!((least..=1).contains(&times), "`{text}` was accepted and is there {times} times");
    }
}
