// One connection of a stream.
//
// Owns what every transport offers, and when a silent one counts as dead. Must not know what frames
// mean, nor try again.

import type { Closing } from "../follow/ending.js";

/** What came over a connection: a frame, or the end. */
export type Incoming = { readonly text: string } | { readonly closed: Closing };

/** An open connection. */
export interface Connection {
  /** The next frame. Rejected with a `YoiError` where the connection is lost, silent, or talks nonsense. */
  receive(): Promise<Incoming>;
  /** Ends it: what waits in `receive` is told that it is closed. */
  close(): void;
}

/** The longest frame taken, in UTF-16 code units: snapshots are several MiB. */
export const MAX_FRAME_LENGTH = 32 << 20;

/** Once the silence is over, what has come but was not looked at gets so long to be read. */
const GRACE_MS = 1000;

/** When a connection counts as dead. */
export class Silence {
  readonly #milliseconds: number;
  #deadline: number;
  /** Whether a reader that came late has had its grace. */
  #graced = false;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#deadline = performance.now() + milliseconds;
  }

  /** Something came. */
  heard(): void {
    this.#deadline = performance.now() + this.#milliseconds;
    this.#graced = false;
  }

  /** Milliseconds to wait from now. The reader may have been away, or the machine asleep. */
  remaining(): number {
    const now = performance.now();
    if (this.#deadline < now && !this.#graced) {
      this.#deadline = now + GRACE_MS;
      this.#graced = true;
    }
    return Math.max(this.#deadline - now, 0);
  }

  /** Whether it has lasted too long, for a timer that was set to `remaining` and has gone off. */
  isOver(): boolean {
    // a timer that goes off late was not the only thing to wait
    const late = performance.now() - this.#deadline;
    return late >= -1 && (this.#graced || late < GRACE_MS);
  }

  /** The words for it. */
  get words(): string {
    return `the stream brought nothing for ${this.#milliseconds / 1000} s`;
  }
}
