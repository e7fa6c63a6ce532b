// The fold: each bound is reached, kept and told, and every history converges.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apply, initialState } from "../src/fold.js";
import { checkEvent } from "../src/forms.js";
import { BOUNDS, isKnownPart, type AnyEvent, type Entry, type State } from "../src/generated/protocol.js";
import { firstBytes, utf8Length, withoutFirst } from "../src/text.js";
import { weight } from "../src/weight.js";
import { anyEvent, ask, delta, finish, foreignSnapshot, history, made, nested, nobody, notice, plan, result, said, start } from "./histories.js";
import { Random } from "./random.js";
import { AT, RUN, WORKER } from "./scripted.js";

const bytes = (text: string): number => Buffer.byteLength(text);
const snapshotOf = (state: State): AnyEvent => ({ type: "snapshot", ...state, at: AT });

/** The state as whoever receives its snapshot has it. */
function overTheWire(state: State): State {
  const event: unknown = JSON.parse(JSON.stringify(snapshotOf(state)));
  checkEvent(event);
  return apply(nobody(), event);
}

/** What every state promises. */
function checkBounds(state: State): void {
  const texts = (entry: Entry): string[] => [
    entry.text ?? "",
    entry.message ?? "",
    ...(entry.content ?? []).map((part) => (isKnownPart(part) && part.type === "text" ? part.text : "")),
  ];
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const found: [string, number, number][] = [
    ["entries", state.transcript.length, BOUNDS.transcriptEntries],
    ["transcript", sum(state.transcript.map(weight)), BOUNDS.transcriptWeight],
    ["a text", Math.max(0, ...state.transcript.flatMap(texts).map(bytes)), BOUNDS.textBytes],
    ["open blocks", state.open_blocks.length, BOUNDS.openBlocks],
    ["open text", sum(state.open_blocks.map((b) => bytes(b.text))), BOUNDS.openTextBytes],
    ["one open text", Math.max(0, ...state.open_blocks.map((b) => bytes(b.text))), BOUNDS.textBytes],
    ["approvals", state.approvals.length, BOUNDS.approvals],
    ["approvals' weight", sum(state.approvals.map(weight)), BOUNDS.approvalsWeight],
    ["plan", state.plan.length, BOUNDS.planItems],
    ["plan's weight", sum(state.plan.map(weight)), BOUNDS.planWeight],
    ["usage", weight(state.usage), BOUNDS.usageWeight],
    ["worker", weight(state.worker), BOUNDS.workerWeight],
    ["snapshot", bytes(JSON.stringify(snapshotOf(state))), BOUNDS.snapshotBytes - 1],
  ];
  for (const [what, is, bound] of found) assert.ok(is <= bound, `${what}: ${is} > ${bound}`);
}

/** Folds, and checks what holds for every state. */
function folded(events: readonly AnyEvent[], from = nobody()): State {
  const state = events.reduce(apply, from);
  checkBounds(state);
  assert.deepEqual(overTheWire(state), state);
  return state;
}

const freeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
};

const times = <T>(n: number, make: (index: number) => T): T[] => Array.from({ length: n }, (_, index) => make(index));

describe("texts and weights", () => {
  test("are measured in bytes of UTF-8 and cut between characters", () => {
    const random = new Random(1);
    for (let round = 0; round < 2000; round += 1) {
      const text = times(random.below(12), () => random.pick(["a", "é", "漢", "🙂", "\ud800", "\udc00", "\n", '"'])).join("");
      const whole = Buffer.byteLength(text);
      assert.equal(utf8Length(text), whole);
      const cut = random.below(20);
      const tail = withoutFirst(text, cut);
      assert.ok(text.endsWith(tail.text));
      assert.equal(tail.dropped + bytes(tail.text), whole);
      assert.ok(tail.dropped >= Math.min(cut, whole) && tail.dropped < cut + 4);
      const head = firstBytes(text, cut);
      assert.ok(text.startsWith(head) && bytes(head) <= cut);
      assert.ok(head === text || bytes(head) > cut - 4);
      // a string weighs its encoding, where a surrogate by itself is no matter
      if (!/\p{Surrogate}/u.test(text)) assert.equal(weight(text), bytes(JSON.stringify(text)));
    }
  });

  test("weigh what docs/wire.md says", () => {
    for (let unit = 0; unit < 0x80; unit += 1) {
      const text = String.fromCharCode(unit);
      assert.equal(weight(text), bytes(JSON.stringify(text)), `U+${unit.toString(16)}`);
    }
    assert.equal(weight([1, null]), 2 + 25 + 25);
    assert.equal(weight({ a: "b", c: [] }), 2 + (3 + 2 + 3) + (3 + 2 + 2));
    assert.equal(weight({ a: undefined }), 2);
    assert.ok(weight(nested(BOUNDS.depth)) < 2000);
    assert.equal(weight(nested(BOUNDS.depth + 1)), 2 ** 30);
    assert.equal(weight(times(9, () => nested(BOUNDS.depth))), 2 ** 30);
  });
});

