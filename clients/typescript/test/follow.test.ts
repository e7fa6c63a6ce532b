// Streams against a scripted server, over both transports where both can say it.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { problemOf, YoiError } from "../src/error.js";
import { Folded } from "../src/folded.js";
import type { Follow } from "../src/follow/follow.js";
import type { FollowOptions } from "../src/follow/options.js";
import type { Update } from "../src/follow/update.js";
import type { State } from "../src/generated/protocol.js";
import type { ClientOptions } from "../src/options.js";
import { RuntimeClient } from "../src/runtime.js";
import {
  AT,
  ScriptedServer,
  Socket,
  WORKER,
  close,
  delta,
  diagnostic,
  event,
  frame,
  hold,
  ready,
  snapshot,
  type Step,
} from "./scripted.js";

const servers: ScriptedServer[] = [];
const follows: Follow<Update>[] = [];
after(async () => {
  for (const follow of follows) follow.close();
  for (const server of servers) await server.stop();
});

async function serve(scripts: Step[][], how?: Parameters<typeof ScriptedServer.start>[1]): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(scripts, how);
  servers.push(server);
  return server;
}

function follow(server: { url: string }, options: FollowOptions = {}, client: ClientOptions = {}): Follow<Update> {
  const runtime = RuntimeClient.direct({
    baseUrl: server.url,
    token: "hunter2",
    WebSocket: Socket,
    timeouts: { silence: 400 },
    ...client,
  });
  const made = runtime.follow(WORKER, options);
  follows.push(made);
  return made;
}

function word(update: Update): string {
  switch (update.type) {
    case "event":
      return update.event.type === "snapshot" ? `snapshot@${update.cursor}` : update.cursor;
    case "link":
      return `link ${update.state} lost=${update.lost}`;
    case "diagnostic":
      return `told ${update.diagnostic.code}`;
    case "disconnected":
      return `lost: ${update.reason.code}`;
    case "reconnected":
      return "back";
    default:
      return update.type;
  }
}

/** What a stream says, one word each, until it ends or has said `most` things. */
async function words(stream: Follow<Update>, most: number): Promise<string[]> {
  const said: string[] = [];
  while (said.length < most) {
    const limit = AbortSignal.timeout(10_000);
    const hangs = new Promise<never>((_, reject) => {
      limit.addEventListener("abort", () => reject(new Error(`the stream hangs after ${said.join(", ")}`)));
    });
    try {
      const item = await Promise.race([stream.next(), hangs]);
      if (item.done === true) return [...said, "end"];
      said.push(word(item.value));
    } catch (error) {
      if (!(error instanceof YoiError)) throw error;
      said.push(`error ${error.code}`);
    }
  }
  return said;
}

