// What a worker says is shown, and does nothing: no script runs, no element appears, no character reorders the page.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { CLIPBOARD, Sight, launch } from "./browser.js";
import { LIMIT, Stage, noPrograms, recording, until } from "./stage.js";

const AT = "2026-01-01T00:00:00.000Z";
const RUN = "r_01k7zzzzzz0000000000000001";

/** What runs, where it is taken for markup; each with a mark by which it is found again. */
const ATTACKS = [
  "<script>globalThis.pwned=1</script>",
  '<img src=x onerror="globalThis.pwned=1">',
  "<svg onload=globalThis.pwned=1>",
  '"><iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  "<style>*{display:none}</style><base href=//evil.example>",
  "[a link](javascript:globalThis.pwned=1) [b](data:text/html,<script>pwned=1</script>) ![p](https://evil.example/p.png)",
  "<a href=javascript:globalThis.pwned=1>c</a> <https://evil.example/auto>",
  "\u202egnisrever\u202c \u2066isolated\u2069 \u200bzero\ufeff \u0007\u001b[31mbell",
  "{{constructor.constructor('pwned=1')()}} ${pwned=1} {@html x}",
  "__proto__",
];
const HOSTILE = ATTACKS.join(" ");
/** Nesting that exhausts a parser, and lengths that exhaust a page. */
const DEEP = `${">".repeat(4000)} deep\n\n${"- ".repeat(2000)}deep\n\n${"*".repeat(3000)}x`;
const LONG = "w".repeat(150_000);
/** Of an enumeration: at most 64 bytes. */
const WORD = '<b onclick=pwned=1>\u202ex</b>"\'`';

const made = (type: string, members: object): object => ({ type, ...members, at: AT });

/** Events with something hostile in each field that a worker can fill. */
function events(text: string): object[] {
  const parts = [
    { type: "text", text },
    { type: "image", mime_type: text.slice(0, 200), data: text.slice(0, 1000) },
    { type: "image", mime_type: "image/svg+xml", data: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='parent.pwned=1'/>").toString("base64") },
    { type: "image", mime_type: "image/png", uri: "https://evil.example/p.png" },
    { type: "resource", uri: `javascript:${text}` },
    { type: "diff", path: text, old: `${text}\nsame`, new: `same\n${text}` },
    { type: "terminal", output: text, [text.slice(0, 100)]: text },
    { type: text.slice(0, 60), value: text },
  ];
  const name = text.slice(0, 2000);
  return [
    made("block_started", { block_id: "t", run_id: RUN, kind: "text" }),
    made("block_delta", { block_id: "t", text }),
    made("block_delta", { block_id: "t", text: `\n\n\`\`\`${name}\n${text}\n\`\`\`\n\n| ${name} | b |\n|---|---|\n| ${name} | ${name} |\n` }),
    made("block_finished", { block_id: "t", status: WORD }),
    made("block_started", { block_id: "k", run_id: RUN, kind: "thinking", title: name }),
    made("block_delta", { block_id: "k", text }),
    made("block_finished", { block_id: "k", status: "complete" }),
    made("block_started", { block_id: "c", run_id: RUN, kind: "tool_call", call_id: name, tool: name, title: name }),
    made("block_delta", { block_id: "c", text: JSON.stringify({ [name]: text }) }),
    made("block_finished", { block_id: "c", status: "complete" }),
    made("tool_result", { call_id: name, content: parts, is_error: true }),
    made("block_started", { block_id: "w", run_id: RUN, kind: WORD, title: name }),
    made("block_delta", { block_id: "w", text }),
    made("block_finished", { block_id: "w", status: "complete" }),
    made("plan_updated", { items: [{ content: name, status: WORD }, { content: name, status: "in_progress" }] }),
    made("usage_updated", { input_tokens: 1, output_tokens: 2, [name.slice(0, 200)]: 3, other: name }),
    made("retry_scheduled", { run_id: RUN, attempt: 2, wait_ms: 1, reason: name }),
    made("notice", { level: WORD, code: name, message: text }),
    made("extension", { namespace: name, value: { [name]: text } }),
    made("of_tomorrow", { [name]: text, html: text }),
    made(WORD, { text }),
  ];
}

/** What must not be on a page that shows such things. */
async function harmless(sight: Sight, what: string): Promise<void> {
  const found = await sight.page.evaluate(() => {
    const hidden = /[\u202a-\u202e\u2066-\u2069\u200b\ufeff\u0007\u001b]/;
    const texts = document.body.innerText;
    const attributes = [...document.querySelectorAll("body *")].flatMap((element) => [...element.attributes]);
    return {
      pwned: (globalThis as { pwned?: unknown }).pwned !== undefined,
      elements: [...document.querySelectorAll("body script, iframe, object, embed, base, body style, body link, img:not([src^='data:image/'])")].map(({ outerHTML }) => outerHTML.slice(0, 200)),
      handlers: attributes.filter(({ name }) => name.startsWith("on") || name === "srcdoc" || name === "formaction").map(({ name }) => name),
      links: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].filter(({ protocol }) => !["http:", "https:", "mailto:"].includes(protocol)).map(({ href }) => href.slice(0, 100)),
      bare: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].filter(({ origin, rel }) => origin !== location.origin && !rel.includes("noopener")).map(({ href }) => href.slice(0, 100)),
      reordered: hidden.test(texts) ? texts.slice(Math.max(texts.search(hidden) - 40, 0)).slice(0, 100) : "",
      title: hidden.test(document.title) || attributes.some(({ name, value }) => ["title", "alt", "placeholder", "aria-label"].includes(name) && hidden.test(value)),
      wide: document.documentElement.scrollWidth > innerWidth,
    };
  });
  assert.deepEqual(found, { pwned: false, elements: [], handlers: [], links: [], bare: [], reordered: "", title: false, wide: false }, what);
}

