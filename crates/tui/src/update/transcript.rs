//! Moving through a transcript.
//!
//! Owns scrolling, choosing, folding, copying and searching, and that older entries are fetched when the
//! beginning is reached.

use super::{Effect, keys};
use crate::model::editor::Editor;
use crate::model::items::Body;
use crate::model::scroll::{Place, Scroll, moved, showing, window};
use crate::model::watched::Watched;
use crate::model::{Focus, Model, Prompt, Severity};
use crate::render::layouts::Sheet;
use crate::render::plain;
use crate::text;
use crate::text::search::Query;
use crossterm::event::{KeyCode, KeyEvent};

/// Which way to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Towards what is older.
    Back,
    /// Towards what is newer.
    On,
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// With the chosen item.
    Here,
    /// After it.
    Next,
}

pub(super) fn key(model: &mut Model, key: KeyEvent, ctrl: bool, effects: &mut Vec<Effect>) {
    let height = keys::panes(model).map_or(1, |panes| usize::from(panes.transcript.height));
    let half = isize::try_from(height / 2).unwrap_or(1).max(1);
    match key.code {
        KeyCode::Char('u') if ctrl => scroll(model, -half, effects),
        KeyCode::Char('d') if ctrl => scroll(model, half, effects),
        _ if ctrl => {}
        KeyCode::Up | KeyCode::Char('k') => step(model, Direction::Back, effects),
        KeyCode::Down | KeyCode::Char('j') => step(model, Direction::On, effects),
        KeyCode::Home | KeyCode::Char('g') => beginning(model, effects),
        KeyCode::End | KeyCode::Char('G') => end(model),
        KeyCode::Enter | KeyCode::Char(' ') => toggle(model),
        KeyCode::Char('e') => {
            if let Some(watched) = model.current_mut() {
                watched.folds.toggle_all();
            }
        }
        KeyCode::Char('y') => copy(model, effects),
        KeyCode::Char('/') => model.prompt = Some(Prompt::Search(Editor::default())),
        KeyCode::Char('n') => find(model, Direction::Back, From::Next),
        KeyCode::Char('N') => find(model, Direction::On, From::Next),
        KeyCode::Esc => model.query = None,
        KeyCode::Left => model.focus = Focus::List,
        _ => {}
    }
}

