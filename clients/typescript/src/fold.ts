// The one fold that makes a worker's state from its events (docs/wire.md, "The fold" and "Bounds").
//
// Owns `apply`, which changes nothing it is given: a new state shares with the old one what is the
// same. What it computes of an entry or block is remembered beside it, so that a delta costs its own
// length and not that of the state. Must not know where events come from.

import {
  BOUNDS,
  isKnownEvent,
  isKnownPart,
  type AnyEvent,
  type Approval,
  type BlockFinishedEvent,
  type Entry,
  type OpenBlock,
  type Part,
  type PlanItem,
  type SnapshotEvent,
  type State,
  type TextPart,
  type Usage,
  type WorkerInfo,
} from "./generated/protocol.js";
import { firstBytes, utf8Length, withoutFirst } from "./text.js";
import { normalTime } from "./time.js";
import { weight } from "./weight.js";

/** What counters of bytes stop at. */
const MAX_COUNT = 2 ** 64;

/** Weights of entries, and bytes of open texts, by the objects that have them. */
const entryWeights = new WeakMap<Entry, number>();
const textBytes = new WeakMap<OpenBlock, number>();

/** The state of a worker to which nothing has happened yet. */
export function initialState(worker: WorkerInfo): State {
  const [bounded, truncated] = boundWorker(worker);
  return {
    worker: bounded,
    status: "idle",
    run: null,
    transcript: [],
    open_blocks: [],
    approvals: [],
    plan: [],
    usage: { input_tokens: 0, output_tokens: 0 },
    truncated,
  };
}

/**
 * Folds one event in: the state after it. Events of a type that this version does not know change
 * nothing. The event is in its form, as whatever a client yields is; `state` is not changed.
 */
export function apply(state: State, event: AnyEvent): State {
  if (!isKnownEvent(event)) return state;
  switch (event.type) {
    case "snapshot":
      return stateOf(event);
    case "status_changed":
      return { ...state, status: event.status };
    case "run_started":
      return { ...state, run: { run_id: event.run_id, trigger: event.trigger } };
    case "run_finished":
      return { ...state, run: null };
    case "block_started":
      return withBlocks(state, [...state.open_blocks, blockOf({ ...event, text: "" })]);
    case "block_delta":
      return withDelta(state, event.block_id, event.text);
    case "block_finished":
      return withoutBlock(state, event);
    case "user_message":
      return withEntry(
        state,
        compact<Entry>({
          entry_id: event.entry_id,
          run_id: event.run_id,
          kind: "user_message",
          content: event.content.map(partOf),
          omitted_bytes: omitted(event.omitted_bytes),
          at: timeOf(event.at),
        }),
      );
    case "tool_result":
      return withEntry(
        state,
        compact<Entry>({
          entry_id: `${event.call_id}:result`,
          run_id: state.run?.run_id,
          kind: "tool_result",
          call_id: event.call_id,
          content: event.content.map(partOf),
          is_error: event.is_error,
          omitted_bytes: omitted(event.omitted_bytes),
          at: timeOf(event.at),
        }),
      );
    case "notice":
      return withEntry(
        state,
        compact<Entry>({
          entry_id: event.entry_id,
          kind: "notice",
          level: event.level,
          code: event.code,
          message: event.message,
          at: timeOf(event.at),
        }),
      );
    case "plan_updated":
      return withPlan(state, event.items);
    case "approval_requested": {
      const { type: _type, at: _at, ...approval } = event;
      return withApprovals(state, [...state.approvals, approvalOf(approval)]);
    }
    case "approval_resolved":
      return { ...state, approvals: state.approvals.filter((a) => a.approval_id !== event.approval_id) };
    case "usage_updated": {
      const { type: _type, at: _at, ...usage } = event;
      return withUsage(state, usageOf(usage));
    }
    case "retry_scheduled":
    case "extension":
      return state;
  }
}

/** The state that a snapshot carries, brought within the bounds. */
function stateOf(snapshot: SnapshotEvent): State {
  const [worker, workerTruncated] = boundWorker(workerOf(snapshot.worker));
  const { run } = snapshot;
  let state: State = {
    worker,
    status: snapshot.status,
    run: run == null ? null : { run_id: run.run_id, trigger: run.trigger },
    transcript: [],
    open_blocks: [],
    approvals: [],
    plan: [],
    usage: { input_tokens: 0, output_tokens: 0 },
    truncated: snapshot.truncated || workerTruncated,
  };
  state = withTranscript(state, snapshot.transcript.map(entryOf).map(cutTexts));
  const blocks = snapshot.open_blocks.map(blockOf);
  state = withBlocks(
    state,
    blocks.map((block) => keepLast(block, BOUNDS.textBytes)),
  );
  state = boundOpenText(state);
  state = withApprovals(state, snapshot.approvals.map(approvalOf));
  state = withPlan(state, snapshot.plan);
  return withUsage(state, usageOf(snapshot.usage));
}

// Blocks.

