// The state that a stream's updates make.
//
// Owns the folding of updates for whoever wants it; the folds themselves are in `fold` and `workspace`.

import { apply, initialState } from "./fold.js";
import type { Update, WorkspaceUpdate } from "./follow/update.js";
import type { AnyEvent, SnapshotEvent, State, WorkspaceEvent, WorkspaceState } from "./generated/protocol.js";
import { applyWorkspace, initialWorkspace } from "./workspace.js";

/** Whatever the stream of a worker has said, folded: nothing until its first snapshot. */
export class Folded {
  #state: State | undefined;

  /** The state, once a snapshot has come. A stream that began from a cursor has none. Not to be changed. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Folds an update in; what is no event changes nothing. */
  update(update: Update): void {
    if (update.type === "event") this.event(update.event);
  }

  /** Folds an event in; before the first snapshot, only a snapshot counts. */
  event(event: AnyEvent): void {
    if (this.#state !== undefined) this.#state = apply(this.#state, event);
    else if (event.type === "snapshot") this.#state = apply(initialState((event as SnapshotEvent).worker), event);
  }
}

/** Whatever the stream of a workspace has said, folded: nothing until its first snapshot. */
export class FoldedWorkspace {
  #state: WorkspaceState | undefined;

  /** The state, once a snapshot has come. A stream that began from a cursor has none. Not to be changed. */
  get state(): WorkspaceState | undefined {
    return this.#state;
  }

  /** Folds an update in; what is no event changes nothing. */
  update(update: WorkspaceUpdate): void {
    if (update.type === "event") this.event(update.event);
  }

  /** Folds an event in; before the first snapshot, only a snapshot counts. */
  event(event: WorkspaceEvent): void {
    if (this.#state !== undefined) this.#state = applyWorkspace(this.#state, event);
    else if (event.type === "snapshot") this.#state = applyWorkspace(initialWorkspace(), event);
  }
}
