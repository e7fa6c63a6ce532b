// 500 deltas a second on one worker, for as long as it takes: the page keeps its frames, and its memory stays bounded.
// `make soak` runs it. SOAK_SECONDS says how long, 600 by default.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Sight, launch } from "./browser.js";
import { Stage, noPrograms } from "./stage.js";

const SECONDS = Number(process.env["SOAK_SECONDS"] ?? 600);
const RATE = 500;
/** Of each of these a figure is told. */
const WINDOW_SECONDS = Math.min(30, SECONDS);
const MAX_HEAP_BYTES = 256 << 20;

if (noPrograms !== undefined) throw new Error(noPrograms);
const [stage, browser] = await Promise.all([Stage.start(), launch()]);
try {
  const worker = await stage.worker("there", { profile: "agent" });
  const sight = await Sight.open(browser, stage.url);
  await sight.show("there", worker);
  const session = await sight.page.context().newCDPSession(sight.page);
  // time of the page's own thread: how much of each second it works, whatever else this machine does
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  let workedBefore = 0;
  await stage.client().on("there").input(worker, `stream ${RATE} ${SECONDS + 5}`);
  await sleep(2000);
  const rates: number[] = [];
  const heaps: number[] = [];
  for (let passed = 0; passed < SECONDS; passed += WINDOW_SECONDS) {
    const frames = await sight.page.evaluate(async (ms) => {
      const end = performance.now() + ms;
      let frames = 0;
      while (performance.now() < end) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        frames += 1;
      }
      return frames;
    }, WINDOW_SECONDS * 1000);
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
    rates.push(frames / WINDOW_SECONDS);
    heaps.push(heap);
    const nodes = metrics.find(({ name }) => name === "Nodes")?.value ?? 0;
    const worked = (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) - workedBefore;
    workedBefore += worked;
    const busy = Math.round((worked / WINDOW_SECONDS) * 100);
    console.log(`${passed + WINDOW_SECONDS} s: ${(frames / WINDOW_SECONDS).toFixed(1)} frames a second, ${(heap / 2 ** 20).toFixed(1)} MiB, ${nodes} nodes, at work ${busy}% of the time`);
  }
  const middle = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
  assert.ok(middle >= 50, `half of the time less than ${middle.toFixed(1)} frames a second`);
  for (const heap of heaps) assert.ok(heap < MAX_HEAP_BYTES, `${heap} bytes`);
  await sight.close();
} finally {
  await browser.close();
  await stage.stop();
}
process.exit(0);
