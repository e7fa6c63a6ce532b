// Why a call or a stream failed.
//
// Owns the one error of this package, and what follows from it by the table of codes. No message
// holds a token: what is shown of a URL is host and port.

import {
  CODES,
  type Action,
  type Code,
  type CodeInfo,
  type Diagnostic,
  type Problem,
} from "./generated/protocol.js";

/**
 * What failed:
 * - `"invalid_url"`, `"invalid_option"`: what the client was given;
 * - `"problem"`: the server answered with an error, which is `problem`;
 * - `"diagnostic"`: the server ended the stream, and `diagnostic` says why;
 * - `"connect"`: no connection could be made; `"tls"`: nor would it be trusted;
 * - `"disconnected"`: the connection was made and then lost, or given up;
 * - `"timeout"`: nothing came in time;
 * - `"protocol"`: what the server said is not in the form agreed on.
 */
export type ErrorKind =
  | "invalid_url"
  | "invalid_option"
  | "problem"
  | "diagnostic"
  | "connect"
  | "tls"
  | "disconnected"
  | "timeout"
  | "protocol";

const CODE_OF = {
  invalid_url: "invalid_input",
  invalid_option: "invalid_input",
  connect: "runtime_unavailable",
  tls: "runtime_unavailable",
  disconnected: "upstream_disconnected",
  timeout: "runtime_timeout",
  protocol: "runtime_protocol_error",
} as const satisfies Record<Exclude<ErrorKind, "problem" | "diagnostic">, Code>;

const REMEDY_OF: Partial<Record<ErrorKind, string>> = {
  invalid_url: "Correct what the message names.",
  invalid_option: "Correct what the message names.",
  connect: "Check that the server is up, and that its URL is right.",
  disconnected: "Try again.",
  tls: "Check the URL's host, and give the authority of the server's certificate.",
};

/** What follows from a code that this version does not know: an error that may pass. */
const UNKNOWN: CodeInfo = {
  httpStatus: 500,
  closeCode: null,
  exitStatus: 1,
  retryable: true,
  action: "resume",
  title: "An error that this version does not know",
  remedy: "Read its message; a newer version of this program may know more.",
};

/** What follows from a code. */
export function codeInfo(code: Code): CodeInfo {
  return Object.hasOwn(CODES, code) ? CODES[code as keyof typeof CODES] : UNKNOWN;
}

/** A diagnostic with what its code implies. */
export function diagnosticOf(code: Code, message: string): Diagnostic {
  const { retryable, action } = codeInfo(code);
  return { code, message, retryable, action };
}

/** A problem document with what its code implies. */
export function problemOf(code: Code, detail: string): Problem {
  const { title, httpStatus, retryable, action } = codeInfo(code);
  return { type: `urn:yoi:error:${code}`, title, status: httpStatus, detail, code, retryable, action };
}

/** What stands beside a message. */
interface Facts {
  readonly code?: Code;
  readonly problem?: Problem;
  readonly diagnostic?: Diagnostic;
}

/** Why a call or a stream failed. */
export class YoiError extends Error {
  /** What failed. */
  readonly kind: ErrorKind;
  /** The code that stands for it in the table. */
  readonly code: Code;
  /** Whether the same may succeed when tried again. */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly action: Action;
  /** Milliseconds that the server asks to wait before trying again. */
  readonly retryAfterMs: number | undefined;
  /** The server's answer, where `kind` is `"problem"`. */
  readonly problem: Problem | undefined;
  /** The server's words, where `kind` is `"diagnostic"`. */
  readonly diagnostic: Diagnostic | undefined;

  private constructor(kind: ErrorKind, message: string, facts: Facts = {}) {
    super(message);
    this.name = "YoiError";
    this.kind = kind;
    const told = facts.problem ?? facts.diagnostic;
    this.code = told?.code ?? facts.code ?? CODE_OF[kind as keyof typeof CODE_OF];
    const info = codeInfo(this.code);
    this.retryable = told?.retryable ?? (kind !== "tls" && info.retryable);
    this.action = told?.action ?? (kind === "tls" ? "stop" : info.action);
    this.retryAfterMs = told?.retry_after_ms ?? undefined;
    this.problem = facts.problem;
    this.diagnostic = facts.diagnostic;
  }

  /** What a person does about it. */
  get remedy(): string {
    return REMEDY_OF[this.kind] ?? codeInfo(this.code).remedy;
  }

  /** The exit status of a command that ends with it. */
  get exitStatus(): number {
    return codeInfo(this.code).exitStatus;
  }

  /** The error as the problem document that a server would have told it with. */
  toProblem(): Problem {
    if (this.problem !== undefined) return this.problem;
    const { retryable, action } = this;
    return { ...problemOf(this.code, this.message), retryable, action };
  }

  static invalidUrl(reason: string): YoiError {
    return new YoiError("invalid_url", `the URL of the server is not usable: ${reason}`);
  }

  static invalidOption(reason: string): YoiError {
    return new YoiError("invalid_option", reason);
  }

  static problem(problem: Problem): YoiError {
    return new YoiError("problem", problem.detail, { problem });
  }

  static diagnostic(diagnostic: Diagnostic): YoiError {
    return new YoiError("diagnostic", diagnostic.message, { diagnostic });
  }

  static connect(target: string, reason: string): YoiError {
    return new YoiError("connect", `cannot connect to ${target}: ${reason}`);
  }

  static tls(target: string, reason: string): YoiError {
    return new YoiError("tls", `TLS with ${target} failed: ${reason}`);
  }

  static disconnected(reason: string): YoiError {
    return new YoiError("disconnected", `the connection was lost: ${reason}`);
  }

  /** The reader is so far behind that what came for it is no longer kept here. */
  static behind(): YoiError {
    const message = "the reader fell behind: what is not kept here is asked for again";
    return new YoiError("disconnected", message, { code: "slow_consumer" });
  }

  static timeout(what: string): YoiError {
    return new YoiError("timeout", `no answer in time: ${what}`);
  }

  static protocol(reason: string): YoiError {
    return new YoiError("protocol", `the server's answer does not follow the protocol: ${reason}`);
  }
}
