// The tickets of the workspace, as they were read last, and how one looks at them.
//
// Owns reading them anew when the workspace's stream says that they changed, while somebody looks; and what has to outlive
// a page: filters, folds, the card one is at, and texts that are not sent yet. Must not decide what a ticket may do.

import { YoiError, type MoveTicket, type NewTicketEvent, type NewTicketRelation, type TicketDetail, type TicketId, type TicketProblem, type TicketState, type TicketSummary } from "@yoi/client";
import { SvelteMap } from "svelte/reactivity";
import type { Overview } from "./overview.svelte.js";
import { session, workspace } from "./session.svelte.js";

/** Changes that come together are read together. */
const SETTLE_MS = 250;
/** Reading may take this part of the time. */
const SHARE = 0.3;
/** However long reading takes, what is shown is not older than this and one reading more. */
const MAX_SETTLE_MS = 5_000;
/** After a failure. */
const AGAIN_MS = 3_000;

/** What somebody writes and has not sent. */
export interface Draft {
  readonly kind: NewTicketEvent["kind"];
  readonly heading: string;
  readonly body: string;
}

type Listener = (ids: readonly TicketId[]) => void;

export class Tickets {
  /** All of them; nothing until they are known. */
  list = $state.raw<readonly TicketSummary[] | undefined>();
  problems = $state.raw<readonly TicketProblem[]>([]);
  /** Why there is no newer list. */
  reason = $state.raw<YoiError | undefined>();

  text = $state("");
  blockedOnly = $state(false);
  /** The card one is at. */
  selected = $state<TicketId | undefined>();
  /** What was folded or unfolded by hand. */
  readonly folds = new SvelteMap<TicketState, boolean>();
  readonly drafts = new Map<TicketId, Draft>();

  readonly #byId = $derived(new Map((this.list ?? []).map((ticket) => [ticket.ticket_id, ticket])));
  readonly #listeners = new Set<Listener>();
  readonly #unlisten: () => void;
  #watchers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  /** Whether something changed after the last question was asked. */
  #isStale = true;
  /** When the list may be read again without taking more than its share. */
  #restedAt = 0;

  constructor(overview: Overview) {
    this.#unlisten = overview.onTickets((ids) => {
      this.#isStale = true;
      this.#soon();
      for (const listener of this.#listeners) listener(ids);
    });
  }

  /** One in short, where it is known. */
  ticket(id: TicketId): TicketSummary | undefined {
    return this.#byId.get(id);
  }

  /** Somebody looks: the list is kept new. Returns what ends that. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#isStale) void this.#ask();
    return () => {
      this.#watchers -= 1;
    };
  }

  /** Calls `changed` with the tickets that changed; with none, any may have. Returns what ends that. */
  onChanged(changed: Listener): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** Takes what an answer says of one. */
  put(detail: TicketDetail): void {
    // an answer that is under way may be older
    if (this.#isAsking) this.#isStale = true;
    if (this.list === undefined) return;
    const { ticket_id, title, state, created_at, updated_at, assignee, readiness, risk_flags, queued_by, queued_at, blocked, waiting_on } = detail;
    const row: TicketSummary = { ticket_id, title, state, created_at, updated_at, risk_flags, blocked, waiting_on };
    if (assignee !== undefined) row.assignee = assignee;
    if (readiness !== undefined) row.readiness = readiness;
    if (queued_by !== undefined) row.queued_by = queued_by;
    if (queued_at !== undefined) row.queued_at = queued_at;
    const at = this.list.findIndex((ticket) => ticket.ticket_id === ticket_id);
    this.list = at === -1 ? [...this.list, row] : this.list.with(at, row);
  }

  close(): void {
    this.#unlisten();
    this.#watchers = 0;
    clearTimeout(this.#timer);
  }

  #soon(atLeastMs = SETTLE_MS): void {
    if (this.#watchers === 0 || this.#isAsking) return;
    this.#timer ??= setTimeout(() => void this.#ask(), Math.max(atLeastMs, this.#restedAt - performance.now()));
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isAsking || this.#watchers === 0) return;
    this.#isAsking = true;
    this.#isStale = false;
    const began = performance.now();
    let wait: number | undefined;
    try {
      const { tickets, problems } = await workspace.tickets.list();
      // what was changed from here meanwhile is not taken back for a moment
      if (!this.#isStale || this.list === undefined) {
        this.list = tickets;
        this.problems = problems;
      }
      this.reason = undefined;
    } catch (error) {
      if (!(error instanceof YoiError)) throw error;
      if (error.action === "sign_in") return session.ended(error);
      this.reason = error;
      this.#isStale = true;
      // asking again makes nobody see more
      if (error.code === "forbidden") return;
      wait = Math.max(AGAIN_MS, error.retryAfterMs ?? 0);
    } finally {
      this.#isAsking = false;
      const ended = performance.now();
      this.#restedAt = ended + Math.min((ended - began) * (1 / SHARE - 1), MAX_SETTLE_MS);
    }
    if (this.#isStale) this.#soon(wait);
  }
}

/** One ticket that somebody looks at. */
export class OpenTicket {
  detail = $state.raw<TicketDetail | undefined>();
  /** Why there is nothing newer. */
  reason = $state.raw<YoiError | undefined>();

  readonly #tickets: Tickets;
  readonly #id: TicketId;
  readonly #unlisten: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Only the answer to the newest question counts. */
  #turn = 0;

  constructor(tickets: Tickets, id: TicketId) {
    this.#tickets = tickets;
    this.#id = id;
    this.#unlisten = tickets.onChanged((ids) => {
      if (ids.length === 0 || ids.some((changed) => this.#concerns(changed))) this.#soon(SETTLE_MS);
    });
    void this.reload();
  }

  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const detail = await workspace.tickets.ticket(this.#id);
      if (turn === this.#turn) this.take(detail);
    } catch (error) {
      if (!(error instanceof YoiError)) throw error;
      if (turn !== this.#turn) return;
      if (error.action === "sign_in") return session.ended(error);
      this.reason = error;
      if (error.retryable && error.code !== "ticket_not_found" && error.code !== "not_found") this.#soon(AGAIN_MS);
    }
  }

  async say(event: NewTicketEvent): Promise<void> {
    this.take(await workspace.tickets.say(this.#id, event));
  }

  async relate(relation: NewTicketRelation): Promise<void> {
    this.take(await workspace.tickets.relate(this.#id, relation));
  }

  async unrelate(kind: string, target: TicketId): Promise<void> {
    this.take(await workspace.tickets.unrelate(this.#id, kind, target));
  }

  /** Takes an answer that says what it is now. */
  take(detail: TicketDetail): void {
    this.#turn += 1;
    this.detail = detail;
    this.reason = undefined;
    this.#tickets.put(detail);
  }

  close(): void {
    this.#turn += 1;
    this.#unlisten();
    clearTimeout(this.#timer);
  }

  #concerns(id: TicketId): boolean {
    const { detail } = this;
    if (detail === undefined || id === this.#id || detail.waiting_on.includes(id)) return true;
    return detail.relations.outgoing.some((one) => one.target === id) || detail.relations.incoming.some((one) => one.source === id);
  }

  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => void this.reload(), ms);
  }
}

/** Moves a ticket, and shows at once that it has. */
export async function moveTicket(tickets: Tickets, id: TicketId, move: MoveTicket): Promise<TicketDetail> {
  const detail = await workspace.tickets.move(id, move);
  tickets.put(detail);
  return detail;
}
