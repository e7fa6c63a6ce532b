// What a client is made with.
//
// Owns the options, their defaults, and what is made of them once. Reads no environment.

import { Endpoint } from "./endpoint.js";
import { YoiError } from "./error.js";
import type { WebSocketConstructor } from "./transport/websocket.js";

/**
 * How a stream travels: `"ws"` by WebSocket, `"sse"` by server-sent events over `fetch`, `"auto"` by
 * WebSocket where there is one and it gets through, else by server-sent events.
 */
export type Transport = "auto" | "ws" | "sse";

/** How long to wait for what, in milliseconds. */
export interface Timeouts {
  /** For a stream to be opened. Default 10 s. */
  readonly connect: number;
  /** For a whole call. Default 60 s. */
  readonly request: number;
  /** A stream that has brought nothing for so long is dead; a server says something every 15 s. Default 37.5 s. */
  readonly silence: number;
}

/** What a client is made with. Everything has a default; outside a browser `baseUrl` has none. */
export interface ClientOptions {
  /**
   * Where the server is: `http` or `https`, with neither credentials, query nor fragment. In a browser, by
   * default, where the page is from.
   */
  readonly baseUrl?: string | undefined;
  /**
   * Sent as `Authorization: Bearer …`, and for a WebSocket as a subprotocol; never in a URL. Without it the
   * cookie of a sign-in counts.
   */
  readonly token?: string | undefined;
  /** Whether cookies go along where there is no token. Default `"same-origin"`. */
  readonly credentials?: RequestCredentials | undefined;
  /** How streams travel. Default `"auto"`. */
  readonly transport?: Transport | undefined;
  /**
   * The WebSocket to use. Default `globalThis.WebSocket`, which Node has from version 22; the one of the
   * package `ws` will do.
   */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** The `fetch` to use. Default `globalThis.fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** How long to wait for what. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** The most bytes of an answer. Default 64 MiB. */
  readonly maxAnswerBytes?: number | undefined;
}

const TIMEOUTS: Timeouts = { connect: 10_000, request: 60_000, silence: 37_500 };

/** What all calls and streams of a client share. */
export class Settings {
  readonly endpoint: Endpoint;
  readonly credentials: RequestCredentials;
  readonly transport: Transport;
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly timeouts: Timeouts;
  readonly maxAnswerBytes: number;
  /** Private, so that nothing prints it. */
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch | undefined;

  constructor(options: ClientOptions, basePath: string) {
    const page: unknown = (globalThis as { location?: { origin?: unknown } }).location?.origin;
    const baseUrl = options.baseUrl ?? (typeof page === "string" ? page : undefined);
    if (baseUrl === undefined) throw YoiError.invalidOption("`baseUrl` is missing: say where the server is");
    this.endpoint = new Endpoint(baseUrl, basePath);
    const { token } = options;
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw YoiError.invalidOption("the token cannot stand in a header");
    }
    this.#token = token;
    this.#fetch = options.fetch;
    this.credentials = token === undefined ? (options.credentials ?? "same-origin") : "omit";
    this.transport = options.transport ?? "auto";
    if (!["auto", "ws", "sse"].includes(this.transport)) {
      throw YoiError.invalidOption("`transport` is none of auto, ws and sse");
    }
    this.WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (this.WebSocket === undefined && this.transport === "ws") {
      throw YoiError.invalidOption(
        "there is no WebSocket here: pass one as `WebSocket` (that of the package `ws` will do), " +
          'use Node 22 or newer, or choose `transport: "sse"`',
      );
    }
    this.timeouts = { ...TIMEOUTS, ...options.timeouts };
    this.maxAnswerBytes = options.maxAnswerBytes ?? 64 << 20;
  }

  /** The headers that say who asks. */
  authorization(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /**
   * The subprotocols that say who asks, as a browser cannot set headers. None where there is nothing
   * to say: a server that selects none of those offered would be refused by the browser.
   */
  subprotocols(): string[] {
    if (this.#token === undefined) return [];
    const base64 = btoa(this.#token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    return ["yoi.v1", `yoi.token.${base64}`];
  }

  /** Called through here, because a browser's own must not be called as anybody's method. */
  fetch(url: URL, init: RequestInit): Promise<Response> {
    return this.#fetch === undefined ? fetch(url, init) : this.#fetch.call(undefined, url, init);
  }

  /** The same for another base path on the same server. */
  at(basePath: string): Settings {
    return new Settings(
      {
        baseUrl: this.endpoint.baseUrl,
        token: this.#token,
        credentials: this.credentials,
        transport: this.transport,
        WebSocket: this.WebSocket,
        fetch: this.#fetch,
        timeouts: this.timeouts,
        maxAnswerBytes: this.maxAnswerBytes,
      },
      basePath,
    );
  }
}