for (const transport of ["ws", "sse"] as const) {
  describe(`over ${transport}`, () => {
    const path = `/v1/workers/${WORKER}/events${transport === "ws" ? "/ws" : ""}`;

    test("resumes with the last cursor and drops what it has", async () => {
      const server = await serve([
        [snapshot("1"), delta("2"), ready("2"), delta("3")],
        [delta("2"), delta("3"), delta("4"), ready("4"), delta("4"), delta("5"), hold],
      ]);
      const stream = follow(server, { transport });
      const want = ["snapshot@1", "2", "ready", "3", "lost: upstream_disconnected", "back", "4", "ready", "5"];
      assert.deepEqual(await words(stream, 9), want);
      assert.equal(stream.cursor, "5");
      assert.deepEqual(server.queries, ["", "cursor=3"]);
      for (const asked of server.asked) {
        assert.equal(asked.path, path);
        if (transport === "ws") assert.equal(asked.protocols, "yoi.v1,yoi.token.aHVudGVyMg");
        else assert.equal(asked.authorization, "Bearer hunter2");
      }
    });

    test("a stream that is live is not live after a loss", async () => {
      const server = await serve([[ready("7")], [delta("8"), ready("8"), hold]]);
      await words(follow(server, { transport, mode: "live", coalesce: "off" }), 5);
      assert.deepEqual(server.queries, ["mode=live&coalesce=off", "cursor=7&coalesce=off"]);
    });

    test("stops where the server says so", async () => {
      for (const [script, want] of [
        [[ready("1"), diagnostic("worker_deleted")], ["ready", "error worker_deleted", "end"]],
        [[diagnostic("credential_expired")], ["error credential_expired", "end"]],
      ] as const) {
        const server = await serve([[...script]]);
        assert.deepEqual(await words(follow(server, { transport }), 9), want);
      }
    });

    test("a cursor that is no good is dropped, in the same connection", async () => {
      const server = await serve([[diagnostic("cursor_expired")], [snapshot("9"), ready("9"), delta("10"), hold]]);
      const said = await words(follow(server, { transport, cursor: "old" }), 6);
      // over server-sent events the diagnostic that came last says why it ended, where it ends streams
      const lost = transport === "ws" ? "lost: upstream_disconnected" : "lost: cursor_expired";
      assert.deepEqual(said, ["told cursor_expired", lost, "back", "snapshot@9", "ready", "10"]);
      assert.deepEqual(server.queries, ["cursor=old", ""]);
    });

    test("a diagnostic of long ago does not explain an ending", async () => {
      const server = await serve([[diagnostic("cursor_expired"), snapshot("9"), ready("9")], [delta("10"), hold]]);
      const said = await words(follow(server, { transport, cursor: "old" }), 6);
      assert.deepEqual(said.slice(3), ["lost: upstream_disconnected", "back", "10"]);
      assert.deepEqual(server.queries, ["cursor=old", "cursor=9"]);
    });

    test("a snapshot in the middle is delivered even at a known cursor", async () => {
      const server = await serve([
        [snapshot("1"), ready("1"), delta("2"), diagnostic("lagged"), snapshot("2"), delta("3"), hold],
      ]);
      const want = ["snapshot@1", "ready", "2", "told lagged", "snapshot@2", "3"];
      assert.deepEqual(await words(follow(server, { transport }), 6), want);
    });

    test("garbage is told and got past", async () => {
      const bad: Step = { send: '{"kind":"event","cursor":3}' };
      const server = await serve([
        [snapshot("1"), ready("1"), bad],
        [ready("1"), bad],
        [snapshot("5"), ready("5"), transport === "ws" ? { binary: true } : bad],
        [bad],
        [{ send: "not JSON" }],
      ]);
      const said = await words(follow(server, { transport }), 50);
      assert.equal(said.filter((w) => w === "lost: runtime_protocol_error").length, 4, said.join());
      assert.deepEqual(said.slice(-2), ["error runtime_protocol_error", "end"]);
      // first after the last cursor, and when that brings the same, without
      assert.deepEqual(server.queries.slice(0, 3), ["", "cursor=1", ""]);
    });

    test("what it does not know is passed on or ignored", async () => {
      const novel = { type: "of_tomorrow", at: AT, n: [1, { deep: null }] };
      const server = await serve([
        [
          frame("of_tomorrow", null),
          event("1", novel),
          frame("link", "1", { state: "down", lost: false }),
          frame("heartbeat", "1", { worker: "running", link: "up", lag_events: 0, oldest: null }),
          delta("2"),
          hold,
        ],
      ]);
      const stream = follow(server, { transport });
      const first = await stream.next();
      assert.deepEqual(first.value, { type: "event", cursor: "1", event: novel });
      assert.deepEqual(await words(stream, 3), ["link down lost=false", "heartbeat", "2"]);
    });

    test("a snapshot of many mebibytes passes", async () => {
      const server = await serve([[snapshot("1", 20 << 20), ready("1"), hold]]);
      const stream = follow(server, { transport }, { timeouts: { silence: 10_000 } });
      assert.deepEqual(await words(stream, 2), ["snapshot@1", "ready"]);
    });

    test("silence is a dead connection", async () => {
      const server = await serve([[ready("1"), hold], [ready("1"), hold]]);
      const said = await words(follow(server, { transport }), 4);
      assert.deepEqual(said, ["ready", "lost: runtime_timeout", "back", "ready"]);
    });

    test("the first connection fails or is tried again as asked", async () => {
      const nobody = follow({ url: "http://127.0.0.1:1" }, { transport });
      assert.deepEqual(await words(nobody, 9), ["error runtime_unavailable", "end"]);
      // refused for a while: tried again, and the wait grows
      const busy: Step[] = [{ refuse: 503, body: "" }];
      const server = await serve([busy, busy, busy, [ready("1"), hold]]);
      const waits: number[] = [];
      for await (const update of follow(server, { transport, first: "retry" })) {
        if (update.type !== "disconnected") break;
        assert.equal(update.reason.code, "runtime_unavailable");
        waits.push(update.retryInMs);
      }
      assert.equal(waits.length, 3);
      waits.forEach((wait, n) => assert.ok(wait >= 100 * 2 ** n && wait <= 200 * 2 ** n, waits.join()));
      // refused for good
      const body = JSON.stringify(problemOf("unauthenticated", "no"));
      const closed = await serve([[{ refuse: 401, body }]]);
      const said = await words(follow(closed, { transport, first: "retry" }), 9);
      assert.deepEqual(said, ["error unauthenticated", "end"]);
    });

    test("waits as long as the server asks", async () => {
      const body = JSON.stringify({ ...problemOf("overloaded", "full"), retry_after_ms: 700 });
      const server = await serve([[{ refuse: 503, body }], [ready("1"), hold]]);
      const stream = follow(server, { transport, first: "retry" });
      const { value } = await stream.next();
      assert.ok(value?.type === "disconnected" && value.retryInMs >= 700 && value.retryInMs <= 800);
      const before = performance.now();
      assert.deepEqual(await words(stream, 1), ["ready"]);
      assert.ok(performance.now() - before >= value.retryInMs - 20);
    });

    test("ends with the loop, the signal or `close`, and hangs nowhere", async () => {
      const script = [ready("1"), hold];
      const server = await serve([script, script, script, script]);
      for await (const update of follow(server, { transport })) {
        assert.equal(update.type, "ready");
        break;
      }
      // while it waits for the server
      const closing = follow(server, { transport });
      await closing.next();
      const waiting = closing.next();
      closing.close();
      assert.deepEqual(await waiting, { done: true, value: undefined });
      const controller = new AbortController();
      const aborted = follow(server, { transport, signal: controller.signal });
      await aborted.next();
      const rejected = assert.rejects(aborted.next(), /enough/);
      controller.abort(new Error("enough"));
      await rejected;
      assert.deepEqual(await aborted.next(), { done: true, value: undefined });
      // while it waits to connect again, and before it began
      const retry = follow({ url: "http://127.0.0.1:1" }, { transport, first: "retry" });
      await retry.next();
      const asleep = retry.next();
      retry.close();
      assert.equal((await asleep).done, true);
      const never = follow(server, { transport, signal: AbortSignal.abort(new Error("too late")) });
      await assert.rejects(never.next(), /too late/);
    });

    test("a connection that brought something begins the waits anew, one that did not does not", async () => {
      const good = (n: number): Step[] => [ready(String(n)), delta(String(n + 1))];
      const bad: Step[] = [ready("8")];
      const server = await serve([good(1), good(3), good(5), good(7), bad, bad, bad, [ready("8"), hold]]);
      const waits: number[] = [];
      for await (const update of follow(server, { transport })) {
        if (update.type === "disconnected") waits.push(update.retryInMs);
        if (waits.length === 7) break;
      }
      // the one after the last good connection is the first of those that grow
      waits.slice(0, 4).forEach((wait) => assert.ok(wait <= 200, waits.join()));
      waits.slice(4).forEach((wait, n) => assert.ok(wait >= 200 * 2 ** n && wait <= 400 * 2 ** n, waits.join()));
    });

    test("a signal that outlives its streams does not keep them", async () => {
      const { signal } = new AbortController();
      const server = await serve(Array.from({ length: 3 }, () => [ready("1"), hold]));
      for (let n = 0; n < 3; n += 1) {
        for await (const _ of follow(server, { transport, signal })) break;
      }
      assert.equal(getEventListeners(signal, "abort").length, 0);
    });

    test("a machine that slept looks at what came before it gives a connection up", async () => {
      const server = await serve([[ready("1"), { pause: 100 }, delta("2"), hold]]);
      const stream = follow(server, { transport });
      assert.deepEqual(await words(stream, 1), ["ready"]);
      const next = words(stream, 1);
      // the timer that waits for this is late by then, and what came waits in the kernel
      const asleep = performance.now() + 1600;
      await sleep(50);
      while (performance.now() < asleep);
      assert.deepEqual(await next, ["2"]);
    });

    test("whoever reads twice at once gets each thing once", async () => {
      const server = await serve([[snapshot("1"), delta("2"), delta("3"), hold]]);
      const stream = follow(server, { transport });
      const items = await Promise.all([stream.next(), stream.next(), stream.next()]);
      assert.deepEqual(
        items.map((item) => (item.done === true ? "end" : word(item.value))),
        ["snapshot@1", "2", "3"],
      );
    });

    test("a reader that is late loses nothing, and its memory is bounded", async () => {
      const count = 3000;
      const deltas = Array.from({ length: count }, (_, n) => delta(String(n + 2)));
      // what the server sends on a connection that resumes
      const after = (n: number): Step[] => [...deltas.slice(n - 1), ready(String(count + 1)), hold];
      const server = await serve([[snapshot("1"), ...after(1)]]);
      const stream = follow(server, { transport, maxQueuedFrames: 100 }, { timeouts: { silence: 5000 } });
      const seen: string[] = [];
      const first = await stream.next();
      assert.equal(first.value?.type, "event");
      await sleep(300);
      for await (const update of stream) {
        if (update.type === "event") seen.push(update.cursor);
        if (update.type === "ready") break;
        if (update.type === "disconnected") {
          assert.equal(update.reason.code, "slow_consumer");
          assert.equal(update.retryInMs, 0);
          server.add(after(Number(stream.cursor)));
        }
      }
      assert.deepEqual(seen, deltas.map((_, n) => String(n + 2)));
      if (transport === "ws") assert.ok(server.queries.length > 1, "the queue was never full");
      else assert.equal(server.queries.length, 1, "over server-sent events the server waits");
    });
  });
}

