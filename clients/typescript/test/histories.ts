// Events as a runtime may make them, and histories that reach every bound.

import { initialState } from "../src/fold.js";
import type { AnyEvent, Part, State } from "../src/generated/protocol.js";
import { Random } from "./random.js";
import { AT, RUN, WORKER } from "./scripted.js";

type Members = Record<string, unknown>;

/** A worker to which nothing has happened. */
export function nobody(): State {
  const labels = { team: "core" };
  return initialState({ worker_id: WORKER, display_name: "nobody", profile: "echo", labels, created_at: AT });
}

export const made = (type: string, members: Members = {}): AnyEvent => ({ type, ...members, at: AT });
export const start = (id: string, members: Members = {}): AnyEvent =>
  made("block_started", { block_id: id, run_id: RUN, kind: "text", ...members });
export const delta = (id: string, text: string): AnyEvent => made("block_delta", { block_id: id, text });
export const finish = (id: string, status = "complete"): AnyEvent => made("block_finished", { block_id: id, status });
export const result = (content: Part[], members: Members = {}): AnyEvent =>
  made("tool_result", { call_id: "c", content, is_error: false, ...members });
export const said = (text: string): Part => ({ type: "text", text });
export const ask = (id: string, title: string): AnyEvent =>
  made("approval_requested", { approval_id: id, title, options: ["yes"] });
export const plan = (items: number, content: string): AnyEvent =>
  made("plan_updated", { items: Array.from({ length: items }, () => ({ content, status: "pending" })) });
export const notice = (message: string): AnyEvent => made("notice", { level: "info", code: "n", message });

/** A value nested `levels` deep. */
export function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < levels; n += 1) value = [value];
  return value;
}

const PIECES = ["x", "é", "漢", "🙂", "\u0001", '"', "\\", "\n", "a漢", " ", "\u007f", "\u2028"];
const NAMES = ["a0", "a1", 'b"2', "é3", "__proto__", "constructor"];

function text(random: Random): string {
  return Array.from({ length: random.below(9) }, () => random.pick(PIECES)).join("");
}

