// One worker, live.
//
// Owns the fold of its stream, its rows, the pages of its transcript, and what is asked of it. Every event is folded
// when it comes; what is shown changes once a frame. Must not know how anything looks.

import {
  Folded,
  YoiError,
  type Affordance,
  type AnyEvent,
  type Approval,
  type Diagnostic,
  type Entry,
  type OpenBlock,
  type State,
  type Update,
  type WorkerDetail,
  isKnownEvent,
} from "@yoi/client";
import { session, workspace } from "./session.svelte.js";
import { Stream } from "./stream.svelte.js";
import { Timeline, same, type Loss, type Row } from "./timeline.js";

/** Entries of a page of the transcript. */
const PAGE_ENTRIES = 200;
/** Pages that are read to find an entry, or what a gap left out. */
const MAX_PAGES = 200;

/** A block that is being streamed. */
export class OpenRow {
  readonly kind = "open";
  block = $state.raw<OpenBlock>() as OpenBlock;
  /** When this page first saw it, by this machine's clock. */
  readonly since = Date.now();

  constructor(
    readonly key: string,
    block: OpenBlock,
  ) {
    this.block = block;
  }
}

/** A question that waits for a person. */
export interface AskedRow {
  readonly kind: "asked";
  readonly key: string;
  readonly approval: Approval;
}

export type ShownRow = Row | OpenRow | AskedRow;

/** How far back the rows reach. */
export type Older = "unknown" | "more" | "none" | "loading" | "failed";

export class WorkerModel {
  state = $state.raw<State | undefined>();
  rows = $state.raw<readonly ShownRow[]>([]);
  /** Rows that were put before all others in the last change. */
  prepended = $state(0);
  detail = $state.raw<WorkerDetail | undefined>();
  older = $state<Older>("unknown");
  /** Whether the backend reaches the runtime, as this stream says. */
  link = $state<"unknown" | "up" | "down">("unknown");
  /** What the server said last that is wrong. */
  diagnostic = $state.raw<Diagnostic | undefined>();
  /** Why the stream has ended for good. */
  ended = $state.raw<YoiError | undefined>();
  /** The provider failed and will be asked again. */
  retry = $state.raw<{ attempt: number; reason: string; until: number } | undefined>();
  /** When the run under way was first seen. */
  runSince = $state.raw<number | undefined>();
  readonly stream: Stream<Update>;

  readonly #runtime: string;
  readonly #id: string;
  readonly #folded = new Folded();
  readonly #timeline = new Timeline();
  #open: OpenRow[] = [];
  #keys = 0;
  #loss: Loss | undefined;
  /** What is to be read next of the transcript, and the entry that it comes before. */
  #page: { readonly before: string | undefined; readonly oldest: Entry | undefined } | undefined;
  #frame = 0;
  #isClosed = false;
  #runAt: string | undefined;

  constructor(runtime: string, id: string) {
    this.#runtime = runtime;
    this.#id = id;
    this.stream = new Stream<Update>({
      open: (cursor) => this.#client.follow(id, { cursor, coalesce: "bursts", first: "retry" }),
      take: (update) => this.#take(update),
      ended: (error) => {
        if (error.action === "sign_in") session.ended(error);
        else this.ended = error;
      },
    });
  }

  get runtime(): string {
    return this.#runtime;
  }

  get id(): string {
    return this.#id;
  }

  /** Whether this principal may do that. Until it is known, nothing. */
  may(affordance: Affordance): boolean {
    return this.detail?.affordances?.includes(affordance) ?? false;
  }

