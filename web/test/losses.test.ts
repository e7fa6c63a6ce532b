// What one sees while something is away: worker, runtime and connection are told apart, and nothing is lost unannounced.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { CLIPBOARD, Sight, launch } from "./browser.js";
import { LIMIT, Network, Stage, noPrograms, until } from "./stage.js";

describe("while something is away", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    [stage, browser] = await Promise.all([Stage.start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  /** A worker that was spoken to, and a page that shows it. */
  async function watched(url = stage.url): Promise<{ worker: string; sight: Sight; say: (words: string) => Promise<void> }> {
    const worker = await stage.worker("there", { profile: "agent" });
    const client = stage.client().on("there");
    const say = async (words: string): Promise<void> => {
      await client.input(worker, words);
      await until("it was done", async () => (await client.worker(worker)).status === "idle");
    };
    await say("mark before");
    const sight = await Sight.open(browser, url, CLIPBOARD);
    await sight.show("there", worker);
    await sight.row("text").filter({ hasText: "before" }).waitFor();
    return { worker, sight, say };
  }

  test("the backend is killed and started again: a banner, then everything", LIMIT, async () => {
    const { worker, sight, say } = await watched();
    const { page } = sight;
    assert.equal(await page.getByTestId("outage").count(), 0);
    await stage.killBackend();
    await page.getByTestId("outage").first().waitFor();
    // the worker is not said to be dead, and what was said stays
    assert.match(await page.locator("[data-status]").first().innerText(), /last known/i);
    assert.match(await sight.words(), /before/);
    await stage.startBackend();
    await page.getByTestId("outage").first().waitFor({ state: "detached" });
    await until("the runtime is reached", async () => (await stage.client().runtime("there")).link === "up");
    await say("mark after");
    await sight.row("text").filter({ hasText: "after" }).waitFor();
    assert.equal(await page.locator("[data-gap]").count(), 0);
    assert.equal((await sight.words()).split("before").length, 3, "once said, and once answered");
    await page.locator('[data-status="idle"]').waitFor();
    assert.deepEqual(await sight.state(), await stage.truth(worker));
    await sight.close();
  });

  test("a connection that comes back at once is no news", LIMIT, async () => {
    const network = await Network.start(stage.url);
    const { sight, say } = await watched(network.url);
    await sight.page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        for (const banner of document.querySelectorAll('[data-testid="outage"], [data-testid="away"]')) seen.push((banner as HTMLElement).innerText);
      }).observe(document.body, { childList: true, subtree: true });
    });
    network.cut();
    await say("mark after");
    await sight.row("text").filter({ hasText: "after" }).waitFor();
    assert.deepEqual(await sight.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen), []);
    assert.equal(await sight.page.locator("[data-gap]").count(), 0);
    await sight.close();
    network.stop();
  });

  test("the runtime is killed and started again: the connection is not blamed, and the run that was cut off is told", LIMIT, async () => {
    const { worker, sight } = await watched();
    const { page } = sight;
    await page.locator("#composer").fill("hold");
    await page.locator("#composer").press("Enter");
    await page.getByTestId("asked").waitFor();
    await stage.killRuntime();
    await page.getByTestId("away").waitFor();
    assert.equal(await page.getByTestId("link").getAttribute("data-link"), "down");
    assert.match(await page.getByTestId("socket").innerText(), /Live/);
    assert.equal(await page.getByTestId("outage").count(), 0);
    assert.match(await page.locator("[data-status]").first().innerText(), /last known/i);
    await stage.startRuntime();
    await page.getByTestId("away").waitFor({ state: "detached", timeout: 60_000 });
    await page.locator('[data-link="up"]').waitFor();
    await page.locator('[data-mark="run_finished"]', { hasText: "Run failed" }).waitFor();
    assert.equal(await page.locator("[data-gap]").count(), 0);
    assert.deepEqual(await sight.state(), await stage.truth(worker));
    await sight.close();
  });

  test("the machine sleeps and its connections are dead: once it wakes, everything is there", LIMIT, async () => {
    const network = await Network.start(stage.url);
    const worker = await stage.worker("there", { profile: "agent" });
    const client = stage.client().on("there");
    const sight = await Sight.open(browser, network.url, CLIPBOARD);
    await sight.page.clock.install();
    await sight.show("there", worker);
    await client.input(worker, "mark before");
    await sight.row("text").filter({ hasText: "before" }).waitFor();
    // an hour: nothing comes through, and nobody says so
    assert.ok(network.freeze() >= 1);
    await client.input(worker, "mark meanwhile");
    await until("it was said", async () => (await client.worker(worker)).status === "idle");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(!(await sight.words()).includes("meanwhile"));
    await sight.page.clock.fastForward("01:00:00");
    await sight.row("text").filter({ hasText: "meanwhile" }).waitFor();
    assert.equal(await sight.page.locator("[data-gap]").count(), 0);
    await sight.page.locator('[data-status="idle"]').waitFor();
    assert.deepEqual(await sight.state(), await stage.truth(worker));
    await sight.close();
    network.stop();
  });
});