function withBlocks(state: State, blocks: OpenBlock[]): State {
  const bare = (block: OpenBlock): number => {
    const { omitted_bytes: _omitted, ...rest } = block;
    return weight({ ...rest, text: "" });
  };
  const keep = newestWithin(blocks, BOUNDS.openBlocks, BOUNDS.openBlocksWeight, bare);
  return {
    ...state,
    open_blocks: keep < blocks.length ? blocks.slice(blocks.length - keep) : blocks,
    truncated: state.truncated || keep < blocks.length,
  };
}

/** The newest open block of that name. */
function findBlock(state: State, blockId: string): number {
  return state.open_blocks.findLastIndex((block) => block.block_id === blockId);
}

function withDelta(state: State, blockId: string, piece: string): State {
  const index = findBlock(state, blockId);
  const block = state.open_blocks[index];
  if (block === undefined) return state;
  const longer = { ...block, text: block.text + piece };
  textBytes.set(longer, bytesOf(block) + utf8Length(piece));
  const blocks = state.open_blocks.with(index, keepLast(longer, BOUNDS.textBytes));
  return boundOpenText({ ...state, open_blocks: blocks });
}

function withoutBlock(state: State, event: BlockFinishedEvent): State {
  const index = findBlock(state, event.block_id);
  const block = state.open_blocks[index];
  if (block === undefined) return state;
  const entry = compact<Entry>({
    entry_id: block.block_id,
    run_id: block.run_id,
    kind: block.kind,
    text: block.text,
    status: event.status,
    call_id: block.call_id,
    tool: block.tool,
    title: block.title,
    omitted_bytes: omitted(block.omitted_bytes),
    at: timeOf(event.at),
  });
  return withEntry({ ...state, open_blocks: state.open_blocks.toSpliced(index, 1) }, entry);
}

/** The text of all open blocks within its bound: the oldest lose their beginnings first. */
function boundOpenText(state: State): State {
  let over = state.open_blocks.reduce((sum, block) => sum + bytesOf(block), 0) - BOUNDS.openTextBytes;
  if (over <= 0) return state;
  const blocks = state.open_blocks.map((block) => {
    if (over <= 0) return block;
    const before = bytesOf(block);
    const shorter = keepLast(block, Math.max(before - over, 0));
    over -= before - bytesOf(shorter);
    return shorter;
  });
  return { ...state, open_blocks: blocks };
}

/** The block with at most the last `max` bytes of its text. */
function keepLast(block: OpenBlock, max: number): OpenBlock {
  const bytes = bytesOf(block);
  if (bytes <= max) return block;
  const { text, dropped } = withoutFirst(block.text, bytes - max);
  const shorter = { ...block, text, omitted_bytes: add(block.omitted_bytes, dropped) };
  textBytes.set(shorter, bytes - dropped);
  return shorter;
}

function bytesOf(block: OpenBlock): number {
  const known = textBytes.get(block);
  if (known !== undefined) return known;
  const bytes = utf8Length(block.text);
  textBytes.set(block, bytes);
  return bytes;
}

// Entries.

function withEntry(state: State, entry: Entry): State {
  return withTranscript(state, [...state.transcript, cutTexts(entry)]);
}

function withTranscript(state: State, entries: Entry[]): State {
  const keep = newestWithin(entries, BOUNDS.transcriptEntries, BOUNDS.transcriptWeight, weightOf);
  return {
    ...state,
    transcript: keep < entries.length ? entries.slice(entries.length - keep) : entries,
    truncated: state.truncated || keep < entries.length,
  };
}

function weightOf(entry: Entry): number {
  const known = entryWeights.get(entry);
  if (known !== undefined) return known;
  const found = weight(entry);
  entryWeights.set(entry, found);
  return found;
}

/** The entry with each of its texts within its bound. */
function cutTexts(entry: Entry): Entry {
  let dropped = 0;
  const cut = (text: string): string => {
    // no character has more than three bytes for each of its units
    if (text.length * 3 <= BOUNDS.textBytes) return text;
    const over = utf8Length(text) - BOUNDS.textBytes;
    if (over <= 0) return text;
    const tail = withoutFirst(text, over);
    dropped += tail.dropped;
    return tail.text;
  };
  const changed: Partial<Entry> = {};
  if (entry.text !== undefined) changed.text = cut(entry.text);
  if (entry.message !== undefined) changed.message = cut(entry.message);
  if (entry.content !== undefined) {
    changed.content = entry.content.map((part) => {
      if (!isTextPart(part)) return part;
      const text = cut(part.text);
      return text === part.text ? part : { ...part, text };
    });
  }
  if (dropped === 0) return entry;
  return { ...entry, ...changed, omitted_bytes: add(entry.omitted_bytes, dropped) };
}

function isTextPart(part: Part): part is TextPart {
  return isKnownPart(part) && part.type === "text";
}

// Lists and totals.

function withApprovals(state: State, approvals: Approval[]): State {
  const keep = newestWithin(approvals, BOUNDS.approvals, BOUNDS.approvalsWeight, weight);
  return {
    ...state,
    approvals: keep < approvals.length ? approvals.slice(approvals.length - keep) : approvals,
    truncated: state.truncated || keep < approvals.length,
  };
}

