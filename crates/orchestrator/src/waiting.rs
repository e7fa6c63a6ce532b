//! Why each ticket is where it is.
//!
//! Owns the one decision whether a ticket may be begun, for those who hand out and for those who
//! ask why. Changes nothing.

use crate::desk::Desk;
use crate::error::Error;
use crate::git::Git;
use crate::history::{EXHAUSTED, History};
use crate::options::{DirtyBase, Options};
use crate::start::{Start, before, start};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use ticket::{Id, Listing, State, Store, Summary};

/// A ticket that nobody works on, or that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Which.
    pub ticket: Id,
    /// What it is about.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// Why.
    pub why: Why,
}

/// Why a ticket is where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Why {
    /// Nothing: it is begun next.
    Next,
    /// It is worked on.
    UnderWay {
        /// Which attempt it is.
        attempt: u32,
    },
    /// Others have to be done first.
    WaitingOn {
        /// Which.
        tickets: Vec<Id>,
    },
    /// As many as may be are worked on.
    Capacity,
    /// Nobody has queued it.
    NotQueued,
    /// Somebody else works on it.
    SomebodyElse,
    /// It was tried as often as it may be.
    AttemptsExhausted {
        /// How often.
        attempts: u32,
    },
    /// The base's own work tree has changes that are not committed.
    DirtyBase {
        /// The base.
        branch: String,
    },
    /// The branches of what it waited for have to be merged: none has the others in it.
    Merge {
        /// Of which tickets.
        tickets: Vec<Id>,
    },
    /// The base is not there.
    NoBase {
        /// Which.
        branch: String,
    },
    /// Its record has to be put right first.
    Broken {
        /// What is wrong.
        message: String,
    },
}

/// A ticket that may be begun now.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub id: Id,
    pub title: String,
    /// The commit that its branch begins at, and its name.
    pub start: String,
    pub start_name: String,
    pub attempt: u32,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// Those under way that are ours, oldest first.
    pub ours: Vec<Id>,
    /// Those that may be begun, oldest first.
    pub ready: Vec<Ready>,
    /// All that are not done.
    pub waiting: Vec<Waiting>,
}

/// Why each ticket that is not done waits, oldest first.
///
/// # Errors
/// When the store cannot be read, or git fails.
pub async fn waiting(store: Store, git: &Git, options: &Options) -> Result<Vec<Waiting>, Error> {
    options.check()?;
    Ok(survey(&Desk::new(store), git, options, Depth::All).await?.waiting)
}

/// Which records are read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Those that may be gone on with, and the oldest that may be begun: at most so many.
    Work(usize),
    /// Those that nobody has queued as well, which may have been given up.
    All,
}

/// Looks at every ticket.
pub(crate) async fn survey(desk: &Desk, git: &Git, options: &Options, depth: Depth) -> Result<Survey, Error> {
    let listing = desk.list().await?;
    let base = Base::of(git, options).await?;
    let mut survey = Survey::default();
    let (mut begun, mut next) = (Vec::new(), Vec::new());
    for ticket in &listing.tickets {
        match ticket.fields.state {
            State::Done | State::Closed => {}
            State::Planning | State::Ready if depth != Depth::All => {}
            State::Planning | State::Ready | State::InProgress => {
                let history = match desk.show(ticket.id).await {
                    Ok(shown) => History::of(&shown),
                    Err(error) => {
                        survey.waiting.push(waits(ticket, broken(&error)));
                        continue;
                    }
                };
                if history.is_ours {
                    survey.ours.push(ticket.id);
                }
                begun.push((ticket, history));
            }
            State::Queued => next.push(ticket),
        }
    }
    for (ticket, history) in begun {
        survey.waiting.push(waits(ticket, of_others(ticket, &history)));
    }
    let mut free = options.capacity.saturating_sub(survey.ours.len());
    let states: BTreeMap<Id, State> = listing.tickets.iter().map(|ticket| (ticket.id, ticket.fields.state)).collect();
    let before = before(&desk.graph().await?.edges);
    for ticket in next {
        if matches!(depth, Depth::Work(most) if survey.ready.len() >= most) {
            break;
        }
        let why = match queued(desk, git, options, &base, (&states, &before), ticket).await? {
            Ok(ready) => {
                survey.ready.push(ready);
                if free == 0 { Why::Capacity } else { Why::Next }
            }
            Err(why) => why,
        };
        free = if why == Why::Next { free - 1 } else { free };
        survey.waiting.push(waits(ticket, why));
    }
    survey.waiting.extend(unread(&listing));
    survey.waiting.sort_by_key(|waiting| waiting.ticket);
    survey.waiting.dedup_by_key(|waiting| waiting.ticket);
    Ok(survey)
}

