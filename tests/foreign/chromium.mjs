// Chromium, without a window, over the pipe of its developer tools.
//
// The page that follows is one of the server's own, since pages of others are refused; that they
// are is tried too.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { follow } from "./scenario.mjs";

const job = JSON.parse(process.argv[2]);
const folder = await mkdtemp(`${tmpdir()}/yoi-chromium-`);
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
const browser = spawn("chromium", [...flags, "--remote-debugging-pipe", `--user-data-dir=${folder}`, "about:blank"], {
  stdio: ["ignore", "ignore", process.env.YOI_CHROMIUM_LOG ? "inherit" : "ignore", "pipe", "pipe"],
});
const ended = new Promise((resolve) => browser.on("exit", resolve));
browser.on("error", (error) => {
  console.error(`chromium does not start: ${error.message}`);
  process.exit(1);
});

const waiting = new Map();
let held = "";
let asked = 0;
browser.stdio[4].setEncoding("utf8").on("data", (data) => {
  const messages = (held + data).split("\0");
  held = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.method === "Runtime.bindingCalled") console.log(message.params.payload);
    waiting.get(message.id)?.(message);
  }
});

/// One call of the developer tools' protocol.
const call = (method, params, sessionId) =>
  new Promise((resolve, reject) => {
    const id = ++asked;
    waiting.set(id, (answer) => {
      waiting.delete(id);
      answer.error ? reject(new Error(`${method}: ${answer.error.message}`)) : resolve(answer.result);
    });
    browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  });

/// Opens a page; runs an expression in it.
const page = async (url) => {
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  await call("Runtime.enable", {}, sessionId);
  await call("Runtime.addBinding", { name: "say" }, sessionId);
  if (url) await call("Page.navigate", { url }, sessionId);
  return async (expression) => {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await call("Runtime.evaluate", params, sessionId);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
};

const foreign = await page(null);
const refused = await foreign(`new Promise((resolve) => {
  const socket = new WebSocket(${JSON.stringify(job.url)});
  let opened = false;
  socket.onopen = () => { opened = true; };
  socket.onclose = ({ code }) => resolve({ opened, code });
})`);

const own = await page(new URL("/healthz", job.url.replace(/^ws/, "http")).href);
// navigation is told of before the page is there
while ((await own("location.origin")) === "null") await new Promise((resolve) => setTimeout(resolve, 10));
// as people do: the token for a cookie, which no script sees, and nothing of it in a stream's request
if (job.token !== null) {
  const signedIn = await own(`fetch("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: ${JSON.stringify(job.token)} }),
  }).then(({ status }) => [status, document.cookie])`);
  if (JSON.stringify(signedIn) !== '[200,""]') throw new Error(`signing in: ${signedIn}`);
}
const protocols = job.token === null ? "[]" : '["yoi.v1"]';
const got = await own(`(${follow})((url) => new WebSocket(url, ${protocols}), ${JSON.stringify(job)}, say)`);

await call("Browser.close").catch(() => {});
await ended;
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(JSON.stringify({ ...got, foreign: refused }));