function value(random: Random, levels: number): unknown {
  switch (random.below(levels > 0 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return random.once(2);
    case 2:
      return random.below(1_000_000) - 500_000;
    case 3:
      return (random.below(1_000_000) - 500_000) / 7e-9;
    case 4:
      return text(random);
    case 5:
      return Array.from({ length: random.below(4) }, () => value(random, levels - 1));
    default:
      return extra(random, levels - 1);
  }
}

/** Members that nobody knows. */
function extra(random: Random, levels = 3): Members {
  const members = Array.from({ length: random.below(3) }, () => [`x_${text(random)}`, value(random, levels)]);
  return Object.fromEntries(members) as Members;
}

/** Sometimes the member, sometimes null, mostly nothing. */
function maybe(random: Random, name: string, make: () => unknown): Members {
  const choice = random.below(4);
  return choice === 0 ? { [name]: null } : choice === 1 ? { [name]: make() } : {};
}

function part(random: Random): Part {
  switch (random.below(6)) {
    case 0:
      return { type: "image", mime_type: "image/png", ...maybe(random, "data", () => text(random)), ...maybe(random, "uri", () => text(random)), ...extra(random) } as Part;
    case 1:
      return { type: "resource", uri: text(random), ...extra(random) } as Part;
    case 2:
      return { type: "diff", path: text(random), ...maybe(random, "old", () => text(random)), ...maybe(random, "new", () => text(random)), ...extra(random) } as Part;
    case 3:
      return { type: "terminal", ...extra(random) };
    case 4:
      return { type: random.pick(["hologram", "toString"]), ...extra(random) };
    default:
      return { type: "text", text: text(random), ...extra(random) } as Part;
  }
}

const parts = (random: Random): Part[] => Array.from({ length: random.below(3) }, () => part(random));
const word = (random: Random, ...known: string[]): string => (random.once(5) ? "of_tömorrow" : random.pick(known));
const many = <T>(random: Random, most: number, make: () => T): T[] => Array.from({ length: random.below(most) }, make);

function approval(random: Random): Members {
  const options = many(random, 3, () => text(random));
  return { approval_id: random.pick(NAMES), title: text(random), options, ...maybe(random, "call_id", () => text(random)), ...extra(random) };
}

const planItem = (random: Random): Members => ({ content: text(random), status: word(random, "pending", "completed"), ...extra(random) });
const usage = (random: Random): Members => ({ input_tokens: random.below(1e6), output_tokens: random.below(1e6), ...extra(random) });

function block(random: Random): Members {
  const names = { ...maybe(random, "call_id", () => text(random)), ...maybe(random, "tool", () => text(random)), ...maybe(random, "title", () => text(random)) };
  return { block_id: random.pick(NAMES), run_id: RUN, kind: word(random, "text", "thinking", "tool_call"), ...names };
}

function entry(random: Random): Members {
  const optional: [string, () => unknown][] = [
    ["entry_id", () => random.pick(NAMES)],
    ["run_id", () => RUN],
    ["text", () => text(random)],
    ["status", () => word(random, "complete")],
    ["call_id", () => text(random)],
    ["tool", () => text(random)],
    ["title", () => text(random)],
    ["content", () => parts(random)],
    ["is_error", () => random.once(2)],
    ["level", () => word(random, "info")],
    ["code", () => text(random)],
    ["message", () => text(random)],
  ];
  const members = optional.map(([name, make]) => maybe(random, name, make));
  const omitted = random.once(2) ? { omitted_bytes: random.below(3) } : {};
  return { kind: word(random, "text", "notice"), ...Object.assign({}, ...members), ...omitted, at: random.pick([AT, "2026-03-01T01:00:00+01:00"]), ...extra(random) };
}

/** The snapshot of a small state, as somebody else may have made it. */
export function foreignSnapshot(random: Random): AnyEvent {
  const labels = Object.fromEntries(many(random, 3, () => [text(random), text(random)]));
  return made("snapshot", {
    worker: { worker_id: WORKER, display_name: text(random), profile: "p", labels, created_at: "2026-01-01T00:00:00Z", ...extra(random) },
    status: word(random, "idle", "running"),
    run: random.once(2) ? null : { run_id: RUN, trigger: word(random, "input"), more: 1 },
    transcript: many(random, 4, () => entry(random)),
    open_blocks: many(random, 4, () => ({ ...block(random), text: text(random), omitted_bytes: random.below(3), more: true })),
    approvals: many(random, 3, () => approval(random)),
    plan: many(random, 3, () => planItem(random)),
    usage: usage(random),
    truncated: random.once(2),
    more: { of: "tomorrow" },
  });
}

/** An event of any type that a log holds, with members that nobody knows. */
export function anyEvent(random: Random): AnyEvent {
  const run_id = RUN;
  const omitted = random.once(3) ? { omitted_bytes: random.below(3) } : {};
  const makers: (() => AnyEvent)[] = [
    () => made("status_changed", { status: word(random, "idle", "running"), ...maybe(random, "reason", () => text(random)) }),
    () => made("run_started", { run_id, trigger: word(random, "input", "resume") }),
    () => made("run_finished", { run_id, outcome: word(random, "completed") }),
    () => made("user_message", { run_id, entry_id: random.pick(NAMES), content: parts(random), ...omitted, ...extra(random) }),
    () => made("block_started", { ...block(random), ...extra(random) }),
    () => delta(random.pick(NAMES), text(random)),
    () => delta(random.pick(NAMES), text(random)),
    () => finish(random.pick(NAMES), word(random, "complete", "interrupted")),
    () => made("tool_result", { call_id: random.pick(NAMES), content: parts(random), is_error: random.once(2), ...omitted }),
    () => made("plan_updated", { items: many(random, 4, () => planItem(random)) }),
    () => made("approval_requested", approval(random)),
    () => made("approval_resolved", { approval_id: random.pick(NAMES), outcome: "yes" }),
    () => made("usage_updated", usage(random)),
    () => made("retry_scheduled", { run_id, attempt: 2, wait_ms: 1, reason: text(random) }),
    () => made("notice", { level: word(random, "info"), code: text(random), message: text(random), ...maybe(random, "entry_id", () => "n") }),
    () => made("extension", { namespace: "x", value: value(random, 3) }),
    () => made("of_tomorrow", extra(random)),
  ];
  return random.pick(makers)();
}

/** A few events that go far: each choice reaches towards one bound or passes it. */
function burst(random: Random): AnyEvent[] {
  const letter = random.pick(["x", "é", "漢", "🙂", "\u0001", '"', "a漢"]);
  const id = random.pick(["p", "q", "r", "s", "t"]);
  switch (random.below(12)) {
    case 0:
      return Array.from({ length: random.below(260) }, (_, n) => notice(String(n)));
    case 1:
      return [result([said(letter.repeat(1 + random.below(180_000))), part(random), said("end")])];
    case 2:
      return Array.from({ length: random.below(90) }, (_, n) => start(`b${n}`));
    case 3:
      return [start(id, { title: "\u0001".repeat(random.below(60_000)) })];
    case 4:
      return [start(id), delta(id, letter.repeat(random.below(300_000)))];
    case 5:
      return [delta(id, letter.repeat(random.below(300_000))), delta(id, "é")];
    case 6:
      return [delta(id, "end"), finish(id)];
    case 7: {
      const title = "?".repeat(random.below(9000));
      return Array.from({ length: random.below(90) }, (_, n) => ask(`a${n}`, title));
    }
    case 8:
      return [plan(random.below(400), letter.repeat(random.below(400)))];
    case 9:
      return [made("usage_updated", { input_tokens: 1, output_tokens: 2, x: Array.from({ length: random.below(1500) }, () => 0.1) })];
    case 10:
      return [result([{ type: "odd", value: nested(50 + random.below(40)) }])];
    default:
      return Array.from({ length: 20 }, () => anyEvent(random));
  }
}

/** A history of any shape, some of it beyond the bounds. */
export function history(random: Random): AnyEvent[] {
  return Array.from({ length: 1 + random.below(13) }, () => burst(random)).flat();
}
