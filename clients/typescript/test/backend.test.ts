// This client against a real backend: who is let in, the stream of the workspace, and what a kill of the backend, of a
// runtime, or of both leaves behind.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { Folded, FoldedWorkspace } from "../src/folded.js";
import type { WorkspaceState } from "../src/generated/protocol.js";
import type { ClientOptions } from "../src/options.js";
import type { WebSocketConstructor } from "../src/transport/websocket.js";
import { WorkspaceClient } from "../src/workspace-client.js";
import { LIMIT, SPEECH, codeIs, converged, label, make, play } from "./play.js";
import { Random } from "./random.js";
import { BackendProcess, TRANSPORTS, noProcess, type Where } from "./servers.js";
import { Watcher } from "./watcher.js";

/** What a browser does about cookies, as far as one server needs it. */
class Jar {
  readonly #cookies = new Map<string, string>();
  /** Every `Set-Cookie` there was. */
  readonly set: string[] = [];

  readonly fetch: typeof fetch = async (url, init) => {
    const headers = new Headers(init?.headers);
    if (init?.credentials !== "omit" && this.#cookies.size > 0) headers.set("cookie", this.header);
    const response = await fetch(url, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) this.#take(cookie);
    return response;
  };

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** A WebSocket that sends them. */
  get WebSocket(): WebSocketConstructor {
    const jar = this;
    return class extends WebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url, protocols, { headers: { cookie: jar.header } });
      }
    } as unknown as WebSocketConstructor;
  }

  #take(cookie: string): void {
    this.set.push(cookie);
    const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** What the workspace is to whoever comes now. */
async function freshWorkspace(workspace: WorkspaceClient, transport: "ws" | "sse"): Promise<{ state: WorkspaceState; cursor: string | undefined }> {
  const folded = new FoldedWorkspace();
  const stream = workspace.followWorkspace({ transport });
  for await (const update of stream) {
    folded.update(update);
    if (update.type === "ready" && folded.state !== undefined) return { state: folded.state, cursor: stream.cursor };
  }
  throw new Error("no snapshot came");
}

after(() => Watcher.stopAll());

