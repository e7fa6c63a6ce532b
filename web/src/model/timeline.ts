// What a worker's page shows, in order.
//
// Owns the rows: entries of the transcript, tool calls together with their results, what happened between entries, and
// gaps where they are. The fold keeps the newest 200 entries; rows stay here for as long as the page does, within a bound.
// Pure: must not know a clock, the network or the page.

import type { Entry, RunError } from "@yoi/client";

/** Entries that are held at most; beyond it the oldest go, and can be asked for again. */
export const MAX_ENTRIES = 30_000;
/** The characters of their texts, likewise. */
export const MAX_LENGTH = 64 << 20;
/** Rows of all kinds; beyond it the older half of what is no entry goes. */
export const MAX_ROWS = 60_000;

/** Something that happened and is no entry of the transcript: told while one watches. */
export type Mark =
  | { readonly type: "run_finished"; readonly outcome: string; readonly error?: RunError; readonly ms?: number; readonly at: string }
  | { readonly type: "retry"; readonly attempt: number; readonly waitMs: number; readonly reason: string; readonly at: string }
  | { readonly type: "answered"; readonly title: string; readonly outcome: string; readonly at: string }
  | { readonly type: "status"; readonly status: string; readonly reason: string; readonly at: string };

/** Why a gap is there. */
export type Loss = "missed" | "lost";

export interface EntryRow {
  readonly kind: "entry";
  readonly key: string;
  readonly entry: Entry;
  /** Of a tool call: what came of it. */
  readonly result?: Entry;
}
export interface MarkRow {
  readonly kind: "mark";
  readonly key: string;
  readonly mark: Mark;
}
export interface GapRow {
  readonly kind: "gap";
  readonly key: string;
  readonly loss: Loss;
  /** Entries that were shown and are no longer the worker's. */
  readonly withdrawn: number;
}
export type Row = EntryRow | MarkRow | GapRow;

/** Whether both are the same entry: texts may be whole in one and cut in the other. */
export function same(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.entry_id === b.entry_id && a.at === b.at && a.call_id === b.call_id;
}

function lengthOf(entry: Entry): number {
  let length = 200 + (entry.text?.length ?? 0) + (entry.message?.length ?? 0);
  for (const part of entry.content ?? []) {
    for (const value of Object.values(part)) if (typeof value === "string") length += value.length;
  }
  return length;
}

/** Entries, each with the key of the row it is in. */
interface Held {
  readonly entry: Entry;
  readonly key: string;
}

/** The rows. `version` is another number whenever one of them is another. */
export class Timeline {
  rows: Row[] = [];
  version = 0;
  #held: Held[] = [];
  #length = 0;
  #next = 0;
  /** Tool calls without a result, by their call: the newest counts. */
  #waiting = new Map<string, string>();
  /** Whether older entries were held and let go. */
  dropped = false;

  /** The oldest entry that is held. */
  get oldest(): Entry | undefined {
    return this.#held[0]?.entry;
  }

  /** How many entries are held. */
  get size(): number {
    return this.#held.length;
  }

  /** Adds the newest entry; `key` is that of the row it was while it was streamed. */
  append(entry: Entry, key: string = this.#key()): void {
    this.version += 1;
    this.#append(entry, key);
    this.#bound();
  }

