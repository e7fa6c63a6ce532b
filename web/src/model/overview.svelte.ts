// The workspace, live.
//
// Owns the fold of the workspace's stream, which every page has: the overview shows it, and a worker's page knows by it
// whether its runtime is reached. Must not filter.

import { FoldedWorkspace, type RuntimeRow, type WorkerSummary, type WorkspaceUpdate, type YoiError } from "@yoi/client";
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
  #frame = 0;

  constructor() {
    this.stream = new Stream<WorkspaceUpdate>({
      open: (cursor) => workspace.followWorkspace({ cursor, first: "retry" }),
      take: (update) => {
        this.#folded.update(update);
        if (update.type === "event") this.#frame ||= requestAnimationFrame(() => this.#show());
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