function withPlan(state: State, items: readonly PlanItem[]): State {
  let total = 0;
  let keep = 0;
  for (const item of items) {
    total += weight(item);
    if (keep === BOUNDS.planItems || total > BOUNDS.planWeight) break;
    keep += 1;
  }
  return { ...state, plan: items.slice(0, keep), truncated: state.truncated || keep < items.length };
}

function withUsage(state: State, usage: Usage): State {
  const { input_tokens, output_tokens } = usage;
  if (Object.keys(usage).length <= 2 || weight(usage) <= BOUNDS.usageWeight) return { ...state, usage };
  return { ...state, usage: { input_tokens, output_tokens }, truncated: true };
}

/** The worker within its bound, and whether anything was left out. */
function boundWorker(worker: WorkerInfo): [worker: WorkerInfo, truncated: boolean] {
  const steps: ((w: WorkerInfo) => WorkerInfo)[] = [
    ({ worker_id, display_name, profile, labels, created_at }) => ({
      worker_id,
      display_name,
      profile,
      labels,
      created_at,
    }),
    (w) => ({ ...w, labels: {} }),
    (w) => ({
      ...w,
      display_name: firstBytes(w.display_name, BOUNDS.workerNameBytes),
      profile: firstBytes(w.profile, BOUNDS.workerNameBytes),
    }),
  ];
  let truncated = false;
  for (const step of steps) {
    if (weight(worker) <= BOUNDS.workerWeight) break;
    worker = step(worker);
    truncated = true;
  }
  return [worker, truncated];
}

/** How many of the last items are at most `count` and weigh at most `max` together. */
function newestWithin<T>(items: readonly T[], count: number, max: number, weigh: (item: T) => number): number {
  let total = 0;
  let keep = 0;
  while (keep < Math.min(count, items.length)) {
    total += weigh(items[items.length - 1 - keep] as T);
    if (total > max) break;
    keep += 1;
  }
  return keep;
}

// What comes over the wire, as the state holds it: an optional member that is null is absent, and a
// time has its one spelling.

function workerOf(worker: WorkerInfo): WorkerInfo {
  return { ...worker, labels: worker.labels ?? {}, created_at: timeOf(worker.created_at) };
}

function entryOf(entry: Entry): Entry {
  const optional = ENTRY_OPTIONAL.filter((name) => entry[name] === null);
  const { omitted_bytes, ...rest } = optional.length === 0 ? entry : without(entry, optional);
  const content = rest.content === undefined ? {} : { content: rest.content.map(partOf) };
  const bytes = omitted(omitted_bytes);
  return { ...rest, ...content, ...(bytes === undefined ? {} : { omitted_bytes: bytes }), at: timeOf(entry.at) };
}

const ENTRY_OPTIONAL = [
  "entry_id",
  "run_id",
  "text",
  "status",
  "call_id",
  "tool",
  "title",
  "content",
  "is_error",
  "level",
  "code",
  "message",
  "omitted_bytes",
] as const satisfies readonly (keyof Entry)[];

function blockOf(block: OpenBlock): OpenBlock {
  return compact<OpenBlock>({
    block_id: block.block_id,
    run_id: block.run_id,
    kind: block.kind,
    call_id: block.call_id,
    tool: block.tool,
    title: block.title,
    text: block.text,
    omitted_bytes: omitted(block.omitted_bytes),
  });
}

/** The optional members of the parts that this version knows. */
const PART_OPTIONAL: Readonly<Record<string, readonly string[]>> = { image: ["data", "uri"], diff: ["old", "new"] };

function partOf(part: Part): Part {
  const names = Object.hasOwn(PART_OPTIONAL, part.type) ? (PART_OPTIONAL[part.type] ?? []) : [];
  const absent = names.filter((name) => (part as Record<string, unknown>)[name] === null);
  return absent.length === 0 ? part : without(part, absent as never[]);
}

function approvalOf(approval: Approval): Approval {
  return approval.call_id === null ? without(approval, ["call_id"]) : approval;
}

function usageOf(usage: Usage): Usage {
  return { ...usage, input_tokens: usage.input_tokens ?? 0, output_tokens: usage.output_tokens ?? 0 };
}

function timeOf(time: string): string {
  return normalTime(time) ?? time;
}

/** A count as it is written: not at all where it is 0. */
function omitted(bytes: number | null | undefined): number | undefined {
  return bytes == null || bytes === 0 ? undefined : bytes;
}

function add(bytes: number | undefined, more: number): number {
  return Math.min((bytes ?? 0) + more, MAX_COUNT);
}

type Loose<T> = { [K in keyof T]: T[K] | null | undefined };

/** The members that are there. */
function compact<T extends object>(members: Loose<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as T;
}

function without<T extends object>(value: T, names: readonly (keyof T & string)[]): T {
  const left = Object.entries(value).filter(([name]) => !(names as readonly string[]).includes(name));
  return Object.fromEntries(left) as T;
}
