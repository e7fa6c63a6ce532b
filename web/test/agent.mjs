// A program that a worker runs: it does what its input says. Kept running; speaks JSON lines.
//
//   calls N            N tool calls with results, as fast as they are taken
//   stream RATE S      text in deltas, RATE a second, for S seconds
//   hold               half a text, then a question; the rest once it is answered
//   think              reasoning, a tool call with a secret in it, a notice
//   mark TEXT          one text

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const answers = new Map();
const say = (event) =>
  new Promise((done) => {
    if (process.stdout.write(`${JSON.stringify(event)}\n`)) done();
    else process.stdout.once("drain", done);
  });
let blocks = 0;

async function text(...pieces) {
  blocks += 1;
  const block_id = `b${blocks}`;
  await say({ type: "block_started", block_id, kind: "text" });
  for (const piece of pieces) await say({ type: "block_delta", block_id, text: piece });
  await say({ type: "block_finished", block_id });
}

async function call(tool, args, content, is_error = false) {
  blocks += 1;
  const [block_id, call_id] = [`b${blocks}`, `c${blocks}`];
  await say({ type: "block_started", block_id, kind: "tool_call", call_id, tool, title: `Call ${blocks}` });
  await say({ type: "block_delta", block_id, text: JSON.stringify(args) });
  await say({ type: "block_finished", block_id });
  await say({ type: "tool_result", call_id, content, is_error });
}

const ask = (approval_id, title, options) =>
  new Promise((done) => {
    answers.set(approval_id, done);
    void say({ type: "approval_requested", approval_id, title, options });
  });

const WORDS = "The parser reads each line, keeps what it knows, and **tells** of `what` it does not; see [the page](https://example.org/a). ".split(/(?<= )/);

async function stream(rate, seconds) {
  const began = performance.now();
  const total = rate * seconds;
  let sent = 0;
  while (sent < total) {
    blocks += 1;
    const block_id = `b${blocks}`;
    await say({ type: "block_started", block_id, kind: "text" });
    // a code block every other time
    const isCode = blocks % 2 === 0;
    if (isCode) await say({ type: "block_delta", block_id, text: "```rust\n" });
    for (let piece = 0; piece < 1500 && sent < total; piece += 1, sent += 1) {
      const line = isCode ? `let value_${piece} = call(${piece});\n` : WORDS[piece % WORDS.length] + (piece % 90 === 89 ? "\n\n" : "");
      await say({ type: "block_delta", block_id, text: line });
      const due = began + (sent / rate) * 1000 - performance.now();
      if (due > 4) await sleep(due);
    }
    if (isCode) await say({ type: "block_delta", block_id, text: "```\n" });
    await say({ type: "block_finished", block_id });
  }
}

async function run(words) {
  const [what, ...rest] = words.split(" ");
  switch (what) {
    case "calls":
      for (let n = 0; n < Number(rest[0]); n += 1) await call("count", { n }, [{ type: "text", text: `result ${n}` }]);
      break;
    case "stream":
      await stream(Number(rest[0]), Number(rest[1]));
      break;
    case "hold": {
      blocks += 1;
      const block_id = `b${blocks}`;
      await say({ type: "block_started", block_id, kind: "text" });
      await say({ type: "block_delta", block_id, text: "The first half of a sen" });
      const answer = await ask(`q${blocks}`, "Shall I go on?", ["go on", "stop here"]);
      await say({ type: "block_delta", block_id, text: `tence, and its second half after "${answer}".` });
      await say({ type: "block_finished", block_id });
      break;
    }
    case "think": {
      await say({ type: "block_started", block_id: "t", kind: "thinking" });
      await say({ type: "block_delta", block_id: "t", text: "hidden-thought" });
      await say({ type: "block_finished", block_id: "t" });
      await call("look", { where: "hidden-argument" }, [{ type: "text", text: "hidden-output" }]);
      await say({ type: "notice", level: "warning", code: "careful", message: "hidden-notice" });
      await text("A public answer.");
      break;
    }
    default:
      await text(rest.join(" "));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  if (told.type === "approval_resolved") {
    answers.get(told.approval_id)?.(told.outcome);
    answers.delete(told.approval_id);
  }
  if (told.type === "cancel") process.exit(0);
  if (told.type === "input") {
    const words = told.content.map((part) => part.text ?? "").join(" ");
    // not awaited: answers come on the same input
    void run(words).then(() => say({ type: "run_finished", outcome: "completed" }));
  }
}
