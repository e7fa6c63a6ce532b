// How a stream is opened.
//
// Owns the choice of transport, and finding out why a WebSocket was refused: a browser does not tell
// its status, so that the same is asked again in a way that does. Must not try again.

import type { Query } from "../endpoint.js";
import { YoiError } from "../error.js";
import { call } from "../http.js";
import type { Settings, Transport } from "../options.js";
import type { Connection } from "./connection.js";
import { SseConnection } from "./sse.js";
import { NotOpened, SocketConnection, type QueueBounds, type WebSocketConstructor } from "./websocket.js";

/** A stream on a server. */
export interface Source {
  readonly settings: Settings;
  /** The path of its server-sent events; over WebSocket it is below. */
  readonly path: readonly string[];
  /** What answers a plain request like it would answer the stream's. */
  readonly probe: readonly string[];
}

/** Opens the connections of one stream. */
export class Opener {
  readonly #source: Source;
  readonly #transport: Transport;
  readonly #queue: QueueBounds;
  /** Whether a WebSocket has got through: then one that does not is no reason to do without. */
  #socketsPass = false;
  /** Whether server-sent events got through where no WebSocket did. */
  #socketsFail = false;

  constructor(source: Source, transport: Transport, queue: QueueBounds) {
    this.#source = source;
    this.#transport = transport;
    this.#queue = queue;
    if (transport === "ws" && source.settings.WebSocket === undefined) {
      throw YoiError.invalidOption('there is no WebSocket here: pass one to the client, or choose `transport: "sse"`');
    }
  }

  /** Connects. Rejected with a `YoiError`, or with the signal's reason. */
  async open(query: Query, signal: AbortSignal): Promise<Connection> {
    const { WebSocket } = this.#source.settings;
    if (this.#transport === "sse" || WebSocket === undefined || this.#socketsFail) return this.#sse(query, signal);
    try {
      const connection = await this.#socket(WebSocket, query, signal);
      this.#socketsPass = true;
      return connection;
    } catch (error) {
      if (!(error instanceof NotOpened)) throw error;
      if (this.#transport === "ws" || this.#socketsPass) throw await this.#why(error, signal);
      const connection = await this.#sse(query, signal);
      this.#socketsFail = true;
      return connection;
    }
  }

  async #socket(WebSocket: WebSocketConstructor, query: Query, signal: AbortSignal): Promise<Connection> {
    const { settings, path } = this.#source;
    return SocketConnection.open({
      WebSocket,
      url: settings.endpoint.webSocketUrl(path, query),
      subprotocols: settings.subprotocols(),
      connectMs: settings.timeouts.connect,
      silenceMs: settings.timeouts.silence,
      queue: this.#queue,
      signal,
    });
  }

  async #sse(query: Query, signal: AbortSignal): Promise<Connection> {
    const { settings, path } = this.#source;
    return SseConnection.open(settings, settings.endpoint.url(path, query), signal);
  }

  /** Why no WebSocket was opened. */
  async #why(refused: NotOpened, signal: AbortSignal): Promise<unknown> {
    const { settings, probe } = this.#source;
    const target = settings.endpoint.authority;
    if (refused.timedOut) return YoiError.timeout(`connecting to ${target}`);
    try {
      await call(settings, { method: "GET", url: settings.endpoint.url(probe) }, { signal });
    } catch (error) {
      return error;
    }
    return YoiError.connect(target, `the WebSocket was not opened: ${refused.message}`);
  }
}
