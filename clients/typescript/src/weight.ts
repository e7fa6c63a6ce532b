// How much of a snapshot's bound a value takes (docs/wire.md, "Bounds").
//
// Owns the measure. It is never less than the length of the compact encoding, and does not depend
// on how numbers are spelled. Must not own any bound but that of depth.

import { BOUNDS } from "./generated/protocol.js";
import { utf8Length } from "./text.js";

/** More than any bound, and little enough for sums of it to stay whole numbers. */
const HEAVY = 2 ** 30;
/** What a number, `true`, `false` or `null` weighs: no shortest spelling of a double is longer. */
const SCALAR = 24;

/** The weight of a JSON value. Members that are `undefined` do not count: they are not written. */
export function weight(value: unknown): number {
  return within(value, BOUNDS.depth);
}

function within(value: unknown, levels: number): number {
  if (typeof value === "string") return ofString(value);
  if (typeof value !== "object" || value === null) return SCALAR;
  if (levels === 0) return HEAVY;
  let total = 2;
  if (Array.isArray(value)) {
    for (const item of value) total += within(item, levels - 1) + 1;
  } else {
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) total += ofString(name) + 2 + within(member, levels - 1);
    }
  }
  return Math.min(total, HEAVY);
}

function ofString(text: string): number {
  let total = 2 + utf8Length(text);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22 || unit === 0x5c) total += 1;
    else if (unit < 0x20) total += isShortEscape(unit) ? 1 : 5;
  }
  return total;
}

/** Whether a control character is written with two characters, as `\n` is. */
function isShortEscape(unit: number): boolean {
  return unit === 0x08 || unit === 0x09 || unit === 0x0a || unit === 0x0c || unit === 0x0d;
}
