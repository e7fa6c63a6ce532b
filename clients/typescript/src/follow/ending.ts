// What follows when a connection ends.
//
// Owns the decision by close code, diagnostic and error: connect again, with or without the cursor,
// or give up. Must not wait or connect.

import { YoiError, codeInfo, diagnosticOf } from "../error.js";
import { CODES, type Code, type Diagnostic } from "../generated/protocol.js";

/** What to do after a connection ended, or could not be made, and why. */
export interface Next {
  /** Connect again with the last cursor, or without one, or give up. */
  readonly then: "resume" | "resnapshot" | "stop";
  readonly error: YoiError;
}

/** How a connection ended, in the server's words where it had any. */
export interface Closing {
  /** The WebSocket close code, 1006 where none came; absent over server-sent events. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
}

/** A close without a code, and a connection that ended without a close: no code of the server's. */
const NO_CODE: readonly number[] = [1005, 1006, 1015];

/**
 * What follows from a closed stream. `told` is the diagnostic that came before, if any; `last` says
 * that nothing came after it: over server-sent events, which have no close codes, it says why.
 */
export function closed(closing: Closing, told: Diagnostic | undefined, last = false): Next {
  const { code } = closing;
  const ends = last && told !== undefined && codeInfo(told.code).closeCode !== null;
  if (code === undefined && ends) return diagnosed(told);
  if (code === undefined || NO_CODE.includes(code)) {
    return resume(YoiError.disconnected("the connection ended without a word"));
  }
  const reason = closing.reason ? `${closing.reason} (closed with ${code})` : `closed with ${code}`;
  // the diagnostic says more than the code, which several of them share
  if (told !== undefined && codeInfo(told.code).closeCode === code) return diagnosed(told);
  const known = (Object.keys(CODES) as Code[]).find((name) => codeInfo(name).closeCode === code);
  return known === undefined ? resume(YoiError.disconnected(reason)) : diagnosed(diagnosticOf(known, reason));
}

/** What follows from a diagnostic that ended a connection. */
export function diagnosed(diagnostic: Diagnostic): Next {
  return byAction(YoiError.diagnostic(diagnostic));
}

/** What follows from a connection that could not be made. */
export function refused(error: YoiError): Next {
  switch (error.kind) {
    case "problem":
      return byAction(error);
    case "invalid_url":
    case "invalid_option":
    case "protocol":
    case "tls":
      return { then: "stop", error };
    default:
      return resume(error);
  }
}

export function resume(error: YoiError): Next {
  return { then: "resume", error };
}

function byAction(error: YoiError): Next {
  switch (error.action) {
    case "stop":
    case "sign_in":
      return { then: "stop", error };
    case "resnapshot":
      return { then: "resnapshot", error };
    default:
      return resume(error);
  }
}
