// A stream that a page keeps open, and how it is.
//
// Owns its life: over connections, sleeps and the page's end; and what is told of the connection. What its updates mean
// is for whoever made it. Must not show a loss that lasted a moment: a healthy resume is no news.

import { YoiError, type Follow, type Update, type WorkspaceUpdate } from "@yoi/client";
import { onWake } from "./wake.js";

/** An outage that is shorter is not shown. */
const QUIET_MS = 900;

export type Connection =
  /** None yet. */
  | { readonly phase: "connecting" }
  /** There is one. */
  | { readonly phase: "open" }
  /** Lost; another is tried at `retryAt`. */
  | { readonly phase: "lost"; readonly reason: YoiError; readonly retryAt: number };

export interface StreamOptions<U extends Update | WorkspaceUpdate> {
  /** Opens the stream after a cursor. */
  open(cursor: string | undefined): Follow<U>;
  /** Takes what it says, in order. */
  take(update: U): void;
  /** Called when it has ended for good. */
  ended(error: YoiError): void;
}

export class Stream<U extends Update | WorkspaceUpdate> {
  connection = $state.raw<Connection>({ phase: "connecting" });
  /** Whether an outage has lasted long enough to be shown. */
  isOut = $state(false);
  /** When something was heard last, by this machine's clock. */
  heardAt = $state.raw(Date.now());

  readonly #options: StreamOptions<U>;
  readonly #unwake: () => void;
  #follow: Follow<U> | undefined;
  #isClosed = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(options: StreamOptions<U>) {
    this.#options = options;
    this.#unwake = onWake(() => this.again());
    this.#outFor();
    void this.#run();
  }

  /** Drops the connection, which may be dead, and makes another at once. */
  again(): void {
    if (this.#isClosed) return;
    this.connection = { phase: "connecting" };
    this.#outFor();
    this.#follow?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#unwake();
    clearTimeout(this.#quiet);
    this.#follow?.close();
  }

  async #run(): Promise<void> {
    let cursor: string | undefined;
    while (!this.#isClosed) {
      const follow = this.#options.open(cursor);
      this.#follow = follow;
      try {
        for await (const update of follow) this.#take(update);
      } catch (error) {
        if (!this.#isClosed) {
          clearTimeout(this.#quiet);
          this.isOut = false;
          this.#options.ended(error instanceof YoiError ? error : YoiError.disconnected(String(error)));
        }
        return;
      }
      // where events were lost its cursor is none, and that counts
      cursor = follow.cursor;
    }
  }

  #take(update: U): void {
    if (this.#isClosed) return;
    if (update.type === "disconnected") {
      this.connection = { phase: "lost", reason: update.reason, retryAt: Date.now() + update.retryInMs };
      this.#outFor();
    } else {
      this.heardAt = Date.now();
      if (this.connection.phase !== "open" && update.type !== "reconnected") {
        this.connection = { phase: "open" };
        clearTimeout(this.#quiet);
        this.#quiet = undefined;
        this.isOut = false;
      }
    }
    this.#options.take(update);
  }

  #outFor(): void {
    this.#quiet ??= setTimeout(() => {
      this.isOut = true;
    }, QUIET_MS);
  }
}
