// What a stream is asked for.
//
// Owns the query of the stream's URL (docs/wire.md, "Watching"). The token is never in it.

import type { Query } from "../endpoint.js";
import type { Transport } from "../options.js";

/** How to follow. */
export interface FollowOptions {
  /** Start after this event; with a snapshot where absent. */
  readonly cursor?: string | undefined;
  /**
   * What to send first: `"replay"` everything since the cursor, `"auto"` a snapshot where that is less,
   * `"live"` nothing. After a reconnect it is everything since, unless it is `"auto"`. Default `"replay"`.
   */
  readonly mode?: "replay" | "auto" | "live" | undefined;
  /** What the server does with a cursor that is no good: goes on with a snapshot, or closes. Default `"snapshot"`. */
  readonly onGap?: "snapshot" | "close" | undefined;
  /**
   * When consecutive deltas may come as one: `"on"` once this has fallen behind, `"bursts"` also when many come at once,
   * `"off"` never. Default `"on"`.
   */
  readonly coalesce?: "on" | "bursts" | "off" | undefined;
  /** What becomes of a stream whose first connection cannot be made. Default `"fail"`. */
  readonly first?: "fail" | "retry" | undefined;
  /** Ends the stream: what waits for it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How this stream travels; by default as the client's do. */
  readonly transport?: Transport | undefined;
  /** The most frames that wait to be read, over WebSocket. Default 10,000. */
  readonly maxQueuedFrames?: number | undefined;
  /**
   * The most text that waits to be read, over WebSocket, in UTF-16 code units; the longest frames may pass
   * it. Default 16 Mi.
   */
  readonly maxQueuedLength?: number | undefined;
}

/** The query for a connection that goes on after `cursor`: it says only what is not the default. */
export function followQuery(options: FollowOptions, cursor: string | undefined): Query {
  // whoever was live before a loss wants what happened meanwhile
  const live = options.mode === "live" && cursor === undefined;
  return [
    ["cursor", cursor],
    ["mode", options.mode === "auto" ? "auto" : live ? "live" : undefined],
    ["on_gap", options.onGap === "close" ? "close" : undefined],
    ["coalesce", options.coalesce === "on" ? undefined : options.coalesce],
  ];
}
