// Real servers to test against: runtimes and backends that these tests start and kill, or a backend that is there already.
//
// `YOI_BIN_DIR` names the folder with `worker-runtime` and `yoi`. `YOI_TEST_URL` and `YOI_TEST_RUNTIME` name a backend and
// one of its runtimes instead, and `YOI_TEST_TOKEN` a token for it.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
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
    ? "set YOI_BIN_DIR to the folder with `worker-runtime` and `yoi`, or YOI_TEST_URL and YOI_TEST_RUNTIME"
    : undefined;
/** Why no process can be started and killed here. */
export const noProcess = YOI_BIN_DIR === undefined || YOI_TEST_URL !== undefined ? "needs processes of its own: set YOI_BIN_DIR alone" : undefined;

/** Something with workers on it. */
export interface TestServer {
  readonly url: string;
  client(options?: ClientOptions): RuntimeClient;
  stop(): Promise<void>;
}

/** What the same tests run against, by name: whatever the environment names. */
export const SERVERS: readonly (readonly [name: string, start: () => Promise<TestServer>])[] =
  YOI_TEST_URL === undefined
    ? [
        ["a runtime", () => RuntimeProcess.start()],
        ["a runtime elsewhere, through a backend", () => BackendProcess.start()],
      ]
    : [["a backend that is there", () => Promise.resolve(existing(YOI_TEST_URL))]];

function existing(url: string): TestServer {
  if (YOI_TEST_RUNTIME === undefined) throw new Error("YOI_TEST_RUNTIME is not set");
  const workspace = (options: ClientOptions = {}): WorkspaceClient =>
    new WorkspaceClient({ baseUrl: url, token: YOI_TEST_TOKEN, WebSocket: Socket, ...options });
  return { url, client: (options) => workspace(options).on(YOI_TEST_RUNTIME), stop: () => Promise.resolve() };
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

/** A program that serves, in a folder of its own, on an address that it keeps. */
class Serving {
  readonly folder: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;
  #said = "";
  url = "http://127.0.0.1:0";

  static async start(folder: string, program: string, args: readonly string[], environment: Record<string, string>): Promise<Serving> {
    const serving = new Serving(folder, program, args, environment);
    await serving.restart();
    return serving;
  }

  private constructor(folder: string, program: string, args: readonly string[], environment: Record<string, string>) {
    this.folder = folder;
    this.#program = program;
    this.#args = args;
    this.#environment = environment;
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
    const listen = ["--listen", new URL(this.url).host, "--log-level", "warn", "--heartbeat", "200ms"];
    const started = spawn(join(YOI_BIN_DIR ?? "", this.#program), [...this.#args, ...listen], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, ...this.#environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    this.#said = "";
    started.stdout.on("data", (chunk) => (this.#said += String(chunk)));
    started.stderr.on("data", (chunk) => (this.#said += String(chunk)));
    for (let tries = 0; tries < 2000; tries += 1) {
      const listening = /listening on (http\S+)/.exec(this.#said);
      if (listening?.[1] !== undefined) {
        this.url = listening[1];
        return;
      }
      if (started.exitCode !== null) break;
      await sleep(10);
    }
    throw new Error(`${this.#program} did not start: ${this.#said}`);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A folder with the profiles. */
async function folderOfProfiles(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "yoi-client-"));
  await writeFile(join(folder, "runtime.toml"), PROFILES);
  return folder;
}

/** A runtime in a process of its own. */
export class RuntimeProcess implements TestServer {
  readonly #serving: Serving;

  static async start(flags: readonly string[] = [], environment: Record<string, string> = {}): Promise<RuntimeProcess> {
    const folder = await folderOfProfiles();
    const args = ["--config", join(folder, "runtime.toml"), "--store", join(folder, "store"), ...flags];
    return new RuntimeProcess(await Serving.start(folder, "worker-runtime", args, environment));
  }

  private constructor(serving: Serving) {
    this.#serving = serving;
  }

  get url(): string {
    return this.#serving.url;
  }

  client(options: ClientOptions = {}): RuntimeClient {
    return RuntimeClient.direct({ baseUrl: this.url, WebSocket: Socket, ...options });
  }

  kill(): Promise<void> {
    return this.#serving.kill();
  }

  restart(): Promise<void> {
    return this.#serving.restart();
  }

  stop(): Promise<void> {
    return this.#serving.stop();
  }
}

/** Which of a backend's runtimes. */
export type Where = "here" | "there";

/**
 * A backend in a process of its own, for those alone who show a token. The runtime `here` is in it, and the runtime
 * `there` in another process.
 */
export class BackendProcess implements TestServer {
  readonly #serving: Serving;
  readonly there: RuntimeProcess;
  /** The token of somebody who may do everything. */
  readonly token: string;

  static async start(): Promise<BackendProcess> {
    const secret = "hunter2-hunter2-hunter2-hunter2";
    const there = await RuntimeProcess.start(["--runtime-id", "there"], { YOI_TOKEN: secret });
    const folder = await folderOfProfiles();
    const made = execFileSync(join(YOI_BIN_DIR ?? "", "yoi"), ["token", "new", "tester", "--role", "admin", "--json"]);
    const { token, token_hash } = JSON.parse(String(made)) as { token: string; token_hash: string };
    const settings = `
[rate]
commands_per_second = 100000
command_burst = 100000

[[runtimes]]
id = "there"
url = ${JSON.stringify(there.url)}
token = { env = "THERE_TOKEN" }

[[principals]]
name = "tester"
role = "admin"
token_hash = ${JSON.stringify(token_hash)}
`;
    await writeFile(join(folder, "workspace.toml"), settings);
    const files = ["--config", join(folder, "workspace.toml"), "--runtime-config", join(folder, "runtime.toml")];
    const args = ["serve", ...files, "--store", join(folder, "store"), "--runtime-id", "here", "--audit", "off"];
    const backend = new BackendProcess(await Serving.start(folder, "yoi", args, { THERE_TOKEN: secret }), there, token);
    // it serves before it has reached anybody, and says so
    for (let tries = 0; (await backend.workspace().runtime("there")).link !== "up"; tries += 1) {
      if (tries > 1000) throw new Error("the backend does not reach its runtime");
      await sleep(10);
    }
    return backend;
  }

  private constructor(serving: Serving, there: RuntimeProcess, token: string) {
    this.#serving = serving;
    this.there = there;
    this.token = token;
  }

  get url(): string {
    return this.#serving.url;
  }

  /** The workspace, as whoever has the token. */
  workspace(options: ClientOptions = {}): WorkspaceClient {
    return new WorkspaceClient({ baseUrl: this.url, token: this.token, WebSocket: Socket, ...options });
  }

  client(options: ClientOptions = {}, where: Where = "there"): RuntimeClient {
    return this.workspace(options).on(where);
  }

  kill(): Promise<void> {
    return this.#serving.kill();
  }

  restart(): Promise<void> {
    return this.#serving.restart();
  }

  async stop(): Promise<void> {
    await this.#serving.stop();
    await this.there.stop();
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
