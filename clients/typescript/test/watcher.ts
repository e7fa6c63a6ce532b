// Somebody who watches a worker, remembers what was said, and folds it.

import { setTimeout as sleep } from "node:timers/promises";
import { YoiError } from "../src/error.js";
import { Folded } from "../src/folded.js";
import type { Follow } from "../src/follow/follow.js";
import type { Update } from "../src/follow/update.js";
import type { State } from "../src/generated/protocol.js";

export class Watcher {
  static readonly #all = new Set<Watcher>();
  readonly follow: Follow<Update>;
  readonly folded: Folded;
  /** The cursors of events, but for those of snapshots. */
  readonly cursors: string[] = [];
  /** Everything else that was said, in a word. */
  readonly words: string[] = [];
  /** What it ended with. */
  error: unknown;
  readonly #done: Promise<void>;

  constructor(follow: Follow<Update>, folded = new Folded(), each?: (update: Update) => Promise<void>) {
    this.follow = follow;
    this.folded = folded;
    this.#done = this.#watch(each);
    Watcher.#all.add(this);
  }

  /** Stops whoever watches still, after a test that failed. */
  static async stopAll(): Promise<void> {
    for (const watcher of Watcher.#all) await watcher.stop();
  }

  get state(): State {
    const { state } = this.folded;
    if (state === undefined) throw new Error("no snapshot has come");
    return state;
  }

  /** Waits until it is so. */
  async until(what: string, isSo: (watcher: this) => boolean, seconds = 30): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    while (!isSo(this)) {
      if (this.error !== undefined) throw this.error;
      if (performance.now() > deadline) {
        throw new Error(`not within ${seconds} s: ${what}; told ${this.words.filter((word) => word !== "heartbeat").join(", ")}; at ${JSON.stringify(this.folded.state).slice(0, 2000)}`);
      }
      await sleep(5);
    }
  }

  /** Waits until the stream has ended by itself. */
  async ended(): Promise<unknown> {
    await this.#done;
    return this.error;
  }

  async stop(): Promise<void> {
    this.follow.close();
    await this.#done;
  }

  async #watch(each?: (update: Update) => Promise<void>): Promise<void> {
    try {
      for await (const update of this.follow) {
        this.folded.update(update);
        this.#note(update);
        await each?.(update);
      }
    } catch (error) {
      this.error = error;
    }
  }

  #note(update: Update): void {
    switch (update.type) {
      case "event":
        if (update.event.type === "snapshot") this.words.push("snapshot");
        else this.cursors.push(update.cursor);
        return;
      case "diagnostic":
        this.words.push(update.diagnostic.code);
        return;
      case "disconnected":
        this.words.push(`lost ${update.reason instanceof YoiError ? update.reason.code : "?"}`);
        return;
      default:
        this.words.push(update.type);
    }
  }
}