describe("over ws only", () => {
  const transport = "ws";

  test("a bare close code is obeyed", async () => {
    for (const [script, want] of [
      [[ready("1"), close(4404)], ["ready", "error worker_not_found", "end"]],
      [[ready("1"), diagnostic("worker_deleted"), close(4404)], ["ready", "error worker_deleted", "end"]],
      [[close(4400)], ["error bad_request", "end"]],
    ] as const) {
      const server = await serve([[...script]]);
      assert.deepEqual(await words(follow(server, { transport }), 9), want);
    }
  });

  test("a cursor that is no good is dropped by close code, with and without the diagnostic before it", async () => {
    for (const first of [[diagnostic("cursor_unknown"), close(4409)], [close(4410)]]) {
      const server = await serve([first, [snapshot("9"), ready("9"), hold]]);
      const said = await words(follow(server, { transport, cursor: "old", onGap: "close" }), 4);
      assert.ok(said.includes("snapshot@9"), said.join());
      assert.deepEqual(server.queries, ["cursor=old&on_gap=close", "on_gap=close"]);
    }
  });

  test("frames longer than the queue pass, and what does not fit behind them is asked for again", async () => {
    const long = [snapshot("1", 50_000), snapshot("2", 50_000)];
    const server = await serve([[diagnostic("runtime_unavailable"), ...long, delta("3"), hold], [delta("3"), hold]]);
    const stream = follow(server, { transport, maxQueuedLength: 1000 });
    await stream.next();
    await sleep(100);
    const said = await words(stream, 5);
    assert.deepEqual(said, ["snapshot@1", "snapshot@2", "lost: slow_consumer", "back", "3"]);
    assert.deepEqual(server.queries, ["", "cursor=2"]);
  });

  test("an upgrade that is refused without a reason is told so", async () => {
    const server = await serve([[{ refuse: 400, body: "{}" }]], {
      answer: (_asked, response) => {
        response.end("{}");
        return true;
      },
    });
    const stream = follow(server, { transport });
    await assert.rejects(stream.next(), (error: YoiError) => error.kind === "connect" && /400/.test(error.message));
    assert.ok(!server.asked.some((asked) => asked.query.includes("hunter2")));
  });

  test("needs a WebSocket, and says where to get one", () => {
    if ("WebSocket" in globalThis) return;
    const options = { baseUrl: "http://127.0.0.1:1", transport } as const;
    const isTold = (error: YoiError): boolean => error.kind === "invalid_option" && /`ws`.*Node 22.*sse/.test(error.message);
    assert.throws(() => RuntimeClient.direct(options), isTold);
    const client = RuntimeClient.direct({ baseUrl: "http://127.0.0.1:1" });
    assert.throws(() => client.follow(WORKER, { transport }), /WebSocket/);
  });
});

