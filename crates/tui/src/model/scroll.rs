//! Which part of a transcript is seen.
//!
//! Owns the position, which holds on to an item so that what comes above or below moves nothing, and how it
//! moves. Must not know what an item is.

use crate::render::layouts::Sheet;

/// Which part is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scroll {
    /// The newest.
    #[default]
    Follow,
    /// A row of an item is at the top.
    At {
        /// The item.
        uid: u64,
        /// The row, empty ones above it counted.
        row: usize,
    },
}

/// A row that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of which item, by its place in the list.
    pub item: usize,
    /// Which of its rows, empty ones above it counted.
    pub row: usize,
}

/// What is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The rows, from the top.
    pub places: Vec<Place>,
    /// Whether the beginning is seen.
    pub at_start: bool,
    /// Whether the end is seen.
    pub at_end: bool,
}

impl Window {
    /// The first row of an item that is seen, and how many of them are.
    pub fn seen(&self, item: usize) -> usize {
        self.places.iter().filter(|place| place.item == item).count()
    }

    /// The first and last item that are seen.
    pub fn items(&self) -> Option<(usize, usize)> {
        Some((self.places.first()?.item, self.places.last()?.item))
    }
}

/// The window of `height` rows.
pub fn window(sheet: &mut Sheet<'_>, scroll: Scroll, height: usize) -> Window {
    let Scroll::At { uid, row } = scroll else { return bottom(sheet, height) };
    let start = sheet.items.list().iter().position(|item| item.uid == uid);
    let (mut item, mut row) = match start {
        Some(item) => (item, row.min(sheet.height(item).saturating_sub(1))),
        // it is gone: what was after it is now the oldest
        None => (0, 0),
    };
    let mut places = Vec::with_capacity(height);
    while places.len() < height && item < sheet.len() {
        let rows = sheet.height(item);
        while places.len() < height && row < rows {
            places.push(Place { item, row });
            row += 1;
        }
        if row >= rows {
            (item, row) = (item + 1, 0);
        }
    }
    if places.len() < height {
        return bottom(sheet, height);
    }
    let at_end =
        (item..sheet.len()).all(|at| at == item && row > 0 && row >= sheet.height(at) || sheet.height(at) == 0);
    let at_start = places.first().is_none_or(|place| is_first(sheet, *place));
    Window { places, at_start, at_end }
}

/// The last `height` rows, or all.
fn bottom(sheet: &mut Sheet<'_>, height: usize) -> Window {
    let mut places = Vec::with_capacity(height);
    let mut item = sheet.len();
    while places.len() < height && item > 0 {
        item -= 1;
        let rows = (0..sheet.height(item)).rev();
        places.extend(rows.map(|row| Place { item, row }).take(height - places.len()));
    }
    places.reverse();
    let at_start = places.first().is_none_or(|place| is_first(sheet, *place));
    Window { places, at_start, at_end: true }
}

fn is_first(sheet: &mut Sheet<'_>, place: Place) -> bool {
    place.row == 0 && (0..place.item).all(|item| sheet.height(item) == 0)
}

/// The place `by` rows further down, or as far as there are any.
fn walked(sheet: &mut Sheet<'_>, from: Place, by: isize) -> Place {
    let (mut item, mut row) = (from.item, from.row);
    for _ in 0..by.unsigned_abs() {
        if by > 0 {
            row += 1;
            while row >= sheet.height(item) && item + 1 < sheet.len() {
                (item, row) = (item + 1, 0);
            }
        } else if row > 0 {
            row -= 1;
        } else {
            let Some(above) = (0..item).rev().find(|item| sheet.height(*item) > 0) else { break };
            (item, row) = (above, sheet.height(above) - 1);
        }
    }
    Place { item, row }
}

/// The position `by` rows further down.
pub fn moved(sheet: &mut Sheet<'_>, scroll: Scroll, height: usize, by: isize) -> Scroll {
    let now = window(sheet, scroll, height);
    let Some(top) = now.places.first().copied() else { return Scroll::Follow };
    if by > 0 && now.at_end {
        return Scroll::Follow;
    }
    let Place { item, row } = walked(sheet, top, by);
    let Some(uid) = sheet.items.list().get(item).map(|item| item.uid) else { return Scroll::Follow };
    let moved = Scroll::At { uid, row };
    // whoever scrolls down to the end follows; whoever scrolls up does not, however short the way
    if by > 0 && window(sheet, moved, height).at_end { Scroll::Follow } else { moved }
}

/// The position nearest to `scroll` at which a row of an item is seen.
pub fn showing(sheet: &mut Sheet<'_>, scroll: Scroll, height: usize, place: Place) -> Scroll {
    let now = window(sheet, scroll, height);
    if now.places.contains(&place) {
        return scroll;
    }
    let below = now.places.last().is_some_and(|last| (place.item, place.row) > (last.item, last.row));
    let back = isize::try_from(height).map_or(0, |height| 1 - height);
    let top = if below { walked(sheet, place, back) } else { place };
    sheet.items.list().get(top.item).map_or(scroll, |item| Scroll::At { uid: item.uid, row: top.row })
}
