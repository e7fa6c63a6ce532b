// One exchange over HTTP.
//
// Owns sending a request, bounding its answer, and telling failures apart. Must not know which call
// it is, nor try again: a caller knows what may be sent twice.

import { YoiError, problemOf } from "./error.js";
import { checkProblem } from "./forms.js";
import type { Code, Problem } from "./generated/protocol.js";
import type { Settings } from "./options.js";

/** What every call takes besides its own. */
export interface CallOptions {
  /** Ends the call: it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A request. */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: URL;
  readonly body?: unknown;
}

/** Sends a request and reads the JSON of its answer. */
export async function call<T>(settings: Settings, request: Request, options: CallOptions = {}): Promise<T> {
  const text = await exchange(settings, request, options);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw YoiError.protocol("an answer that is not JSON");
  }
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
    throw YoiError.protocol("an answer that is no object");
  }
  return answer as T;
}

/** Sends a request whose answer holds nothing that a caller needs. */
export async function command(settings: Settings, request: Request, options: CallOptions = {}): Promise<void> {
  await exchange(settings, request, options);
}

async function exchange(settings: Settings, request: Request, options: CallOptions): Promise<string> {
  const { method, url, body } = request;
  const limit = new Limit(settings.timeouts.request, options.signal);
  try {
    const headers: Record<string, string> = { ...settings.authorization(), accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await settings.fetch(url, {
      ...common(settings),
      method,
      headers,
      signal: limit.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await read(response, settings.maxAnswerBytes);
    if (!response.ok) throw refusal(response.status, text);
    return text;
  } catch (error) {
    throw failure(settings, limit, error);
  } finally {
    limit.end();
  }
}

/** What is the same in every request: no cache, and no redirect, because a token is for one server. */
export function common(settings: Settings): RequestInit {
  return { redirect: "manual", cache: "no-store", credentials: settings.credentials };
}

/** Reads a body within its bound. */
export async function read(response: Response, max: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > max) {
      void reader.cancel().catch(() => {});
      throw YoiError.protocol(`an answer of more than ${max} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Ends a request after a while, or when the caller's signal says so. */
export class Limit {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #asked: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#asked?.reason);
  /** Whether it was the time. */
  timedOut = false;

  constructor(milliseconds: number, asked?: AbortSignal) {
    this.#asked = asked;
    this.#timer = setTimeout(() => {
      this.timedOut = true;
      this.#controller.abort();
    }, milliseconds);
    if (asked?.aborted === true) this.#abort();
    asked?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the caller ended it. */
  get aborted(): boolean {
    return this.#asked?.aborted === true;
  }

  get reason(): unknown {
    return this.#asked?.reason;
  }

  /** The time no longer counts; the caller's signal still does. */
  reached(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#asked?.removeEventListener("abort", this.#abort);
  }
}

/** What Node says when a certificate is at fault. */
const TLS = /CERT|SELF_SIGNED|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$/;

/** What a failed `fetch` is. A browser does not say why it failed. */
export function failure(settings: Settings, limit: Limit, error: unknown): unknown {
  if (error instanceof YoiError) return error;
  if (limit.timedOut) return YoiError.timeout(`from ${settings.endpoint.authority}`);
  if (limit.aborted) return limit.reason;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined;
  const target = settings.endpoint.authority;
  if (code !== undefined && TLS.test(code)) return YoiError.tls(target, code);
  // where a body breaks off, `fetch` has said a status before
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET") return YoiError.disconnected(code);
  return YoiError.connect(target, code ?? (error instanceof Error ? error.message : "no reason given"));
}

const CODE_OF_STATUS: Readonly<Record<number, Code>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "runtime_timeout",
  413: "payload_too_large",
  426: "upgrade_required",
  429: "overloaded",
  500: "internal",
  502: "runtime_unavailable",
  503: "runtime_unavailable",
  504: "runtime_timeout",
};

/** The error that a status other than success is. */
export function refusal(status: number, text: string): YoiError {
  try {
    const problem: unknown = JSON.parse(text);
    checkProblem(problem);
    return YoiError.problem(problem as Problem);
  } catch {
    // no problem document: something between here and the server answered
    const code = CODE_OF_STATUS[status];
    if (code === undefined) return YoiError.protocol(`status ${status} without a problem document`);
    const detail = `the server answered ${status} without a problem document`;
    return YoiError.problem({ ...problemOf(code, detail), status });
  }
}
