// Pictures of the real page for the documentation: `npm run screenshots` writes them to docs/images.

import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Sight, launch } from "./browser.js";
import { Stage, noPrograms, until } from "./stage.js";

if (noPrograms !== undefined) throw new Error(noPrograms);
const folder = resolve("../docs/images");
await mkdir(folder, { recursive: true });
const runtimes = { here: "local", there: "build-box" };
const [stage, browser] = await Promise.all([Stage.start({ runtimes }), launch()]);
try {
  const made = async (where: string, name: string, profile: string, labels: Record<string, string>, say?: string): Promise<string> => {
    const worker = await stage.worker(where, { profile, display_name: name, labels });
    if (say !== undefined) await stage.client().on(where).input(worker, say);
    return worker;
  };
  await made("local", "Changelog writer", "echo", { repo: "almanac" }, "Write down what changed since the last release.");
  await made("local", "Docs review", "echo", { repo: "almanac", team: "docs" });
  await made("build-box", "Flaky tests", "agent", { repo: "almanac", team: "core" }, "stream 5 120");
  await made("build-box", "Dependency updates", "agent", { repo: "tables" }, "mark All dependencies are new enough.");
  const stopped = await made("build-box", "Release notes", "echo", { repo: "tables", stage: "draft" });
  await stage.client().on("build-box").stop(stopped);
  const fixer = await made("build-box", "Nightly fixer", "demo", { branch: "main", repo: "almanac" }, "The nightly build fails on the date parser. Find out why and fix it.");
  const client = stage.client().on("build-box");
  await until("it asks", async () => (await client.worker(fixer)).status === "waiting");

  const taken = async (name: string, path: string, ready: (sight: Sight) => Promise<unknown>, options: object): Promise<void> => {
    const sight = await Sight.open(browser, stage.url, options);
    await sight.page.goto(path);
    await ready(sight);
    await sight.page.waitForTimeout(600);
    await sight.page.screenshot({ path: `${folder}/${name}.png` });
    await sight.close();
    console.log(`docs/images/${name}.png`);
  };
  const path = `/workers/build-box/${fixer}`;
  const overview = (sight: Sight): Promise<unknown> => sight.page.locator("[data-worker]").nth(5).waitFor();
  const asked = (sight: Sight): Promise<unknown> => sight.page.getByTestId("asked").waitFor();
  const wide = { viewport: { width: 1280, height: 760 } };
  const narrow = { viewport: { width: 360, height: 720 }, deviceScaleFactor: 2 };
  await taken("console-overview-light", "/", overview, { ...wide, colorScheme: "light" });
  await taken("console-overview-dark", "/", overview, { ...wide, colorScheme: "dark" });
  await taken("console-overview-narrow", "/", overview, { ...narrow, colorScheme: "light" });
  await taken("console-worker-light", path, asked, { ...wide, colorScheme: "light" });
  for (;;) {
    const { approvals, run } = await client.worker(fixer);
    if (run === null) break;
    for (const { approval_id, options } of approvals) await client.approve(fixer, approval_id, { option: options[0] ?? "" }).catch(() => {});
  }
  const done = (sight: Sight): Promise<unknown> => sight.row("text").filter({ hasText: "What I changed" }).waitFor();
  await taken("console-worker-dark", path, done, { ...wide, colorScheme: "dark" });
  await taken("console-worker-narrow", path, done, { ...narrow, colorScheme: "dark" });
} finally {
  await browser.close();
  await stage.stop();
}
process.exit(0);
