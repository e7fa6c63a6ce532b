// Texts measured and cut in bytes of UTF-8, as docs/wire.md counts them.
//
// Owns the cut between characters. Must not know whose text it is, nor any bound.

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else if (isPair(text, at)) {
      // two units, four bytes
      bytes += 2;
      at += 1;
    } else {
      bytes += 2;
    }
  }
  return bytes;
}

/** A text without its beginning, and how many bytes that had. */
export interface Tail {
  readonly text: string;
  readonly dropped: number;
}

/** Leaves out the first `bytes` of `text`; the character that they end within goes too. */
export function withoutFirst(text: string, bytes: number): Tail {
  let dropped = 0;
  let at = 0;
  while (dropped < bytes && at < text.length) {
    const [units, length] = character(text, at);
    at += units;
    dropped += length;
  }
  return at === 0 ? { text, dropped } : { text: text.slice(at), dropped };
}

/** The longest beginning of `text` of at most `max` bytes that ends between characters. */
export function firstBytes(text: string, max: number): string {
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const [units, length] = character(text, at);
    if (bytes + length > max) return text.slice(0, at);
    at += units;
    bytes += length;
  }
  return text;
}

/** The code units and bytes of the character at `at`. */
function character(text: string, at: number): [units: number, bytes: number] {
  const unit = text.charCodeAt(at);
  if (unit < 0x80) return [1, 1];
  if (unit < 0x800) return [1, 2];
  return isPair(text, at) ? [2, 4] : [1, 3];
}

function isPair(text: string, at: number): boolean {
  if ((text.charCodeAt(at) & 0xfc00) !== 0xd800) return false;
  return at + 1 < text.length && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}