describe("a backend", { skip: noProcess ?? false }, () => {
  let backend: BackendProcess;
  before(async () => {
    backend = await BackendProcess.start();
  });
  after(() => backend.stop());

  test("tells who asks, its runtimes and all workers", LIMIT, async () => {
    const workspace = backend.workspace();
    const session = await workspace.session();
    assert.deepEqual([session.principal, session.role, session.authentication], ["tester", "admin", "token"]);
    assert.deepEqual((await workspace.runtimes()).map((row) => [row.runtime_id, row.kind]), [["here", "embedded"], ["there", "remote"]]);
    assert.equal((await workspace.runtime("there")).link, "up");
    await assert.rejects(workspace.runtime("nowhere"), codeIs("runtime_not_found"));
    const labels = label();
    const made: string[][] = [];
    for (const where of ["here", "there", "here"] as const) made.push([where, await make(workspace.on(where), "echo", labels)]);
    const listed: string[][] = [];
    for await (const row of workspace.workers({ labels }, 2)) listed.push([row.runtime_id ?? "", row.worker_id]);
    assert.deepEqual(listed, made.sort());
  });

  test("lets in who shows a token or a sign-in, and nobody else", LIMIT, async () => {
    const worker = await make(backend.client());
    for (const options of [{ token: undefined }, { token: "wrong" }, { token: `${backend.token}x` }] satisfies ClientOptions[]) {
      const stranger = backend.workspace(options);
      await assert.rejects(stranger.session(), codeIs("unauthenticated"));
      for (const transport of ["auto", ...TRANSPORTS] as const) {
        const watcher = new Watcher(stranger.on("there").follow(worker, { transport, first: "retry" }));
        assert.ok(codeIs("unauthenticated")(await watcher.ended()), `${transport}: ${String(watcher.error)}`);
      }
      await assert.rejects(stranger.followWorkspace({ first: "retry" }).next(), codeIs("unauthenticated"));
    }
  });

  test("a sign-in lasts until it is given up, and no script sees it", LIMIT, async () => {
    const jar = new Jar();
    const workspace = new WorkspaceClient({ baseUrl: backend.url, fetch: jar.fetch, WebSocket: jar.WebSocket });
    await assert.rejects(workspace.signIn("wrong"), codeIs("unauthenticated"));
    assert.deepEqual(jar.set, []);
    assert.equal((await workspace.signIn(backend.token)).principal, "tester");
    assert.match(jar.set[0] ?? "", /^yoi_session=[^;]+;/);
    for (const attribute of [/;\s*HttpOnly/i, /;\s*SameSite=Strict/i, /;\s*Path=\/(;|$)/i]) assert.match(jar.set[0] ?? "", attribute);
    assert.ok(!(jar.set[0] ?? "").includes(backend.token));
    assert.deepEqual([(await workspace.session()).principal, (await workspace.session()).authentication], ["tester", "cookie"]);
    const client = workspace.on("here");
    const worker = await make(client);
    for (const transport of TRANSPORTS) {
      const watcher = new Watcher(client.follow(worker, { transport }));
      await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
      await play(client, worker, watcher, "hello");
      await converged(client, worker, transport, watcher);
      await watcher.stop();
    }
    // it outlives the server
    await backend.kill();
    await backend.restart();
    assert.equal((await workspace.session()).principal, "tester");
    await workspace.signOut();
    assert.equal(jar.header, "");
    await assert.rejects(workspace.session(), codeIs("unauthenticated"));
  });

  test("compressed or not, it says the same", LIMIT, async () => {
    const agreed = new Map<string, Set<string>>();
    const noting = (name: string, perMessageDeflate: boolean): WebSocketConstructor =>
      class extends WebSocket {
        constructor(url: string, protocols: string[] = []) {
          super(url, protocols, { perMessageDeflate });
          this.on("open", () => agreed.set(name, (agreed.get(name) ?? new Set()).add(this.extensions)));
        }
      } as unknown as WebSocketConstructor;
    const worker = await make(backend.client(), "demo");
    const watchers = (["deflated", "plain"] as const).map((name) => {
      const client = backend.client({ WebSocket: noting(name, name === "deflated"), transport: "ws" });
      return new Watcher(client.follow(worker, { coalesce: "off" }));
    });
    for (const watcher of watchers) await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
    const [deflated, plain] = watchers as [Watcher, Watcher];
    await play(backend.client(), worker, deflated);
    await converged(backend.client(), worker, "ws", deflated, plain);
    assert.deepEqual(deflated.cursors, plain.cursors);
    assert.ok(deflated.cursors.length > 50);
    assert.deepEqual([...(agreed.get("deflated") ?? [])].map((text) => text.split(";")[0]), ["permessage-deflate"]);
    assert.deepEqual([...(agreed.get("plain") ?? [])], [""]);
    for (const watcher of watchers) await watcher.stop();
  });

  for (const transport of TRANSPORTS) {
    describe(`over ${transport}`, () => {
      test("the stream of the workspace converges, over a backend that is killed too", LIMIT, async ({ signal }) => {
        const workspace = backend.workspace();
        const folded = new FoldedWorkspace();
        const stream = workspace.followWorkspace({ transport, signal });
        const told: string[] = [];
        const reading = (async () => {
          for await (const update of stream) {
            folded.update(update);
            told.push(update.type === "event" ? update.event.type : update.type);
          }
        })();
        const until = async (what: string, isSo: (state: WorkspaceState) => boolean): Promise<void> => {
          for (let tries = 0; folded.state === undefined || !isSo(folded.state); tries += 1) {
            assert.ok(tries < 3000, `${what}: ${told.slice(-20).join()}`);
            await sleep(10);
          }
        };
        await until("the runtimes are told", (state) => state.runtimes.length === 2);
        const row = (state: WorkspaceState, worker: string) => state.workers.find((found) => found.worker_id === worker);
        for (const where of ["here", "there"] as const) {
          const client = workspace.on(where);
          const worker = await make(client);
          await until("it is told that it was made", (state) => row(state, worker)?.runtime_id === where);
          await client.input(worker, "hello");
          await until("it is told that it spoke", (state) => (row(state, worker)?.usage.output_tokens ?? 0) > 0 && row(state, worker)?.status === "idle");
          await backend.kill();
          await backend.restart();
          await client.stop(worker);
          await until("it is told that it was stopped", (state) => row(state, worker)?.status === "stopped");
          await client.delete(worker);
          await until("it is told that it is gone", (state) => row(state, worker) === undefined);
        }
        await backend.there.kill();
        await until("its runtime is told to be down", (state) => state.runtimes.find((found) => found.runtime_id === "there")?.link === "down");
        await backend.there.restart();
        await until("its runtime is told to be up", (state) => state.runtimes.find((found) => found.runtime_id === "there")?.link === "up");
        for (let tries = 0; ; tries += 1) {
          const found = await freshWorkspace(workspace, transport === "ws" ? "sse" : "ws");
          if (found.cursor === stream.cursor) {
            assert.deepEqual(folded.state, found.state);
            break;
          }
          assert.ok(tries < 400, "it does not settle");
          await sleep(25);
        }
        assert.ok(told.includes("reconnected"));
        stream.close();
        await reading;
      });

      for (const where of ["here", "there"] as const satisfies readonly Where[]) {
        test(`whoever is killed, a watcher of a worker ${where} is told everything once`, LIMIT, async () => {
          const client = backend.client({}, where);
          const worker = await make(client, "slow");
          const watcher = new Watcher(client.follow(worker, { transport, coalesce: "off" }));
          await watcher.until("the snapshot has come", (w) => w.words.includes("ready"));
          const random = new Random(where.length + transport.length);
          const victims = where === "here" ? ["backend", "backend"] : ["backend", "runtime", "both", "runtime"];
          for (const victim of victims) {
            const before = watcher.cursors.length;
            await client.input(worker, SPEECH);
            await watcher.until("it speaks", (w) => w.cursors.length > before + 8 + random.below(20));
            const gone = [victim === "runtime" ? [] : [backend], victim === "backend" ? [] : [backend.there]].flat();
            for (const server of gone) await server.kill();
            await sleep(random.below(300));
            for (const server of gone.reverse()) await server.restart();
            await watcher.until("the run is over", (w) => w.state.run === null && w.state.status === "idle", 60);
            await converged(client, worker, transport, watcher);
          }
          assert.equal(new Set(watcher.cursors).size, watcher.cursors.length, "nothing came twice");
          assert.deepEqual(watcher.words.filter((word) => word === "snapshot"), ["snapshot"], `it resumed, and did not begin anew: ${watcher.words.join()}`);
          const reconnected = watcher.words.filter((word) => word === "reconnected").length;
          assert.equal(reconnected, victims.filter((victim) => victim !== "runtime").length, watcher.words.join());
          // one run for each, cut off where its runtime was
          const cut = watcher.state.transcript.filter((entry) => entry.status === "interrupted").length;
          assert.equal(cut, where === "here" ? victims.length : victims.filter((victim) => victim !== "backend").length);
          // one that was not there folds the same from the beginning
          const late = new Watcher(client.follow(worker, { transport }), new Folded());
          await late.until("the snapshot has come", (w) => w.words.includes("ready"));
          assert.deepEqual(late.state, watcher.state);
          for (const w of [watcher, late]) await w.stop();
        });
      }
    });
  }
});
