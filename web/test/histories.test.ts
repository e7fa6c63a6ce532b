// Whatever happens to a worker, the page has folded it to what the runtime says that it is.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { history } from "../../clients/typescript/test/histories.js";
import { Random } from "../../clients/typescript/test/random.js";
import type { State } from "../../clients/typescript/src/index.js";
import { CLIPBOARD, Sight, launch } from "./browser.js";
import { Stage, noPrograms, recording } from "./stage.js";

const HISTORIES = Number(process.env["YOI_HISTORIES"] ?? 200);
/** What a worker says itself, whatever its program says. */
const ITS_OWN = new Set(["snapshot", "status_changed", "run_started", "user_message", "run_finished"]);

describe("random histories", { skip: noPrograms ?? false }, () => {
  let stage: Stage;
  let browser: Browser;
  before(async () => {
    const recordings: Record<string, string> = {};
    for (let seed = 0; seed < HISTORIES; seed += 1) {
      recordings[`h${seed}`] = recording(history(new Random(seed)).filter(({ type }) => !ITS_OWN.has(type)));
    }
    [stage, browser] = await Promise.all([Stage.start({ recordings }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  test(`${HISTORIES} of them: the page's state is the runtime's`, { timeout: 400_000 }, async () => {
    const sight = await Sight.open(browser, stage.url, { ...CLIPBOARD, viewport: { width: 960, height: 360 } });
    const client = stage.client().on("there");
    let entries = 0;
    for (let seed = 0; seed < HISTORIES; seed += 1) {
      const worker = await stage.worker("there", { profile: `h${seed}` });
      // sometimes one watches from before the beginning, sometimes one comes in the middle, sometimes after the end
      const when = seed % 3;
      if (when === 0) await sight.show("there", worker);
      await client.input(worker, `History ${seed}`);
      if (when === 1) await sight.show("there", worker);
      let truth: State;
      do truth = await stage.truth(worker);
      while (truth.run !== null || truth.status !== "idle");
      if (when === 2) await sight.show("there", worker);
      let state = await sight.state();
      for (let tries = 0; tries < 100 && (state.run !== null || state.status !== "idle" || state.transcript.length !== truth.transcript.length); tries += 1) {
        await sight.page.waitForTimeout(20);
        state = await sight.state();
      }
      assert.deepEqual(state, truth, `seed ${seed}`);
      entries += state.transcript.length;
    }
    assert.ok(entries > HISTORIES * 5, `${entries} entries in all`);
    await sight.close();
  });
});
