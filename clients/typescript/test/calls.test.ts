// Calls against a server that answers what each test says; what a real one answers is tested in `conformance`.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { after, describe, test } from "node:test";
import { YoiError, problemOf } from "../src/error.js";
import { FoldedWorkspace } from "../src/folded.js";
import type { RuntimeRow, WorkerSummary, WorkspaceEvent, WorkspaceState } from "../src/generated/protocol.js";
import type { ClientOptions } from "../src/options.js";
import { RuntimeClient } from "../src/runtime.js";
import { applyWorkspace, initialWorkspace } from "../src/workspace.js";
import { WorkspaceClient } from "../src/workspace-client.js";
import { Random } from "./random.js";
import { AT, ScriptedServer, Socket, WORKER, delta, hold, type Step } from "./scripted.js";

const TICKET = "00001KVZKSTJT";
const servers: ScriptedServer[] = [];
after(async () => {
  for (const server of servers) await server.stop();
});

/** A server that answers everything with `status` and `body`; nothing at all where there is no status. */
async function canned(status: number | undefined, body = "", scripts: Step[][] = []): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(scripts, {
    answer: (_asked, response) => {
      if (status !== undefined) response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(body);
      return true;
    },
  });
  servers.push(server);
  return server;
}

const options = (server: { url: string }, more: ClientOptions = {}): ClientOptions => ({
  baseUrl: `${server.url}/prefix`,
  token: "hunter2",
  timeouts: { request: 500 },
  maxAnswerBytes: 1 << 16,
  ...more,
});
const runtimeOf = (server: { url: string }, more?: ClientOptions): RuntimeClient => RuntimeClient.direct(options(server, more));
const workspaceOf = (server: { url: string }, more?: ClientOptions): WorkspaceClient => new WorkspaceClient(options(server, more));
const ok = JSON.stringify({ workers: [] });

