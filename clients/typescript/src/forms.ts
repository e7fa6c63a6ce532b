// What frames and events look like.
//
// Owns the checks of everything that comes from a server and is relied on here. What has a type or
// kind that this version does not know passes unread; what has a known one is in its form, or told
// to be malformed. Must not change a value.

import {
  EVENT_TYPES,
  PART_TYPES,
  type AnyEvent,
  type KnownWorkspaceEvent,
  type WorkspaceEvent,
} from "./generated/protocol.js";
import { utf8Length } from "./text.js";
import { normalTime } from "./time.js";

/** Why a value is not in its form. */
export class Malformed extends Error {
  constructor(where: string, wanted: string) {
    super(`${where === "" ? "it" : `\`${where}\``} is not ${wanted}`);
    this.name = "Malformed";
  }
}

type Check = (value: unknown, where: string) => void;
type Members = Readonly<Record<string, unknown>>;

/** The most bytes of a value of an open enumeration. */
const WORD_BYTES = 64;
const ULID = "[0-7][0-9a-hjkmnp-tv-z]{25}";

const text: Check = (value, where) => {
  if (typeof value !== "string") throw new Malformed(where, "a string");
};
const flag: Check = (value, where) => {
  if (typeof value !== "boolean") throw new Malformed(where, "true or false");
};
const count: Check = (value, where) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw new Malformed(where, "a whole number from 0");
  }
};
const word: Check = (value, where) => {
  if (typeof value !== "string" || utf8Length(value) > WORD_BYTES) {
    throw new Malformed(where, `a word of at most ${WORD_BYTES} bytes`);
  }
};
const time: Check = (value, where) => {
  if (typeof value !== "string" || normalTime(value) === undefined) throw new Malformed(where, "a time of RFC 3339");
};
const present: Check = (value, where) => {
  if (value === undefined) throw new Malformed(where, "there");
};
const workerId = matching(`w_${ULID}`, "a worker id");
const runId = matching(`r_${ULID}`, "a run id");
const runtimeId = matching("[a-z0-9][a-z0-9._-]{0,63}", "a runtime id");

function matching(pattern: string, wanted: string): Check {
  const form = new RegExp(`^${pattern}$`);
  return (value, where) => {
    if (typeof value !== "string" || !form.test(value)) throw new Malformed(where, wanted);
  };
}

/** A member that may be absent, or null, which is the same. */
function optional(check: Check): Check {
  return (value, where) => {
    if (value !== undefined && value !== null) check(value, where);
  };
}

function list(item: Check): Check {
  return (value, where) => {
    if (!Array.isArray(value)) throw new Malformed(where, "a list");
    value.forEach((member, index) => item(member, `${where}[${index}]`));
  };
}

function record(item: Check): Check {
  return (value, where) => {
    for (const [name, member] of Object.entries(membersOf(value, where))) item(member, `${where}.${name}`);
  };
}

function object(checks: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(checks);
  return (value, where) => {
    const members = membersOf(value, where);
    for (const [name, check] of entries) {
      check(own(members, name), where === "" ? name : `${where}.${name}`);
    }
  };
}

function membersOf(value: unknown, where: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(where, "an object");
  return value as Members;
}

/** A member by its name; what is inherited is none of it. */
function own(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

const run = object({ run_id: runId, trigger: word });

const PARTS: Readonly<Record<(typeof PART_TYPES)[number], Check>> = {
  text: object({ text }),
  image: object({ mime_type: text, data: optional(text), uri: optional(text) }),
  resource: object({ uri: text }),
  diff: object({ path: text, old: optional(text), new: optional(text) }),
  terminal: object({}),
};

const part: Check = (value, where) => {
  const type = own(membersOf(value, where), "type");
  text(type, `${where}.type`);
  const known = (PART_TYPES as readonly unknown[]).includes(type) ? PARTS[type as keyof typeof PARTS] : undefined;
  known?.(value, where);
};

const planItem = object({ content: text, status: word });
const approval = object({ approval_id: text, title: text, options: list(text), call_id: optional(text) });
const usage = object({ input_tokens: optional(count), output_tokens: optional(count) });

const entry = object({
  entry_id: optional(text),
  run_id: optional(runId),
  kind: word,
  text: optional(text),
  status: optional(word),
  call_id: optional(text),
  tool: optional(text),
  title: optional(text),
  content: optional(list(part)),
  is_error: optional(flag),
  level: optional(word),
  code: optional(text),
  message: optional(text),
  omitted_bytes: optional(count),
  at: time,
});

const block = {
  block_id: text,
  run_id: runId,
  kind: word,
  call_id: optional(text),
  tool: optional(text),
  title: optional(text),
};

const state = object({
  worker: object({
    worker_id: workerId,
    display_name: text,
    profile: text,
    labels: optional(record(text)),
    created_at: time,
  }),
  status: word,
  run: optional(run),
  transcript: list(entry),
  open_blocks: list(object({ ...block, text, omitted_bytes: optional(count) })),
  approvals: list(approval),
  plan: list(planItem),
  usage,
  truncated: flag,
});

const EVENTS: Readonly<Record<(typeof EVENT_TYPES)[number], Check>> = {
  snapshot: state,
  status_changed: object({ status: word, reason: optional(text) }),
  run_started: run,
  user_message: object({ run_id: runId, entry_id: text, content: list(part), omitted_bytes: optional(count) }),
  block_started: object(block),
  block_delta: object({ block_id: text, text }),
  block_finished: object({ block_id: text, status: word }),
  tool_result: object({ call_id: text, content: list(part), is_error: flag, omitted_bytes: optional(count) }),
  plan_updated: object({ items: list(planItem) }),
  approval_requested: approval,
  approval_resolved: object({ approval_id: text, outcome: text }),
  usage_updated: usage,
  retry_scheduled: object({ run_id: runId, attempt: count, wait_ms: count, reason: text }),
  run_finished: object({
    run_id: runId,
    outcome: word,
    error: optional(object({ reason: text, message: text })),
  }),
  notice: object({ level: word, code: text, message: text, entry_id: optional(text) }),
  extension: object({ namespace: text, value: present }),
};

const diagnostic = object({
  code: word,
  message: text,
  reason: optional(word),
  retryable: flag,
  retry_after_ms: optional(count),
  action: word,
});

const problem = object({
  type: text,
  title: text,
  status: count,
  detail: text,
  code: word,
  retryable: flag,
  action: word,
  retry_after_ms: optional(count),
});

const runtimeRow = object({
  runtime_id: runtimeId,
  kind: word,
  link: word,
  diagnostics: optional(list(diagnostic)),
});

const workerSummary = object({
  runtime_id: runtimeId,
  worker_id: workerId,
  display_name: text,
  profile: text,
  labels: optional(record(text)),
  status: word,
  approvals: optional(count),
  usage: optional(usage),
  created_at: time,
  updated_at: time,
});

type KnownWorkspaceType = KnownWorkspaceEvent["type"];

const WORKSPACE_EVENTS: Readonly<Record<KnownWorkspaceType, Check>> = {
  snapshot: object({ runtimes: list(runtimeRow), workers: list(workerSummary) }),
  runtime_updated: object({ runtime: runtimeRow }),
  runtime_removed: object({ runtime_id: runtimeId }),
  worker_created: object({ worker: workerSummary }),
  worker_updated: object({ worker: workerSummary }),
  worker_deleted: object({ runtime_id: runtimeId, worker_id: workerId }),
  tickets_changed: object({ ticket_ids: list(text) }),
};

const cursor = optional(text);
const identity = { runtime_id: optional(runtimeId), worker_id: workerId };
/** What stands around an event. */
const ENVELOPES = {
  worker: object({ cursor: text, ...identity }),
  workspace: object({ cursor: text }),
};

const FRAMES = {
  worker: {
    ready: object({ cursor, ...identity }),
    heartbeat: object({ cursor, ...identity, worker: word, link: word, lag_events: count, oldest: cursor }),
    link: object({ cursor, ...identity, state: word, lost: flag }),
    diagnostic: object({ cursor, runtime_id: optional(runtimeId), worker_id: optional(workerId), diagnostic }),
  } as Readonly<Record<string, Check>>,
  workspace: {
    ready: object({ cursor }),
    heartbeat: object({ cursor, lag_events: optional(count), oldest: cursor }),
    diagnostic: object({ cursor, diagnostic }),
  } as Readonly<Record<string, Check>>,
};

/** Which stream a frame is of. */
export type StreamOf = keyof typeof FRAMES;

/** An event's or frame's own kind. */
function tag(value: unknown, name: "type" | "kind"): string {
  const found = own(membersOf(value, ""), name);
  if (typeof found !== "string") throw new Malformed(name, "a string");
  return found;
}

/** Throws `Malformed` where `value` is no event. */
export function checkEvent(value: unknown): asserts value is AnyEvent {
  const type = tag(value, "type");
  if (!Object.hasOwn(EVENTS, type)) return;
  EVENTS[type as keyof typeof EVENTS](value, "");
  time(own(value as Members, "at"), "at");
}

/** Throws `Malformed` where `value` is no event of a workspace. */
export function checkWorkspaceEvent(value: unknown): asserts value is WorkspaceEvent {
  const type = tag(value, "type");
  if (Object.hasOwn(WORKSPACE_EVENTS, type)) WORKSPACE_EVENTS[type as KnownWorkspaceType](value, "");
}

/** The kind of a frame of `of`; nothing where this version does not know it. Throws `Malformed`. */
export function checkFrame(value: unknown, of: StreamOf): string | undefined {
  const kind = tag(value, "kind");
  if (kind === "event") {
    ENVELOPES[of](value, "");
    const event = own(value as Members, "event");
    if (of === "worker") checkEvent(event);
    else checkWorkspaceEvent(event);
    return kind;
  }
  if (!Object.hasOwn(FRAMES[of], kind)) return undefined;
  FRAMES[of][kind]?.(value, "");
  return kind;
}

/** Throws `Malformed` where `value` is no problem document. */
export function checkProblem(value: unknown): void {
  problem(value, "");
}
