// The browser that looks at the console, and what holds for every page of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import type { State } from "../../clients/typescript/src/index.js";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's browser, in a profile of its own. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ARGS });
}

/** A page, and all that went wrong on it. */
export class Sight {
  readonly wrong: string[] = [];
  /** What it asked of anybody but its own server. */
  readonly strange: string[] = [];

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Sight> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: url, ...options });
    return Sight.in(context, url);
  }

  static async in(context: BrowserContext, url: string): Promise<Sight> {
    return new Sight(await context.newPage(), new URL(url).host);
  }

  /** One who has signed in with a token, and sees the runtime elsewhere. */
  static async signedIn(browser: Browser, url: string, token: string): Promise<Sight> {
    const sight = await Sight.open(browser, url);
    await sight.page.goto("/");
    await sight.page.getByLabel("Token").fill(token);
    await sight.page.getByRole("button", { name: "Sign in" }).click();
    await sight.page.waitForSelector('[data-runtime="there"]');
    return sight;
  }

  private constructor(
    readonly page: Page,
    host: string,
  ) {
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => this.wrong.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      // that requests fail is what some tests are about
      if (message.type() === "error" && !/Failed to load resource|WebSocket connection to/.test(message.text())) this.wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.host !== host && url.protocol !== "data:") this.strange.push(request.url());
    });
  }

  /** Goes to a worker without loading the page anew, where it is loaded. */
  async show(where: string, worker: string, hash = ""): Promise<void> {
    const path = `/workers/${where}/${worker}${hash}`;
    if (this.page.url() === "about:blank") await this.page.goto(path);
    else {
      await this.page.evaluate((to) => {
        history.pushState(null, "", to);
        dispatchEvent(new PopStateEvent("popstate"));
      }, path);
    }
    await this.page.waitForSelector('[data-testid="usage"]', { state: "attached" });
  }

  /** The state as the page has folded it: what it copies for a report. */
  async state(): Promise<State> {
    const copied = await this.page.evaluate(async () => {
      await navigator.clipboard.writeText("");
      [...document.querySelectorAll("button")].find((button) => button.textContent === "Copy state")?.click();
      for (let tries = 0; tries < 2000; tries += 1) {
        const copied = await navigator.clipboard.readText();
        if (copied !== "") return copied;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error("nothing was copied");
    });
    return JSON.parse(copied) as State;
  }

  /** The words in the transcript's rows that are drawn. */
  async words(): Promise<string> {
    return this.page.evaluate(() => [...document.querySelectorAll("[data-row]")].map((row) => (row as HTMLElement).innerText).join("\n"));
  }

  row(kind: string) {
    return this.page.locator(`[data-row="${kind}"]`);
  }

  /** Ends it: nothing was wrong, and nobody else was asked for anything. */
  async close(): Promise<void> {
    const context = this.page.context();
    const [wrong, strange] = [[...this.wrong], [...this.strange]];
    await context.close();
    assert.deepEqual(wrong, []);
    assert.deepEqual(strange, []);
  }
}

/** Lets a page read what it copies. */
export const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** Holds a page to axe's rules: no violation that is serious or worse. */
export async function accessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: unknown[] }> } }).axe;
    return (await run.run({ resultTypes: ["violations"] })).violations;
  });
  const grave = (violations as Violation[]).filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).join("; ")}`);
  assert.deepEqual(told, [], what);
}
