//! The console at work.
//!
//! Owns the loop: terminal, workspace and workers in, frames out, at most thirty a second however much
//! comes. All channels are bounded, so that a console that cannot keep up is one slow reader to the server
//! and takes no more memory. Must not decide what anything means: that is `update`'s.

mod events;
mod screen;
mod signals;
mod tasks;
mod terminal;
#[cfg(test)]
mod tests;

use crate::backend::{Backend, WorkerKey};
use crate::error::Error;
use crate::model::Model;
use crate::options::{Mouse, Options};
use crate::update::{Effect, Message, update};
use crate::view::theme::Theme;
use crossterm::event::Event;
use events::Events;
use futures_util::Stream;
use screen::{Screen, Terminal};
use signals::Signals;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tasks::Tasks;
use terminal::Taken;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// News that wait to be taken in.
const NEWS: usize = 256;

/// Opens the console on the terminal, which stdin and stdout have to be, until it is left.
///
/// The terminal is put back as it was however that happens: by a key, a signal, an error or a panic.
///
/// # Errors
/// When the terminal or the signals cannot be used, or another part of the program panicked meanwhile.
pub async fn run(options: Options) -> Result<(), Error> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).map_err(|error| Error::Random(io::Error::other(error)))?;
    let signals = Signals::listen().map_err(Error::Signals)?;
    let taken = Taken::take(options.mouse == Mouse::Console).map_err(Error::Terminal)?;
    let mut screen = Terminal::new(Theme(options.colour)).map_err(Error::Terminal)?;
    let size = screen.size().map_err(Error::Terminal)?;
    let selected = options.selected.map(WorkerKey::from);
    let model = Model::new(selected, options.confirm_cancel, u128::from_ne_bytes(seed), size);
    let ended = async {
        tokio::select! {
            () = signals.end() => Ok(()),
            () = taken.panicked() => Err(Error::Panicked),
        }
    };
    let outcome = drive(options.backend, model, &mut screen, crossterm::event::EventStream::new(), ended).await;
    drop(taken);
    outcome
}

/// Runs the console on a screen until it is left or `ended` is.
async fn drive(
    backend: Arc<dyn Backend>,
    mut model: Model,
    screen: &mut impl Screen,
    events: impl Stream<Item = io::Result<Event>> + Unpin,
    ended: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let (sender, mut receiver) = mpsc::channel(NEWS);
    let mut tasks = Tasks::new(backend, sender);
    let mut events = Events::new(events);
    let begun = Instant::now();
    let mut ended = std::pin::pin!(ended);
    let (mut next_frame, mut stale) = (begun, true);
    let mut messages: Vec<Message> = vec![Message::Tick];
    loop {
        let effects = update(&mut model, begun.elapsed(), messages.drain(..));
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Copy(text) => screen.copy(&text).map_err(Error::Terminal)?,
                Effect::Redraw => screen.redraw().map_err(Error::Terminal)?,
                effect => tasks.perform(effect),
            }
        }
        if stale && Instant::now() >= next_frame {
            screen.draw(&model).map_err(Error::Terminal)?;
            next_frame = Instant::now() + FRAME;
            stale = false;
        }
        let wake = match (stale, model.deadline()) {
            (true, _) => Some(next_frame),
            (false, deadline) => deadline.map(|deadline| begun + deadline),
        };
        let mut news = Vec::new();
        tokio::select! {
            biased;
            outcome = &mut ended => return outcome,
            more = events.next(&mut messages) => {
                if more.map_err(Error::Terminal)? == events::More::No {
                    return Ok(());
                }
                stale = true;
            }
            count = receiver.recv_many(&mut news, NEWS) => {
                stale |= count > 0;
                messages.append(&mut news);
            }
            () = until(wake) => {
                // a frame that is due says nothing new; a deadline does
                if !stale {
                    messages.push(Message::Tick);
                    stale = true;
                }
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
