//! Has this crate built anew when the console's files are others.
//!
//! Owns nothing of them: `scripts/build-web` makes them, and `src/console` carries them. Must not run anything.

fn main() {
    // the folder is there, with nothing in it, also where the console was never built
    println!("cargo:rerun-if-changed=../../web/dist");
}