describe("calls", () => {
  test("go where they belong, with what they say", async () => {
    const server = await canned(200, '{"run_id":"r","workers":[],"runtimes":[{"runtime_id":"a"}]}');
    const [runtime, workspace] = [runtimeOf(server), workspaceOf(server)];
    const labels = { team: "a&b", x: "y" };
    const cases: [() => Promise<unknown>, string, string?][] = [
      [() => runtime.info(), "GET /v1/runtime"],
      [() => runtime.list({ status: "idle", labels }, { limit: 5, page: "p" }), "GET /v1/workers?status=idle&label=team%3Da%26b&label=x%3Dy&limit=5&page=p"],
      [() => runtime.create({ profile: "echo" }), "POST /v1/workers", '{"profile":"echo"}'],
      [() => runtime.create(), "POST /v1/workers", "{}"],
      [() => runtime.worker(WORKER), `GET /v1/workers/${WORKER}`],
      [() => runtime.delete(WORKER), `DELETE /v1/workers/${WORKER}`],
      [() => runtime.input(WORKER, "hi"), `POST /v1/workers/${WORKER}/input`, '{"content":[{"type":"text","text":"hi"}]}'],
      [() => runtime.input(WORKER, { content: [], idempotency_key: "k" }), `POST /v1/workers/${WORKER}/input`, '{"content":[],"idempotency_key":"k"}'],
      [() => runtime.cancel(WORKER), `POST /v1/workers/${WORKER}/cancel`],
      [() => runtime.stop(WORKER), `POST /v1/workers/${WORKER}/stop`],
      [() => runtime.resume(WORKER), `POST /v1/workers/${WORKER}/resume`],
      [() => runtime.approve(WORKER, "a/../1", { option: "allow" }), `POST /v1/workers/${WORKER}/approvals/a%2F..%2F1`, '{"option":"allow"}'],
      [() => runtime.transcript(WORKER, { limit: 2, before: "b" }), `GET /v1/workers/${WORKER}/transcript?limit=2&before=b`],
      [() => workspace.session(), "GET /api/session"],
      [() => workspace.signIn("secret"), "POST /api/session", '{"token":"secret"}'],
      [() => workspace.signOut(), "DELETE /api/session"],
      [() => workspace.runtimes(), "GET /api/runtimes"],
      [() => workspace.runtime("build-box"), "GET /api/runtimes/build-box"],
      [() => workspace.list({ runtime: "build-box" }), "GET /api/workers?runtime=build-box"],
      [() => workspace.plugins(), "GET /api/plugins"],
      [() => workspace.tickets.list(), "GET /api/tickets"],
      [() => workspace.tickets.list({ state: "ready", text: "a&b", blocked: true, assignee: "hare" }), "GET /api/tickets?state=ready&text=a%26b&blocked=true&assignee=hare"],
      [() => workspace.tickets.ticket(TICKET), `GET /api/tickets/${TICKET}`],
      [() => workspace.tickets.ticket("a/b"), "GET /api/tickets/a%2Fb"],
      [() => workspace.tickets.create({ title: "t", risk_flags: ["scope"] }), "POST /api/tickets", '{"title":"t","risk_flags":["scope"]}'],
      [() => workspace.tickets.say(TICKET, { kind: "comment", body: "b" }), `POST /api/tickets/${TICKET}/events`, '{"kind":"comment","body":"b"}'],
      [() => workspace.tickets.move(TICKET, { to: "ready", reason: "r", revision: "1" }), `POST /api/tickets/${TICKET}/state`, '{"to":"ready","reason":"r","revision":"1"}'],
      [() => workspace.tickets.relate(TICKET, { kind: "blocks", target: "x" }), `POST /api/tickets/${TICKET}/relations`, '{"kind":"blocks","target":"x"}'],
      [() => workspace.tickets.unrelate(TICKET, "blocks", "x"), `DELETE /api/tickets/${TICKET}/relations/blocks/x`],
      [() => workspace.on("build-box").info(), "GET /api/runtimes/build-box"],
      [() => workspace.on("a.b_c").create(), "POST /api/runtimes/a.b_c/workers", "{}"],
      [() => workspace.on("build-box").cancel(WORKER), `POST /api/runtimes/build-box/workers/${WORKER}/cancel`],
    ];
    for (const [call, want, body] of cases) {
      await call();
      const asked = server.asked.at(-1);
      const query = asked?.query === "" ? "" : `?${asked?.query}`;
      assert.equal(`${asked?.method} ${asked?.path}${query}`, want.replace(" ", " /prefix"));
      assert.equal(asked?.body, body ?? "", want);
      assert.equal(asked?.authorization, "Bearer hunter2");
    }
    assert.deepEqual(await workspace.runtimes(), [{ runtime_id: "a" }]);
    assert.throws(() => workspace.tickets.ticket(".."), (error: YoiError) => error.kind === "invalid_option");
    assert.throws(() => workspace.on(".."), (error: YoiError) => error.kind === "invalid_option");
  });

  test("refusals are told apart", async () => {
    const page = "<html>";
    for (const [status, body, code, exit] of [
      [409, JSON.stringify(problemOf("worker_busy", "in a run")), "worker_busy", 8],
      [418, JSON.stringify({ ...problemOf("internal", "x"), code: "of_tomorrow" }), "of_tomorrow", 1],
      [401, page, "unauthenticated", 4],
      [503, page, "runtime_unavailable", 5],
      [503, JSON.stringify({ code: "half a problem" }), "runtime_unavailable", 5],
      [302, page, "runtime_protocol_error", 7],
      [200, page, "runtime_protocol_error", 7],
      [200, "[]", "runtime_protocol_error", 7],
      [200, JSON.stringify({ x: "x".repeat(1 << 17) }), "runtime_protocol_error", 7],
    ] as const) {
      const server = await canned(status, body);
      const error: unknown = await runtimeOf(server).create().catch((e: unknown) => e);
      assert.ok(error instanceof YoiError);
      assert.deepEqual([error.code, error.exitStatus], [code, exit], error.message);
      assert.ok(!inspect(error).includes("hunter2"));
      assert.equal(server.asked.length, 1, "it was tried once, and no redirect followed");
    }
  });

  test("a server that is silent, or away, or unfit to trust is told apart", async () => {
    const silent = await canned(undefined);
    const kind = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "nothing",
        (error: unknown) => (error instanceof YoiError ? error.kind : String(error)),
      );
    assert.equal(await kind(runtimeOf(silent).transcript(WORKER)), "timeout");
    assert.equal(await kind(runtimeOf({ url: "http://127.0.0.1:1" }).info()), "connect");
    // a server that hangs up in the middle of its answer
    const rude = createServer((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    rude.listen(0, "127.0.0.1");
    await once(rude, "listening");
    const url = `http://127.0.0.1:${(rude.address() as AddressInfo).port}`;
    assert.equal(await kind(runtimeOf({ url }).info()), "disconnected");
    // TLS towards a server that speaks none
    assert.equal(await kind(runtimeOf({ url: url.replace("http", "https") }).info()), "tls");
    rude.close();
  });

  test("a call ends when its signal says so, with the signal's reason", async () => {
    const silent = await canned(undefined);
    const controller = new AbortController();
    const call = runtimeOf(silent).info({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(call, /enough/);
    await assert.rejects(runtimeOf(silent).info({ signal: AbortSignal.abort(new Error("too late")) }), /too late/);
  });

  test("pages are asked for as they are named, and a page that is its own next ends it", async () => {
    const pages: Record<string, unknown> = {
      "": { workers: [{ worker_id: "1" }, { worker_id: "2" }], next_page: "p2" },
      p2: { workers: [], next_page: "p3", diagnostics: [{ code: "runtime_unavailable" }] },
      p3: { workers: [{ worker_id: "3" }] },
    };
    const server = await ScriptedServer.start([], {
      answer: (asked, response) => {
        response.end(JSON.stringify(pages[new URLSearchParams(asked.query).get("page") ?? ""]));
        return true;
      },
    });
    servers.push(server);
    const workers = workspaceOf(server).workers({ labels: { a: "b" } }, 2);
    const ids: string[] = [];
    for await (const worker of workers) ids.push(worker.worker_id);
    assert.deepEqual(ids, ["1", "2", "3"]);
    assert.deepEqual(server.queries, []);
    assert.deepEqual(server.asked.map((a) => a.query), ["label=a%3Db&limit=2", "label=a%3Db&limit=2&page=p2", "label=a%3Db&limit=2&page=p3"]);
    const diagnostics = [];
    for await (const page of workers.pages()) diagnostics.push(...(page.diagnostics ?? []));
    assert.equal(diagnostics.length, 1);
    pages["p2"] = { workers: [], next_page: "p2" };
    await assert.rejects(async () => {
      for await (const _ of workers);
    }, (error: YoiError) => error.kind === "protocol");
  });

  test("without a token the cookie goes along, with one it does not", async () => {
    const seen: RequestInit[] = [];
    const fetch = ((_: unknown, init: RequestInit) => {
      seen.push(init);
      return Promise.resolve(new Response(ok));
    }) as typeof globalThis.fetch;
    await new WorkspaceClient({ baseUrl: "http://h", fetch }).list();
    await new WorkspaceClient({ baseUrl: "http://h", fetch, credentials: "include" }).on("r").list();
    await new WorkspaceClient({ baseUrl: "http://h", fetch, token: "t" }).on("r").list();
    assert.deepEqual(seen.map((init) => init.credentials), ["same-origin", "include", "omit"]);
    assert.deepEqual(seen.map((init) => (init.headers as Record<string, string>)["authorization"]), [undefined, undefined, "Bearer t"]);
    assert.ok(seen.every((init) => init.redirect === "manual" && init.cache === "no-store"));
  });

  test("in a page, the server is where the page is from", async () => {
    const page = { location: { origin: "https://yoi.example" } };
    Object.assign(globalThis, page);
    try {
      const asked: string[] = [];
      const fetch = ((url: URL) => {
        asked.push(url.href);
        return Promise.resolve(new Response(ok));
      }) as unknown as typeof globalThis.fetch;
      await new WorkspaceClient({ fetch }).list();
      assert.deepEqual(asked, ["https://yoi.example/api/workers"]);
    } finally {
      delete (globalThis as { location?: unknown }).location;
    }
  });
});

const row = (runtime_id: string, link = "up"): RuntimeRow => ({ runtime_id, kind: "remote", link, capabilities: [], profiles: [], diagnostics: [] });
const summary = (runtime_id: string, n: number, status = "idle"): WorkerSummary => ({
  runtime_id,
  worker_id: `w_0000000000000000000000000${n}`,
  display_name: "x",
  profile: "echo",
  labels: {},
  status,
  approvals: 0,
  usage: { input_tokens: 0, output_tokens: 0 },
  created_at: AT,
  updated_at: AT,
});

describe("a workspace", () => {
  test("converges: a snapshot and what follows is the later snapshot", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const random = new Random(seed);
      const id = (): string => random.pick(["a", "b", "c"]);
      const events = Array.from({ length: random.below(40) }, (): WorkspaceEvent => {
        switch (random.below(5)) {
          case 0:
            return { type: "runtime_updated", runtime: row(id(), random.pick(["up", "down"])) };
          case 1:
            return { type: "runtime_removed", runtime_id: id() };
          case 2:
            return { type: "worker_created", worker: summary(id(), random.below(4)) };
          case 3:
            return { type: "worker_updated", worker: summary(id(), random.below(4), "running") };
          default:
            return { type: "worker_deleted", runtime_id: id(), worker_id: summary("a", random.below(4)).worker_id };
        }
      });
      const cut = random.below(events.length + 1);
      let whole = initialWorkspace();
      let late: WorkspaceState | undefined;
      events.forEach((event, n) => {
        if (n === cut) late = applyWorkspace(initialWorkspace(), { type: "snapshot", ...structuredClone(whole) });
        whole = applyWorkspace(whole, event);
        if (late !== undefined) late = applyWorkspace(late, event);
        const keys = whole.workers.map((worker) => `${worker.runtime_id} ${worker.worker_id}`);
        assert.deepEqual(keys, [...new Set(keys)].sort(), `seed ${seed}`);
        const runtimes = whole.runtimes.map((runtime) => runtime.runtime_id);
        assert.deepEqual(runtimes, [...new Set(runtimes)].sort(), `seed ${seed}`);
      });
      if (late !== undefined) assert.deepEqual(late, whole, `seed ${seed}`);
    }
  });

  test("says what each event means", () => {
    const fold = (events: WorkspaceEvent[]): WorkspaceState => events.reduce(applyWorkspace, initialWorkspace());
    const base: WorkspaceEvent[] = [
      { type: "runtime_updated", runtime: row("b") },
      { type: "runtime_updated", runtime: row("a") },
      { type: "worker_created", worker: summary("b", 2) },
      { type: "worker_created", worker: summary("a", 3) },
      { type: "worker_created", worker: summary("b", 1) },
    ];
    assert.deepEqual(fold(base), { runtimes: [row("a"), row("b")], workers: [summary("a", 3), summary("b", 1), summary("b", 2)] });
    const state = fold([
      ...base,
      { type: "runtime_updated", runtime: row("a", "down") },
      { type: "worker_updated", worker: summary("b", 2, "running") },
      { type: "worker_deleted", runtime_id: "b", worker_id: summary("b", 1).worker_id },
      { type: "worker_deleted", runtime_id: "a", worker_id: summary("b", 1).worker_id },
      { type: "of_tomorrow", worker: { of: "tomorrow" } },
    ]);
    assert.deepEqual(state, { runtimes: [row("a", "down"), row("b")], workers: [summary("a", 3), summary("b", 2, "running")] });
    assert.deepEqual(fold([...base, { type: "runtime_removed", runtime_id: "b" }]).workers, [summary("a", 3)]);
  });

  for (const transport of ["ws", "sse"] as const) {
    test(`is followed over ${transport}, across a loss`, async () => {
      const said = (cursor: string, event: WorkspaceEvent): Step => ({ send: JSON.stringify({ kind: "event", cursor, event }) });
      const ready = (cursor: string): Step => ({ send: JSON.stringify({ kind: "ready", cursor }) });
      const server = await canned(200, "{}", [
        [said("1", { type: "snapshot", runtimes: [row("a")], workers: [] }), ready("1"), said("2", { type: "worker_created", worker: summary("a", 1) })],
        [said("2", { type: "worker_created", worker: summary("a", 1) }), said("3", { type: "worker_updated", worker: summary("a", 1, "running") }), ready("3"), hold],
      ]);
      const folded = new FoldedWorkspace();
      const types: string[] = [];
      for await (const update of workspaceOf(server, { WebSocket: Socket }).followWorkspace({ transport })) {
        folded.update(update);
        types.push(update.type);
        if (update.type === "ready" && update.cursor === "3") break;
      }
      assert.deepEqual(types, ["event", "ready", "event", "disconnected", "reconnected", "event", "ready"]);
      assert.deepEqual(folded.state, { runtimes: [row("a")], workers: [summary("a", 1, "running")] });
      assert.deepEqual(server.asked.map((asked) => `${asked.path}?${asked.query}`), ["?", "?cursor=2"].map((q) => `/prefix/api/events${transport === "ws" ? "/ws" : ""}${q}`));
    });
  }

  test("a worker of it is followed where the workspace has it", async () => {
    const server = await canned(200, "{}", [[delta("1"), hold]]);
    for await (const update of workspaceOf(server, { WebSocket: Socket }).on("build-box").follow(WORKER)) {
      assert.equal(update.type, "event");
      break;
    }
    assert.equal(server.asked[0]?.path, `/prefix/api/runtimes/build-box/workers/${WORKER}/events/ws`);
  });
});
