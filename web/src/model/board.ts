// The board of tickets: its columns, their cards, and what a move takes.
//
// Owns what states, relations and refusals are in words. Pure. Must not ask a server: which moves are possible, it says.

import type { TicketProblem, TicketState, TicketSummary } from "@yoi/client";
import type { Tone } from "./status.js";

interface Known {
  readonly words: string;
  readonly tone: Tone;
}

/** In the order of the work. */
const STATES: Readonly<Record<string, Known>> = {
  planning: { words: "Planning", tone: "none" },
  ready: { words: "Ready", tone: "warn" },
  queued: { words: "Queued", tone: "busy" },
  inprogress: { words: "In progress", tone: "busy" },
  done: { words: "Done", tone: "ok" },
  closed: { words: "Closed", tone: "none" },
};

/** The states that this version knows, in their order. */
export const KNOWN_STATES: readonly TicketState[] = Object.keys(STATES);

/** A state in words and colour; a word that this version does not know as it is. */
export function stateOf(state: TicketState): Known {
  const known = Object.hasOwn(STATES, state) ? STATES[state] : undefined;
  return known ?? { words: state, tone: "none" };
}

/** What is looked for. */
export interface Wanted {
  /** Each word has to be found. */
  readonly text: string;
  readonly blockedOnly: boolean;
}

/** The tickets that are like that. Words are looked for in titles, ids, assignees and risk flags. */
export function foundIn(tickets: readonly TicketSummary[], wanted: Wanted): readonly TicketSummary[] {
  const words = wanted.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0 && !wanted.blockedOnly) return tickets;
  return tickets.filter((ticket) => {
    if (wanted.blockedOnly && !ticket.blocked) return false;
    if (words.length === 0) return true;
    const all = [ticket.title, ticket.ticket_id, ticket.assignee ?? "", ...ticket.risk_flags].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

export interface Column {
  readonly state: TicketState;
  readonly tickets: readonly TicketSummary[];
}

const byId = (a: TicketSummary, b: TicketSummary): number => (a.ticket_id < b.ticket_id ? -1 : a.ticket_id > b.ticket_id ? 1 : 0);

/** In the order of a time, which is read once of each: lists are long. */
function byTime(tickets: readonly TicketSummary[], time: (ticket: TicketSummary) => string, first: "oldest" | "newest"): TicketSummary[] {
  const timed = tickets.map((ticket) => ({ ticket, ms: Date.parse(time(ticket)) || 0 }));
  timed.sort((a, b) => (first === "oldest" ? a.ms - b.ms : b.ms - a.ms) || byId(a.ticket, b.ticket));
  return timed.map(({ ticket }) => ticket);
}

function ordered(state: TicketState, tickets: TicketSummary[]): TicketSummary[] {
  if (state === "done" || state === "closed") return byTime(tickets, (ticket) => ticket.updated_at, "newest");
  if (state === "queued") return byTime(tickets, (ticket) => ticket.queued_at ?? ticket.created_at, "oldest");
  return tickets.sort(byId);
}

/** A column for each state that is known, and after them one for each that is not. What is over has the newest first, what waits the oldest. */
export function columnsOf(tickets: readonly TicketSummary[]): readonly Column[] {
  const columns = new Map<TicketState, TicketSummary[]>(KNOWN_STATES.map((state) => [state, []]));
  for (const ticket of tickets) {
    const column = columns.get(ticket.state);
    if (column === undefined) columns.set(ticket.state, [ticket]);
    else column.push(ticket);
  }
  return [...columns].map(([state, cards]) => ({ state, tickets: ordered(state, cards) }));
}

/** What a move has to be told. */
export type Needs = "nothing" | "reason" | "resolution";

/** What going from a state to another has to be told: going back and opening again why, closing what came of it. */
export function needsOf(from: TicketState, to: TicketState): Needs {
  if (to === "closed") return "resolution";
  const [before, after] = [KNOWN_STATES.indexOf(from), KNOWN_STATES.indexOf(to)];
  if (before === -1 || after === -1) return "reason";
  return after < before ? "reason" : "nothing";
}

/** The state one step before or after on the board; nothing at its ends and where a state is not known. */
export function neighbour(state: TicketState, step: 1 | -1): TicketState | undefined {
  const at = KNOWN_STATES.indexOf(state);
  return at === -1 ? undefined : KNOWN_STATES[at + step];
}

const RELATIONS: Readonly<Record<string, readonly [words: string, inverse: string]>> = {
  depends_on: ["Waits for", "dependency_of"],
  dependency_of: ["Is waited for by", "depends_on"],
  blocks: ["Blocks", "blocked_by"],
  blocked_by: ["Is blocked by", "blocks"],
  related: ["Has to do with", "related"],
  supersedes: ["Takes the place of", "superseded_by"],
  superseded_by: ["Is replaced by", "supersedes"],
  duplicate_of: ["Is the same as", "duplicated_by"],
  duplicated_by: ["Is repeated by", "duplicate_of"],
};

/** The relations that can be told. */
export const RELATION_KINDS = ["depends_on", "blocks", "related", "supersedes", "duplicate_of"] as const;

/** How a relation reads from the ticket that has it. */
export function outgoingWords(kind: string): string {
  return (Object.hasOwn(RELATIONS, kind) ? RELATIONS[kind]?.[0] : undefined) ?? kind.replaceAll("_", " ");
}

/** How a relation of another ticket reads from its target, whether it is named from there or from here. */
export function incomingWords(kind: string): string {
  const isFromThere = (RELATION_KINDS as readonly string[]).includes(kind);
  const inverse = isFromThere ? RELATIONS[kind]?.[1] : kind;
  return outgoingWords(inverse ?? kind);
}

/** Where a problem is. */
export function placeOf(problem: TicketProblem): string {
  return problem.line === undefined || problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
}

/** Words as a sentence: with a capital where they begin with a letter, and an end. */
export function sentence(text: string): string {
  const words = text.trim();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?…]$/.test(words) ? "" : "."}`;
}

const REFUSALS: Readonly<Record<string, string>> = {
  ticket_blocked: "It waits for tickets that are neither done nor closed",
  ticket_transition: "It cannot go there from where it is",
  ticket_changed: "Somebody has changed it meanwhile. It has been read anew: look at what it is now, then try again",
  ticket_not_found: "There is no such ticket, or no such relation",
  ticket_malformed: "Its record cannot be read, and is not changed before that is put right",
  ticket_busy: "Somebody else is writing. Try again in a moment",
};

/** Why something was refused, in words. */
export function refusalWords(error: { readonly code: string; readonly message: string; readonly remedy: string }): string {
  const said = Object.hasOwn(REFUSALS, error.code) ? REFUSALS[error.code] : undefined;
  if (error.code === "ticket_changed" && said !== undefined) return sentence(said);
  if (said !== undefined) return `${sentence(said)} ${sentence(error.message)}`;
  return `${sentence(error.message)} ${error.remedy}`;
}

/** Words between commas, semicolons or spaces, each once. */
export function flagsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((word) => word !== ""))];
}

/** Whether an event's body only repeats what its head says. */
export function isPlainMove(event: { readonly kind: string; readonly body: string }): boolean {
  return event.kind === "state_changed" && /^State changed to `[a-z_]*`\.?$/.test(event.body.trim());
}