  close(): void {
    this.#isClosed = true;
    cancelAnimationFrame(this.#frame);
    this.stream.close();
  }

  /** The folded state with every event that has come, for whoever reports an error. */
  get now(): State | undefined {
    return this.#folded.state;
  }

  // What is asked of the worker.

  input(text: string, key: string): Promise<unknown> {
    return this.#client.input(this.#id, { content: [{ type: "text", text }], idempotency_key: key });
  }

  approve(approvalId: string, option: string): Promise<void> {
    return this.#client.approve(this.#id, approvalId, { option });
  }

  cancel(): Promise<void> {
    return this.#client.cancel(this.#id);
  }

  stop(): Promise<void> {
    return this.#client.stop(this.#id);
  }

  resume(): Promise<void> {
    return this.#client.resume(this.#id);
  }

  delete(): Promise<void> {
    return this.#client.delete(this.#id);
  }

  // Older entries.

  /** Reads the next page of older entries. */
  loadOlder(): Promise<void> {
    if (this.older === "more" || this.older === "failed") this.#loading = this.#loadOlder();
    return this.#loading;
  }

  #loading = Promise.resolve();

  async #loadOlder(): Promise<void> {
    this.older = "loading";
    try {
      const { oldest } = this.#timeline;
      // a page that was read before goes on only where nothing has gone meanwhile
      const known = this.#page !== undefined && this.#page.oldest === oldest ? this.#page.before : undefined;
      const found = await this.#collect(oldest, undefined, known);
      if (this.#isClosed) return;
      if (this.#timeline.oldest !== oldest) {
        this.older = "more";
        return;
      }
      this.#timeline.prepend(found.entries);
      this.#page = { before: found.before, oldest: this.#timeline.oldest };
      this.older = found.before === undefined ? "none" : "more";
      this.#show(found.entries.length > 0);
    } catch (error) {
      this.#failed(error);
      this.older = "failed";
    }
  }

  /** Reads what a gap left out. */
  async fillGap(key: string): Promise<void> {
    const { before, after } = this.#timeline.around(key);
    const found = await this.#collect(after, before, undefined);
    if (this.#isClosed) return;
    this.#timeline.fill(key, found.entries, found.reached || found.before === undefined);
    this.#show(false);
  }

  /** The index of an entry's row, reading older pages for it; nothing where there is no such entry. */
  async find(entryId: string): Promise<number | undefined> {
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const index = this.#timeline.indexOf(entryId);
      if (index !== -1) return index;
      if (this.older !== "more" && this.older !== "loading") return undefined;
      await this.loadOlder();
    }
    return undefined;
  }

  /**
   * Entries that are older than `newer`, oldest first: one page of them, or with `older` all that are newer than it.
   * Pages are counted from the newest entry on, so that what is held is passed over first.
   */
  async #collect(
    newer: Entry | undefined,
    older: Entry | undefined,
    from: string | undefined,
  ): Promise<{ entries: Entry[]; before: string | undefined; reached: boolean }> {
    let before = from;
    let passed = from !== undefined || newer === undefined;
    let entries: Entry[] = [];
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await this.#client.transcript(this.#id, { before, limit: PAGE_ENTRIES });
      before = page.before;
      let found = page.entries;
      if (!passed && newer !== undefined) {
        const at = found.findIndex((entry) => same(entry, newer));
        if (at === -1) {
          if (before === undefined) break;
          continue;
        }
        passed = true;
        found = found.slice(0, at);
      }
      const end = older === undefined ? -1 : found.findLastIndex((entry) => same(entry, older));
      entries = [...found.slice(end + 1), ...entries];
      if (end !== -1) return { entries, before, reached: true };
      if (before === undefined || (older === undefined && entries.length > 0)) break;
    }
    return { entries, before, reached: false };
  }

  // The stream.

  get #client() {
    return workspace.on(this.#runtime);
  }

  #take(update: Update): void {
    switch (update.type) {
      case "event":
        this.#event(update.event);
        break;
      case "ready":
        void this.#ask();
        break;
      case "link":
        this.link = update.state === "down" ? "down" : "up";
        if (this.link === "up") this.diagnostic = undefined;
        if (update.lost) this.#loss = "lost";
        break;
      case "heartbeat":
        this.link = update.heartbeat.link === "down" ? "down" : "up";
        break;
      case "diagnostic": {
        const { diagnostic } = update;
        if (diagnostic.action === "wait") this.diagnostic = diagnostic;
        if (diagnostic.action === "resnapshot") {
          const kept = diagnostic.code === "lagged" || diagnostic.reason === "retention";
          this.#loss ??= kept ? "missed" : "lost";
        }
        break;
      }
      default:
        break;
    }
  }

  #event(event: AnyEvent): void {
    const before = this.#folded.state;
    this.#folded.event(event);
    const after = this.#folded.state;
    if (after === undefined || !isKnownEvent(event)) return;
    switch (event.type) {
      case "snapshot":
        this.#timeline.reconcile(after.transcript, this.#loss);
        this.#loss = undefined;
        this.#page = undefined;
        if (this.older === "unknown" || this.older === "none") this.older = after.truncated ? "more" : "none";
        if (this.link === "unknown") this.link = "up";
        this.runSince = after.run === null ? undefined : Date.now();
        break;
      case "run_started":
        this.#runAt = event.at;
        this.runSince = Date.now();
        this.retry = undefined;
        break;
      case "run_finished": {
        const ms = this.#runAt === undefined ? {} : { ms: Date.parse(event.at) - Date.parse(this.#runAt) };
        const error = event.error == null ? {} : { error: event.error };
        this.#timeline.mark({ type: "run_finished", outcome: event.outcome, at: event.at, ...ms, ...error });
        this.#runAt = undefined;
        this.runSince = undefined;
        this.retry = undefined;
        break;
      }
      case "retry_scheduled": {
        const { attempt, wait_ms, reason, at } = event;
        this.#timeline.mark({ type: "retry", attempt, waitMs: wait_ms, reason, at });
        this.retry = { attempt, reason, until: Date.now() + wait_ms };
        break;
      }
      case "approval_resolved": {
        const asked = before?.approvals.find((approval) => approval.approval_id === event.approval_id);
        if (asked !== undefined) {
          this.#timeline.mark({ type: "answered", title: asked.title, outcome: event.outcome, at: event.at });
        }
        break;
      }
      case "status_changed":
        if (event.reason != null) {
          this.#timeline.mark({ type: "status", status: event.status, reason: event.reason, at: event.at });
        }
        break;
      case "block_started":
      case "block_delta":
        this.retry = undefined;
        break;
      default:
        break;
    }
    if (event.type !== "snapshot" && after.transcript !== before?.transcript) {
      const entry = after.transcript.at(-1);
      if (entry !== undefined && entry !== before?.transcript.at(-1)) {
        const open = event.type === "block_finished" ? this.#open.findLast(({ block }) => block.block_id === event.block_id) : undefined;
        this.#timeline.append(entry, open?.key);
        if (open !== undefined) this.#open = this.#open.filter((row) => row !== open);
      }
      // what leaves the fold stays here: there is more to page back to only from before this page
    }
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#show(false);
    });
  }

  /** What the worker is besides its state, and what may be done with it. */
  async #ask(): Promise<void> {
    try {
      const detail = await this.#client.worker(this.#id);
      if (!this.#isClosed) this.detail = detail;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof YoiError)) throw error;
    if (error.action === "sign_in") session.ended(error);
  }

  /** Brings what is shown up to what is known. */
  #show(isPrepended: boolean): void {
    const { state } = this.#folded;
    if (state === undefined || this.#isClosed) return;
    const before = this.rows.length;
    const isOther = this.#showOpen(state.open_blocks) || state.approvals !== this.state?.approvals;
    if (this.#timeline.dropped) {
      this.#timeline.dropped = false;
      this.#page = undefined;
      this.older = "more";
    }
    if (isOther || this.#shown !== this.#timeline.version) {
      this.#shown = this.#timeline.version;
      const asked = state.approvals.map((approval, index): AskedRow => {
        return { kind: "asked", key: `a${index}:${approval.approval_id}`, approval };
      });
      const rows = [...this.#timeline.rows, ...this.#open, ...asked];
      this.prepended = isPrepended ? rows.length - before : 0;
      this.rows = rows;
    }
    this.state = state;
  }

  /** The version of the rows that are shown. */
  #shown = -1;

  /** Whether other blocks are open than before; texts change in their rows. */
  #showOpen(blocks: readonly OpenBlock[]): boolean {
    const left = [...this.#open];
    const now = blocks.map((block) => {
      const at = left.findIndex((row) => row.block.block_id === block.block_id);
      const row = left[at];
      if (row === undefined) {
        this.#keys += 1;
        return new OpenRow(`o${this.#keys}`, block);
      }
      left.splice(at, 1);
      if (row.block !== block) row.block = block;
      return row;
    });
    const isOther = now.length !== this.#shownOpen.length || now.some((row, index) => row !== this.#shownOpen[index]);
    this.#open = now;
    this.#shownOpen = now;
    return isOther;
  }

  #shownOpen: readonly OpenRow[] = [];
}
