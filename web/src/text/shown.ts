// What others said, made safe to look at.
//
// Owns which characters are shown as their names: those that reorder or hide what stands around them
// (Unicode's bidirectional controls), and control characters. Everything that a worker says and that is
// shown goes through here. Must not shorten or translate anything.

/** Controls but tab and line ends; bidirectional embeddings, overrides and isolates; what joins nothing visibly. */
const HIDDEN =
  /([\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\ufff9-\ufffb])\1*|\r(?!\n)/g;

/** The text with each such character as its code point, such as `‹U+202E›`; many of one as `‹U+0000 ×5000›`. */
export function shown(text: string): string {
  return text.replace(HIDDEN, (found) => {
    if (found.startsWith("\r")) return "\n";
    const point = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
    return found.length === 1 ? `‹${point}›` : `‹${point} ×${found.length}›`;
  });
}

/** The same of its first `max` characters, and how many are left out. */
export function shownBrief(text: string, max = 20_000): string {
  return text.length > max ? `${shown(text.slice(0, max))}… (${text.length - max} more characters)` : shown(text);
}

/** The same on one line: for names and titles. At most `max` characters, then an ellipsis. */
export function shownName(text: string, max = 300): string {
  const line = shown(text.length > max * 4 ? text.slice(0, max * 4) : text).replace(/\s+/g, " ").trim();
  return line.length > max ? `${line.slice(0, max)}…` : line;
}

/** A value of any shape, as indented JSON; what is no JSON as it is. */
export function shownJson(text: string): string {
  try {
    return shown(JSON.stringify(JSON.parse(text), undefined, 2));
  } catch {
    return shown(text);
  }
}
