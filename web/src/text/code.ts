// Code in colours.
//
// Owns the asking for the highlighter, which is loaded once a page needs it. Must not turn text into markup.

/** Longer code stays plain: colouring it would be felt. */
const MAX_LENGTH = 60_000;

/** The nodes of coloured code; nothing where its language is not known. */
export async function highlighted(code: string, lang: string): Promise<Node[] | undefined> {
  if (code.length > MAX_LENGTH || lang === "") return undefined;
  try {
    const { highlight } = await import("./highlighter.js");
    return highlight(code, lang.toLowerCase());
  } catch {
    // what was loaded from is another build by now: plain code is code too
    return undefined;
  }
}

/** The language of a file, by its name. */
export function languageOf(path: string): string {
  return /\.([a-zA-Z0-9]{1,12})$/.exec(path)?.[1]?.toLowerCase() ?? "";
}
