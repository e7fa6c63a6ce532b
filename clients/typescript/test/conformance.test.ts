// This client against a real server: what it folds is what the server's fresh snapshot is, whatever happens between.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Folded } from "../src/folded.js";
import type { FollowOptions } from "../src/follow/options.js";
import type { Update } from "../src/follow/update.js";
import type { WorkerId } from "../src/generated/protocol.js";
import type { RuntimeClient } from "../src/runtime.js";
import { Random } from "./random.js";
import { CuttingProxy, RuntimeProcess, SERVERS, TRANSPORTS, noProcess, noServer, type TestServer } from "./servers.js";
import { LIMIT, SPEECH, codeIs, converged, fresh, label, make, play } from "./play.js";
import { Watcher } from "./watcher.js";

after(() => Watcher.stopAll());

for (const [name, start] of SERVERS) describe(name, { skip: noServer ?? false }, () => {
  let server: TestServer;
  let client: RuntimeClient;
  before(async () => {
    server = await start();
    client = server.client();
  });
  after(() => server.stop());

  test("answers every request", LIMIT, async () => {
    const info = await client.info();
    assert.ok(info.profiles.some((profile) => profile.name === "echo"));
    const labels = label();
    const made = await client.create({ profile: "echo", display_name: "First & last", labels });
    assert.equal(made.display_name, "First & last");
    const again = await client.create({ profile: "echo", display_name: "First & last", labels, worker_id: made.worker_id }).catch((e: unknown) => e);
    assert.ok(codeIs("worker_exists")(again) || (again as { worker_id?: string }).worker_id === made.worker_id);
    assert.equal((await client.worker(made.worker_id)).worker_id, made.worker_id);

    const watcher = new Watcher(client.follow(made.worker_id));
    const input = { content: [{ type: "text" as const, text: "hello there" }], idempotency_key: "k1" };
    const { run_id } = await client.input(made.worker_id, input);
    assert.equal((await client.input(made.worker_id, input)).run_id, run_id);
    await watcher.until("it has answered", (w) => w.folded.state?.status === "idle" && w.state.transcript.length >= 2);
    await converged(client, made.worker_id, "ws", watcher);
    for (let n = 0; n < 3; n += 1) await play(client, made.worker_id, watcher, `again ${n}`);

    // back through the transcript, page by page
    const entries = [];
    for (let before: string | undefined; ; ) {
      const page = await client.transcript(made.worker_id, { limit: 3, before });
      entries.unshift(...page.entries);
      before = page.before;
      if (before === undefined) break;
    }
    assert.deepEqual(entries, watcher.state.transcript);

    await client.input(made.worker_id, SPEECH.repeat(20));
    await assert.rejects(client.input(made.worker_id, "too soon"), codeIs("worker_busy"));
    await client.cancel(made.worker_id);
    await watcher.until("it is cancelled", (w) => w.state.run === null);
    await client.stop(made.worker_id);
    await watcher.until("it is stopped", (w) => w.state.status === "stopped");
    await assert.rejects(client.input(made.worker_id, "hello?"), codeIs("worker_stopped"));
    await client.resume(made.worker_id);
    await watcher.until("it is resumed", (w) => w.state.status === "idle");
    await converged(client, made.worker_id, "ws", watcher);
    await client.stop(made.worker_id);
    await client.delete(made.worker_id);
    assert.ok(codeIs("worker_deleted")(await watcher.ended()), String(watcher.error));
    await assert.rejects(client.worker(made.worker_id), codeIs("worker_not_found"));
    await assert.rejects(client.create({ profile: "no-such" }), codeIs("profile_not_found"));
    await assert.rejects(client.create({ profile: "echo", misspelt: 1 } as object), codeIs("invalid_input"));
  });

  test("lists every worker once, page by page", LIMIT, async () => {
    const labels = label();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await make(client, "echo", labels));
    const listed: string[] = [];
    for await (const worker of client.workers({ labels }, 2)) listed.push(worker.worker_id);
    assert.deepEqual(listed, [...ids].sort());
    const pages = [];
    for await (const page of client.workers({ labels, status: "idle" }, 2).pages()) pages.push(page.workers.length);
    assert.deepEqual(pages.filter((n) => n > 0), [2, 2, 1]);
    assert.deepEqual((await client.list({ labels: { ...labels, more: "none" } })).workers, []);
  });

  for (const transport of TRANSPORTS) {
    describe(`watched over ${transport}`, () => {
      const watch = (worker: WorkerId, options: FollowOptions = {}, folded?: Folded): Watcher =>
        new Watcher(client.follow(worker, { transport, ...options }), folded);

      test("a recorded session folds to what a fresh snapshot is, whenever one attaches", LIMIT, async () => {
        const worker = await make(client, "demo");
        const whole = watch(worker, { coalesce: "off" });
        const merged = watch(worker);
        await whole.until("the snapshot has come", (w) => w.folded.state !== undefined);
        // one that attaches anew again and again, in the middle of whatever is said
        const late: Watcher[] = [];
        let on = true;
        const attaching = (async () => {
          while (on) {
            late.push(watch(worker));
            // ever more slowly: on a slow machine the session takes longer, and all of them are in this process
            await sleep(60 + 10 * late.length);
          }
        })();
        await play(client, worker, whole, "The nightly build fails. Fix it.");
        on = false;
        await attaching;
        assert.ok(late.length > 3);
        const { atHead } = await converged(client, worker, transport, whole, merged, ...late);
        assert.ok(atHead, "the server's own fold is what it was compared with");
        assert.ok(whole.state.transcript.some((entry) => entry.kind === "tool_call"));
        assert.ok(whole.words.includes("ready") && !whole.words.some((word) => word.startsWith("lost")), whole.words.join(", "));
        for (const watcher of [whole, merged, ...late]) await watcher.stop();
      });

      test("whoever leaves and comes back with the cursor misses nothing", LIMIT, async ({ signal }) => {
        const worker = await make(client, "demo");
        const whole = watch(worker, { coalesce: "off" });
        await whole.until("the snapshot has come", (w) => w.folded.state !== undefined);
        const random = new Random(11);
        const folded = new Folded();
        const cursors: string[] = [];
        let [cursor, on, visits]: [string | undefined, boolean, number] = [undefined, true, 0];
        const visiting = (async () => {
          while (on) {
            visits += 1;
            let left = 1 + random.below(12);
            const follow = client.follow(worker, { transport, coalesce: "off", cursor, signal });
            for await (const update of follow) {
              folded.update(update);
              if (update.type !== "event") continue;
              cursor = update.cursor;
              if (update.event.type !== "snapshot") cursors.push(update.cursor);
              left -= 1;
              if (left <= 0 || !on) break;
              // nothing may come after this
              if (folded.state?.status === "idle" && cursors.length > 20) break;
            }
            if (folded.state?.status === "idle" && cursors.length > 20) return;
          }
        })();
        await play(client, worker, whole);
        await visiting;
        on = false;
        const last = watch(worker, { coalesce: "off", cursor }, folded);
        await converged(client, worker, transport, whole, last);
        assert.deepEqual([...cursors, ...last.cursors], whole.cursors);
        assert.ok(visits > 5, `${visits} visits`);
        for (const watcher of [whole, last]) await watcher.stop();
      });

      test("a network that cuts every connection loses nothing", LIMIT, async () => {
        const proxy = await CuttingProxy.start(server.url, transport.length, 12_000);
        const cut = server.client({ baseUrl: proxy.url });
        const worker = await make(client, "demo");
        const whole = watch(worker, { coalesce: "off" });
        await whole.until("the snapshot has come", (w) => w.folded.state !== undefined);
        const watcher = new Watcher(cut.follow(worker, { transport, coalesce: "off", first: "retry" }));
        await watcher.until("the snapshot has come", (w) => w.folded.state !== undefined);
        await play(client, worker, whole);
        proxy.kind = true;
        await converged(client, worker, transport, whole, watcher);
        assert.ok(proxy.cuts > 2, `${proxy.cuts} cuts`);
        assert.ok(watcher.words.includes("reconnected"));
        // resumed by cursor, not by snapshot: each event once, in order
        assert.deepEqual(watcher.cursors, whole.cursors.slice(-watcher.cursors.length));
        assert.ok(watcher.words.filter((word) => word === "snapshot").length >= 1);
        for (const w of [whole, watcher]) await w.stop();
        await proxy.stop();
      });

      test("a reader that is slow has everything in the end, in bounded memory", LIMIT, async () => {
        const worker = await make(client);
        const whole = watch(worker, { coalesce: "off" });
        await whole.until("the snapshot has come", (w) => w.folded.state !== undefined);
        const slow = async (): Promise<void> => void (await sleep(3));
        const options: FollowOptions = { transport, maxQueuedFrames: 20 };
        const one = new Watcher(client.follow(worker, { ...options, coalesce: "off" }), new Folded(), slow);
        const merged = new Watcher(client.follow(worker, options), new Folded(), slow);
        await one.until("the snapshot has come", (w) => w.words.includes("ready"));
        for (let n = 0; n < 4; n += 1) await play(client, worker, whole, SPEECH);
        await converged(client, worker, transport, whole, one, merged);
        assert.deepEqual(one.cursors, whole.cursors);
        if (transport === "ws") assert.ok(one.words.includes("lost slow_consumer"), one.words.join());
        else assert.ok(!one.words.includes("lost slow_consumer"));
        for (const watcher of [whole, one, merged]) await watcher.stop();
      });

      test("a cursor that is no good is told, and got past as asked", LIMIT, async () => {
        const worker = await make(client);
        const other = await make(client);
        const watcher = watch(worker);
        await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
        await play(client, worker, watcher, "hello");
        await converged(client, worker, transport, watcher);
        const good = watcher.follow.cursor ?? "";
        const altered = (good.startsWith("A") ? "B" : "A") + good.slice(1);
        const ofOther = (await fresh(client, other, transport)).cursor;
        for (const cursor of [altered, ofOther, "nonsense"]) {
          const here = watch(worker, { cursor });
          await here.until("it is got past", (w) => w.words.includes("ready"));
          assert.deepEqual(here.words.filter((word) => word !== "heartbeat"), ["cursor_unknown", "snapshot", "ready"]);
          const anew = watch(worker, { cursor, onGap: "close" });
          await anew.until("it is got past", (w) => w.words.includes("ready"));
          const said = anew.words.filter((word) => word !== "heartbeat");
          assert.deepEqual(said, ["cursor_unknown", "lost cursor_unknown", "reconnected", "snapshot", "ready"]);
          await converged(client, worker, transport, here, anew);
          for (const w of [here, anew]) await w.stop();
        }
        const back = watch(worker, { cursor: good, onGap: "close" });
        await back.until("it is ready", (w) => w.words.includes("ready"));
        assert.ok(!back.words.includes("snapshot"));
        for (const w of [watcher, back]) await w.stop();
      });

      test("live is what happens from now on, and nothing before", LIMIT, async () => {
        const worker = await make(client);
        const watcher = watch(worker);
        await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
        await play(client, worker, watcher, "before");
        const before = watcher.cursors.length;
        const live = watch(worker, { mode: "live", coalesce: "off" });
        await live.until("it is ready", (w) => w.words.includes("ready"));
        assert.deepEqual([live.cursors, live.folded.state], [[], undefined]);
        await play(client, worker, watcher, "after");
        await live.until("it has what came", (w) => w.follow.cursor === watcher.follow.cursor);
        assert.ok(live.cursors.length > 3 && before > 3);
        for (const w of [watcher, live]) await w.stop();
      });

      test("no such worker ends the stream, with its code", LIMIT, async () => {
        const stream = client.follow("w_01k7zzzzzz0000000000000007", { transport, first: "retry" });
        const watcher = new Watcher(stream);
        assert.ok(codeIs("worker_not_found")(await watcher.ended()), String(watcher.error));
      });
    });
  }
});

