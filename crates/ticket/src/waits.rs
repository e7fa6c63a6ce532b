//! Which ticket waits for which.
//!
//! Owns what relations mean for the order of work: `A depends_on B` and `B blocks A` are the same.
//! Everything here takes time that grows with tickets and relations, and not faster.

use crate::{Id, Relation, RelationKind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each ticket, those that have to be done before it may be begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    before: BTreeMap<Id, BTreeSet<Id>>,
}

impl Waits {
    /// From everything that all tickets say.
    pub(crate) fn of<'a>(relations: impl IntoIterator<Item = (Id, &'a Relation)>) -> Waits {
        let mut waits = Waits::default();
        for (id, relation) in relations {
            waits.add(id, relation.kind, relation.target);
        }
        waits
    }

    /// What one relation adds.
    pub(crate) fn add(&mut self, id: Id, kind: RelationKind, target: Id) {
        match kind {
            RelationKind::DependsOn => self.before.entry(id).or_default().insert(target),
            RelationKind::Blocks => self.before.entry(target).or_default().insert(id),
            RelationKind::Related | RelationKind::Supersedes | RelationKind::DuplicateOf => false,
        };
    }

    /// What a ticket waits for, done or not.
    pub(crate) fn of_ticket(&self, id: Id) -> impl Iterator<Item = Id> {
        self.before.get(&id).into_iter().flatten().copied()
    }

    /// A shortest way from one ticket to another, each waiting for the next.
    pub(crate) fn path(&self, from: Id, to: Id) -> Option<Vec<Id>> {
        let mut came: BTreeMap<Id, Id> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(id) = queue.pop_front() {
            for next in self.of_ticket(id) {
                if next == to {
                    let mut path = vec![to, id];
                    while let Some(before) =
                        path.last().and_then(|last| came.get(last)).filter(|_| path.last() != Some(&from))
                    {
                        path.push(*before);
                    }
                    path.reverse();
                    return Some(path);
                }
                if next != from && !came.contains_key(&next) {
                    came.insert(next, id);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Each set of tickets that all wait for each other, sorted: the strongly connected components
    /// with more than one member, by Tarjan's algorithm, without recursion.
    pub(crate) fn cycles(&self) -> Vec<Vec<Id>> {
        let mut search = Search::default();
        for id in self.before.keys() {
            if !search.index.contains_key(id) {
                search.from(self, *id);
            }
        }
        search.cycles.sort();
        search.cycles
    }
}

#[derive(Default)]
struct Search {
    index: BTreeMap<Id, usize>,
    low: BTreeMap<Id, usize>,
    stack: Vec<Id>,
    on_stack: BTreeSet<Id>,
    cycles: Vec<Vec<Id>>,
}

impl Search {
    fn from(&mut self, waits: &Waits, root: Id) {
        let mut work: Vec<(Id, Vec<Id>)> = vec![self.enter(waits, root)];
        while let Some((id, ahead)) = work.last_mut() {
            let id = *id;
            match ahead.pop() {
                Some(next) if !self.index.contains_key(&next) => {
                    let entered = self.enter(waits, next);
                    work.push(entered);
                }
                Some(next) if self.on_stack.contains(&next) => {
                    let index = self.index.get(&next).copied().unwrap_or(0);
                    self.lower(id, index);
                }
                Some(_) => {}
                None => {
                    work.pop();
                    let low = self.low.get(&id).copied().unwrap_or(0);
                    if let Some((above, _)) = work.last() {
                        self.lower(*above, low);
                    }
                    if self.index.get(&id) == Some(&low) {
                        self.leave(id);
                    }
                }
            }
        }
    }

    fn enter(&mut self, waits: &Waits, id: Id) -> (Id, Vec<Id>) {
        let index = self.index.len();
        self.index.insert(id, index);
        self.low.insert(id, index);
        self.stack.push(id);
        self.on_stack.insert(id);
        (id, waits.of_ticket(id).collect())
    }

    fn lower(&mut self, id: Id, to: usize) {
        if let Some(low) = self.low.get_mut(&id) {
            *low = (*low).min(to);
        }
    }

    fn leave(&mut self, root: Id) {
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack.remove(&member);
            members.push(member);
            if member == root {
                break;
            }
        }
        if members.len() > 1 {
            members.sort_unstable();
            self.cycles.push(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn id(number: u64) -> Id {
        Id::at(Timestamp::from_millisecond(number as i64).unwrap())
    }

    fn waits(edges: &[(u64, u64)]) -> Waits {
        let mut waits = Waits::default();
        for (from, to) in edges {
            waits.add(id(*from), RelationKind::DependsOn, id(*to));
        }
        waits
    }

    #[test]
    fn blocking_is_being_depended_on() {
        let mut other = Waits::default();
        other.add(id(2), RelationKind::Blocks, id(1));
        other.add(id(2), RelationKind::Related, id(3));
        assert_eq!(other, waits(&[(1, 2)]));
        assert_eq!(waits(&[(1, 2), (2, 3), (1, 4), (4, 3)]).path(id(1), id(3)).unwrap().len(), 3);
        assert_eq!(waits(&[(1, 2), (2, 1)]).path(id(1), id(1)), Some(vec![id(1), id(2), id(1)]));
        assert_eq!(waits(&[(1, 2)]).path(id(2), id(1)), None);
    }

    /// Ladders have as many ways through them as there are numbers of so many bits, which a search that
    /// follows each of them does not come to the end of.
    #[test]
    fn cycles_are_found_in_time_that_grows_with_the_relations() {
        let rungs = 100_000;
        let mut edges: Vec<(u64, u64)> = Vec::new();
        for at in 0..rungs {
            edges.extend([
                (3 * at, 3 * at + 1),
                (3 * at, 3 * at + 2),
                (3 * at + 1, 3 * at + 3),
                (3 * at + 2, 3 * at + 3),
            ]);
        }
        let ladder = waits(&edges);
        let begin = std::time::Instant::now();
        assert!(ladder.cycles().is_empty());
        assert!(ladder.path(id(0), id(3 * rungs)).is_some());
        assert!(ladder.path(id(3 * rungs), id(0)).is_none());
        edges.push((3 * rungs, 0));
        let cycles = waits(&edges).cycles();
        assert_eq!(cycles.iter().map(Vec::len).collect::<Vec<_>>(), [3 * rungs as usize + 1]);
        assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    }

    proptest! {
        #[test]
        fn a_ticket_is_in_a_cycle_if_a_way_leads_back_to_it(edges in prop::collection::vec((0..8u64, 0..8u64), 0..16)) {
            let edges: Vec<(u64, u64)> = edges.into_iter().filter(|(a, b)| a != b).collect();
            let waits = waits(&edges);
            let members: Vec<Id> = waits.cycles().concat();
            for number in 0..8 {
                let path = waits.path(id(number), id(number));
                prop_assert_eq!(members.contains(&id(number)), path.is_some());
                for pair in path.unwrap_or_default().windows(2) {
                    prop_assert!(waits.of_ticket(pair[0]).any(|next| next == pair[1]));
                }
            }
        }
    }
}
