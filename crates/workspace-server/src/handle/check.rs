//! Whether a runtime's answer is one to what was asked.
//!
//! Owns the forms that reading JSON does not see to: whose worker it is, the order of lists, the
//! spelling of names and cursors. Must not look at texts for people: see `discreet`.

use super::discreet::Discreet;
use super::{RuntimeCursor, WorkerQuery};
use protocol::api::{RuntimeInfo, TranscriptPage, WorkerDetail, WorkerList};
use protocol::{RuntimeId, WorkerId};

/// What is wrong with an answer, for the operator.
pub(super) type Wrong = &'static str;

/// The most bytes of a name, such as a capability.
const NAME: usize = 64;
/// The most bytes of a transcript's `before`.
const BEFORE: usize = 128;
/// The most names of one kind.
const NAMES: usize = 1024;

/// A worker's detail as the backend passes it on: of `asked`, on this runtime.
pub(super) fn detail(
    runtime_id: &RuntimeId,
    asked: Option<WorkerId>,
    mut detail: WorkerDetail,
) -> Result<WorkerDetail, Wrong> {
    if asked.is_some_and(|asked| asked != detail.worker.worker_id) {
        return Err("the answer is of another worker than asked for");
    }
    if detail.cursor.as_deref().is_some_and(|cursor| RuntimeCursor::new(cursor).is_err()) {
        return Err("the worker's cursor is none");
    }
    detail.runtime_id = Some(runtime_id.clone());
    detail.affordances = None;
    Ok(detail)
}

/// A page of workers: those after the one asked for, in order, and `next_page` the last one's id.
pub(super) fn list(runtime_id: &RuntimeId, query: &WorkerQuery, mut list: WorkerList) -> Result<WorkerList, Wrong> {
    if query.limit.is_some_and(|limit| list.workers.len() > limit) {
        return Err("the list is longer than asked for");
    }
    let mut after = query.after;
    let mut workers = Vec::with_capacity(list.workers.len());
    for worker in list.workers {
        let id = worker.worker.worker_id;
        if after.is_some_and(|after| id <= after) {
            return Err("the list is not in the order of ids after the one asked for");
        }
        after = Some(id);
        workers.push(detail(runtime_id, None, worker)?);
    }
    list.next_page = match (list.next_page, workers.last()) {
        (None, _) => None,
        (Some(_), Some(last)) => Some(last.worker.worker_id.to_string()),
        (Some(_), None) => return Err("the list is empty, and not the last page"),
    };
    list.workers = workers;
    Ok(list)
}

/// What a runtime says of itself. Whether it is the right one is another question.
pub(super) fn info(discreet: &Discreet, info: &RuntimeInfo) -> Result<(), Wrong> {
    let profiles = info.profiles.iter().flat_map(|profile| [&profile.name, &profile.executor]);
    let single = [&info.version, &info.status, &info.default_profile, &info.store.kind];
    let names = single.into_iter().chain(&info.store.durability).chain(&info.capabilities).chain(profiles);
    if info.capabilities.len() > NAMES || info.profiles.len() > NAMES {
        return Err("there are too many capabilities or profiles");
    }
    for name in names {
        if !is_name(name, NAME) || !discreet.lacks_token(name) {
            return Err("a name in the runtime's description is none");
        }
    }
    Ok(())
}

/// A page of a transcript.
pub(super) fn transcript(page: TranscriptPage) -> Result<TranscriptPage, Wrong> {
    if page.before.as_deref().is_some_and(|before| !is_name(before, BEFORE)) {
        return Err("the transcript's `before` is none");
    }
    Ok(page)
}

/// Names have no room for a URL, or for a host with its port.
fn is_name(text: &str, max: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-');
    !text.is_empty() && text.len() <= max && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn runtime() -> RuntimeId {
        "box".parse().unwrap()
    }

    fn id(n: u64) -> WorkerId {
        WorkerId::from_parts(n, 0)
    }

    fn page(ids: &[u64], next: bool) -> WorkerList {
        let workers: Vec<_> = ids.iter().map(|n| testing::detail(id(*n))).collect();
        let next_page = next.then(|| "opaque".to_owned());
        WorkerList { workers, next_page, diagnostics: Vec::new() }
    }

    #[test]
    fn a_detail_is_of_the_worker_asked_for_and_stamped() {
        let other = WorkerDetail {
            runtime_id: Some("liar".parse().unwrap()),
            affordances: Some(Vec::new()),
            ..testing::detail(id(1))
        };
        let checked = detail(&runtime(), Some(id(1)), other.clone()).unwrap();
        assert_eq!((checked.runtime_id, checked.affordances), (Some(runtime()), None));
        assert!(detail(&runtime(), Some(id(2)), other.clone()).is_err());
        assert!(detail(&runtime(), None, WorkerDetail { cursor: Some("a b".into()), ..other }).is_err());
    }

    #[test]
    fn a_list_is_in_order_and_says_where_it_goes_on() {
        let query = |after: Option<u64>| WorkerQuery { after: after.map(id), limit: Some(3), ..WorkerQuery::default() };
        let checked = list(&runtime(), &query(Some(1)), page(&[2, 3], true)).unwrap();
        assert_eq!(checked.next_page, Some(id(3).to_string()));
        assert!(checked.workers.iter().all(|w| w.runtime_id == Some(runtime())));
        assert_eq!(list(&runtime(), &query(None), page(&[], false)).unwrap().next_page, None);
        for (after, bad) in [
            (Some(2), page(&[2], false)),
            (None, page(&[2, 1], false)),
            (None, page(&[1, 1], false)),
            (None, page(&[], true)),
            (None, page(&[1, 2, 3, 4], false)),
        ] {
            assert!(list(&runtime(), &query(after), bad).is_err());
        }
    }

    #[test]
    fn names_have_a_form() {
        let discreet = Discreet::nothing();
        let good = testing::info(&runtime());
        assert!(info(&discreet, &good).is_ok());
        for bad in ["", "a b", "host:7071", "http://x", &"x".repeat(65)] {
            assert!(info(&discreet, &RuntimeInfo { version: bad.into(), ..good.clone() }).is_err(), "{bad}");
            assert!(info(&discreet, &RuntimeInfo { capabilities: vec![bad.into()], ..good.clone() }).is_err(), "{bad}");
        }
        let page = |before: &str| TranscriptPage { entries: Vec::new(), before: Some(before.into()) };
        assert!(transcript(page("m1-2f")).is_ok());
        assert!(transcript(page("/srv/x")).is_err());
    }
}