/// How the base is.
enum Base {
    Good,
    Dirty,
    Missing,
}

impl Base {
    async fn of(git: &Git, options: &Options) -> Result<Base, Error> {
        if git.commit_of(&options.base).await?.is_none() {
            return Ok(Base::Missing);
        }
        let is_dirty = options.dirty_base == DirtyBase::Wait && git.is_dirty(&options.base).await?;
        Ok(if is_dirty { Base::Dirty } else { Base::Good })
    }
}

/// Whether a queued ticket may be begun, capacity aside.
async fn queued(
    desk: &Desk,
    git: &Git,
    options: &Options,
    base: &Base,
    (states, before): (&BTreeMap<Id, State>, &BTreeMap<Id, BTreeSet<Id>>),
    ticket: &Summary,
) -> Result<Result<Ready, Why>, Error> {
    if !ticket.waiting_on.is_empty() {
        return Ok(Err(Why::WaitingOn { tickets: ticket.waiting_on.clone() }));
    }
    let shown = match desk.show(ticket.id).await {
        Ok(shown) => shown,
        Err(error @ Error::Store(_)) => return Ok(Err(broken(&error))),
        Err(error) => return Err(error),
    };
    let history = History::of(&shown);
    if history.counted >= options.attempts {
        return Ok(Err(Why::AttemptsExhausted { attempts: history.counted }));
    }
    match base {
        Base::Missing => return Ok(Err(Why::NoBase { branch: options.base.clone() })),
        Base::Dirty => return Ok(Err(Why::DirtyBase { branch: options.base.clone() })),
        Base::Good => {}
    }
    let all = before.get(&ticket.id).into_iter().flatten().copied();
    let done: Vec<Id> = all.filter(|other| states.get(other) == Some(&State::Done)).collect();
    Ok(match start(git, &options.base, &done).await? {
        Start::Merge(tickets) => Err(Why::Merge { tickets }),
        Start::At { commit, name } => Ok(Ready {
            id: ticket.id,
            title: crate::text::line(&ticket.fields.title, 512),
            start: commit,
            start_name: name,
            attempt: history.attempt + 1,
        }),
    })
}

fn of_others(ticket: &Summary, history: &History) -> Why {
    let is_given_up = history.put_back.as_deref().is_some_and(|reason| reason.starts_with(EXHAUSTED));
    match ticket.fields.state {
        State::InProgress if history.is_ours => Why::UnderWay { attempt: history.attempt },
        State::InProgress => Why::SomebodyElse,
        _ if is_given_up => Why::AttemptsExhausted { attempts: history.counted },
        _ => Why::NotQueued,
    }
}

/// Those that cannot be read at all.
fn unread(listing: &Listing) -> Vec<Waiting> {
    let listed = |id: Id| listing.tickets.iter().any(|ticket| ticket.id == id);
    let told = listing.problems.iter().filter_map(|problem| {
        let ticket = problem.ticket.filter(|id| !listed(*id))?;
        let why = Why::Broken { message: crate::text::line(&problem.to_string(), 512) };
        Some(Waiting { ticket, title: String::new(), state: State::Planning, why })
    });
    told.collect()
}

fn waits(ticket: &Summary, why: Why) -> Waiting {
    let title = crate::text::line(&ticket.fields.title, 512);
    Waiting { ticket: ticket.id, title, state: ticket.fields.state, why }
}

fn broken(error: &Error) -> Why {
    Why::Broken { message: crate::text::line(&error.to_string(), 512) }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Next => f.write_str("next"),
            Why::UnderWay { attempt } => write!(f, "under way, attempt {attempt}"),
            Why::WaitingOn { tickets } => write!(f, "waiting on {}", list(tickets)),
            Why::Capacity => f.write_str("capacity"),
            Why::NotQueued => f.write_str("not queued"),
            Why::SomebodyElse => f.write_str("somebody else works on it"),
            Why::AttemptsExhausted { attempts } => write!(f, "attempts exhausted ({attempts})"),
            Why::DirtyBase { branch } => write!(f, "dirty base: `{branch}` has changes that are not committed"),
            Why::Merge { tickets } => write!(f, "merge first: {}", list(tickets)),
            Why::NoBase { branch } => write!(f, "there is no branch `{branch}`"),
            Why::Broken { message } => write!(f, "broken record: {message}"),
        }
    }
}

fn list(ids: &[Id]) -> String {
    const MOST: usize = 10;
    let mut words: Vec<String> = ids.iter().take(MOST).map(Id::to_string).collect();
    if ids.len() > MOST {
        words.push(format!("and {} more", ids.len() - MOST));
    }
    words.join(", ")
}
