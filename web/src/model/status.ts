// Statuses, in words and colours.
//
// Owns what each looks like; a word that this version does not know is shown as it is. Must not rely on colour alone.

import type { Status } from "@yoi/client";

export type Tone = "ok" | "busy" | "warn" | "bad" | "none";

const STATUSES: Readonly<Record<string, { readonly words: string; readonly tone: Tone }>> = {
  idle: { words: "Idle", tone: "ok" },
  running: { words: "Running", tone: "busy" },
  waiting: { words: "Waiting for you", tone: "warn" },
  stopping: { words: "Stopping", tone: "warn" },
  stopped: { words: "Stopped", tone: "none" },
  failed: { words: "Failed", tone: "bad" },
};

/** The statuses that this version knows. */
export const KNOWN_STATUSES = Object.keys(STATUSES);

export function statusOf(status: Status): { readonly words: string; readonly tone: Tone } {
  return Object.hasOwn(STATUSES, status) ? (STATUSES[status] ?? unknown(status)) : unknown(status);
}

function unknown(status: string): { readonly words: string; readonly tone: Tone } {
  return { words: status, tone: "none" };
}

/** Whether a run is under way, so that input has to wait. */
export function isBusy(status: Status): boolean {
  return status === "running" || status === "waiting" || status === "stopping";
}

/** Whether a worker has ended, and can be resumed or deleted. */
export function isEnded(status: Status): boolean {
  return status === "stopped" || status === "failed";
}
