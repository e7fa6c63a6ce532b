// A stream over server-sent events (WHATWG HTML §9.2), read with `fetch`.
//
// Owns one response and its parsing. It reads no further than somebody wants, so that a reader that is
// slow holds up the server and not this memory. Must not know what frames mean, nor try again.

import { YoiError } from "../error.js";
import { Limit, common, failure, read, refusal } from "../http.js";
import type { Settings } from "../options.js";
import { MAX_FRAME_LENGTH, Silence, type Connection, type Incoming } from "./connection.js";

type Chunk = ReadableStreamReadResult<Uint8Array>;

/** An open response. */
export class SseConnection implements Connection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limit: Limit;
  readonly #silence: Silence;
  readonly #parser = new SseParser();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #frames: string[] = [];
  #closed = false;

  /** Sends the request and reads the head of its answer. Rejected with a `YoiError`, or where the signal says so. */
  static async open(settings: Settings, url: URL, signal: AbortSignal): Promise<SseConnection> {
    const limit = new Limit(settings.timeouts.connect, signal);
    try {
      const headers = { ...settings.authorization(), accept: "text/event-stream" };
      const response = await settings.fetch(url, { ...common(settings), headers, signal: limit.signal });
      if (!response.ok) throw refusal(response.status, await read(response, 1 << 20));
      const type = response.headers.get("content-type") ?? "";
      if (!/^text\/event-stream\b/i.test(type) || response.body === null) {
        throw YoiError.protocol("an answer that is no event stream");
      }
      limit.reached();
      return new SseConnection(response.body.getReader(), limit, settings.timeouts.silence);
    } catch (error) {
      const reason = failure(settings, limit, error);
      limit.end();
      throw reason;
    }
  }

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>, limit: Limit, silenceMs: number) {
    this.#reader = reader;
    this.#limit = limit;
    this.#silence = new Silence(silenceMs);
  }

  async receive(): Promise<Incoming> {
    for (;;) {
      const text = this.#frames.shift();
      if (text !== undefined) return { text };
      if (this.#closed) return { closed: {} };
      const chunk = await this.#read();
      if (this.#closed) continue;
      if (chunk.done) {
        this.close();
        continue;
      }
      this.#frames = this.#parse(chunk.value);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#limit.end();
    void this.#reader.cancel().catch(() => {});
  }

  /** The next piece of the body, whatever it holds. */
  async #read(): Promise<Chunk> {
    // asked for once: what came while the time ran out is not lost
    const reading = this.#reader.read();
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      try {
        const silent = new Promise<undefined>((resolve) => {
          timer = setTimeout(() => resolve(undefined), this.#silence.remaining());
        });
        const chunk = await Promise.race([reading, silent]);
        if (chunk !== undefined) {
          this.#silence.heard();
          return chunk;
        }
      } catch (error) {
        if (this.#closed) return { done: true, value: undefined };
        this.close();
        throw YoiError.disconnected(error instanceof Error ? error.message : "no reason given");
      } finally {
        clearTimeout(timer);
      }
      if (this.#silence.isOver()) {
        reading.catch(() => {});
        this.close();
        throw YoiError.timeout(this.#silence.words);
      }
    }
  }

  #parse(bytes: Uint8Array): string[] {
    try {
      return this.#parser.push(this.#decoder.decode(bytes, { stream: true }));
    } catch (error) {
      this.close();
      throw error instanceof YoiError ? error : YoiError.protocol("an event stream that is not UTF-8");
    }
  }
}

/** Takes the `data` of events out of the text of a stream, however it is cut into pieces. */
export class SseParser {
  /** The line that has not ended yet, in pieces: a long one is put together once. */
  #line: string[] = [];
  #lineLength = 0;
  #data: string[] = [];
  #dataLength = 0;
  /** Whether the last piece ended with a carriage return, whose line feed may follow. */
  #halfEnd = false;

  /** The data of the events that `text` completes. Throws where one is too long. */
  push(text: string): string[] {
    const events: string[] = [];
    let from = 0;
    if (this.#halfEnd && text.length > 0) {
      this.#halfEnd = false;
      if (text.startsWith("\n")) from = 1;
    }
    const ends = /\r\n?|\n/g;
    ends.lastIndex = from;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#append(text.slice(from, end.index));
      from = ends.lastIndex;
      this.#halfEnd = end[0] === "\r" && from === text.length;
      this.#endLine(events);
    }
    this.#append(text.slice(from));
    return events;
  }

  #append(piece: string): void {
    if (piece === "") return;
    this.#line.push(piece);
    this.#lineLength += piece.length;
    if (this.#lineLength + this.#dataLength > MAX_FRAME_LENGTH) {
      throw YoiError.protocol(`a frame of more than ${MAX_FRAME_LENGTH} characters`);
    }
  }

  #endLine(events: string[]): void {
    const line = this.#line.join("");
    this.#line = [];
    this.#lineLength = 0;
    if (line === "") {
      if (this.#data.length > 0) events.push(this.#data.join("\n"));
      this.#data = [];
      this.#dataLength = 0;
      return;
    }
    // the kind and the cursor stand in the data too, and lines that begin with a colon are comments
    const data = /^data(?::[ ]?|$)/.exec(line);
    if (data === null) return;
    const value = line.slice(data[0].length);
    this.#data.push(value);
    this.#dataLength += value.length + 1;
  }
}
