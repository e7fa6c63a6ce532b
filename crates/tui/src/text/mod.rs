//! Text as a terminal shows it: cleaned, measured, cut and wrapped.
//!
//! Owns widths and short forms of numbers. Must not know what a text means or whose it is, nor paint.

pub mod clean;
pub mod diff;
pub mod flow;
mod markdown;
pub mod row;
pub mod search;
pub mod wrap;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// A cluster of more bytes is no character anybody writes, and would make a cell without bound.
const CLUSTER_BYTES: usize = 64;

/// The clusters of a cleaned text that take room, each with its width in cells.
pub fn clusters(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.graphemes(true).filter(|cluster| !cluster.contains(char::is_control)).filter_map(|cluster| {
        let cluster = if cluster.len() > CLUSTER_BYTES { shortened(cluster) } else { cluster };
        let width = usize::from(cluster.cell_width());
        (width > 0).then_some((cluster, width))
    })
}

fn shortened(cluster: &str) -> &str {
    cluster.get(..protocol::floor_char_boundary(cluster, CLUSTER_BYTES)).unwrap_or_default()
}

/// How many cells a cleaned text takes on one line.
pub fn width(text: &str) -> usize {
    clusters(text).map(|(_, width)| width).sum()
}

/// A cleaned text on at most `room` cells; where it is cut, it ends in `…`.
pub fn fit(text: &str, room: usize) -> String {
    let mut out = String::new();
    let (mut used, mut kept) = (0, 0);
    for (cluster, width) in clusters(text) {
        if used + width > room {
            out.truncate(kept);
            if room > 0 {
                out.push('…');
            }
            return out;
        }
        out.push_str(cluster);
        used += width;
        if used < room {
            kept = out.len();
        }
    }
    out
}

/// A number of bytes in short.
pub fn bytes(n: u64) -> String {
    short(n, 1024, ["B", "KiB", "MiB", "GiB"], " ")
}

/// A count in short: `999`, `1.2k`, `3.4M`.
pub fn count(n: u64) -> String {
    short(n, 1000, ["", "k", "M", "G"], "")
}

fn short(n: u64, base: u64, units: [&str; 4], space: &str) -> String {
    let (mut tenths, mut unit) = (n.saturating_mul(10), 0);
    while tenths >= base * 10 && unit < 3 {
        tenths /= base;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    match (unit, tenths % 10) {
        (0, _) => format!("{n}{space}{name}"),
        (_, 0) => format!("{}{space}{name}", tenths / 10),
        (_, tenth) => format!("{}.{tenth}{space}{name}", tenths / 10),
    }
}

/// `3 workers`, `1 worker`.
pub fn plural(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn measures_and_cuts_by_cells() {
        for (text, cells) in
            [("", 0), ("abc", 3), ("漢字", 4), ("e\u{301}x", 2), ("👨‍👩‍👧", 2), ("\u{200b}", 0), ("a\nb", 2)]
        {
            assert_eq!(width(text), cells, "{text:?}");
        }
        for (text, room, cut) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("漢字漢", 5, "漢字…"),
            ("漢字漢", 4, "漢…"),
            ("漢", 1, "…"),
            ("a", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(fit(text, room), cut, "{text:?} {room}");
        }
    }

    #[test]
    fn a_cluster_without_end_is_cut() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        let all: Vec<_> = clusters(&zalgo).collect();
        assert_eq!(all.len(), 2);
        assert!(all[0].0.len() <= CLUSTER_BYTES && all[0].1 == 1);
    }

    #[test]
    fn short_forms() {
        let told: Vec<_> = [0, 999, 1000, 1234, 12_345, 3_400_000, u64::MAX].map(count).to_vec();
        assert_eq!(told[..6], ["0", "999", "1k", "1.2k", "12.3k", "3.4M"]);
        assert_eq!([0, 1023, 1024, 1536, 256 << 10].map(bytes), ["0 B", "1023 B", "1 KiB", "1.5 KiB", "256 KiB"]);
        assert_eq!((plural(1, "line"), plural(0, "line")), ("1 line".to_owned(), "0 lines".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in any::<String>(), room in 0usize..20) {
            let cut = fit(&text, room);
            prop_assert!(width(&cut) <= room, "{cut:?}");
            if width(&text) <= room {
                prop_assert_eq!(width(&cut), width(&text));
            }
        }
    }
}