describe("a runtime of our own", { skip: noProcess ?? false }, () => {
  for (const transport of TRANSPORTS) {
    test(`killed again and again under whoever watches over ${transport}, it loses nothing that was told`, LIMIT, async () => {
      const runtime = await RuntimeProcess.start();
      try {
        const client = runtime.client();
        const worker = await make(client, "slow");
        const watcher = new Watcher(client.follow(worker, { transport, coalesce: "off" }));
        await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
        for (let round = 0; round < 4; round += 1) {
          const before = watcher.cursors.length;
          await client.input(worker, SPEECH);
          await watcher.until("it speaks", (w) => w.cursors.length > before + 8 + round * 5);
          await runtime.kill();
          await sleep(150 * round);
          await runtime.restart();
          await watcher.until("the run is over", (w) => w.state.run === null && w.state.status === "idle");
          await converged(client, worker, transport, watcher);
        }
        assert.equal(new Set(watcher.cursors).size, watcher.cursors.length, "nothing came twice");
        assert.ok(watcher.words.filter((word) => word === "reconnected").length >= 4, watcher.words.join());
        assert.deepEqual(watcher.words.filter((word) => word === "snapshot"), ["snapshot"], "it resumed, and did not begin anew");
        const interrupted = watcher.state.transcript.filter((entry) => entry.status === "interrupted");
        assert.equal(interrupted.length, 4);
        await watcher.stop();
      } finally {
        await runtime.stop();
      }
    });
  }

  test("a cursor that is older than what is kept is told, and got past as asked", LIMIT, async () => {
    const forgetful = await RuntimeProcess.start(["--log-max-events", "64", "--retention-size", "64KiB", "--segment-size", "64KiB"]);
    try {
      const client = forgetful.client();
      const worker = await make(client);
      const watcher = new Watcher(client.follow(worker, { coalesce: "off" }));
      await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
      const { cursor } = watcher.follow;
      for (let n = 0; n < 6; n += 1) await play(client, worker, watcher, SPEECH.repeat(2));
      for (const onGap of ["snapshot", "close"] as const) {
        const late = new Watcher(client.follow(worker, { cursor, onGap }));
        await late.until("it is got past", (w) => w.words.includes("ready"));
        assert.ok(late.words.includes("cursor_expired"), late.words.join());
        assert.equal(late.words.includes("lost cursor_expired"), onGap === "close");
        await converged(client, worker, "ws", late, watcher);
        await late.stop();
      }
      await watcher.stop();
    } finally {
      await forgetful.stop();
    }
  });

  test("a token lets in, and who has none is told so and not tried again", LIMIT, async () => {
    const runtime = await RuntimeProcess.start([], { YOI_TOKEN: "hunter2-hunter2-hunter2-hunter2" });
    try {
      const client = runtime.client({ token: "hunter2-hunter2-hunter2-hunter2" });
      const worker = await make(client);
      for (const transport of ["auto", "sse"] as const) {
        const watcher = new Watcher(client.follow(worker, { transport }));
        await watcher.until("it is let in", (w) => w.words.includes("ready"));
        await watcher.stop();
      }
      for (const stranger of [runtime.client(), runtime.client({ token: "wrong" })]) {
        await assert.rejects(stranger.worker(worker), codeIs("unauthenticated"));
        for (const transport of ["auto", "ws", "sse"] as const) {
          const watcher = new Watcher(stranger.follow(worker, { transport, first: "retry" }));
          assert.ok(codeIs("unauthenticated")(await watcher.ended()), `${transport}: ${String(watcher.error)}`);
          assert.deepEqual(watcher.words, []);
        }
      }
    } finally {
      await runtime.stop();
    }
  });

  test("says that it is alive, and ends in order", LIMIT, async () => {
    const runtime = await RuntimeProcess.start();
    try {
      const client = runtime.client();
      const worker = await make(client);
      const beats: Update[] = [];
      for (const transport of TRANSPORTS) {
        for await (const update of client.follow(worker, { transport })) {
          if (update.type !== "heartbeat") continue;
          beats.push(update);
          assert.deepEqual([update.heartbeat.worker, update.heartbeat.link, update.heartbeat.lag_events], ["idle", "up", 0]);
          break;
        }
      }
      assert.equal(beats.length, 2);
    } finally {
      await runtime.stop();
    }
  });
});
