// The tickets of a workspace: its records of work.
//
// Owns the requests that are of tickets. Must not retry: who moves a ticket twice gives a key.

import { call, type CallOptions } from "./http.js";
import type { Settings } from "./options.js";
import type {
  CreateTicket,
  MoveTicket,
  NewTicketEvent,
  NewTicketRelation,
  TicketDetail,
  TicketId,
  TicketList,
  TicketState,
} from "./generated/protocol.js";

/** Which tickets to list. */
export interface TicketFilter {
  /** Only those in this state. */
  readonly state?: TicketState | undefined;
  /** Only those in which this is found. */
  readonly text?: string | undefined;
  /** Only those that wait for others. */
  readonly blocked?: true | undefined;
  /** Only those of this one. */
  readonly assignee?: string | undefined;
}

/** The tickets of a workspace. */
export class TicketsClient {
  readonly #settings: Settings;

  /** @internal */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** All tickets that a filter lets pass, and what is wrong with records that cannot be read. */
  list(filter: TicketFilter = {}, options?: CallOptions): Promise<TicketList> {
    const { state, text, blocked, assignee } = filter;
    const url = this.#settings.endpoint.url(["tickets"], [
      ["state", state],
      ["text", text],
      ["blocked", blocked === true ? "true" : undefined],
      ["assignee", assignee],
    ]);
    return call(this.#settings, { method: "GET", url }, options);
  }

  /** One ticket with all that is known of it. */
  ticket(id: TicketId, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "GET", url: this.#url([id]) }, options);
  }

  /** Makes a ticket. */
  create(ticket: CreateTicket, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "POST", url: this.#url([]), body: ticket }, options);
  }

  /** Says something in a ticket's thread. */
  say(id: TicketId, event: NewTicketEvent, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "POST", url: this.#url([id, "events"]), body: event }, options);
  }

  /** Moves a ticket to another state: one of its `next`. With a `revision`, only if nobody has changed it since. */
  move(id: TicketId, move: MoveTicket, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "POST", url: this.#url([id, "state"]), body: move }, options);
  }

  /** Tells how a ticket stands to another. */
  relate(id: TicketId, relation: NewTicketRelation, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "POST", url: this.#url([id, "relations"]), body: relation }, options);
  }

  /** Takes a relation back. */
  unrelate(id: TicketId, kind: string, target: TicketId, options?: CallOptions): Promise<TicketDetail> {
    return call(this.#settings, { method: "DELETE", url: this.#url([id, "relations", kind, target]) }, options);
  }

  #url(below: readonly string[]): URL {
    return this.#settings.endpoint.url(["tickets", ...below]);
  }
}
