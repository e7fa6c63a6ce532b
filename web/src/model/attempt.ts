// The same thing said again under the same key: whether the first time arrived may not be known.
//
// Owns the keys of what is sent. Must not send.

export class Attempt {
  #last: { readonly said: string; readonly key: string } | undefined;

  /** The key of what is said: the one of the time before where it is the same. */
  key(said: unknown): string {
    const text = JSON.stringify(said);
    if (this.#last?.said !== text) this.#last = { said: text, key: newKey() };
    return this.#last.key;
  }

  /** It has arrived: the same words are another thing from now on. */
  done(): void {
    this.#last = undefined;
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
