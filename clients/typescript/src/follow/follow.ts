// A stream, over as many connections as it takes.
//
// Owns reconnecting, resuming and dropping what came twice. It folds nothing, and makes the next
// connection only when its reader has read what the last one brought.

import { YoiError } from "../error.js";
import type { Diagnostic } from "../generated/protocol.js";
import type { Connection, Incoming } from "../transport/connection.js";
import { Opener, type Source } from "../transport/open.js";
import { Backoff } from "./backoff.js";
import { closed, diagnosed, refused, resume, type Next } from "./ending.js";
import { followQuery, type FollowOptions } from "./options.js";
import { Position } from "./position.js";
import type { Reader, Update, WorkspaceUpdate } from "./update.js";

/** A connection that lasted so long was good, whatever it brought. */
const GOOD_AFTER_MS = 1000;
/**
 * So many connections in a row that brought nothing but a frame which does not parse end the stream:
 * the second of them already went without a cursor.
 */
const MALFORMED_AT_MOST = 5;
const QUEUED_FRAMES = 10_000;
const QUEUED_LENGTH = 16 << 20;

/** An open connection, and what is known of it. */
interface Open {
  readonly connection: Connection;
  readonly since: number;
  /** Whether it got as far as `ready`. */
  ready: boolean;
  /** Whether it brought an event that had not come before. */
  fresh: boolean;
  /** The last diagnostic, which says more than a close code. */
  told: Diagnostic | undefined;
  /** Whether nothing came after it. */
  toldLast: boolean;
}

type Phase = { readonly waitUntil: number } | Open;

/**
 * A stream: `for await (const update of follow)`. It connects when it is first read, an error is the
 * last thing it says, and leaving the loop ends it.
 */
export class Follow<U extends Update | WorkspaceUpdate> implements AsyncIterableIterator<U> {
  readonly #read: Reader<U>;
  readonly #options: FollowOptions;
  readonly #opener: Opener;
  readonly #position: Position;
  readonly #backoff = new Backoff();
  readonly #abort = new AbortController();
  readonly #signalled = (): void => this.#finish(this.#options.signal?.reason);
  /** Connections in a row that ended with a malformed frame before any event. */
  #malformed = 0;
  /** Whether there has been a connection. */
  #connected = false;
  /** Nothing once the stream has ended. */
  #phase: Phase | undefined = { waitUntil: 0 };
  /** What the signal ended it with, until somebody is told. */
  #aborted: { readonly reason: unknown } | undefined;
  /** Whoever reads waits for whoever read before. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(source: Source, read: Reader<U>, options: FollowOptions) {
    this.#read = read;
    this.#options = options;
    this.#position = new Position(options.cursor);
    this.#opener = new Opener(source, options.transport ?? source.settings.transport, {
      frames: options.maxQueuedFrames ?? QUEUED_FRAMES,
      length: options.maxQueuedLength ?? QUEUED_LENGTH,
    });
    const { signal } = options;
    if (signal === undefined) return;
    signal.addEventListener("abort", this.#signalled, { once: true });
    if (signal.aborted) this.#signalled();
  }

  /** The last event delivered; resume after it with it. */
  get cursor(): string | undefined {
    return this.#position.cursor;
  }

