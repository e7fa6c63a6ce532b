// Histories that are long: 20,000 entries stay smooth, older ones are read as one scrolls, and the end is followed until one
// scrolls away.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Sight, launch } from "./browser.js";
import { LIMIT, Stage, noPrograms, until } from "./stage.js";

describe("long histories", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    [stage, browser] = await Promise.all([Stage.start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  test("the end is followed until one scrolls away, and again once one is back", LIMIT, async () => {
    const worker = await stage.worker("there", { profile: "agent" });
    const client = stage.client().on("there");
    await client.input(worker, "calls 60");
    const sight = await Sight.open(browser, stage.url);
    const { page } = sight;
    await sight.show("there", worker);
    await until("all were called", async () => (await client.worker(worker)).status === "idle");
    const scroller = page.getByTestId("transcript");
    const fromEnd = (): Promise<number> => scroller.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await until("the end is shown", async () => (await fromEnd()) < 4);
    await scroller.hover();
    await page.mouse.wheel(0, -700);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const there = (): Promise<string | null | undefined> => page.evaluate(() => document.elementFromPoint(400, 400)?.closest("[data-key]")?.getAttribute("data-key"));
    // once what was scrolled to is drawn, and stays where it is
    let seen: string | null | undefined;
    await until("a row is drawn where one looks", async () => {
      const before = seen;
      seen = await there();
      return seen != null && seen === before;
    });
    await client.input(worker, "mark something new");
    await until("it was said", async () => (await client.worker(worker)).status === "idle");
    await page.waitForTimeout(300);
    // what one reads stays where it is
    assert.equal(await there(), seen);
    assert.equal(await scroller.getAttribute("data-following"), "false");
    await page.keyboard.press("e");
    await sight.row("text").filter({ hasText: "something new" }).waitFor();
    await until("the end is shown", async () => (await fromEnd()) < 4);
    await client.input(worker, "calls 5");
    await sight.row("tool_call").filter({ hasText: "Call 66" }).waitFor();
    await until("it is followed again", async () => (await fromEnd()) < 4);
    await sight.close();
  });

  test("20,000 entries: few are elements, scrolling is smooth, and the first is a scroll away", { timeout: 240_000 }, async () => {
    const worker = await stage.worker("there", { profile: "agent" });
    const client = stage.client().on("there");
    const sight = await Sight.open(browser, stage.url);
    const { page } = sight;
    await sight.show("there", worker);
    // a third while one watches, the rest was before one came again
    await client.input(worker, "calls 10000");
    await until("all were called", async () => (await client.worker(worker)).status === "idle", 120);
    await until("all are shown", async () => (await sight.words()).includes("Call 10000"), 60);
    const drawn = await page.locator("[data-row]").count();
    assert.ok(drawn < 120, `${drawn} rows are elements`);
    const scroller = page.getByTestId("transcript");
    // Scrolling fast, 300 pixels a frame, in the middle of it all: what the page itself works for each. In time of its own thread, since other work
    // on this machine is no property of the page.
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const worked = async (): Promise<number> => {
      const { metrics } = await session.send("Performance.getMetrics");
      return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1000;
    };
    const before = await worked();
    await scroller.evaluate(async (element) => {
      element.dispatchEvent(new WheelEvent("wheel", { deltaY: -10 }));
      element.scrollTop = element.scrollHeight / 2;
      for (let frame = 0; frame < 120; frame += 1) {
        element.scrollTop -= 300;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
    const each = ((await worked()) - before) / 120;
    assert.ok(each > 0 && each < 16, `${each.toFixed(1)} ms of work a frame`);
    // a fresh page knows the newest 200, and reads on towards the beginning
    await page.reload();
    await sight.row("tool_call").first().waitFor();
    await scroller.focus();
    const older = async (): Promise<number> => Number(await page.locator("[aria-setsize]").first().getAttribute("aria-setsize"));
    const first = await older();
    assert.ok(first <= 210, `${first} rows at first`);
    await scroller.hover();
    await until(
      "older entries are read",
      async () => {
        await page.mouse.wheel(0, -4000);
        return (await older()) > first + 300;
      },
      60,
    );
    await sight.close();
  });
});
