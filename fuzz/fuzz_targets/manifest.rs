//! A manifest with anything in it: what is read is printed as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::{Manifest, Review};

fuzz_target!(|text: &str| {
    let Ok(manifest) = Manifest::parse(text) else { return };
    assert_eq!(Manifest::parse(&manifest.to_toml()).as_ref(), Ok(&manifest));
    let page = Review::new(&manifest, &manifest::digest(text.as_bytes(), b""), None).to_text();
    assert!(page.lines().all(|line| line.chars().count() <= 80));
});