describe("over whatever there is", () => {
  test("takes a WebSocket where there is one, and goes on with it after a loss", async () => {
    const server = await serve([[ready("1"), close(1001)], [{ refuse: 503, body: "" }], [ready("1"), hold]]);
    const said = await words(follow(server), 5);
    assert.deepEqual(said, ["ready", "lost: going_away", "lost: runtime_unavailable", "back", "ready"]);
    assert.ok(server.asked.every((asked) => asked.stream !== "sse"));
  });

  test("goes on over server-sent events where no WebSocket gets through", async () => {
    const server = await serve([[ready("1")], [ready("1"), hold]], { upgrades: false });
    assert.deepEqual(await words(follow(server), 4), ["ready", "lost: upstream_disconnected", "back", "ready"]);
    // asked for a WebSocket once: what went round it is what it goes on with
    assert.deepEqual(server.asked.map((asked) => asked.path.endsWith("/ws")), [true, false, false]);
  });

  test("does without one where there is none", async () => {
    if ("WebSocket" in globalThis) return;
    const server = await serve([[ready("1"), hold]]);
    const stream = follow(server, {}, { WebSocket: undefined });
    assert.deepEqual(await words(stream, 1), ["ready"]);
    assert.equal(server.asked[0]?.stream, "sse");
  });
});

test("folds from the first snapshot on", async () => {
  const notice = { type: "notice", level: "info", code: "c", message: "m", at: AT };
  const folded = new Folded();
  folded.event(notice);
  assert.ok(folded.state === undefined);
  const server = await serve([[snapshot("1"), hold]]);
  const { value } = await follow(server).next();
  assert.ok(value);
  folded.update(value);
  folded.event(notice);
  const { state } = folded as { state: State | undefined };
  assert.equal(state?.transcript.length, 1);
  assert.equal(state.usage.input_tokens, 1);
});