/** Unfolds what is drawn. In the page itself, since rows come and go while one scrolls. */
async function unfold(sight: Sight): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await sight.page.evaluate(() => {
      for (const button of document.querySelectorAll<HTMLElement>('[data-row] [aria-expanded="false"]')) button.click();
      for (const details of document.querySelectorAll<HTMLDetailsElement>("[data-row] details")) details.open = true;
    });
    await sight.page.waitForTimeout(60);
  }
}

describe("hostile content", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    const recordings = { hostile: recording(events(HOSTILE)), deep: recording(events(DEEP)), long: recording(events(LONG)) };
    [stage, browser] = await Promise.all([Stage.start({ recordings }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  for (const profile of ["hostile", "deep", "long"]) {
    test(`in every field that a worker fills: ${profile}`, LIMIT, async () => {
      const name = (profile === "hostile" ? HOSTILE : profile === "deep" ? DEEP : LONG).slice(0, 190);
      const worker = await stage.worker("there", { profile, display_name: name.replace(/[\u0000-\u001f]/g, ""), labels: { hostile: HOSTILE.slice(0, 120).replace(/[\u0000-\u001f]/g, "") } });
      const client = stage.client().on("there");
      const sight = await Sight.open(browser, stage.url, CLIPBOARD);
      await sight.page.goto("/");
      await sight.page.locator(`[data-worker="${worker}"]`).waitFor();
      await harmless(sight, "overview");
      await sight.show("there", worker);
      await client.input(worker, profile === "hostile" ? HOSTILE : profile === "deep" ? DEEP : LONG);
      await sight.page.locator('[data-mark="run_finished"]').waitFor();
      // what came live
      await unfold(sight);
      await harmless(sight, "live");
      assert.deepEqual(await sight.state(), await stage.truth(worker));
      // and what comes in a snapshot, from its beginning to its end
      await sight.page.reload();
      await sight.row("user_message").or(sight.row("notice")).first().waitFor();
      for (const key of ["Home", "End"]) {
        await sight.page.getByTestId("transcript").focus();
        await sight.page.keyboard.press(key);
        await sight.page.waitForTimeout(150);
        await unfold(sight);
        await harmless(sight, `snapshot, ${key}`);
      }
      if (profile === "hostile") {
        // it is there to be read, all the same
        const words = await sight.words();
        assert.ok(words.includes("<script>globalThis.pwned=1</script>"), words.slice(0, 2000));
        assert.ok(words.includes("‹U+202E›gnisrever"), words.slice(0, 2000));
      }
      await sight.close();
    });
  }

  test("in every text of every frame, whatever the server lets through", LIMIT, async () => {
    const worker = await stage.worker("there", { profile: "demo", display_name: "Changed on its way" });
    const sight = await Sight.open(browser, stage.url);
    // what carries a form, which a client refuses when it is not kept, stays
    const kept = new Set(["kind", "type", "cursor", "runtime_id", "worker_id", "run_id", "block_id", "approval_id", "call_id", "entry_id", "at", "created_at", "updated_at", "checked_at", "started_at", "time", "oldest", "link", "state"]);
    const words = new Set(["status", "trigger", "level", "outcome", "action", "worker"]);
    const changed = (value: unknown, name = ""): unknown => {
      if (typeof value === "string") return kept.has(name) ? value : words.has(name) ? WORD : HOSTILE;
      if (Array.isArray(value)) return value.map((item) => changed(item, name === "options" ? "title" : name));
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item, key)]));
    };
    let frames = 0;
    await sight.page.routeWebSocket(/\/events\/ws/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        frames += 1;
        socket.send(JSON.stringify(changed(JSON.parse(String(message)))));
      });
    });
    await sight.page.goto("/");
    await sight.page.locator(`[data-worker="${worker}"]`).waitFor();
    await harmless(sight, "overview");
    await sight.show("there", worker);
    const client = stage.client().on("there");
    await client.input(worker, "Go on.");
    for (let questions = 0; ; questions += 1) {
      const detail = await client.worker(worker);
      if (detail.run === null && questions > 0) break;
      for (const { approval_id, options } of detail.approvals) await client.approve(worker, approval_id, { option: options[0] ?? "" }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (questions % 5 === 0) await harmless(sight, "while it runs");
    }
    await until("it has all come", async () => (await sight.page.locator('[data-mark="run_finished"]').count()) > 0);
    await unfold(sight);
    await harmless(sight, "at the end");
    assert.ok(frames > 100, `${frames} frames`);
    await sight.close();
  });
});
