//! What `docs/embedding.md`, which is written by hand, must agree on with the examples that are
//! compiled.
//!
//! Owns tests only.

const PAGE: &str = include_str!("../../../../docs/embedding.md");
const EXAMPLES: [(&str, &str); 2] = [
    ("runtime.rs", include_str!("../../../workspace-server/examples/runtime.rs")),
    ("backend.rs", include_str!("../../../workspace-server/examples/backend.rs")),
];

#[test]
fn the_page_shows_each_example_whole() {
    for (name, text) in EXAMPLES {
        assert!(PAGE.contains(&format!("```rust\n{text}```\n")), "{name}");
    }
}
