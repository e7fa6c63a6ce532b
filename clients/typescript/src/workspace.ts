// The fold of a workspace's stream: its runtimes, and its workers in short.
//
// Owns `applyWorkspace`, which changes nothing it is given. Must not know where events come from.

import {
  isKnownWorkspaceEvent,
  type RuntimeRow,
  type WorkerSummary,
  type WorkspaceEvent,
  type WorkspaceState,
} from "./generated/protocol.js";

/** A workspace of which nothing is known yet. */
export function initialWorkspace(): WorkspaceState {
  return { runtimes: [], workers: [] };
}

/** Folds one event in: the state after it. What names nothing that is there changes nothing. */
export function applyWorkspace(state: WorkspaceState, event: WorkspaceEvent): WorkspaceState {
  if (!isKnownWorkspaceEvent(event)) return state;
  switch (event.type) {
    case "snapshot":
      return { runtimes: event.runtimes, workers: event.workers };
    case "runtime_updated":
      return { ...state, runtimes: put(state.runtimes, event.runtime, byRuntime) };
    case "runtime_removed":
      return {
        runtimes: state.runtimes.filter((row) => row.runtime_id !== event.runtime_id),
        workers: state.workers.filter((row) => row.runtime_id !== event.runtime_id),
      };
    case "worker_created":
    case "worker_updated":
      return { ...state, workers: put(state.workers, event.worker, byWorker) };
    case "worker_deleted": {
      const { found, index } = find(state.workers, event, byWorker);
      return found ? { ...state, workers: state.workers.toSpliced(index, 1) } : state;
    }
    case "tickets_changed":
      return state;
  }
}

/** Compares two rows: less than, equal to or greater than 0. */
type Order<K> = (a: K, b: K) => number;
type WorkerKey = Pick<WorkerSummary, "runtime_id" | "worker_id">;

const byRuntime: Order<Pick<RuntimeRow, "runtime_id">> = (a, b) => byText(a.runtime_id, b.runtime_id);
const byWorker: Order<WorkerKey> = (a, b) => byText(a.runtime_id, b.runtime_id) || byText(a.worker_id, b.worker_id);

/** Ids are ASCII: the order of their code units is that of their bytes. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The rows with `row` in its place, which it takes from the one that is there. */
function put<K, T extends K>(rows: readonly T[], row: T, order: Order<K>): T[] {
  const { found, index } = find(rows, row, order);
  return rows.toSpliced(index, found ? 1 : 0, row);
}

/** Where the row is in an ordered list, or would be. */
function find<K>(rows: readonly K[], key: K, order: Order<K>): { found: boolean; index: number } {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const compared = order(rows[middle] as K, key);
    if (compared === 0) return { found: true, index: middle };
    if (compared < 0) low = middle + 1;
    else high = middle;
  }
  return { found: false, index: low };
}
