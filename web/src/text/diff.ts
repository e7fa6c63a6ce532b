// A change to a file, line by line.
//
// Owns which lines are shown of it: those that changed, and some around them. Must not know how they look.

import { diffLines } from "diff";

/** How many unchanged lines stand around what changed. */
const AROUND = 3;
/** Beyond so many characters on both sides, lines are not compared: it would take too long. */
const MAX_LENGTH = 200_000;

export type DiffLine =
  | { readonly kind: "same" | "added" | "removed"; readonly text: string; readonly before?: number; readonly after?: number }
  /** Unchanged lines that are left out. */
  | { readonly kind: "skipped"; readonly lines: number };

export interface Diff {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
}

function split(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** What became of `old`; where both are long, all of it went and all of `now` came. */
export function diffOf(old: string, now: string): Diff {
  const short = old.length + now.length <= MAX_LENGTH;
  const changes = short
    ? (diffLines(old, now, { timeout: 200 }) ?? undefined)
    : undefined;
  const parts = changes ?? [
    { value: old, removed: true, added: false },
    { value: now, added: true, removed: false },
  ];
  const lines: DiffLine[] = [];
  let [before, after, added, removed] = [1, 1, 0, 0];
  parts.forEach((part, index) => {
    const texts = split(part.value);
    if (part.added) {
      for (const text of texts) lines.push({ kind: "added", text, after: after++ });
      added += texts.length;
    } else if (part.removed) {
      for (const text of texts) lines.push({ kind: "removed", text, before: before++ });
      removed += texts.length;
    } else {
      const head = index === 0 ? 0 : AROUND;
      const tail = index === parts.length - 1 ? 0 : AROUND;
      const hidden = texts.length - head - tail;
      texts.forEach((text, at) => {
        const [b, a] = [before++, after++];
        if (hidden > 1 && at >= head && at < texts.length - tail) {
          if (at === head) lines.push({ kind: "skipped", lines: hidden });
          return;
        }
        lines.push({ kind: "same", text, before: b, after: a });
      });
    }
  });
  return { lines, added, removed };
}
