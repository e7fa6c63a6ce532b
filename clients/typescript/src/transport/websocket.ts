// A stream over WebSocket.
//
// Owns one socket and the bounded queue in front of its reader: a browser reads a socket whether or not
// anybody wants what comes, so that the only way to make a server wait is to hang up. Must not know what
// frames mean, nor try again.

import { YoiError } from "../error.js";
import type { Closing } from "../follow/ending.js";
import { MAX_FRAME_LENGTH, Silence, type Connection, type Incoming } from "./connection.js";

/** As much of a WebSocket as is used here: the one of browsers and of Node has it, and that of the package `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  close(code?: number, reason?: string): void;
}

/** Makes WebSockets. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** How much may wait to be read. */
export interface QueueBounds {
  readonly frames: number;
  /** In UTF-16 code units. One frame may pass it, and the next to be read does not count. */
  readonly length: number;
}

/** What a socket is made with. */
export interface SocketOptions {
  readonly WebSocket: WebSocketConstructor;
  readonly url: URL;
  readonly subprotocols: string[];
  readonly connectMs: number;
  readonly silenceMs: number;
  readonly queue: QueueBounds;
  readonly signal: AbortSignal;
}

/** Why no socket was opened: never why the server refused it, because a browser does not say. */
export class NotOpened extends Error {
  constructor(
    readonly timedOut: boolean,
    reason: string,
  ) {
    super(reason);
    this.name = "NotOpened";
  }
}

/** An open socket. */
export class SocketConnection implements Connection {
  readonly #socket: WebSocketLike;
  readonly #bounds: QueueBounds;
  readonly #silence: Silence;
  /** Frames that came and were not read yet, from `#head` on. */
  #queue: string[] = [];
  #head = 0;
  #length = 0;
  /** What is told once the queue has been read. */
  #end: Closing | YoiError | undefined;
  #wake: (() => void) | undefined;

  /** Connects and upgrades. Rejected with `NotOpened`, or where the signal says so. */
  static async open(options: SocketOptions): Promise<SocketConnection> {
    const { WebSocket, url, subprotocols, signal } = options;
    const socket = subprotocols.length === 0 ? new WebSocket(url.href) : new WebSocket(url.href, subprotocols);
    const connection = new SocketConnection(socket, options);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new NotOpened(true, "no upgrade in time")), options.connectMs);
        abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        if (signal.aborted) abort();
        socket.onopen = () => resolve();
        socket.onerror = (event: { message?: unknown }) => {
          reject(new NotOpened(false, typeof event.message === "string" ? event.message : "no reason given"));
        };
        socket.onclose = () => reject(new NotOpened(false, "it was closed before it was open"));
      });
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      clearTimeout(timer);
      if (abort !== undefined) signal.removeEventListener("abort", abort);
    }
    connection.#opened();
    return connection;
  }

  private constructor(socket: WebSocketLike, options: SocketOptions) {
    this.#socket = socket;
    this.#bounds = options.queue;
    this.#silence = new Silence(options.silenceMs);
    // from the start: a frame may come in the same turn as the upgrade
    socket.onmessage = (event: { data: unknown }) => this.#take(event.data);
  }

  #opened(): void {
    this.#silence.heard();
    this.#socket.onerror = () => {};
    // whatever it was, a close follows an error
    this.#socket.onclose = (event: { code?: number; reason?: string }) =>
      this.#finish({ code: event.code, reason: event.reason });
  }

  async receive(): Promise<Incoming> {
    for (;;) {
      const text = this.#shift();
      if (text !== undefined) return { text };
      if (this.#end instanceof YoiError) throw this.#end;
      if (this.#end !== undefined) return { closed: this.#end };
      await this.#something();
    }
  }

  close(): void {
    this.#finish({});
    this.#hangUp();
  }

  /** Waits until something came, ends the connection where nothing does. */
  async #something(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silent = await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), this.#silence.remaining());
      this.#wake = () => resolve(false);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    if (silent && this.#queue.length === 0 && this.#end === undefined && this.#silence.isOver()) {
      this.#finish(YoiError.timeout(this.#silence.words));
      // nobody would answer a goodbye; only the socket of `ws` can be ended without
      (this.#socket as { terminate?: () => void }).terminate?.();
      this.#hangUp();
    }
  }

  #take(data: unknown): void {
    if (this.#end !== undefined) return;
    this.#silence.heard();
    if (typeof data !== "string") {
      this.#give(YoiError.protocol("a binary frame"));
    } else if (data.length > MAX_FRAME_LENGTH) {
      this.#give(YoiError.protocol(`a frame of more than ${MAX_FRAME_LENGTH} characters`));
    } else if (this.#isFull()) {
      // what is queued is read first; then the stream goes on after the last of it
      this.#give(YoiError.behind());
    } else {
      this.#queue.push(data);
      this.#length += data.length;
      this.#wake?.();
    }
  }

  /** Whether what waits behind the next frame to be read is as much as may wait. That frame does not count:
   *  however long it is, a connection brings something. */
  #isFull(): boolean {
    const next = this.#queue[this.#head]?.length ?? 0;
    return this.#queue.length - this.#head >= this.#bounds.frames || this.#length - next >= this.#bounds.length;
  }

  #shift(): string | undefined {
    const text = this.#queue[this.#head];
    if (text === undefined) return undefined;
    this.#queue[this.#head] = "";
    this.#head += 1;
    this.#length -= text.length;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return text;
  }

  /** Gives the connection up for a reason of our own. */
  #give(error: YoiError): void {
    this.#finish(error);
    this.#hangUp();
  }

  #finish(end: Closing | YoiError): void {
    this.#end ??= end;
    this.#wake?.();
  }

  #hangUp(): void {
    const socket = this.#socket;
    socket.onopen = null;
    socket.onmessage = null;
    // kept, because the one of `ws` throws an error that nobody listens for
    socket.onerror = () => {};
    socket.onclose = null;
    try {
      socket.close(1000);
    } catch {
      // it is gone already
    }
  }
}
