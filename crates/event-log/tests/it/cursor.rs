//! Cursors: stable, sealed, and refused when anything about them is not as it was.
//!
//! Owns what a holder of a cursor may rely on and what a forger may not.

use event_log::{Cursor, CursorError, CursorKey, Epoch, Position, Sealer, Seq};
use proptest::prelude::*;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn sealer(secret: u8) -> Sealer {
    Sealer::new(CursorKey::from([secret; 32]), Vec::new())
}

fn position() -> impl Strategy<Value = Position> {
    (any::<u64>(), any::<u64>()).prop_map(|(epoch, seq)| Position { epoch: Epoch(epoch), seq: Seq(seq) })
}

/// Cursors outlive restarts and upgrades: this text was issued once and must always open.
#[test]
fn the_format_does_not_change() {
    let position = Position { epoch: Epoch(0x0123_4567_89ab_cdef), seq: Seq(42) };
    let issued = "hZoz-vVf5YdHJzIkvlwXk5X9TYO6JaFiNXukzdU3j2DM";
    assert_eq!(sealer(7).seal(b"worker", position).as_str(), issued);
    assert_eq!(sealer(7).open(b"worker", issued), Ok(position));
}

#[test]
fn secrets_rotate() {
    let old = CursorKey::from([1; 32]);
    let new = CursorKey::from([2; 32]);
    let position = Position { epoch: Epoch(9), seq: Seq(9) };
    let before = Sealer::new(old.clone(), Vec::new());
    let during = Sealer::new(new.clone(), vec![CursorKey::from([3; 32]), old]);
    let after = Sealer::new(new, Vec::new());
    let text = before.seal(b"w", position);
    assert_eq!(during.open(b"w", text.as_str()), Ok(position));
    assert_eq!(after.open(b"w", text.as_str()), Err(CursorError::Refused));
    assert_eq!(after.open(b"w", during.seal(b"w", position).as_str()), Ok(position));
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?} {:?}", CursorKey::from([0xab; 32]), sealer(0xab));
    assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
}

#[test]
fn every_other_length_and_padding_is_refused() {
    let text = sealer(1).seal(b"w", Position::ORIGIN).to_string();
    for len in 0..text.len() {
        assert_eq!(sealer(1).open(b"w", &text[..len]), Err(CursorError::Malformed));
    }
    for suffix in ["=", "A", " ", "\n", "\0", "AAAA"] {
        assert_eq!(sealer(1).open(b"w", &format!("{text}{suffix}")), Err(CursorError::Malformed));
        let longer = format!("{suffix}{text}");
        assert_eq!(sealer(1).open(b"w", &longer), Err(CursorError::Malformed));
    }
    assert_eq!(sealer(1).open(b"w", &"é".repeat(Cursor::LEN / 2)), Err(CursorError::Malformed));
}

#[test]
fn neighbours_have_nothing_in_common() {
    let at = |seq| sealer(1).seal(b"w", Position { epoch: Epoch(1), seq: Seq(seq) }).to_string();
    for seq in 1..500 {
        let (one, next) = (at(seq), at(seq + 1));
        let same = one.bytes().zip(next.bytes()).filter(|(x, y)| x == y).count();
        assert!(same < 12, "{one} {next}");
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(position in position(), context: Vec<u8>, secret: u8) {
        let cursor = sealer(secret).seal(&context, position);
        prop_assert_eq!(cursor, sealer(secret).seal(&context, position));
        prop_assert_eq!(cursor.as_str().len(), Cursor::LEN);
        prop_assert!(cursor.as_str().bytes().all(|b| ALPHABET.contains(&b)));
        prop_assert_eq!(sealer(secret).open(&context, cursor.as_str()), Ok(position));
    }

    #[test]
    fn no_other_context_or_secret_opens_it(position in position(), context: Vec<u8>, other: Vec<u8>, secret: u8) {
        let cursor = sealer(secret).seal(&context, position);
        prop_assert_eq!(sealer(secret.wrapping_add(1)).open(&context, cursor.as_str()), Err(CursorError::Refused));
        if other != context {
            prop_assert_eq!(sealer(secret).open(&other, cursor.as_str()), Err(CursorError::Refused));
        }
    }

    /// Every bit of every character, and every other character in every place.
    #[test]
    fn no_alteration_opens(position in position(), context: Vec<u8>) {
        let sealer = sealer(5);
        let cursor = sealer.seal(&context, position);
        let text = cursor.as_str().as_bytes();
        for at in 0..text.len() {
            let flips = (0..8).map(|bit| text[at] ^ (1 << bit));
            for byte in flips.chain(ALPHABET.iter().copied()).filter(|byte| *byte != text[at]) {
                let mut altered = text.to_vec();
                altered[at] = byte;
                if let Ok(altered) = String::from_utf8(altered) {
                    prop_assert!(sealer.open(&context, &altered).is_err(), "{}", altered);
                }
            }
        }
    }

    #[test]
    fn no_text_opens_or_panics(text in "\\PC{0,80}", likely in "[A-Za-z0-9_-]{44}", context: Vec<u8>) {
        prop_assert!(sealer(5).open(&context, &text).is_err());
        prop_assert_eq!(sealer(5).open(&context, &likely), Err(CursorError::Refused));
    }
}

proptest! {
    #[test]
    fn a_payload_opens_where_it_was_sealed_and_nowhere_else(
        payload in prop::collection::vec(any::<u8>(), 0..=Sealer::MAX_PAYLOAD),
        flip in any::<prop::sample::Index>(),
    ) {
        let sealer = Sealer::new([1; 32].into(), vec![[2; 32].into()]);
        let text = sealer.seal_payload(b"here", &payload).unwrap();
        prop_assert!(text.len() <= 96);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(sealer.seal_payload(b"here", &payload).unwrap(), text.clone());
        prop_assert_eq!(sealer.open_payload(b"here", &text).unwrap(), payload.clone());
        prop_assert!(sealer.open_payload(b"there", &text).is_err());
        // a rotated key still opens, another does not
        let rotated = Sealer::new([3; 32].into(), vec![[1; 32].into()]);
        prop_assert_eq!(rotated.open_payload(b"here", &text).unwrap(), payload);
        prop_assert!(Sealer::new([3; 32].into(), vec![]).open_payload(b"here", &text).is_err());
        prop_assert!(sealer.open(b"here", &text).is_err());
        let at = flip.index(text.len());
        let mut altered = text.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        prop_assert!(sealer.open_payload(b"here", &altered).is_err(), "{} -> {}", text, altered);
    }
}
