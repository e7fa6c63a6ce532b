// The fold against the histories that the other languages' folds are held against: `schema/fold-vectors.json`, which
// is made by `cargo run -p xtask -- generate`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { apply, initialState } from "../src/fold.js";
import { checkEvent } from "../src/forms.js";
import type { State, WorkerInfo } from "../src/generated/protocol.js";

type Step = { readonly event: unknown; readonly times?: number } | { readonly state: unknown };

interface Vectors {
  readonly vectors: readonly { readonly name: string; readonly worker: unknown; readonly steps: readonly Step[] }[];
}

/** What the notation of the file stands for. */
function expand(value: unknown, time?: number): unknown {
  if (typeof value === "string") return time === undefined ? value : value.replaceAll("#", String(time));
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => expand(item, time));
  const runs = (value as { $text?: [piece: string, times: number][] }).$text;
  if (runs !== undefined) return runs.map(([piece, times]) => piece.repeat(times)).join("");
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expand(member, time)]));
}

const { vectors } = JSON.parse(readFileSync("../../schema/fold-vectors.json", "utf8")) as Vectors;

describe("the fold is that of the server", () => {
  assert.ok(vectors.length > 10);
  for (const { name, worker, steps } of vectors) {
    test(name, () => {
      const nobody = initialState(expand(worker) as WorkerInfo);
      // one that folds everything, and one that begins anew with each snapshot
      let [whole, anew]: [State, State] = [nobody, nobody];
      let states = 0;
      for (const [at, step] of steps.entries()) {
        if ("state" in step) {
          states += 1;
          const want = expand(step.state);
          for (const state of [whole, anew]) assert.deepEqual(JSON.parse(JSON.stringify(state)), want, `step ${at}`);
          const snapshot: unknown = { type: "snapshot", ...(want as object), at: "2026-01-01T00:00:00.000Z" };
          checkEvent(snapshot);
          anew = apply(nobody, snapshot);
          continue;
        }
        for (let time = 0; time < (step.times ?? 1); time += 1) {
          const event: unknown = expand(step.event, step.times === undefined ? undefined : time);
          checkEvent(event);
          [whole, anew] = [apply(whole, event), apply(anew, event)];
        }
      }
      assert.ok(states > 0);
    });
  }
});
