// Who may see and do what: sign-in, roles, redaction, and pages of others.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Sight, accessible, launch } from "./browser.js";
import { LIMIT, Stage, noPrograms, until } from "./stage.js";

const SETTINGS = `
[roles.viewer]
redact = ["thinking", "tool_arguments", "tool_output", "notices"]
`;

describe("people", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    const principals = [
      { name: "root", role: "admin" },
      { name: "olga", role: "operator" },
      { name: "vera", role: "viewer" },
    ];
    [stage, browser] = await Promise.all([Stage.start({ principals, settings: SETTINGS }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const signedIn = (name: string): Promise<Sight> => Sight.signedIn(browser, stage.url, stage.token(name));

  test("whoever has no sign-in is asked for a token, and nothing else is shown", LIMIT, async () => {
    const worker = await stage.worker("there", { profile: "agent", display_name: "Not for strangers" }, "root");
    const sight = await Sight.open(browser, stage.url);
    const { page } = sight;
    await page.goto(`/workers/there/${worker}`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await accessible(page, "sign-in");
    assert.ok(!(await page.content()).includes("Not for strangers"));
    await page.getByLabel("Token").fill("yoi_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "does not know this token" }).waitFor();
    await page.getByLabel("Token").fill(stage.token("olga"));
    await page.keyboard.press("Enter");
    // one is where one wanted to go
    await page.getByRole("heading", { name: "Not for strangers" }).waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + document.documentElement.outerHTML);
    assert.ok(!kept.includes(stage.token("olga")) && !kept.includes("yoi_session"), "no script sees what was given");
    await page.goto("/settings");
    await page.getByText("olga").first().waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal((await page.request.get("/api/session")).status(), 401);
    await sight.close();
  });

  test("two look at one worker: each sees what the role shows, and is offered what it may do", LIMIT, async () => {
    const worker = await stage.worker("there", { profile: "agent", display_name: "Watched by two" }, "root");
    const [operator, viewer] = [await signedIn("olga"), await signedIn("vera")];
    await operator.show("there", worker);
    await viewer.show("there", worker);
    await operator.page.locator("#composer").fill("think");
    await operator.page.locator("#composer").press("Enter");
    for (const sight of [operator, viewer]) {
      await sight.row("text").filter({ hasText: "A public answer." }).waitFor();
      const folded = sight.page.locator('[data-row] [aria-expanded="false"]');
      while ((await folded.count()) > 0) await folded.first().click();
    }
    const secrets = ["hidden-thought", "hidden-argument", "hidden-output", "hidden-notice"];
    const seen = await operator.words();
    for (const secret of secrets) assert.ok(seen.includes(secret), `the operator sees ${secret}`);
    const whole = await viewer.page.content();
    for (const secret of secrets) assert.ok(!whole.includes(secret), `the viewer does not see ${secret}`);
    assert.match(await viewer.words(), /\[hidden\]/);
    // the viewer is offered nothing that it may not do
    assert.equal(await viewer.page.locator("#composer").count(), 0);
    for (const name of ["Stop", "Cancel run", "Delete"]) assert.equal(await viewer.page.getByRole("button", { name, exact: true }).count(), 0, name);
    await operator.page.locator("#composer").fill("hold");
    await operator.page.locator("#composer").press("Enter");
    await viewer.page.getByTestId("asked").filter({ hasText: "waits for somebody" }).waitFor();
    assert.equal(await viewer.page.getByTestId("asked").getByRole("button").count(), 0);
    await operator.page.getByTestId("asked").getByRole("button", { name: "stop here" }).click();
    await viewer.row("text").filter({ hasText: 'its second half after "stop here"' }).waitFor();
    // deleting is for the administrator
    await operator.page.getByRole("button", { name: "Stop", exact: true }).click();
    await operator.page.getByRole("button", { name: "Resume" }).waitFor();
    assert.equal(await operator.page.getByRole("button", { name: "Delete", exact: true }).count(), 0);
    await viewer.page.goto("/");
    await viewer.page.waitForSelector(`[data-worker="${worker}"]`);
    assert.equal(await viewer.page.getByRole("button", { name: "New worker" }).count(), 0);
    await operator.close();
    await viewer.close();
  });

  test("a page of another origin can neither drive nor watch, whoever is signed in", LIMIT, async () => {
    const worker = await stage.worker("there", { profile: "agent", display_name: "Not theirs" }, "root");
    const server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>evil</title>"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const sight = await signedIn("olga");
    const evil = await sight.page.context().newPage();
    // the same site, and another origin: the cookie goes along
    await evil.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const told = await evil.evaluate(
      async ([base, id]) => {
        const worker = `${base}/api/runtimes/there/workers/${id}`;
        const heard: string[] = [];
        await fetch(`${worker}/input`, { method: "POST", mode: "no-cors", credentials: "include", body: '{"content":[{"type":"text","text":"mark forged"}]}' }).catch(() => {});
        await fetch(`${base}/api/session`, { credentials: "include" }).then(async (answer) => heard.push(await answer.text())).catch(() => {});
        for (const path of ["/api/events/ws", `/api/runtimes/there/workers/${id}/events/ws`]) {
          await new Promise<void>((done) => {
            const socket = new WebSocket(base.replace("http", "ws") + path);
            socket.onmessage = (event) => heard.push(String(event.data));
            socket.onclose = () => done();
          });
        }
        const framed = document.createElement("iframe");
        framed.src = `${base}/`;
        document.body.append(framed);
        await new Promise((done) => (framed.onload = done));
        return { heard, frame: framed.contentDocument === null };
      },
      [stage.url, worker] as const,
    );
    assert.deepEqual(told.heard, []);
    assert.ok(told.frame, "what is in the frame is not the console");
    const detail = await stage.client("root").on("there").worker(worker);
    assert.equal(detail.status, "idle");
    assert.ok(!(await stage.truth(worker)).transcript.some((entry) => JSON.stringify(entry).includes("forged")));
    for (const [method, path] of [["POST", `/api/runtimes/there/workers/${worker}/stop`], ["DELETE", "/api/session"]] as const) {
      const answer = await sight.page.request.fetch(path, { method, headers: { origin: "http://evil.example" } });
      assert.equal(answer.status(), 403, path);
      assert.equal(((await answer.json()) as { code: string }).code, "origin_not_allowed");
    }
    await evil.close();
    await sight.close();
    server.close();
  });

  test("a sign-in that ends while one watches leads to the sign-in", LIMIT, async () => {
    const sight = await signedIn("vera");
    await sight.page.context().clearCookies();
    // the next connection is refused
    await stage.killBackend();
    await stage.startBackend();
    await sight.page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: 30_000 });
    await until("the runtime is reached", async () => (await stage.client("root").runtime("there")).link === "up");
    await sight.close();
  });
});
