//! What `docs/wire.md`, which is written by hand, must agree on with `protocol`.
//!
//! Owns tests only.

use protocol::{Code, EventKind, bounds};

const PAGE: &str = include_str!("../../../../docs/wire.md");

#[test]
fn every_bound_is_named_with_its_value() {
    for (name, value) in bounds::ALL {
        let digits = value.to_string().into_bytes();
        let groups: Vec<_> = digits.rchunks(3).rev().map(|g| String::from_utf8_lossy(g)).collect();
        let said = format!("`{name}` = {}", groups.join(","));
        assert!(PAGE.contains(&said), "{said}");
    }
}

#[test]
fn every_event_and_close_code_has_a_row() {
    for name in EventKind::TYPES {
        assert!(PAGE.contains(&format!("\n| `{name}` | ")), "{name}");
    }
    for code in Code::KNOWN {
        let Some(close) = code.info().close_code else { continue };
        let row = PAGE.lines().find(|l| l.starts_with(&format!("| {close} |"))).unwrap();
        assert!(row.contains(&format!("`{code}`")), "{row}: {code}");
    }
}
