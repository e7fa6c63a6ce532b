// The board of tickets and a ticket's page, against a real backend: records are made through its API, at a terminal and by hand.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import type { CreateTicket } from "../../clients/typescript/src/index.js";
import { Sight, accessible, launch } from "./browser.js";
import { LIMIT, Stage, noPrograms, until } from "./stage.js";

const column = (page: Page, state: string): Locator => page.locator(`[data-column="${state}"]`);
const card = (page: Page, id: string): Locator => page.locator(`[data-ticket="${id}"]`);
const link = (page: Page, id: string): Locator => page.locator(`[data-ticket-link="${id}"]`);
const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset["ticketLink"]);
const dialog = (page: Page): Locator => page.locator("dialog[open]");
const submit = (page: Page): Promise<void> => dialog(page).getByRole("button", { name: "Move", exact: true }).click();

/** The dialog that moves, once it knows where a ticket may go. */
async function moving(page: Page): Promise<Locator> {
  const to = dialog(page).locator("#move-to");
  await to.waitFor();
  return to;
}

describe("tickets", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    [stage, browser] = await Promise.all([Stage.start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const made = async (ticket: CreateTicket): Promise<string> => (await stage.client().tickets.create(ticket)).ticket_id;
  const moved = async (id: string, ...states: readonly string[]): Promise<void> => {
    for (const to of states) await stage.client().tickets.move(id, { to, reason: "for the test", ...(to === "closed" ? { resolution: "It is over." } : {}) });
  };
  const shownOn = async (options: BrowserContextOptions = {}): Promise<Sight> => Sight.open(browser, stage.url, options);

  test("one goes from card to card by keys, and moves one forward and back", LIMIT, async () => {
    const [first, second] = [await made({ title: "By keys, the first" }), await made({ title: "By keys, the second" })];
    await moved(second, "ready");
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/");
    await page.getByRole("link", { name: "Tickets" }).click();
    await link(page, first).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), second);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), first);
    await page.keyboard.press("]");
    const to = await moving(page);
    await until("the next column is chosen", async () => (await to.inputValue()) === "ready");
    assert.deepEqual(await to.locator("option:not([disabled])").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value)), ["ready", "closed"]);
    await accessible(page, "move");
    await page.locator("#move-reason").press("Enter");
    await column(page, "ready").locator(`[data-ticket="${first}"]`).waitFor();
    await until("the card that was moved has the focus", async () => (await focused(page)) === first);
    // back takes a reason
    await page.keyboard.press("[");
    await moving(page);
    await until("the column before is chosen", async () => (await to.inputValue()) === "planning");
    await submit(page);
    assert.equal(await dialog(page).count(), 1);
    await page.locator("#move-reason").fill("not clear yet");
    await submit(page);
    await column(page, "planning").locator(`[data-ticket="${first}"]`).waitFor();
    const { events } = await stage.client().tickets.ticket(first);
    assert.deepEqual(events.slice(-2).map(({ from, to, reason }) => [from, to, reason || undefined]), [["planning", "ready", "ready"], ["ready", "planning", "not clear yet"]]);
    await sight.close();
  });

  test("a card is dragged to another column, and one that ends says what came of it", LIMIT, async () => {
    const id = await made({ title: "Dragged", risk_flags: ["scope"], assignee: "hare" });
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/tickets");
    await card(page, id).getByText("hare").waitFor();
    await card(page, id).getByText("scope").waitFor();
    await card(page, id).dragTo(column(page, "ready"));
    const to = await moving(page);
    await until("the column is chosen", async () => (await to.inputValue()) === "ready");
    await submit(page);
    await column(page, "ready").locator(`[data-ticket="${id}"]`).waitFor();
    await card(page, id).dragTo(column(page, "closed"));
    await moving(page);
    await until("the end is chosen", async () => (await to.inputValue()) === "closed");
    await submit(page);
    assert.equal(await dialog(page).count(), 1, "an end says what came of it");
    await page.locator("#move-reason").fill("it is not needed");
    await page.locator("#move-resolution").fill("**Another** change did it.");
    await submit(page);
    await card(page, id).waitFor({ state: "detached" });
    assert.match((await stage.client().tickets.ticket(id)).resolution ?? "", /\*\*Another\*\* change did it\./);
    await column(page, "closed").getByRole("button").first().click();
    await link(page, id).click();
    await page.locator(".md strong", { hasText: "Another" }).first().waitFor();
    await sight.close();
  });

  test("what waits says for what, and cannot begin before that is over", LIMIT, async () => {
    const [waiting, other] = [await made({ title: "The one that waits" }), await made({ title: "What it waits for" })];
    await stage.client().tickets.relate(waiting, { kind: "depends_on", target: other });
    await moved(waiting, "ready", "queued");
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/tickets");
    await card(page, waiting).getByText("Blocked: waits for").waitFor();
    await page.getByLabel("Blocked only").check();
    await card(page, other).waitFor({ state: "detached" });
    await page.getByLabel("Blocked only").uncheck();
    await link(page, waiting).focus();
    await page.keyboard.press("]");
    const to = await moving(page);
    // what would be refused is not offered
    const offered = await to.locator("option:not([disabled])").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    assert.ok(offered.includes("planning") && !offered.includes("inprogress"), offered.join());
    await page.keyboard.press("Escape");
    // once the other is over, nothing holds it
    await moved(other, "closed");
    await card(page, waiting).getByText("Blocked").waitFor({ state: "detached" });
    await page.keyboard.press("]");
    await moving(page);
    await until("the next column is chosen", async () => (await to.inputValue()) === "inprogress");
    await submit(page);
    await column(page, "inprogress").locator(`[data-ticket="${waiting}"]`).waitFor();
    await sight.close();
  });

  test("whoever moves what somebody else has changed meanwhile is told, and keeps what was written", LIMIT, async () => {
    const id = await made({ title: "Changed by two" });
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/tickets");
    await card(page, id).getByRole("button", { name: /^Move/ }).click();
    const to = await moving(page);
    await to.selectOption("ready");
    await page.locator("#move-reason").fill("it is clear");
    await stage.client().tickets.say(id, { kind: "comment", body: "Wait." });
    await submit(page);
    await dialog(page).getByRole("alert").filter({ hasText: "Somebody has changed it meanwhile" }).waitFor();
    assert.equal(await page.locator("#move-reason").inputValue(), "it is clear");
    await submit(page);
    await column(page, "ready").locator(`[data-ticket="${id}"]`).waitFor();
    await sight.close();
  });

  test("a ticket shows what others do to it, and keeps what one has not sent", LIMIT, async () => {
    const id = await made({ title: "Talked about", body: "# What\n\n<script>alert(1)</script>\n\nand **this**" });
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/tickets");
    await link(page, id).click();
    await page.getByRole("heading", { name: "Talked about" }).waitFor();
    await page.locator(".md strong", { hasText: "this" }).waitFor();
    await page.locator("#say").fill("half a thought");
    await stage.client().tickets.say(id, { kind: "comment", body: "A word from *elsewhere*." });
    await page.locator('[data-event="comment"]').filter({ hasText: "A word from elsewhere." }).waitFor();
    assert.equal(await page.locator("#say").inputValue(), "half a thought");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "say");
    await page.goBack();
    await until("one is at its card", async () => (await focused(page)) === id);
    await page.keyboard.press("Enter");
    await page.locator("#say").waitFor();
    assert.equal(await page.locator("#say").inputValue(), "half a thought");
    await page.locator("#say").press("Control+Enter");
    await page.locator('[data-event="comment"]').filter({ hasText: "half a thought" }).waitFor();
    await until("the box is empty", async () => (await page.locator("#say").inputValue()) === "");
    await page.getByLabel("Decision").check();
    await page.getByLabel("Heading").fill("The shorter way");
    await page.locator("#say").fill("It is *shorter*.");
    await page.getByRole("button", { name: "Decide" }).click();
    await page.locator('[data-event="decision"]').filter({ hasText: "The shorter way" }).waitFor();
    await sight.close();
  });

  test("relations are added, followed both ways and taken back", LIMIT, async () => {
    const [from, to] = [await made({ title: "From here" }), await made({ title: "To there" })];
    const sight = await shownOn();
    const { page } = sight;
    await page.goto(`/tickets/${from}`);
    await page.getByRole("button", { name: "Add a relation" }).click();
    await page.getByLabel("This ticket").selectOption("blocks");
    await page.getByLabel("Ticket", { exact: true }).fill(to);
    await page.getByLabel("Note").fill("first things first");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const relation = page.locator("[data-relation]");
    await relation.filter({ hasText: "first things first" }).waitFor();
    await relation.getByRole("link", { name: "To there" }).click();
    await page.locator(`[data-ticket-page="${to}"]`).waitFor();
    await page.getByText("Is blocked by").waitFor();
    // what others say of it is theirs to take back
    assert.equal(await relation.getByRole("button").count(), 0);
    // a circle is refused
    await page.getByRole("button", { name: "Add a relation" }).click();
    await page.getByLabel("This ticket").selectOption("blocks");
    await page.getByLabel("Ticket", { exact: true }).fill(from);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "would wait for each other" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await relation.getByRole("link", { name: "From here" }).click();
    await page.locator(`[data-ticket-page="${from}"]`).waitFor();
    await page.getByRole("button", { name: /^Remove/ }).click();
    await relation.waitFor({ state: "detached" });
    await sight.close();
  });

  test("one writes a new ticket, and what others do at a terminal and by hand is seen", LIMIT, async () => {
    const sight = await shownOn();
    const { page } = sight;
    await page.goto("/tickets");
    await page.getByRole("heading", { level: 1, name: "Tickets" }).waitFor();
    await page.keyboard.press("n");
    await page.getByRole("textbox", { name: "Title" }).fill("Written here");
    await page.getByRole("textbox", { name: "What is to be done" }).fill("*All* of it.");
    await page.getByRole("textbox", { name: "Risks" }).fill("scope, time");
    await accessible(page, "new ticket");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "Written here" }).waitFor();
    await page.locator(".md em", { hasText: "All" }).waitFor();
    await page.keyboard.press("u");
    stage.yoi("ticket", "new", "Written at a terminal");
    await page.getByText("Written at a terminal").waitFor();
    // a record that cannot be read hides no other
    await stage.write(".yoi/tickets/00001KVZKSTJT/item.md", "---\ntitle: 'No state'\n---\n");
    const problems = page.getByTestId("ticket-problems");
    await problems.filter({ hasText: "1 record cannot be read" }).waitFor();
    await problems.locator("summary").click();
    assert.match((await problems.textContent()) ?? "", /00001KVZKSTJT\/item\.md/);
    assert.ok(await page.getByText("Written here").isVisible());
    await stage.write(".yoi/tickets/00001KVZKSTJT/item.md", "---\ntitle: 'Mended by hand'\nstate: 'planning'\ncreated_at: '2026-06-25T14:44:02Z'\nupdated_at: '2026-06-25T14:44:02Z'\n---\n");
    await page.getByText("Mended by hand").waitFor();
    await problems.waitFor({ state: "detached" });
    await page.goto("/tickets/00001KVZZZZZZ");
    await page.getByRole("alert").filter({ hasText: "There is no such ticket" }).waitFor();
    await sight.close();
  });

  test("no page of tickets breaks a rule of accessibility that matters, in both themes, and 360 pixels are enough", LIMIT, async () => {
    const [id, other] = [await made({ title: "Looked_at_".repeat(20), body: "| a | b |\n|---|---|\n| c | d |", risk_flags: ["scope"], assignee: "hare" }), await made({ title: "Another" })];
    await stage.client().tickets.relate(id, { kind: "depends_on", target: other, note: "a note" });
    await stage.client().tickets.say(id, { kind: "decision", heading: "Decided", body: "`so`" });
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 360]) {
        const sight = await shownOn({ colorScheme, viewport: { width, height: 760 } });
        const { page } = sight;
        const what = `${colorScheme}, ${width}`;
        const fits = async (): Promise<void> => {
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${what}: ${page.url()} is ${over} pixels too wide`);
        };
        await page.goto("/tickets");
        await card(page, id).waitFor();
        await accessible(page, `board, ${what}`);
        await fits();
        await page.goto(`/tickets/${id}`);
        await page.getByRole("button", { name: "Add a relation" }).click();
        await accessible(page, `ticket, ${what}`);
        await fits();
        await page.getByRole("button", { name: "Move to…" }).click();
        await moving(page);
        await accessible(page, `move, ${what}`);
        await sight.close();
      }
    }
  });
});

describe("tickets of people", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    const principals = [
      { name: "olga", role: "operator" },
      { name: "vera", role: "viewer" },
    ];
    [stage, browser] = await Promise.all([Stage.start({ principals }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  test("whoever only watches sees the board and is offered nothing", LIMIT, async () => {
    const tickets = stage.client("olga").tickets;
    const [{ ticket_id: id }, { ticket_id: other }] = [await tickets.create({ title: "To look at" }), await tickets.create({ title: "Another" })];
    await tickets.relate(id, { kind: "related", target: other });
    const sight = await Sight.signedIn(browser, stage.url, stage.token("vera"));
    const { page } = sight;
    await page.getByRole("link", { name: "Tickets" }).click();
    await link(page, id).focus();
    for (const name of [/^Move/, /^New ticket/]) assert.equal(await page.getByRole("button", { name }).count(), 0);
    assert.equal(await page.locator('[draggable="true"]').count(), 0);
    for (const key of ["]", "[", "m", "n"]) await page.keyboard.press(key);
    assert.equal(await dialog(page).count(), 0);
    await page.keyboard.press("Enter");
    await page.locator("[data-relation]").waitFor();
    assert.equal(await page.locator("#say").count(), 0);
    for (const name of [/^Move/, /^Add/, /^Remove/]) assert.equal(await page.getByRole("button", { name }).count(), 0);
    // and sees what others do
    await tickets.say(id, { kind: "comment", body: "By somebody who may." });
    await page.locator('[data-event="comment"]').filter({ hasText: "olga" }).filter({ hasText: "By somebody who may." }).waitFor();
    await sight.close();
  });
});

describe("thousands of tickets", { skip: noPrograms ?? false }, () => {
  const MANY = 3000;
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    [stage, browser] = await Promise.all([Stage.start(), launch()]);
    for (let n = 0; n < MANY; n += 1) {
      // ids of past years, as an editor or another checkout would have left them
      const id = `00001G${n.toString(8).padStart(7, "0")}`;
      const state = ["planning", "ready", "done", "closed"][n % 4] ?? "ready";
      await stage.write(`.yoi/tickets/${id}/item.md`, `---\ntitle: 'One of many, ${n}'\nstate: '${state}'\ncreated_at: '2026-01-01T00:00:00Z'\nupdated_at: '2026-01-01T00:00:00Z'\n---\n`);
    }
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  test("a board of them does not freeze, and stays where one has scrolled to", LIMIT, async () => {
    const sight = await Sight.open(browser, stage.url);
    const { page } = sight;
    await page.goto("/tickets");
    await column(page, "ready").locator("[data-ticket]").first().waitFor();
    await page.getByRole("heading", { level: 1, name: "Tickets 3,000" }).waitFor();
    assert.ok((await page.locator("[data-ticket]").count()) <= 3 * 40, "few are drawn");
    await page.evaluate(() => {
      const seen = globalThis as unknown as { longest: number };
      seen.longest = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.longest = Math.max(seen.longest, entry.duration)))).observe({ entryTypes: ["longtask"] });
    });
    const cards = column(page, "ready").locator(".cards");
    await cards.evaluate((element) => (element.scrollTop = 500));
    await page.waitForTimeout(200);
    const at = await cards.evaluate((element) => element.scrollTop);
    const id = (await stage.client().tickets.create({ title: "A new one among many" })).ticket_id;
    await page.getByLabel("Filter tickets by text").fill("new one among");
    await card(page, id).waitFor();
    await page.getByLabel("Filter tickets by text").fill("");
    await column(page, "ready").locator("[data-ticket]").nth(30).waitFor({ state: "attached" });
    await cards.evaluate((element, top) => (element.scrollTop = top), at);
    await stage.client().tickets.say(id, { kind: "comment", body: "a change" });
    await page.waitForTimeout(1000);
    assert.ok(Math.abs((await cards.evaluate((element) => element.scrollTop)) - at) < 40, "it is where it was");
    const longest = await page.evaluate(() => (globalThis as unknown as { longest: number }).longest);
    assert.ok(longest < 1000, `the page stood still for ${longest} ms`);
    await column(page, "closed").getByRole("button").first().click();
    await column(page, "closed").getByRole("button", { name: /Show more/ }).click();
    assert.ok((await page.locator("[data-ticket]").count()) <= 5 * 40);
    await sight.close();
  });
});
