// What tests against a real server do: make workers, speak to them, and compare what watchers have with what the server has.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { YoiError } from "../src/error.js";
import { Folded } from "../src/folded.js";
import type { State, WorkerId } from "../src/generated/protocol.js";
import type { Transport } from "../src/options.js";
import type { RuntimeClient } from "../src/runtime.js";
import type { Watcher } from "./watcher.js";

export const SPEECH = "one two three 四 五 🙂 \"quoted\" back\\slash\ttab ".repeat(12);
export const LIMIT = { timeout: 120_000 };

export const codeIs = (code: string) => (error: unknown): boolean => error instanceof YoiError && error.code === code;
export const label = (): Record<string, string> => ({ test: `t${Math.random().toString(36).slice(2)}` });

export async function make(client: RuntimeClient, profile = "echo", labels: Record<string, string> = {}): Promise<WorkerId> {
  return (await client.create({ profile, labels })).worker_id;
}

/** What the server says to whoever comes now. */
export interface Fresh {
  readonly state: State;
  readonly cursor: string;
  /** Whether it said so by a snapshot alone: one that is a little old, with the events after it, will do too. */
  readonly atHead: boolean;
}

export async function fresh(client: RuntimeClient, worker: WorkerId, transport: Transport): Promise<Fresh> {
  const folded = new Folded();
  let [cursor, events] = ["", 0];
  for await (const update of client.follow(worker, { transport })) {
    folded.update(update);
    if (update.type === "event") [cursor, events] = [update.cursor, events + 1];
    if (update.type !== "ready") continue;
    assert.ok(folded.state !== undefined, "what comes first is a snapshot");
    return { state: folded.state, cursor, atHead: events === 1 };
  }
  throw new Error("no snapshot came");
}

/**
 * Waits until the worker rests and the watchers have what the server has. The server is asked over the transport
 * that they do not use: it keeps snapshots for each, so that the first one there is made for this.
 */
export async function converged(client: RuntimeClient, worker: WorkerId, by: Transport, ...watchers: Watcher[]): Promise<Fresh> {
  const other = by === "sse" ? "ws" : "sse";
  const rests = (state: State): boolean => ["idle", "stopped", "failed"].includes(state.status);
  for (const watcher of watchers) await watcher.until("it rests", (w) => w.folded.state !== undefined && rests(w.state));
  for (let tries = 0; ; tries += 1) {
    const found = await fresh(client, worker, other);
    if (rests(found.state) && watchers.every((watcher) => watcher.follow.cursor === found.cursor)) {
      for (const watcher of watchers) assert.deepEqual(watcher.state, found.state);
      return found;
    }
    const told = watchers.map((w) => w.words.filter((word) => word !== "heartbeat").join()).join(" | ");
    assert.ok(tries < 400, `it does not settle: ${found.state.status}, ${told}`);
    await sleep(50);
  }
}

/** Says something and answers every question until the worker rests. */
export async function play(client: RuntimeClient, worker: WorkerId, watcher: Watcher, text = "Go on."): Promise<void> {
  const { run_id } = await client.input(worker, text);
  const answered = new Set<string>();
  await watcher.until("the run is under way", (w) => w.folded.state?.transcript.some((entry) => entry.run_id === run_id) === true);
  for (;;) {
    await watcher.until("the run rests", (w) => w.state.run === null || w.state.approvals.some((a) => !answered.has(a.approval_id)), 90);
    const question = watcher.state.approvals.find((a) => !answered.has(a.approval_id));
    if (question === undefined) return;
    answered.add(question.approval_id);
    // where answers are recorded, nobody needs to
    await client.approve(worker, question.approval_id, { option: question.options[0] ?? "" }).catch((error: unknown) => {
      assert.ok(codeIs("approval_not_found")(error), String(error));
    });
  }
}
