//! Every record of a store, and no more of each than is asked for.
//!
//! Owns the reading of many records at once, on as many threads as the machine has. A record that
//! cannot be read is a problem of its own, and hides no other.

use super::files::Folder;
use super::view::View;
use crate::limits::{MAX_ITEM_BYTES, MAX_RELATIONS_BYTES};
use crate::problem::Problem;
use crate::{Fields, ITEM_FILE, Id, Item, RELATIONS_FILE, Relation, Relations};
use std::num::NonZero;

/// The most threads that read at once.
const MAX_THREADS: usize = 8;
/// Fewer records than this are read by one thread.
const MIN_CHUNK: usize = 256;

/// How much of each record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The front matter.
    Fields,
    /// The whole item.
    Item,
}

/// A record, as far as it was read.
#[derive(Debug)]
pub(crate) struct Row {
    pub id: Id,
    /// What its front matter says, and the body where it was read.
    pub item: Result<(Fields, Option<String>), Box<Problem>>,
    pub relations: Vec<Relation>,
    /// What keeps its relations from being read in full.
    pub problems: Vec<Problem>,
}

/// Reads every record.
pub(crate) fn rows(view: &View<'_>, ids: &[Id], depth: Depth) -> Vec<Row> {
    each(ids, |id| row(view, id, depth))
}

/// Reads the relations of every record, and nothing else.
pub(crate) fn relations(view: &View<'_>, ids: &[Id]) -> Vec<(Id, Vec<Relation>)> {
    each(ids, |id| {
        let folder = view.folder(id).ok().flatten();
        (id, read_relations(view, id, folder.as_ref()).0)
    })
}

/// What the front matter of a record says.
pub(crate) fn fields(view: &View<'_>, id: Id) -> Result<Fields, Box<Problem>> {
    row_item(view, id, view.folder(id)?.as_ref(), Depth::Fields).map(|(fields, _)| fields)
}

/// Asks the same of every one, in their order.
pub(crate) fn each<T: Send>(ids: &[Id], ask: impl Fn(Id) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let chunk = ids.len().div_ceil(threads).max(MIN_CHUNK);
    if ids.len() <= chunk {
        return ids.iter().map(|id| ask(*id)).collect();
    }
    let ask = &ask;
    std::thread::scope(|scope| {
        let asked: Vec<_> = ids
            .chunks(chunk)
            .map(|ids| (ids, scope.spawn(move || ids.iter().map(|id| ask(*id)).collect::<Vec<T>>())))
            .collect();
        // what a thread did not come to the end of is done here, where a panic tells what it is
        let answers = asked
            .into_iter()
            .flat_map(|(ids, thread)| thread.join().unwrap_or_else(|_| ids.iter().map(|id| ask(*id)).collect()));
        answers.collect()
    })
}

fn row(view: &View<'_>, id: Id, depth: Depth) -> Row {
    let folder = match view.folder(id) {
        Ok(folder) => folder,
        Err(problem) => return Row { id, item: Err(Box::new(problem)), relations: Vec::new(), problems: Vec::new() },
    };
    let item = row_item(view, id, folder.as_ref(), depth);
    let (relations, problems) = read_relations(view, id, folder.as_ref());
    Row { id, item, relations, problems }
}

fn row_item(
    view: &View<'_>,
    id: Id,
    folder: Option<&Folder>,
    depth: Depth,
) -> Result<(Fields, Option<String>), Box<Problem>> {
    let text = match depth {
        Depth::Fields => view.head(id, folder)?,
        Depth::Item => view.text(id, folder, ITEM_FILE, MAX_ITEM_BYTES)?,
    };
    let missing = || {
        Problem::new("item_missing", ITEM_FILE, 1, "there is no item.md").remedy("put it back, or take the folder away")
    };
    let item = Item::read(text.ok_or_else(|| missing().of(id))?);
    let fields = item.fields().map_err(|problem| problem.of(id))?;
    Ok((fields, (depth == Depth::Item).then(|| item.body().to_owned())))
}

fn read_relations(view: &View<'_>, id: Id, folder: Option<&Folder>) -> (Vec<Relation>, Vec<Problem>) {
    match view.text(id, folder, RELATIONS_FILE, MAX_RELATIONS_BYTES) {
        Ok(None) => (Vec::new(), Vec::new()),
        Ok(Some(text)) => {
            let relations = Relations::read(id, &text);
            let problems = relations.problems().iter().map(|problem| problem.clone().of(id)).collect();
            (relations.list().to_vec(), problems)
        }
        Err(problem) => (Vec::new(), vec![problem]),
    }
}