describe("the fold", () => {
  test("makes of each event what the table says", () => {
    const at = AT;
    let state = folded([
      made("status_changed", { status: "running", reason: "r", more: 1 }),
      made("run_started", { run_id: RUN, trigger: "input", more: 1 }),
      made("user_message", { run_id: RUN, entry_id: "u", content: [{ type: "text", text: "hi", lang: "en" }], omitted_bytes: 0, more: 1 }),
      start("b", { kind: "tool_call", call_id: "c", tool: "t", title: null, more: 1 }),
      delta("b", "one "),
      delta("nobody", "lost"),
      delta("b", "two"),
    ]);
    assert.deepEqual(state.open_blocks, [{ block_id: "b", run_id: RUN, kind: "tool_call", call_id: "c", tool: "t", text: "one two" }]);
    state = folded(
      [
        finish("b", "interrupted"),
        finish("nobody"),
        result([said("ok")], { is_error: true, omitted_bytes: 7 }),
        made("notice", { level: "warning", code: "n", message: "m", entry_id: "e", more: 1 }),
        made("plan_updated", { items: [{ content: "c", status: "pending", priority: "high" }] }),
        made("approval_requested", { approval_id: "a", title: "?", options: [], call_id: null, risk: "low" }),
        made("usage_updated", { input_tokens: 1, cached: 2 }),
        made("run_finished", { run_id: RUN, outcome: "completed" }),
        result([], { call_id: "d" }),
        made("retry_scheduled", { run_id: RUN, attempt: 2, wait_ms: 1, reason: "r" }),
        made("extension", { namespace: "x", value: 1 }),
        made("of_tomorrow", { status: "failed" }),
      ],
      state,
    );
    assert.deepEqual(state, {
      ...nobody(),
      status: "running",
      transcript: [
        { entry_id: "u", run_id: RUN, kind: "user_message", content: [{ type: "text", text: "hi", lang: "en" }], at },
        { entry_id: "b", run_id: RUN, kind: "tool_call", text: "one two", status: "interrupted", call_id: "c", tool: "t", at },
        { entry_id: "c:result", run_id: RUN, kind: "tool_result", call_id: "c", content: [said("ok")], is_error: true, omitted_bytes: 7, at },
        { entry_id: "e", kind: "notice", level: "warning", code: "n", message: "m", at },
        { entry_id: "d:result", kind: "tool_result", call_id: "d", content: [], is_error: false, at },
      ],
      approvals: [{ approval_id: "a", title: "?", options: [], risk: "low" }],
      plan: [{ content: "c", status: "pending", priority: "high" }],
      usage: { input_tokens: 1, cached: 2, output_tokens: 0 },
    });
    assert.deepEqual(folded([made("approval_resolved", { approval_id: "a", outcome: "yes" })], state).approvals, []);
  });

  test("changes nothing that it is given", () => {
    const random = new Random(5);
    let state = apply(nobody(), foreignSnapshot(random));
    for (const event of [...history(random), ...times(300, () => anyEvent(random))]) {
      freeze(state);
      freeze(event);
      state = apply(state, event);
    }
    assert.ok(Object.getPrototypeOf(state) === Object.prototype);
  });

  test("members called like those of every object are members", () => {
    const part = JSON.parse('{"type":"x","__proto__":{"polluted":true}}') as { type: string };
    const usage = JSON.parse('{"type":"usage_updated","input_tokens":1,"__proto__":{"polluted":1},"at":"2026-01-01T00:00:00Z"}') as AnyEvent;
    const state = folded([result([part]), usage, start("__proto__"), delta("__proto__", "x")]);
    assert.deepEqual(JSON.stringify(state.transcript[0]?.content), '[{"type":"x","__proto__":{"polluted":true}}]');
    assert.ok(Object.hasOwn(state.usage, "__proto__"));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

describe("bounds", () => {
  const texts = (n: number, text: string): AnyEvent[] => times(n, (i) => result([said(`${i}${text}`)]));

  test("the transcript keeps the newest two hundred", () => {
    assert.equal(folded(texts(200, "")).truncated, false);
    const state = folded(texts(201, ""));
    assert.equal(state.truncated, true);
    assert.equal(state.transcript.length, 200);
    assert.deepEqual(state.transcript[0]?.content, [said("1")]);
  });

  test("the transcript keeps a mebibyte", () => {
    const state = folded(texts(30, "\n".repeat(50_000)));
    assert.equal(state.truncated, true);
    assert.equal(state.transcript.length, 10);
  });

  test("an entry too heavy to keep leaves an unbroken end", () => {
    const state = folded([...texts(3, ""), result([said("\u0001".repeat(200_000))]), result([said("after")])]);
    assert.deepEqual([state.truncated, state.transcript.length], [true, 1]);
    const odd = (levels: number): AnyEvent => result([{ type: "odd", value: nested(levels) }]);
    const deep = folded([odd(BOUNDS.depth)]);
    assert.deepEqual([deep.truncated, deep.transcript.length], [true, 0]);
    assert.equal(folded([odd(BOUNDS.depth - 3)]).truncated, false);
  });

  test("a text keeps its end between characters", () => {
    const over = BOUNDS.textBytes + 1;
    const state = folded([start("b"), delta("b", "é".repeat(over / 2 + 1)), delta("b", "x")]);
    const whole = bytes("é".repeat(over / 2 + 1)) + 1;
    const block = state.open_blocks[0];
    assert.equal(bytes(block?.text ?? ""), BOUNDS.textBytes - 1);
    assert.equal(block?.omitted_bytes, whole - BOUNDS.textBytes + 1);
    assert.equal(state.truncated, false);
    const done = folded([finish("b")], state);
    assert.equal(done.transcript[0]?.omitted_bytes, block.omitted_bytes);
    const message = folded([notice("🙂".repeat(70_000))]).transcript[0];
    assert.deepEqual([bytes(message?.message ?? ""), message?.omitted_bytes], [262_144, 280_000 - 262_144]);
    const two = folded([result([said("x".repeat(262_145)), said("y".repeat(262_146))], { omitted_bytes: 4 })]).transcript[0];
    assert.equal(two?.omitted_bytes, 7);
  });

  test("open blocks keep the newest, and the newest of those that share a name is meant", () => {
    let state = folded(times(66, (n) => start(String(n))));
    assert.deepEqual([state.truncated, state.open_blocks.length, state.open_blocks[0]?.block_id], [true, 64, "2"]);
    state = folded([start("b", { title: "old" }), start("b"), delta("b", "x"), finish("b")]);
    assert.deepEqual([state.open_blocks.length, state.open_blocks[0]?.title], [1, "old"]);
    state = folded(times(9, (n) => start(String(n), { title: "\u0001".repeat(8000) })));
    assert.deepEqual([state.truncated, state.open_blocks.length], [true, 5]);
    state = folded(times(7, (n) => [start(String(n)), delta(String(n), "é".repeat(100_001))]).flat());
    assert.deepEqual(state.open_blocks.map((b) => bytes(b.text)), [0, 48_566, 200_002, 200_002, 200_002, 200_002, 200_002]);
    assert.equal(state.open_blocks[0]?.omitted_bytes, 200_002);
  });

  test("approvals keep the newest, a plan its beginning", () => {
    let state = folded(times(65, (n) => ask(`a${n}`, "")));
    assert.deepEqual([state.truncated, state.approvals.length, state.approvals[0]?.approval_id], [true, 64, "a1"]);
    state = folded(times(20, (n) => ask(`a${n}`, '"'.repeat(10_000))));
    assert.deepEqual([state.truncated, state.approvals.length, state.approvals[0]?.approval_id], [true, 13, "a7"]);
    state = folded([plan(300, "x")]);
    assert.deepEqual([state.plan.length, state.truncated], [256, true]);
    state = folded([plan(200, "x".repeat(5000))]);
    assert.deepEqual([state.plan.length, state.truncated], [52, true]);
  });

  test("usage and worker keep what every reader needs", () => {
    const extra = { x: "x".repeat(20_000) };
    const state = folded([made("usage_updated", { input_tokens: 3, output_tokens: 4, ...extra })]);
    assert.deepEqual([state.usage, state.truncated], [{ input_tokens: 3, output_tokens: 4 }, true]);
    const worker = { ...nobody().worker, ...extra };
    assert.deepEqual(initialState(worker).worker, worker);
    const labelled = { ...worker, labels: { ...worker.labels, big: "\u0001".repeat(9000) } };
    const bounded = initialState(labelled);
    assert.deepEqual([bounded.truncated, "x" in bounded.worker, Object.keys(bounded.worker.labels).length], [true, false, 2]);
    const named = initialState({ ...labelled, display_name: "漢".repeat(30_000) });
    assert.deepEqual([named.worker.labels, bytes(named.worker.display_name)], [{}, 1023]);
    checkBounds(named);
  });

  test("a foreign snapshot is brought within them", () => {
    const at = "2026-11-21T05:54:00Z";
    const snapshot = {
      ...snapshotOf(nobody()),
      transcript: times(150, () => ({ kind: "text", text: "x".repeat(300_000), at })),
      open_blocks: times(100, () => ({ block_id: "b", run_id: RUN, kind: "text", text: "é".repeat(200_000) })),
      approvals: times(5000, () => ({ approval_id: "a", title: "t".repeat(99), options: [] })),
      plan: times(5000, () => ({ content: "c", status: "pending" })),
    };
    const state = folded([snapshot]);
    assert.equal(state.truncated, true);
    assert.deepEqual([state.transcript.length, state.open_blocks.length, state.plan.length], [3, 64, 256]);
    assert.equal(state.transcript[0]?.omitted_bytes, 300_000 - BOUNDS.textBytes);
    assert.equal(state.transcript[0]?.at, "2026-11-21T05:54:00.000Z");
    const entries = times(201, () => ({ kind: "text", text: "x", at }));
    assert.equal(folded([{ ...snapshotOf(nobody()), transcript: entries }]).truncated, true, "dropping an entry is told");
  });

  test("the heaviest history there is makes a snapshot below its bound", () => {
    const ctrl = (n: number): string => "\u0001".repeat(n);
    const worker = { ...nobody().worker, labels: { l: ctrl(10_800) } };
    const numbers = times(202, () => -2.2250738585072014e-308);
    const state = folded(
      [
        made("status_changed", { status: ctrl(64) }),
        made("run_started", { run_id: RUN, trigger: ctrl(64) }),
        plan(51, ctrl(840)),
        ...times(210, () => result([{ type: "odd", value: numbers }])),
        ...times(64, (n) => ask(`a${n}`, ctrl(660))),
        ...times(64, (n) => [start(`b${n}`, { title: ctrl(650) }), delta(`b${n}`, ctrl(16 << 10))]).flat(),
        made("usage_updated", { input_tokens: 2 ** 53, output_tokens: 2 ** 53, x: ctrl(2700) }),
      ],
      initialState(worker),
    );
    assert.ok(bytes(JSON.stringify(snapshotOf(state))) > 7_800_000);
    assert.deepEqual([state.open_blocks.length, state.approvals.length, state.plan.length], [64, 64, 51]);
  });

  test("streaming stays cheap beside a full state", () => {
    let state = folded([...texts(200, "x".repeat(5000)), ...times(64, (n) => start(String(n)))]);
    state = apply(state, delta("63", "x".repeat(BOUNDS.textBytes)));
    const piece = delta("63", "a few words");
    const before = performance.now();
    for (let n = 0; n < 5000; n += 1) state = apply(state, piece);
    const each = (performance.now() - before) / 5000;
    assert.ok(each < 1, `${each} ms for each`);
  });
});

describe("convergence", () => {
  /** Whether a snapshot at any position and what follows is what the whole is. */
  function converges(seed: number, from: State, events: readonly AnyEvent[]): void {
    const random = new Random(seed ^ 0x5eed);
    const end = random.below(events.length + 1);
    const split = random.below(end + 1);
    const atSplit = events.slice(0, split).reduce(apply, from);
    const whole = events.slice(split, end).reduce(apply, atSplit);
    checkBounds(whole);
    const received = overTheWire(atSplit);
    assert.deepEqual(received, atSplit, `seed ${seed}: the snapshot differs from the state it was made of`);
    const late = (JSON.parse(JSON.stringify(events.slice(split, end))) as AnyEvent[]).reduce(apply, received);
    assert.deepEqual(late, whole, `seed ${seed}: the fold differs after event ${split}`);
  }

  test("of histories that reach the bounds", () => {
    for (let seed = 0; seed < 60; seed += 1) converges(seed, nobody(), history(new Random(seed)));
  });

  test("of any events, after any snapshot", () => {
    for (let seed = 0; seed < 1500; seed += 1) {
      const random = new Random(seed + 10_000);
      const snapshot = foreignSnapshot(random);
      checkEvent(snapshot);
      const events = times(random.below(40), () => (random.once(15) ? foreignSnapshot(random) : anyEvent(random)));
      events.forEach((event) => checkEvent(event));
      converges(seed, apply(nobody(), snapshot), events);
    }
  });

  test("a snapshot of nothing is nothing", () => {
    assert.deepEqual(overTheWire(nobody()), nobody());
    assert.equal(nobody().worker.worker_id, WORKER);
  });
});
