//! What changed between two texts, line by line.
//!
//! Owns the comparison, with a few lines around what changed, and its bounds. Must not wrap or paint.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines shown before and after a change.
const CONTEXT: usize = 3;
/// Texts of more lines are not compared, but told whole.
const MOST_LINES: usize = 2000;

/// One line of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is in both.
    Same(&'a str),
    /// It is only in the old text.
    Removed(&'a str),
    /// It is only in the new text.
    Added(&'a str),
    /// So many lines that are in both are left out.
    Skipped(usize),
}

/// The difference from `old` to `new`.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Change<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old.len().max(new.len()) > MOST_LINES {
        let removed = old.into_iter().map(Change::Removed);
        return removed.chain(new.into_iter().map(Change::Added)).collect();
    }
    let mut out = Vec::new();
    let mut told = 0;
    for op in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT).into_iter().flatten() {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        if old_range.start > told {
            out.push(Change::Skipped(old_range.start - told));
        }
        // where lines only came, the old text may be pointed at further up
        told = told.max(old_range.end);
        let before = old.get(old_range).unwrap_or_default();
        let after = new.get(new_range).unwrap_or_default();
        match op {
            DiffOp::Equal { .. } => out.extend(before.iter().map(|line| Change::Same(line))),
            _ => {
                out.extend(before.iter().map(|line| Change::Removed(line)));
                out.extend(after.iter().map(|line| Change::Added(line)));
            }
        }
    }
    if told < old.len() {
        out.push(Change::Skipped(old.len() - told));
    }
    out
}

/// How many lines came, and how many went.
pub fn totals(changes: &[Change<'_>]) -> (usize, usize) {
    let count = |wanted: fn(&Change<'_>) -> bool| changes.iter().filter(|change| wanted(change)).count();
    (count(|c| matches!(c, Change::Added(_))), count(|c| matches!(c, Change::Removed(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_few_lines_around_what_changed() {
        let old: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
        let mut new = old.clone();
        new[5] = "six".to_owned();
        let (old, new) = (old.join("\n"), new.join("\n"));
        let told: Vec<String> = lines(&old, &new)
            .iter()
            .map(|change| match change {
                Change::Same(line) => format!(" {line}"),
                Change::Removed(line) => format!("-{line}"),
                Change::Added(line) => format!("+{line}"),
                Change::Skipped(n) => format!("…{n}"),
            })
            .collect();
        assert_eq!(told, ["…2", " 3", " 4", " 5", "-6", "+six", " 7", " 8", " 9", "…3"]);
        assert_eq!(totals(&lines(&old, &new)), (1, 1));
        assert!(lines("", "").is_empty());
    }

    proptest! {
        #[test]
        fn it_makes_the_one_from_the_other(old in "([ab]\n){0,30}", new in "([ab]\n){0,30}") {
            let changes = lines(&old, &new);
            let skipped: usize = changes.iter().map(|c| if let Change::Skipped(n) = c { *n } else { 0 }).sum();
            let of = |side: fn(&Change<'_>) -> bool| changes.iter().filter(|c| side(c)).count();
            let same = of(|c| matches!(c, Change::Same(_))) + skipped;
            let (added, removed) = totals(&changes);
            // where nothing changed, nothing is told
            if !changes.is_empty() {
                prop_assert_eq!(same + removed, old.lines().count());
                prop_assert_eq!(same + added, new.lines().count());
            }
            prop_assert_eq!(changes.is_empty() || changes == [Change::Skipped(old.lines().count())], old == new || old.is_empty() && new.is_empty());
        }
    }
}
