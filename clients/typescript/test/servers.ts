// Real servers to test against: a runtime that these tests start and kill, or a backend that is there already.
//
// `YOI_BIN_DIR` names the folder with `worker-runtime`. `YOI_TEST_URL` and `YOI_TEST_RUNTIME` name a backend and
// one of its runtimes instead, and `YOI_TEST_TOKEN` a token for it.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket as TcpSocket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeClient } from "../src/runtime.js";
import type { ClientOptions, Transport } from "../src/options.js";
import { WorkspaceClient } from "../src/workspace-client.js";
import { Random } from "./random.js";
import { Socket } from "./scripted.js";

const { YOI_BIN_DIR, YOI_TEST_URL, YOI_TEST_RUNTIME, YOI_TEST_TOKEN } = process.env;

/** Why nothing can be tested against a real server; nothing where it can. */
export const noServer =
  YOI_BIN_DIR === undefined && YOI_TEST_URL === undefined
    ? "set YOI_BIN_DIR to the folder with `worker-runtime`, or YOI_TEST_URL and YOI_TEST_RUNTIME"
    : undefined;
/** Why a runtime cannot be started and killed here. */
export const noProcess = YOI_BIN_DIR === undefined || YOI_TEST_URL !== undefined ? "needs a runtime of its own" : undefined;
/** Why there is no backend. */
export const noBackend = YOI_TEST_URL === undefined ? "needs a backend: set YOI_TEST_URL and YOI_TEST_RUNTIME" : undefined;

/** Something with workers on it. */
export interface TestServer {
  readonly url: string;
  client(options?: ClientOptions): RuntimeClient;
  stop(): Promise<void>;
}

/** Whatever the environment names. */
export async function testServer(): Promise<TestServer> {
  return YOI_TEST_URL === undefined ? RuntimeProcess.start() : backend(YOI_TEST_URL);
}

/** The workspace of the backend that the environment names. */
export function workspace(options: ClientOptions = {}): WorkspaceClient {
  return new WorkspaceClient({ baseUrl: YOI_TEST_URL, token: YOI_TEST_TOKEN, WebSocket: Socket, ...options });
}

function backend(url: string): TestServer {
  if (YOI_TEST_RUNTIME === undefined) throw new Error("YOI_TEST_RUNTIME is not set");
  return {
    url,
    client: (options) => workspace(options).on(YOI_TEST_RUNTIME),
    stop: () => Promise.resolve(),
  };
}

const PROFILES = `
[profiles.echo]
executor = "echo"
words_per_delta = 1
pause = "1ms"

[profiles.slow]
executor = "echo"
words_per_delta = 1
pause = "20ms"

[profiles.demo]
executor = "replay"
file = ${JSON.stringify(resolve("../../examples/sessions/demo.jsonl"))}
speed = 60
approvals = "ask"
`;

/** A runtime in a process of its own. */
export class RuntimeProcess implements TestServer {
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;
  #said = "";
  url = "";

  static async start(flags: readonly string[] = [], environment: Record<string, string> = {}): Promise<RuntimeProcess> {
    const folder = await mkdtemp(join(tmpdir(), "yoi-client-"));
    await writeFile(join(folder, "runtime.toml"), PROFILES);
    const runtime = new RuntimeProcess(folder, flags, environment);
    await runtime.#spawn("127.0.0.1:0");
    return runtime;
  }

  private constructor(folder: string, flags: readonly string[], environment: Record<string, string>) {
    this.#folder = folder;
    this.#flags = flags;
    this.#environment = environment;
  }

  client(options: ClientOptions = {}): RuntimeClient {
    return RuntimeClient.direct({ baseUrl: this.url, WebSocket: Socket, ...options });
  }

  /** Kills it, with no chance to say goodbye. */
  async kill(): Promise<void> {
    const gone = this.#process;
    if (gone === undefined) return;
    this.#process = undefined;
    const exited = once(gone, "exit");
    gone.kill("SIGKILL");
    await exited;
  }

  /** Starts it again on the same address and store. */
  async restart(): Promise<void> {
    await this.#spawn(new URL(this.url).host);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #spawn(listen: string): Promise<void> {
    const store = join(this.#folder, "store");
    const flags = ["--config", join(this.#folder, "runtime.toml"), "--listen", listen, "--log-level", "warn", "--heartbeat", "200ms"];
    const started = spawn(join(YOI_BIN_DIR ?? "", "worker-runtime"), [...flags, "--store", store, ...this.#flags], {
      cwd: this.#folder,
      env: { PATH: process.env["PATH"], HOME: this.#folder, ...this.#environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    this.#said = "";
    started.stdout.on("data", (chunk) => (this.#said += String(chunk)));
    started.stderr.on("data", (chunk) => (this.#said += String(chunk)));
    for (let tries = 0; tries < 1000; tries += 1) {
      const listening = /listening on (http\S+)/.exec(this.#said);
      if (listening?.[1] !== undefined) {
        this.url = listening[1];
        return;
      }
      if (started.exitCode !== null) break;
      await sleep(10);
    }
    throw new Error(`the runtime did not start: ${this.#said}`);
  }
}

/** A network in front of a server that cuts each connection after some bytes. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<TcpSocket>();
  /** How many connections were cut. */
  cuts = 0;
  /** From now on it cuts no more. */
  kind = false;
  url = "";

  static async start(target: string, seed: number, most: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(target), new Random(seed), most);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  private constructor(target: URL, random: Random, most: number) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      let left = random.below(most);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on("data", (chunk: Buffer) => {
        if (this.kind || chunk.length <= left) {
          left -= chunk.length;
          near.write(chunk);
          return;
        }
        // what came until here arrives, in the middle of whatever it is
        this.cuts += 1;
        near.write(chunk.subarray(0, Math.max(left, 0)), () => near.destroy());
        far.destroy();
      });
    });
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.resolve();
  }
}

export const TRANSPORTS = ["ws", "sse"] as const satisfies readonly Transport[];
