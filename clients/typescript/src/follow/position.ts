// Where a stream is: the last cursor, and what came lately.
//
// Owns the dropping of duplicates. Must not look into a cursor: it is opaque.

/**
 * How many cursors are remembered. Duplicates come right after a reconnect, and the server resumes
 * after the last cursor, so that few are enough.
 */
export const REMEMBERED = 1024;

/** The last cursor, and those before it. */
export class Position {
  #cursor: string | undefined;
  /** In the order in which they came. */
  #seen = new Set<string>();

  constructor(cursor?: string) {
    if (cursor !== undefined) this.event(cursor);
  }

  /** Resume after this. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** How many cursors are remembered now. */
  get size(): number {
    return this.#seen.size;
  }

  /** Takes note of an event other than a snapshot. False where it came before. */
  event(cursor: string): boolean {
    if (this.#seen.has(cursor)) return false;
    this.#cursor = cursor;
    this.#seen.add(cursor);
    if (this.#seen.size > REMEMBERED) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }

  /**
   * Takes note of a snapshot: what came before it no longer counts. Its cursor is that of the last
   * event in it, which may have come by itself.
   */
  snapshot(cursor: string): void {
    this.forget();
    this.event(cursor);
  }

  /** Takes note of how far the server says this connection has come. */
  reached(cursor: string | null | undefined): void {
    // where events came, the last of them is this one already
    if (cursor != null) this.event(cursor);
  }

  /** Drops the cursor: the next connection begins with a snapshot. */
  forget(): void {
    this.#cursor = undefined;
    this.#seen = new Set();
  }
}
