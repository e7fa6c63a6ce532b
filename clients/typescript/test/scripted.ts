// A server that plays one script for each stream that is opened, over WebSocket or server-sent events, and
// remembers what it was asked.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Code } from "../src/generated/protocol.js";
import { diagnosticOf } from "../src/error.js";
import type { WebSocketConstructor } from "../src/transport/websocket.js";

/** What the server does next on a stream; at the end of its script it drops the connection. */
export type Step =
  | { readonly send: string }
  | { readonly binary: true }
  /** Over WebSocket only. */
  | { readonly close: number }
  /** Answers with this status and body. Only as the first step. */
  | { readonly refuse: number; readonly body: string }
  /** Says nothing more. */
  | { readonly hold: true }
  | { readonly pause: number };

/** One request. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
  readonly protocols: string | undefined;
  readonly stream: "ws" | "sse" | undefined;
  readonly body: string;
}

export const WORKER = "w_01k7zzzzzz0000000000000007";
export const RUN = "r_01k7zzzzzz0000000000000001";
export const AT = "2026-01-01T00:00:00.000Z";

/** The WebSocket of `ws`, as a client is given it. */
export const Socket = WebSocket as unknown as WebSocketConstructor;

type Answer = (asked: Asked, response: ServerResponse) => boolean;

export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly #scripts: Step[][];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has("yoi.v1") ? "yoi.v1" : false) });
  readonly #open = new Set<Duplex>();
  /** What the last stream was refused with: so is what asks why. */
  #refused: Extract<Step, { refuse: number }> | undefined;
  url = "";

  /** `upgrades` says whether it knows WebSocket; `answer` answers what is no stream. */
  static async start(scripts: Step[][], how: { upgrades?: boolean; answer?: Answer } = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(scripts, how.upgrades ?? true, how.answer);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  private constructor(scripts: Step[][], upgrades: boolean, answer: Answer | undefined) {
    this.#scripts = [...scripts];
    this.#server = createServer((request, response) => void this.#request(request, response, answer));
    this.#server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
    });
    if (!upgrades) return;
    this.#server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => {});
      this.asked.push(heard(request, "ws", ""));
      const script = this.#scripts.shift() ?? [];
      this.#refused = refusal(script);
      if (this.#refused !== undefined) {
        socket.end(`HTTP/1.1 ${this.#refused.refuse} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => void playSocket(ws, script));
    });
  }

  /** The queries of the streams that were asked for. */
  get queries(): string[] {
    return this.asked.filter((asked) => asked.stream !== undefined).map((asked) => asked.query);
  }

  /** Plays `script` too, after those it was started with. */
  add(script: Step[]): void {
    this.#scripts.push(script);
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await Promise.resolve();
  }

  async #request(request: IncomingMessage, response: ServerResponse, answer: Answer | undefined): Promise<void> {
    response.on("error", () => {});
    response.setMaxListeners(0);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const isStream = request.headers.accept === "text/event-stream";
    const asked = heard(request, isStream ? "sse" : undefined, body);
    this.asked.push(asked);
    if (!isStream) {
      if (answer?.(asked, response) === true) return;
      const refused = this.#refused;
      response.writeHead(refused?.refuse ?? 200, { "content-type": "application/json" });
      response.end(refused?.body ?? "{}");
      return;
    }
    const script = this.#scripts.shift() ?? [];
    this.#refused = refusal(script);
    if (this.#refused !== undefined) {
      response.writeHead(this.#refused.refuse, { "content-type": "application/problem+json" });
      response.end(this.#refused.body);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    await playResponse(response, script);
  }
}

function refusal(script: Step[]): Extract<Step, { refuse: number }> | undefined {
  const first = script[0];
  return first !== undefined && "refuse" in first ? first : undefined;
}

function heard(request: IncomingMessage, stream: Asked["stream"], body: string): Asked {
  const url = new URL(request.url ?? "/", "http://host");
  const { authorization } = request.headers;
  const protocols = request.headers["sec-websocket-protocol"];
  return { method: request.method ?? "", path: url.pathname, query: url.search.slice(1), authorization, protocols, stream, body };
}

async function playSocket(socket: WebSocket, script: Step[]): Promise<void> {
  socket.on("error", () => {});
  for (const step of script) {
    if (socket.readyState !== WebSocket.OPEN) return;
    if ("send" in step) await new Promise<void>((resolve) => socket.send(step.send, () => resolve()));
    else if ("binary" in step) socket.send(Buffer.from([0]));
    else if ("pause" in step) await new Promise((resolve) => setTimeout(resolve, step.pause));
    else if ("close" in step) return socket.close(step.close, "as scripted");
    else return;
  }
  socket.terminate();
}

async function playResponse(response: ServerResponse, script: Step[]): Promise<void> {
  for (const step of script) {
    if (response.destroyed) return;
    if ("send" in step) {
      const { kind, cursor } = JSON.parse(step.send.startsWith("{") ? step.send : "{}") as Record<string, unknown>;
      const taken = response.write(`${cursor == null ? "" : `id: ${String(cursor)}\n`}event: ${String(kind)}\ndata: ${step.send}\n\n`);
      if (!taken) await Promise.race([once(response, "drain"), once(response, "close")]);
    } else if ("pause" in step) await new Promise((resolve) => setTimeout(resolve, step.pause));
    else if ("hold" in step) return;
    else throw new Error("a step that server-sent events do not have");
  }
  response.end();
}

// Frames.

export function frame(kind: string, cursor: string | null, rest: Record<string, unknown> = {}): Step {
  return { send: JSON.stringify({ kind, cursor, worker_id: WORKER, ...rest }) };
}

export function event(cursor: string, event: Record<string, unknown>): Step {
  return frame("event", cursor, { event });
}

export function delta(cursor: string): Step {
  return event(cursor, { type: "block_delta", block_id: "b", text: cursor, at: AT });
}

export function snapshotEvent(padding = 0): Record<string, unknown> & { type: "snapshot" } {
  return {
    type: "snapshot",
    worker: { worker_id: WORKER, display_name: "w", profile: "echo", labels: { x: "y".repeat(padding) }, created_at: AT },
    status: "idle",
    run: null,
    transcript: [],
    open_blocks: [],
    approvals: [],
    plan: [],
    usage: { input_tokens: 1, output_tokens: 0 },
    truncated: false,
    at: AT,
  };
}

export function snapshot(cursor: string, padding = 0): Step {
  return event(cursor, snapshotEvent(padding));
}

export function ready(cursor: string): Step {
  return frame("ready", cursor);
}

export function diagnostic(code: Code): Step {
  return frame("diagnostic", null, { diagnostic: diagnosticOf(code, "as scripted") });
}

export const hold: Step = { hold: true };
export const close = (code: number): Step => ({ close: code });