/// Calls `with` with the chosen transcript as it is laid out now, and its height.
fn laid_out<T>(model: &Model, with: impl FnOnce(&Watched, &mut Sheet<'_>, usize) -> T) -> Option<T> {
    let panes = keys::panes(model)?;
    let watched = model.current()?;
    let height = usize::from(panes.transcript.height);
    if height == 0 {
        return None;
    }
    Some(watched.sheet(panes.room(), |sheet| with(watched, sheet, height)))
}

/// Scrolls by pages.
pub(super) fn page(model: &mut Model, by: isize, effects: &mut Vec<Effect>) {
    let height = keys::panes(model).map_or(1, |panes| usize::from(panes.transcript.height));
    // a row of the page before stays, to read on from
    let rows = isize::try_from(height.saturating_sub(1)).unwrap_or(1).max(1);
    scroll(model, by * rows, effects);
}

/// Scrolls by rows. What is chosen stays where it can be seen.
pub(super) fn scroll(model: &mut Model, by: isize, effects: &mut Vec<Effect>) {
    let found = laid_out(model, |watched, sheet, height| {
        let scroll = moved(sheet, watched.scroll, height, by);
        let seen = window(sheet, scroll, height);
        let chosen = watched.chosen_at().filter(|at| seen.seen(*at) == 0).and_then(|at| {
            let (first, last) = seen.items()?;
            sheet.items.list().get(at.clamp(first.max(1), last.max(1))).map(|item| item.uid)
        });
        (scroll, chosen, seen.at_start && by < 0)
    });
    let (Some((scroll, chosen, at_start)), Some(watched)) = (found, model.current_mut()) else { return };
    watched.scroll = scroll;
    watched.chosen = if scroll == Scroll::Follow { None } else { chosen.or(watched.chosen) };
    if at_start {
        fetch_older(watched, effects);
    }
}

/// Asks for what came before, where there is any and it is not being fetched.
pub(super) fn fetch_older(watched: &mut Watched, effects: &mut Vec<Effect>) {
    if let Some(before) = watched.ask_older() {
        effects.push(Effect::Older { worker: watched.key.clone(), follow: watched.follow, before });
    }
}

/// Goes to the next item, or on within one that is taller than what is seen of it.
fn step(model: &mut Model, direction: Direction, effects: &mut Vec<Effect>) {
    enum To {
        Rows(isize),
        Item(u64, Scroll),
        End,
    }
    let to = laid_out(model, |watched, sheet, height| {
        let Some(chosen) = watched.chosen_at() else {
            return To::Rows(if direction == Direction::Back { -1 } else { 1 });
        };
        let seen = window(sheet, watched.scroll, height);
        let inside = |row: usize| seen.places.contains(&Place { item: chosen, row });
        let rows = sheet.height(chosen);
        let on_screen = seen.seen(chosen) > 0;
        let (more, next) = match direction {
            Direction::Back => (on_screen && !inside(0), (1..chosen).rev().find(|at| sheet.height(*at) > 0)),
            Direction::On => (
                on_screen && !inside(rows.saturating_sub(1)),
                (chosen + 1..sheet.len()).find(|at| sheet.height(*at) > 0),
            ),
        };
        let towards = if direction == Direction::Back { -1 } else { 1 };
        match next {
            _ if more => To::Rows(towards),
            None if direction == Direction::On => To::End,
            None => To::Rows(towards),
            Some(next) => {
                let last = sheet.height(next).saturating_sub(1);
                // the near end of it, and its first row of text rather than the empty one above
                let row = if direction == Direction::Back { last } else { sheet.gap(next).min(last) };
                let scroll = showing(sheet, watched.scroll, height, Place { item: next, row });
                sheet.items.list().get(next).map_or(To::End, |item| To::Item(item.uid, scroll))
            }
        }
    });
    match to {
        Some(To::Rows(by)) => scroll(model, by, effects),
        Some(To::End) => end(model),
        Some(To::Item(uid, scroll)) => {
            if let Some(watched) = model.current_mut() {
                (watched.chosen, watched.scroll) = (Some(uid), scroll);
            }
        }
        None => {}
    }
}

fn beginning(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(watched) = model.current_mut()
        && let [edge, rest @ ..] = watched.items.list()
    {
        watched.chosen = rest.first().map(|item| item.uid);
        watched.scroll = Scroll::At { uid: edge.uid, row: 0 };
        fetch_older(watched, effects);
    }
}

fn end(model: &mut Model) {
    if let Some(watched) = model.current_mut() {
        (watched.chosen, watched.scroll) = (None, Scroll::Follow);
    }
}

fn toggle(model: &mut Model) {
    let Some(watched) = model.current_mut() else { return };
    let Some(item) = watched.chosen_at().and_then(|at| watched.items.list().get(at)).cloned() else { return };
    watched.toggle(&item);
    watched.chosen = Some(item.uid);
    // its first row stays, or comes, where it can be seen
    let scroll = laid_out(model, |watched, sheet, height| {
        let at = watched.chosen_at()?;
        let row = sheet.gap(at);
        Some(match watched.scroll {
            Scroll::Follow if window(sheet, Scroll::Follow, height).places.contains(&Place { item: at, row }) => {
                Scroll::Follow
            }
            scroll => showing(sheet, scroll, height, Place { item: at, row }),
        })
    });
    if let (Some(Some(scroll)), Some(watched)) = (scroll, model.current_mut()) {
        watched.scroll = scroll;
    }
}

fn copy(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(watched) = model.current() else { return };
    let item = watched.chosen_at().and_then(|at| watched.items.list().get(at));
    let text = item.map(|item| plain::text(item, watched.state())).unwrap_or_default();
    if text.is_empty() {
        model.tell(Severity::Info, "there is nothing to copy");
        return;
    }
    let most = crate::clipboard::MOST_BYTES;
    let whole = text.len();
    let kept = protocol::floor_char_boundary(&text, most);
    let cut = if kept < whole { format!(", the first {} of it", text::bytes(kept as u64)) } else { String::new() };
    model.tell(Severity::Info, format!("copied {}{cut}", text::bytes(whole as u64)));
    effects.push(Effect::Copy(text.get(..kept).unwrap_or_default().to_owned()));
}

/// Goes to the nearest match; past the end, on from the other.
pub(super) fn find(model: &mut Model, direction: Direction, from: From) {
    let Some(query) = model.query.clone() else {
        model.tell(Severity::Info, "there is nothing to look for: press / first");
        return;
    };
    let Some(watched) = model.current() else { return };
    let list = watched.items.list();
    let chosen = watched.chosen_at().unwrap_or(0);
    let others: Vec<usize> = match direction {
        Direction::Back => (1..chosen).rev().chain((chosen + 1..list.len()).rev()).collect(),
        Direction::On => (chosen + 1..list.len()).chain(1..chosen).collect(),
    };
    let here = [chosen];
    let order: Vec<usize> = match from {
        From::Here => here.into_iter().chain(others).collect(),
        From::Next => others.into_iter().chain(here).collect(),
    };
    let found = order.into_iter().find(|at| {
        list.get(*at).is_some_and(|item| !matches!(item.body, Body::Edge) && may_hold(&query, watched, *at))
    });
    let Some((at, uid)) = found.and_then(|at| Some((at, list.get(at)?.uid))) else {
        model.tell(Severity::Info, format!("“{}” is not here", text::clean::line(query.text())));
        return;
    };
    let around = match direction {
        Direction::Back => at > chosen,
        Direction::On => at < chosen,
    };
    if around {
        model.tell(Severity::Info, "the search went on from the other end");
    }
    let Some(watched) = model.current_mut() else { return };
    watched.folds.open(uid);
    watched.chosen = Some(uid);
    let scroll = laid_out(model, |watched, sheet, height| {
        let at = watched.chosen_at()?;
        let (gap, rows) = sheet.rows(at);
        let hits = query.hits(&rows, 0, rows.len());
        let row = hits.first().map_or(gap, |hit| hit.row + gap);
        Some(showing(sheet, watched.scroll, height, Place { item: at, row }))
    });
    if let (Some(Some(scroll)), Some(watched)) = (scroll, model.current_mut()) {
        watched.scroll = scroll;
    }
}

/// Whether an item has the words, by its text and not by what is folded.
fn may_hold(query: &Query, watched: &Watched, at: usize) -> bool {
    let Some(item) = watched.items.list().get(at) else { return false };
    query.is_in(&plain::text(item, watched.state())) || plain::title(item).is_some_and(|title| query.is_in(&title))
}
