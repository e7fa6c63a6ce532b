// What needs no page: rows, differences, and what is shown of a text.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Entry } from "../../clients/typescript/src/index.js";
import { Random } from "../../clients/typescript/test/random.js";
import { MAX_ENTRIES, Timeline, same, type Row } from "../src/model/timeline.js";
import { diffOf } from "../src/text/diff.js";
import { shown, shownBrief, shownName } from "../src/text/shown.js";
import { ago, bytes, count, span } from "../src/text/units.js";

/** A transcript: calls and results among texts, each with a time of its own. */
function transcript(random: Random, length: number): Entry[] {
  const open: string[] = [];
  return Array.from({ length }, (_, n): Entry => {
    const at = new Date(Date.UTC(2026, 0, 1) + n).toISOString();
    switch (random.below(3)) {
      case 0: {
        const call_id = `c${n}`;
        open.push(call_id);
        return { kind: "tool_call", entry_id: `e${n}`, call_id, text: "{}", at };
      }
      case 1: {
        const call_id = open.splice(random.below(open.length + 1), 1)[0];
        if (call_id !== undefined) return { kind: "tool_result", entry_id: `${call_id}:result`, call_id, content: [], is_error: false, at };
        return { kind: "text", entry_id: `e${n}`, text: "x", at };
      }
      default:
        return { kind: "text", entry_id: `e${n}`, text: String(n), at };
    }
  });
}

/** The rows without their keys, which differ. */
const bare = (rows: readonly Row[]): unknown[] => rows.map(({ key: _, ...row }) => row);

function whole(entries: readonly Entry[]): unknown[] {
  const timeline = new Timeline();
  timeline.reconcile(entries, undefined);
  return bare(timeline.rows);
}

describe("a timeline", () => {
  test("is the same however its entries came: in a snapshot, one by one, and by older pages", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = new Random(seed);
      const all = transcript(random, 1 + random.below(40));
      const [first, last] = [random.below(all.length), random.below(all.length)].sort((a, b) => a - b) as [number, number];
      const timeline = new Timeline();
      timeline.reconcile(all.slice(first, last), undefined);
      let before = first;
      for (const entry of all.slice(last)) {
        if (random.once(4) && timeline.size > 0 && before > 0) {
          const from = random.below(before);
          timeline.prepend(all.slice(from, before));
          before = from;
        }
        timeline.append(entry);
      }
      if (timeline.size > 0) timeline.prepend(all.slice(0, before));
      assert.deepEqual(bare(timeline.rows), whole(before === first && timeline.size === all.length - first ? all.slice(first) : all), `seed ${seed}`);
      assert.equal(new Set(timeline.rows.map(({ key }) => key)).size, timeline.rows.length, "keys are unique");
    }
  });

  test("takes a snapshot that goes on as if nothing had been between", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = new Random(seed);
      const all = transcript(random, 20);
      const [seen, from] = [1 + random.below(20), random.below(20)];
      const timeline = new Timeline();
      for (const entry of all.slice(0, seen)) timeline.append(entry);
      timeline.reconcile(all.slice(Math.min(from, seen - 1)), "missed");
      assert.deepEqual(bare(timeline.rows), whole(all), `seed ${seed}`);
    }
  });

  test("shows a gap where entries are missing, and none once they were read", () => {
    const all = transcript(new Random(7), 30);
    const timeline = new Timeline();
    timeline.reconcile(all.slice(0, 10), undefined);
    timeline.reconcile(all.slice(20), "missed");
    const gap = timeline.rows.find((row) => row.kind === "gap");
    assert.equal(gap?.kind === "gap" && gap.loss, "missed");
    const around = timeline.around(gap?.key ?? "");
    assert.ok(around.before !== undefined && same(around.before, all[9] as Entry));
    assert.ok(around.after !== undefined && same(around.after, all[20] as Entry));
    timeline.fill(gap?.key ?? "", all.slice(15, 20), false);
    assert.equal(timeline.rows.filter((row) => row.kind === "gap").length, 1);
    timeline.fill(gap?.key ?? "", all.slice(10, 15), true);
    assert.equal(timeline.rows.filter((row) => row.kind === "gap").length, 0);
    assert.equal(timeline.size, 30);
  });

  test("takes back what the runtime has lost, and says how much", () => {
    const all = transcript(new Random(3), 12).map((entry): Entry => ({ ...entry, kind: "text" }));
    const other = { kind: "text", entry_id: "another", text: "y", at: "2026-02-01T00:00:00.000Z" } satisfies Entry;
    const timeline = new Timeline();
    timeline.reconcile(all, undefined);
    timeline.reconcile([...all.slice(4, 9), other], "lost");
    const gaps = timeline.rows.filter((row) => row.kind === "gap");
    assert.deepEqual(gaps.map((row) => row.kind === "gap" && [row.loss, row.withdrawn]), [["lost", 3]]);
    assert.equal(timeline.size, 10);
    assert.equal(timeline.rows.at(-1)?.kind === "entry", true);
  });

  test("lets the oldest go where there are too many", () => {
    const timeline = new Timeline();
    const entries = Array.from({ length: MAX_ENTRIES + 5 }, (_, n): Entry => ({ kind: "text", entry_id: `e${n}`, text: "x", at: "2026-01-01T00:00:00.000Z" }));
    timeline.reconcile(entries, undefined);
    assert.ok(timeline.size <= MAX_ENTRIES && timeline.size > MAX_ENTRIES / 2);
    assert.ok(timeline.dropped);
    assert.equal(timeline.oldest?.entry_id, `e${entries.length - timeline.size}`);
    assert.equal(timeline.rows.length, timeline.size);
  });
});

