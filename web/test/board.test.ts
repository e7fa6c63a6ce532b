// What needs no page of the board of tickets: columns, filters, what a move takes, and words.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TicketSummary } from "../../clients/typescript/src/index.js";
import { Random } from "../../clients/typescript/test/random.js";
import { Attempt } from "../src/model/attempt.js";
import {
  KNOWN_STATES,
  columnsOf,
  flagsOf,
  foundIn,
  incomingWords,
  isPlainMove,
  needsOf,
  neighbour,
  outgoingWords,
  placeOf,
  refusalWords,
  sentence,
  stateOf,
} from "../src/model/board.js";

const ticket = (n: number, more: Partial<TicketSummary> = {}): TicketSummary => {
  const at = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
  const ticket_id = `00001KVZ${String(n).padStart(5, "0")}`;
  return { ticket_id, title: `Ticket ${n}`, state: "planning", created_at: at, updated_at: at, risk_flags: [], blocked: false, waiting_on: [], ...more };
};
const ids = (tickets: readonly TicketSummary[]): number[] => tickets.map(({ ticket_id }) => Number(ticket_id.slice(8)));

test("every ticket is in one column, and every state that is known has one", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new Random(seed);
    const tickets = Array.from({ length: random.below(60) }, (_, n) => ticket(n, { state: random.pick([...KNOWN_STATES, "on_hold", "constructor", ""]) }));
    const columns = columnsOf(tickets);
    assert.deepEqual(columns.slice(0, KNOWN_STATES.length).map(({ state }) => state), KNOWN_STATES);
    assert.ok(columns.slice(KNOWN_STATES.length).every((column) => column.tickets.length > 0));
    for (const { state, tickets: cards } of columns) assert.ok(cards.every((card) => card.state === state));
    assert.deepEqual(ids(columns.flatMap((column) => column.tickets)).sort((a, b) => a - b), ids(tickets), `seed ${seed}`);
  }
});

test("what waits has the oldest first, what is over the newest", () => {
  const of = (state: string, tickets: TicketSummary[]): number[] => ids(columnsOf(tickets).find((column) => column.state === state)?.tickets ?? []);
  assert.deepEqual(of("ready", [3, 1, 2].map((n) => ticket(n, { state: "ready" }))), [1, 2, 3]);
  assert.deepEqual(of("closed", [3, 1, 2].map((n) => ticket(n, { state: "closed" }))), [3, 2, 1]);
  const queued = [ticket(1, { state: "queued", queued_at: "2026-03-01T00:00:00Z" }), ticket(2, { state: "queued", queued_at: "2026-02-01T02:00:00+02:00" }), ticket(3, { state: "queued" })];
  assert.deepEqual(of("queued", queued), [3, 2, 1]);
});

test("each word is looked for, wherever it is", () => {
  const tickets = [
    ticket(1, { title: "Resume a stream", assignee: "hare" }),
    ticket(2, { title: "Resume a worker", risk_flags: ["scope"], blocked: true, waiting_on: ["x"] }),
    ticket(3, { title: "Something else" }),
  ];
  const found = (text: string, blockedOnly = false): number[] => ids(foundIn(tickets, { text, blockedOnly }));
  assert.deepEqual(found(""), [1, 2, 3]);
  assert.deepEqual(found("  RESUME "), [1, 2]);
  assert.deepEqual(found("resume hare"), [1]);
  assert.deepEqual(found("scope"), [2]);
  assert.deepEqual(found("00001kvz00003"), [3]);
  assert.deepEqual(found("", true), [2]);
  assert.deepEqual(found("hare", true), []);
});

test("going back takes a reason, closing what came of it, and going on nothing", () => {
  KNOWN_STATES.forEach((from, before) => {
    KNOWN_STATES.forEach((to, after) => {
      const want = to === "closed" ? "resolution" : after < before ? "reason" : "nothing";
      assert.equal(needsOf(from, to), want, `${from} ${to}`);
    });
  });
  assert.equal(needsOf("on_hold", "ready"), "reason");
  assert.equal(needsOf("on_hold", "closed"), "resolution");
  assert.deepEqual(KNOWN_STATES.map((state) => neighbour(state, 1)), [...KNOWN_STATES.slice(1), undefined]);
  assert.deepEqual(KNOWN_STATES.map((state) => neighbour(state, -1)), [undefined, ...KNOWN_STATES.slice(0, -1)]);
  assert.equal(neighbour("on_hold", 1), undefined);
});

test("relations read from both ends, and unknown words as they are", () => {
  assert.equal(outgoingWords("depends_on"), "Waits for");
  // an incoming relation may be named from either end
  assert.equal(incomingWords("depends_on"), incomingWords("dependency_of"));
  assert.equal(incomingWords("blocks"), "Is blocked by");
  assert.equal(incomingWords("related"), outgoingWords("related"));
  for (const word of ["of_tomorrow", "constructor", "toString"]) {
    assert.equal(outgoingWords(word), word.replaceAll("_", " "));
    assert.equal(incomingWords(word), word.replaceAll("_", " "));
    assert.deepEqual(stateOf(word), { words: word, tone: "none" });
  }
});

test("refusals are in words", () => {
  const of = (code: string): string => refusalWords({ code, message: "a waits for b", remedy: "Do it." });
  assert.equal(of("ticket_blocked"), "It waits for tickets that are neither done nor closed. A waits for b.");
  assert.match(of("ticket_transition"), /^It cannot go there/);
  assert.match(of("ticket_changed"), /read anew.*try again\.$/);
  assert.equal(of("of_tomorrow"), "A waits for b. Do it.");
  assert.equal(of("constructor"), "A waits for b. Do it.");
  assert.equal(sentence("  so it is! "), "So it is!");
  assert.equal(placeOf({ code: "x", message: "", file: "item.md", line: 3 }), "item.md:3");
  assert.equal(placeOf({ code: "x", message: "", file: "item.md" }), "item.md");
});

test("what is written is read as it is meant", () => {
  assert.deepEqual(flagsOf(" scope, persistence;scope\ntime "), ["scope", "persistence", "time"]);
  assert.deepEqual(flagsOf(" ,; "), []);
  assert.ok(isPlainMove({ kind: "state_changed", body: "State changed to `ready`.\n" }));
  assert.ok(!isPlainMove({ kind: "state_changed", body: "State changed to `ready`. And more." }));
  assert.ok(!isPlainMove({ kind: "comment", body: "State changed to `ready`." }));
});

test("the same said again has the same key, until it has arrived", () => {
  const attempt = new Attempt();
  const first = attempt.key({ body: "a" });
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.equal(attempt.key({ body: "a" }), first);
  assert.notEqual(attempt.key({ body: "b" }), first);
  const again = attempt.key({ body: "a" });
  attempt.done();
  assert.notEqual(attempt.key({ body: "a" }), again);
});
