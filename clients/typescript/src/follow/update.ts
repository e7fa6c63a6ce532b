// What a stream yields.
//
// Owns the updates, and reading them from frames.

import { YoiError } from "../error.js";
import { Malformed, checkFrame, type StreamOf } from "../forms.js";
import type {
  AnyEvent,
  Diagnostic,
  Frame,
  HeartbeatFrame,
  HeartbeatWorkspaceFrame,
  LinkState,
  WorkspaceEvent,
  WorkspaceFrame,
} from "../generated/protocol.js";

/** Something happened, or a snapshot of all that did. */
export interface EventUpdate<E> {
  readonly type: "event";
  /** Names this event; resume after it with it. */
  readonly cursor: string;
  /** The event, with whatever members it came with. */
  readonly event: E;
}

/** What existed when this connection was made has been delivered. */
export interface ReadyUpdate {
  readonly type: "ready";
  /** How far that is. */
  readonly cursor: string | null;
}

/** Nothing happened for a while. */
export interface HeartbeatUpdate<H> {
  readonly type: "heartbeat";
  readonly heartbeat: H;
}

/** The server lost or found the runtime. */
export interface LinkUpdate {
  readonly type: "link";
  readonly state: LinkState;
  /** Whether events were lost. */
  readonly lost: boolean;
}

/** The server says that something is wrong, and goes on. */
export interface DiagnosticUpdate {
  readonly type: "diagnostic";
  readonly diagnostic: Diagnostic;
}

/** This connection is gone; another is made after a while. */
export interface DisconnectedUpdate {
  readonly type: "disconnected";
  readonly reason: YoiError;
  readonly retryInMs: number;
}

/** There is a connection again; what was missed follows. */
export interface ReconnectedUpdate {
  readonly type: "reconnected";
}

type StreamUpdate<E, H> =
  | EventUpdate<E>
  | ReadyUpdate
  | HeartbeatUpdate<H>
  | LinkUpdate
  | DiagnosticUpdate
  | DisconnectedUpdate
  | ReconnectedUpdate;

/**
 * One thing that the stream of a worker has to say.
 *
 * What the worker does, whether the server reaches its runtime, and whether this stream is connected are
 * three things: `event` and `heartbeat` tell the first, `link` the second, `disconnected` and
 * `reconnected` the third.
 */
export type Update = StreamUpdate<AnyEvent, HeartbeatFrame>;

/** One thing that the stream of a workspace has to say. */
export type WorkspaceUpdate = Exclude<StreamUpdate<WorkspaceEvent, HeartbeatWorkspaceFrame>, LinkUpdate>;

/** Reads one frame; nothing where it is of a kind that this version does not know. */
export type Reader<U> = (text: string) => U | undefined;

/** Reads a frame of a worker's stream. */
export const readUpdate: Reader<Update> = (text) => {
  const frame = parse<Frame>(text, "worker");
  switch (frame?.kind) {
    case "event":
      return { type: "event", cursor: frame.cursor, event: frame.event };
    case "ready":
      return { type: "ready", cursor: frame.cursor ?? null };
    case "heartbeat":
      return { type: "heartbeat", heartbeat: frame };
    case "link":
      return { type: "link", state: frame.state, lost: frame.lost };
    case "diagnostic":
      return { type: "diagnostic", diagnostic: frame.diagnostic };
    case undefined:
      return undefined;
  }
};

/** Reads a frame of a workspace's stream. */
export const readWorkspaceUpdate: Reader<WorkspaceUpdate> = (text) => {
  const frame = parse<WorkspaceFrame>(text, "workspace");
  switch (frame?.kind) {
    case "event":
      return { type: "event", cursor: frame.cursor, event: frame.event };
    case "ready":
      return { type: "ready", cursor: frame.cursor ?? null };
    case "heartbeat":
      return { type: "heartbeat", heartbeat: frame };
    case "diagnostic":
      return { type: "diagnostic", diagnostic: frame.diagnostic };
    case undefined:
      return undefined;
  }
};

function parse<F>(text: string, of: StreamOf): F | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return checkFrame(frame, of) === undefined ? undefined : (frame as F);
  } catch (error) {
    if (error instanceof Malformed) throw YoiError.protocol(`a frame in which ${error.message}`);
    throw YoiError.protocol("a frame that is not JSON");
  }
}