test("a difference has each line of both sides, in order", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new Random(seed);
    const lines = (): string[] => Array.from({ length: random.below(30) }, () => random.pick(["a", "b", "c", "", "  d"]));
    const [old, now] = [lines(), lines()];
    const { lines: shownLines, added, removed } = diffOf(old.join("\n"), now.join("\n"));
    const skipped = shownLines.reduce((sum, line) => sum + (line.kind === "skipped" ? line.lines : 0), 0);
    const of = (kinds: readonly string[]): string[] => shownLines.flatMap((line) => (line.kind !== "skipped" && kinds.includes(line.kind) ? [line.text] : []));
    const [before, after] = [of(["same", "removed"]), of(["same", "added"])];
    if (skipped === 0) {
      const trimmed = (texts: string[]): string => texts.join("\n").replace(/\n+$/, "");
      assert.equal(trimmed(before), trimmed(old), `seed ${seed}`);
      assert.equal(trimmed(after), trimmed(now), `seed ${seed}`);
    }
    assert.equal(of(["added"]).length, added);
    assert.equal(of(["removed"]).length, removed);
  }
  const long = "x\n".repeat(500_000);
  assert.equal(diffOf(long, `${long}y\n`).removed, 500_000);
});

test("what reorders or hides text is shown by its name", () => {
  assert.equal(shown("a\u202eb"), "a‹U+202E›b");
  assert.equal(shown("\u0000".repeat(5000)), "‹U+0000 ×5000›");
  assert.equal(shown("tab\tline\nend\r\nold\rmac"), "tab\tline\nend\r\nold\nmac");
  assert.equal(shown("שלום é 漢 🙂 \u200f"), "שלום é 漢 🙂 \u200f");
  assert.equal(shownName("  two\n\nlines  "), "two lines");
  assert.equal(shownName("x".repeat(400), 10), `${"x".repeat(10)}…`);
  assert.equal(shownBrief("x".repeat(30), 10), `${"x".repeat(10)}… (20 more characters)`);
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new Random(seed);
    const text = Array.from({ length: 60 }, () => String.fromCharCode(random.pick([random.below(0x80), 0x2000 + random.below(0x80), random.below(0xd800)]))).join("");
    // eslint-disable-next-line no-control-regex
    assert.ok(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(shown(text)), `seed ${seed}`);
  }
});

test("numbers and times are short", () => {
  assert.deepEqual([0, 1234, 9999, 19_473, 2_500_000].map(count), ["0", "1,234", "9,999", "19.5K", "2.5M"]);
  assert.deepEqual([0, 1023, 1536, 5 << 20].map(bytes), ["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
  assert.deepEqual([-5, 40, 1234, 59_000, 185_000, 7_800_000].map(span), ["0 ms", "40 ms", "1.2 s", "59 s", "3 min 5 s", "2 h 10 min"]);
  const now = Date.UTC(2026, 0, 2);
  assert.deepEqual([0, 12_000, 300_000, 7_200_000].map((ms) => ago(new Date(now - ms).toISOString(), now)), ["now", "12 s ago", "5 min ago", "2 h ago"]);
});