  /** Adds something that happened. */
  mark(mark: Mark): void {
    this.version += 1;
    this.rows.push({ kind: "mark", key: this.#key(), mark });
    if (this.rows.length <= MAX_ROWS) return;
    // something that is tried again for ever makes no entries that would push these out
    const recent = this.rows.length - MAX_ROWS / 2;
    this.rows = this.rows.filter((row, at) => row.kind !== "mark" || at >= recent);
  }

  /** Puts older entries before all others, oldest first. */
  prepend(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.version += 1;
    this.#insert(0, 0, entries);
  }

  /** Puts entries in a gap's place, which stays where not all of them came. */
  fill(key: string, entries: readonly Entry[], isWhole: boolean): void {
    const at = this.rows.findIndex((row) => row.key === key);
    if (at === -1) return;
    this.version += 1;
    const before = this.#heldBefore(at);
    if (isWhole) this.rows = this.rows.toSpliced(at, 1);
    this.#insert(isWhole ? at : at + 1, before, entries);
  }

  /** The entries around a gap: the newest before it and the oldest after it. */
  around(key: string): { before: Entry | undefined; after: Entry | undefined } {
    const at = this.rows.findIndex((row) => row.key === key);
    const held = at === -1 ? 0 : this.#heldBefore(at);
    return { before: this.#held[held - 1]?.entry, after: this.#held[held]?.entry };
  }

  /**
   * Takes the transcript of a snapshot in place of what was told event by event. What both have stays. What is
   * here alone and newer is no longer the worker's; what may have come between is a gap.
   */
  reconcile(newest: readonly Entry[], loss: Loss | undefined): void {
    this.version += 1;
    const first = newest[0];
    if (this.#held.length === 0) {
      if (loss === "lost" && this.rows.length > 0) this.#gap("lost", 0);
      this.#extend(newest);
      return;
    }
    if (first === undefined) {
      this.#cut(0, loss ?? "lost");
      return;
    }
    let at = this.#held.findLastIndex(({ entry }) => same(entry, first));
    let from = 0;
    if (at === -1) {
      const oldest = this.#held[0]?.entry;
      from = oldest === undefined ? -1 : newest.findIndex((entry) => same(entry, oldest));
      if (from === -1) {
        // nothing in common: entries may be missing between
        this.#gap(loss ?? "missed", 0);
        this.#extend(newest);
        return;
      }
      at = 0;
    }
    let common = 0;
    while (at + common < this.#held.length && from + common < newest.length) {
      const [held, now] = [this.#held[at + common]?.entry, newest[from + common]];
      if (held === undefined || now === undefined || !same(held, now)) break;
      common += 1;
    }
    if (at + common < this.#held.length) this.#cut(at + common, "lost");
    else if (loss === "lost") this.#gap("lost", 0);
    this.#extend(newest.slice(from + common));
  }

  /** Which row an entry is in. */
  indexOf(entryId: string): number {
    return this.rows.findLastIndex(
      (row) => row.kind === "entry" && (row.entry.entry_id === entryId || row.result?.entry_id === entryId),
    );
  }

  #key(): string {
    this.#next += 1;
    return `t${this.#next}`;
  }

  #gap(loss: Loss, withdrawn: number): void {
    this.rows = [...this.rows, { kind: "gap", key: this.#key(), loss, withdrawn }];
  }

  #extend(entries: readonly Entry[]): void {
    for (const entry of entries) this.#append(entry, this.#key());
    this.#bound();
  }

  #append(entry: Entry, key: string): void {
    const { rows } = this;
    this.#length += lengthOf(entry);
    if (entry.kind === "tool_result" && entry.call_id !== undefined) {
      const call = this.#waiting.get(entry.call_id);
      const at = call === undefined ? -1 : rows.findLastIndex((row) => row.key === call);
      const row = rows[at];
      if (row?.kind === "entry") {
        rows[at] = { ...row, result: entry };
        this.#waiting.delete(entry.call_id);
        this.#held.push({ entry, key: row.key });
        return;
      }
    }
    if (entry.kind === "tool_call" && entry.call_id !== undefined) this.#waiting.set(entry.call_id, key);
    this.#held.push({ entry, key });
    rows.push({ kind: "entry", key, entry });
  }

  /** Puts entries among the others: before the row `at`, and before the held entry `before`. */
  #insert(at: number, before: number, entries: readonly Entry[]): void {
    const part = new Timeline();
    part.#next = this.#next;
    part.#extend(entries);
    this.#next = part.#next;
    let after = this.rows.slice(at);
    // results whose calls are among what was older
    for (const [callId, key] of part.#waiting) {
      const orphan = after.findIndex((row) => row.kind === "entry" && row.entry.kind === "tool_result" && row.entry.call_id === callId);
      const row = after[orphan];
      const index = part.rows.findIndex((candidate) => candidate.key === key);
      const call = part.rows[index];
      if (row?.kind !== "entry" || call?.kind !== "entry") {
        // it still has none, and is older than whatever waits here
        if (!this.#waiting.has(callId)) this.#waiting.set(callId, key);
        continue;
      }
      part.rows = part.rows.with(index, { ...call, result: row.entry });
      after = after.toSpliced(orphan, 1);
      this.#held = this.#held.map((held) => (held.key === row.key ? { entry: held.entry, key } : held));
    }
    this.rows = [...this.rows.slice(0, at), ...part.rows, ...after];
    this.#held = [...this.#held.slice(0, before), ...part.#held, ...this.#held.slice(before)];
    this.#length += part.#length;
  }

  /** How many held entries are in the rows before one. */
  #heldBefore(at: number): number {
    const keys = new Set(this.rows.slice(at).map((row) => row.key));
    const found = this.#held.findIndex(({ key }) => keys.has(key));
    return found === -1 ? this.#held.length : found;
  }

  /** Takes out the held entries from `from` on, with all that happened since, and tells of it. */
  #cut(from: number, loss: Loss): void {
    const gone = this.#held.splice(from);
    for (const { entry } of gone) this.#length -= lengthOf(entry);
    const keys = new Set(gone.filter(({ entry }) => entry.kind !== "tool_result").map(({ key }) => key));
    const results = new Set(gone.map(({ entry }) => entry));
    const first = this.rows.findIndex((row) => keys.has(row.key) || (row.kind === "entry" && results.has(row.entry)));
    let rows = first === -1 ? this.rows : this.rows.slice(0, first);
    rows = rows.map((row) => {
      if (row.kind !== "entry" || row.result === undefined || !results.has(row.result)) return row;
      if (row.entry.call_id !== undefined) this.#waiting.set(row.entry.call_id, row.key);
      return { kind: "entry", key: row.key, entry: row.entry };
    });
    this.rows = [...rows, { kind: "gap", key: this.#key(), loss, withdrawn: gone.length }];
  }

  /** Lets the oldest go where there are too many: a tenth at once, so that it is rare. */
  #bound(): void {
    if (this.#held.length <= MAX_ENTRIES && this.#length <= MAX_LENGTH) return;
    let keep = Math.floor(MAX_ENTRIES * 0.9);
    let length = 0;
    let kept = 0;
    for (let at = this.#held.length - 1; at >= 0 && kept < keep; at -= 1) {
      const entry = this.#held[at]?.entry;
      length += entry === undefined ? 0 : lengthOf(entry);
      if (length > MAX_LENGTH * 0.9) break;
      kept += 1;
    }
    keep = Math.max(kept, 1);
    const gone = this.#held.splice(0, this.#held.length - keep);
    const first = this.#held[0]?.key;
    const at = this.rows.findIndex((row) => row.key === first);
    for (const { entry } of gone) this.#length -= lengthOf(entry);
    if (at > 0) this.rows = this.rows.slice(at);
    this.dropped = true;
  }
}
