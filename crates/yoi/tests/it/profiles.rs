//! The profiles of the tests: scripts that stream fast and number what they say.
//!
//! Owns the scripts and their place in `runtime.toml`.

use std::fmt::Write;

/// Streams numbered deltas: the input says how many, after how many to pause, and for how long.
///
/// `300 50 0.01 anything` is 300 deltas with a pause of 10 ms after each 50. What `$PAD` holds is
/// added to each.
const STREAM: &str = r#"
IFS= read -r line
text=${line##*'"text":"'}; text=${text%%'"'*}
set -- $text
n=0
echo '{"type":"block_started","block_id":"b","kind":"text"}'
while [ "$n" -lt "$1" ]; do
    printf '{"type":"block_delta","block_id":"b","text":"%d%s "}\n' "$n" "$PAD"
    n=$((n + 1))
    [ $((n % $2)) -eq 0 ] && sleep "$3"
done
echo '{"type":"block_finished","block_id":"b"}'
echo '{"type":"run_finished","outcome":"completed"}'
"#;

/// A recorded session.
pub const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sessions/demo.jsonl");

/// The configuration of a profile that runs a shell script which speaks JSON lines.
pub fn script(name: &str, script: &str, env: &[(&str, &str)]) -> String {
    process(name, "json-lines", script, env)
}

/// The same, where it speaks text.
pub fn text_script(name: &str, script: &str) -> String {
    process(name, "text", script, &[])
}

fn process(name: &str, mode: &str, script: &str, env: &[(&str, &str)]) -> String {
    let mut config = format!("[profiles.{name}]\nexecutor = \"process\"\nmode = \"{mode}\"\n");
    let _ = writeln!(config, "command = [\"sh\", \"-c\", '''{script}''']");
    if !env.is_empty() {
        let _ = writeln!(config, "[profiles.{name}.env]");
        for (name, value) in env {
            let _ = writeln!(config, "{name} = \"{value}\"");
        }
    }
    config
}

/// The profile `stream`: numbered deltas, each with so many bytes more.
pub fn stream(pad: usize) -> String {
    script("stream", STREAM, &[("PAD", &"x".repeat(pad))])
}

/// The profile `replay` of a recording, without pauses.
pub fn replay(name: &str, file: &str) -> String {
    format!("[profiles.{name}]\nexecutor = \"replay\"\nfile = \"{file}\"\nspeed = \"max\"\n")
}

/// The number at the beginning of a delta of the profile `stream`.
pub fn number(delta: &str) -> u64 {
    let digits = delta.bytes().take_while(u8::is_ascii_digit).count();
    delta[..digits].parse().unwrap_or_else(|_| panic!("no number: {delta}"))
}
