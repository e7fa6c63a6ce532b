//! What somebody may have meant.
//!
//! Owns how near a name has to be. Must not know what it names.

use strsim::levenshtein;

/// The name that somebody who wrote `name` may have meant.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > 64 {
        return None;
    }
    let by_distance = known.map(|known| (levenshtein(name, known), known));
    by_distance.filter(|(distance, known)| *distance <= 2 && *distance < known.len()).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        for (name, meant) in [("hsots", Some("hosts")), ("host", Some("hosts")), ("x", None)] {
            assert_eq!(nearest(name, ["hosts", "ports"].into_iter()), meant, "{name}");
        }
    }
}
