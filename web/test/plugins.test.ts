// The page of plugins: what each may reach before and after somebody grants it, and who sees that.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Sight, accessible, launch } from "./browser.js";
import { LIMIT, Stage, noPrograms } from "./stage.js";

const { YOI_BIN_DIR } = process.env;
const noGuests = YOI_BIN_DIR !== undefined && !existsSync(`${YOI_BIN_DIR}/../guests/first-plugin`) ? "run scripts/build-guests" : undefined;

describe("plugins", { skip: noPrograms ?? noGuests ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    const principals = [
      { name: "root", role: "admin" },
      { name: "vera", role: "viewer" },
    ];
    [stage, browser] = await Promise.all([Stage.start({ principals, plugins: ["first-plugin", "gateway-bridge"] }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const signedIn = (name: string): Promise<Sight> => Sight.signedIn(browser, stage.url, stage.token(name));

  test("one reads what a plugin may reach, grants it at a terminal, and sees it run", LIMIT, async () => {
    const sight = await signedIn("root");
    const { page } = sight;
    await page.getByRole("link", { name: "Plugins" }).click();
    const bridge = page.locator('[data-plugin="gateway-bridge"]');
    await bridge.getByText("requested and not granted").waitFor();
    await bridge.getByText("What it may reach").click();
    const review = bridge.getByRole("region");
    await review.filter({ hasText: "host_api.websocket" }).waitFor();
    assert.match((await review.textContent()) ?? "", /missing/i);
    await accessible(page, "plugins");

    const first = page.locator('[data-plugin="first-plugin"]');
    await first.getByText("Not granted", { exact: true }).waitFor();
    stage.yoi("plugin", "grant", "first-plugin", "--all", "--yes");
    await first.getByText("Running", { exact: true }).waitFor();
    await first.getByText("tools: greet").waitFor();
    await first.getByRole("link", { name: "What it has told" }).click();
    await page.getByRole("heading", { name: "first-plugin" }).waitFor();
    await page.getByText("version 0.1.0 runs").first().waitFor();
    await page.goto("/plugins");
    stage.yoi("plugin", "disable", "first-plugin");
    await first.getByText("It is disabled: what is granted has no effect.").waitFor();
    await sight.close();
  });

  test("whoever only watches is not shown it", LIMIT, async () => {
    const sight = await signedIn("vera");
    const { page } = sight;
    assert.equal(await page.getByRole("link", { name: "Plugins" }).count(), 0);
    await page.goto("/plugins");
    await page.getByRole("alert").filter({ hasText: "Your role does not show" }).waitFor();
    assert.ok(!(await page.content()).includes("gateway-bridge"));
    await sight.close();
  });
});
