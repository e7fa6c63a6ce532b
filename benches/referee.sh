#!/bin/sh
# Runs the black-box load harness that stands beside this repository (../shared/bench) against the
# streams of a runtime and of a backend, interleaved with its floor and its peers. Usage: benches/referee.sh [ROUNDS] [TARGETS]
set -eu
cd "$(dirname "$0")/.."
here=$PWD
rounds=${1:-3}
targets=${2:-limit-raw-each,limit-raw-batch,tungstenite-broadcast,tungstenite-tuned}
bench=${YOI_REFEREE:-../shared/bench}
if [ ! -d "$bench" ]; then
    echo "error: there is no harness at $bench" >&2
    echo "hint: set YOI_REFEREE to where it is" >&2
    exit 1
fi

cargo build --release --locked -p yoi
CARGO_TARGET_DIR=$here/target/referee cargo build --release --locked --manifest-path "$bench/Cargo.toml"
fb=$here/target/referee/release/fanout-bench
export YOI_BIN=$here/target/release/yoi
ours=http-ws:$here/benches/yoi.json,http-ws:$here/benches/yoi-backend.json,http-ws:$here/benches/yoi-backend-remote.json
base="--base limit-raw-each"
out=$here/target/referee/results
mkdir -p "$out"

run() {
    name=$1
    shift
    printf '\n## %s\n\n' "$name"
    rm -f "$out/$name.jsonl"
    "$fb" "$@" --out "$out/$name.jsonl" 2>"$out/$name.log" || { cat "$out/$name.log" >&2; exit 1; }
}

run latency latency --targets "$targets,$ours" --rounds "$rounds" $base
run throughput throughput --targets "$targets,$ours" --rounds "$rounds" --msgs 10000 $base
run lockstep throughput --targets "$targets,$ours" --rounds "$rounds" --msgs 1500 --window 1 $base
run resume resume --targets "limit-raw-batch,tungstenite-tuned,$ours" --rounds "$rounds" --base limit-raw-batch
run memory memory --targets "$targets,$ours" --rounds 1
run slow slow --targets "limit-raw-batch,tungstenite-tuned,$ours" --rounds "$rounds"
