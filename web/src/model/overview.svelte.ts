// The workspace, live.
//
// Owns the fold of the workspace's stream, which every page has: the overview shows it, and a worker's page knows by it
// whether its runtime is reached; and passing on that tickets changed. Must not filter.

import { FoldedWorkspace, type RuntimeRow, type TicketId, type WorkerSummary, type WorkspaceUpdate, type YoiError } from "@yoi/client";
import { session, workspace } from "./session.svelte.js";
import { Stream } from "./stream.svelte.js";

export class Overview {
  runtimes = $state.raw<readonly RuntimeRow[]>([]);
  workers = $state.raw<readonly WorkerSummary[]>([]);
  /** Whether anything is known yet. */
  isKnown = $state(false);
  /** Why the stream has ended for good. */
  ended = $state.raw<YoiError | undefined>();
  readonly stream: Stream<WorkspaceUpdate>;
  readonly #folded = new FoldedWorkspace();
  readonly #ofTickets = new Set<(ids: readonly TicketId[]) => void>();
  #frame = 0;

  constructor() {
    this.stream = new Stream<WorkspaceUpdate>({
      open: (cursor) => workspace.followWorkspace({ cursor, first: "retry" }),
      take: (update) => {
        this.#folded.update(update);
        if (update.type !== "event") return;
        this.#frame ||= requestAnimationFrame(() => this.#show());
        const changed = ticketsOf(update.event);
        if (changed !== undefined) for (const listener of this.#ofTickets) listener(changed);
      },
      ended: (error) => {
        if (error.action === "sign_in") session.ended(error);
        else this.ended = error;
      },
    });
  }

  runtime(id: string): RuntimeRow | undefined {
    return this.runtimes.find((row) => row.runtime_id === id);
  }

  /** Calls `changed` with the tickets that changed; with none, any may have. Returns what ends that. */
  onTickets(changed: (ids: readonly TicketId[]) => void): () => void {
    this.#ofTickets.add(changed);
    return () => this.#ofTickets.delete(changed);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.stream.close();
  }

  #show(): void {
    this.#frame = 0;
    const { state } = this.#folded;
    if (state === undefined) return;
    this.runtimes = state.runtimes;
    this.workers = state.workers;
    this.isKnown = true;
  }
}

/** The tickets that an event says have changed: nothing where it is of something else. After a gap, any may have. */
function ticketsOf(event: { readonly type: string; readonly ticket_ids?: unknown }): readonly TicketId[] | undefined {
  if (event.type === "snapshot") return [];
  if (event.type !== "tickets_changed") return undefined;
  const ids = event.ticket_ids;
  return Array.isArray(ids) ? ids.filter((id): id is TicketId => typeof id === "string") : [];
}