  /** What comes next. Rejected with a `YoiError` where the stream has ended for good, or with the signal's reason. */
  next(): Promise<IteratorResult<U, undefined>> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Ends the stream; leaving a `for await` does. */
  async return(): Promise<IteratorResult<U, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends the stream: whoever waits for it is told that it is done. */
  close(): void {
    this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<IteratorResult<U, undefined>> {
    while (this.#phase !== undefined) {
      const update = await this.#step(this.#phase);
      if (update !== undefined) return { done: false, value: update };
    }
    if (this.#aborted !== undefined) {
      const { reason } = this.#aborted;
      this.#aborted = undefined;
      throw reason;
    }
    return { done: true, value: undefined };
  }

  /** One thing that happened; nothing where it is not to be told, or the stream has ended. */
  async #step(phase: Phase): Promise<U | undefined> {
    if ("waitUntil" in phase) return this.#connect(phase.waitUntil);
    let incoming: Incoming;
    try {
      incoming = await phase.connection.receive();
    } catch (error) {
      return this.#ended(phase, resume(known(error)));
    }
    if (this.#phase !== phase) return undefined;
    if ("closed" in incoming) return this.#ended(phase, closed(incoming.closed, phase.told, phase.toldLast));
    let update: U | undefined;
    try {
      update = this.#read(incoming.text);
    } catch (error) {
      return this.#ended(phase, resume(known(error)));
    }
    return update === undefined ? undefined : this.#take(phase, update);
  }

  async #connect(waitUntil: number): Promise<U | undefined> {
    const { signal } = this.#abort;
    await sleep(waitUntil - performance.now(), signal);
    if (signal.aborted) return undefined;
    let connection: Connection;
    try {
      connection = await this.#opener.open(followQuery(this.#options, this.#position.cursor), signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const reason = known(error);
      if (this.#connected || this.#options.first === "retry") return this.#goOn(refused(reason));
      this.#end();
      throw reason;
    }
    if (signal.aborted) {
      connection.close();
      return undefined;
    }
    const since = performance.now();
    this.#phase = { connection, since, ready: false, fresh: false, told: undefined, toldLast: false };
    const again = this.#connected;
    this.#connected = true;
    return again ? ({ type: "reconnected" } as U) : undefined;
  }

  /** Takes note of an update; nothing where it is to be dropped. */
  #take(open: Open, update: U): U | undefined {
    open.toldLast = update.type === "diagnostic";
    switch (update.type) {
      case "event":
        if (update.event.type === "snapshot") {
          this.#position.snapshot(update.cursor);
          return update;
        }
        if (!this.#position.event(update.cursor)) return undefined;
        open.fresh = true;
        this.#malformed = 0;
        return update;
      case "ready":
        open.ready = true;
        this.#position.reached(update.cursor);
        return update;
      case "heartbeat":
        this.#position.reached(update.heartbeat.cursor);
        return update;
      case "diagnostic": {
        const next = diagnosed(update.diagnostic);
        if (next.then === "stop") return this.#ended(open, next);
        if (next.then === "resnapshot") this.#position.forget();
        open.told = update.diagnostic;
        return update;
      }
      default:
        return update;
    }
  }

  /** What follows from the end of the open connection. */
  #ended(open: Open, next: Next): U | undefined {
    if (this.#phase !== open) return undefined;
    open.connection.close();
    const { then, error } = next;
    const malformed = then === "resume" && error.kind === "protocol";
    const lasted = performance.now() - open.since >= GOOD_AFTER_MS;
    if (open.ready && !malformed && (open.fresh || lasted)) this.#backoff.reset();
    if (malformed) this.#malformed += 1;
    else if (open.ready) this.#malformed = 0;
    if (malformed && this.#malformed >= MALFORMED_AT_MOST) return this.#goOn({ then: "stop", error });
    // the same again: only a snapshot gets past it
    if (malformed && this.#malformed >= 2) return this.#goOn({ then: "resnapshot", error });
    return this.#goOn(next);
  }

  #goOn({ then, error }: Next): U {
    if (then === "stop") {
      this.#end();
      throw error;
    }
    if (then === "resnapshot") this.#position.forget();
    // whoever is told this has read what there was, and no server failed
    const isBehind = error.kind === "disconnected" && error.code === "slow_consumer";
    const retryInMs = isBehind ? 0 : this.#backoff.next(Math.random(), error.retryAfterMs);
    this.#phase = { waitUntil: performance.now() + retryInMs };
    return { type: "disconnected", reason: error, retryInMs } as U;
  }

  #finish(reason: unknown): void {
    if (this.#phase === undefined) return;
    this.#aborted = { reason };
    this.#end();
  }

  #end(): void {
    const phase = this.#phase;
    this.#phase = undefined;
    this.#options.signal?.removeEventListener("abort", this.#signalled);
    this.#abort.abort();
    if (phase !== undefined && "connection" in phase) phase.connection.close();
  }
}

/** What a connection fails with is a `YoiError`, or a fault of what was injected. */
function known(error: unknown): YoiError {
  if (error instanceof YoiError) return error;
  return YoiError.disconnected(error instanceof Error ? error.message : String(error));
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    signal.addEventListener("abort", wake, { once: true });
  });
}
