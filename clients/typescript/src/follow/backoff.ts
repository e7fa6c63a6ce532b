// How long to wait before connecting again.
//
// Owns the growth of the wait and its jitter. Must not sleep, nor decide whether to try.

const FIRST_MS = 200;
const MAX_MS = 10_000;
/** The longest that a server can ask to wait. */
const MAX_ASKED_MS = 60_000;

/**
 * Waits of 100 ms to 10 s that double with each failure, each shortened by up to half, so that
 * clients which lost a server together do not come back together.
 */
export class Backoff {
  #failures = 0;

  /** The next wait in milliseconds, and no shorter than the server asked for. `random` is from 0 to 1. */
  next(random: number, askedMs: number | undefined): number {
    const half = Math.min(FIRST_MS * 2 ** Math.min(this.#failures, 16), MAX_MS) / 2;
    this.#failures += 1;
    const jitter = half * random;
    const asked = Math.min(askedMs ?? 0, MAX_ASKED_MS);
    return asked > half + jitter ? asked + jitter : half + jitter;
  }

  /** Begins anew after a good connection. */
  reset(): void {
    this.#failures = 0;
  }
}
