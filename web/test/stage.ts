// Where the console is tested: a real backend with two runtimes, one in its process and one in another, that are
// killed and started again; and networks that stop.
//
// `YOI_BIN_DIR` names the folder with `worker-runtime` and `yoi`.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Folded, RuntimeClient, WorkspaceClient, type CreateWorker, type State } from "../../clients/typescript/src/index.js";

const { YOI_BIN_DIR } = process.env;

/** Why nothing can be tested here; nothing where it can. */
export const noPrograms = YOI_BIN_DIR === undefined ? "set YOI_BIN_DIR to the folder with `worker-runtime` and `yoi`" : undefined;

export const LIMIT = { timeout: 120_000 };

const program = (name: string): string => join(YOI_BIN_DIR ?? "", name);

/** What stages are made with. */
export interface StageOptions {
  /** Names and roles of who may come; nobody has to show anything where absent. */
  readonly principals?: readonly { readonly name: string; readonly role: string }[];
  /** More of `workspace.toml`. */
  readonly settings?: string;
  /** What the runtimes are called: in the backend's process `here`, and elsewhere `there`. */
  readonly runtimes?: { readonly here: string; readonly there: string };
  /** More profiles of both runtimes: recordings by name. */
  readonly recordings?: Readonly<Record<string, string>>;
  /** Packages of plugins that `scripts/build-guests` has built, which lie in the workspace and are not granted anything. */
  readonly plugins?: readonly string[];
}

const secret = "hunter2-hunter2-hunter2-hunter2";

/** A program that serves, in a folder of its own, on an address that it keeps. */
class Serving {
  #process: ChildProcess | undefined;
  #said = "";
  url = "http://127.0.0.1:0";

  constructor(
    readonly folder: string,
    readonly name: string,
    readonly args: readonly string[],
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  async start(): Promise<void> {
    const listen = ["--listen", new URL(this.url).host, "--log-level", "warn", "--heartbeat", "500ms"];
    const started = spawn(program(this.name), [...this.args, ...listen], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    // what these tests leave behind when they are ended themselves
    process.once("exit", () => started.kill("SIGKILL"));
    this.#said = "";
    started.stdout.on("data", (chunk) => (this.#said += String(chunk)));
    started.stderr.on("data", (chunk) => (this.#said += String(chunk)));
    for (let tries = 0; tries < 3000; tries += 1) {
      const listening = /listening on (http\S+)/.exec(this.#said);
      if (listening?.[1] !== undefined) {
        this.url = listening[1];
        return;
      }
      if (started.exitCode !== null) break;
      await sleep(10);
    }
    throw new Error(`${this.name} did not start: ${this.#said}`);
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
}

/** A workspace to look at. */
export class Stage {
  readonly #folder: string;
  readonly #backend: Serving;
  readonly #runtime: Serving;
  readonly #tokens: ReadonlyMap<string, string>;

  static async start(options: StageOptions = {}): Promise<Stage> {
    const { here, there } = options.runtimes ?? { here: "here", there: "there" };
    const folder = await mkdtemp(join(tmpdir(), "yoi-console-"));
    await cp(resolve("test/agent.mjs"), join(folder, "agent.mjs"));
    await writeFile(join(folder, "runtime.toml"), await profiles(folder, options.recordings ?? {}));
    for (const name of options.plugins ?? []) {
      await cp(join(program(".."), "guests", name), join(folder, ".yoi/plugins", name), { recursive: true });
    }
    const runtime = new Serving(
      folder,
      "worker-runtime",
      ["--config", join(folder, "runtime.toml"), "--store", join(folder, "there"), "--runtime-id", there],
      { YOI_TOKEN: secret },
    );
    await runtime.start();
    const tokens = new Map<string, string>();
    const principals = (options.principals ?? []).map(({ name, role }) => {
      const made = execFileSync(program("yoi"), ["token", "new", name, "--role", role, "--json"]);
      const { token, token_hash } = JSON.parse(String(made)) as { token: string; token_hash: string };
      tokens.set(name, token);
      return `[[principals]]\nname = "${name}"\nrole = "${role}"\ntoken_hash = "${token_hash}"\n`;
    });
    const settings = [
      `${options.settings ?? ""}`,
      `[[runtimes]]\nid = "${there}"\nurl = ${JSON.stringify(runtime.url)}\ntoken = { env = "THERE_TOKEN" }\n`,
      ...principals,
    ].join("\n");
    await writeFile(join(folder, "workspace.toml"), settings);
    const files = ["--config", join(folder, "workspace.toml"), "--runtime-config", join(folder, "runtime.toml")];
    const backend = new Serving(
      folder,
      "yoi",
      ["serve", ...files, "--store", join(folder, "here"), "--runtime-id", here, "--audit", "off"],
      { THERE_TOKEN: secret },
    );
    await backend.start();
    const stage = new Stage(folder, backend, runtime, tokens);
    await until("the backend reaches its runtime", async () => {
      const name = [...tokens.keys()][0];
      return (await stage.client(name).runtime(there)).link === "up";
    });
    return stage;
  }

  private constructor(folder: string, backend: Serving, runtime: Serving, tokens: ReadonlyMap<string, string>) {
    this.#folder = folder;
    this.#backend = backend;
    this.#runtime = runtime;
    this.#tokens = tokens;
  }

  /** Where the console is. */
  get url(): string {
    return this.#backend.url;
  }

  /** Runs `yoi` at a terminal of this workspace. */
  yoi(...args: readonly string[]): void {
    execFileSync(program("yoi"), args, { cwd: this.#folder, env: { PATH: process.env["PATH"], HOME: this.#folder, YOI_AUTHOR: "hare" }, stdio: "pipe" });
  }

  token(name: string): string {
    const token = this.#tokens.get(name);
    if (token === undefined) throw new Error(`nobody is called ${name}`);
    return token;
  }

  /** The workspace as a program sees it, as one of the principals where there are some. */
  client(name?: string): WorkspaceClient {
    return new WorkspaceClient({ baseUrl: this.url, transport: "sse", token: name === undefined ? undefined : this.token(name) });
  }

  /** A new worker's id. */
  async worker(where: string, worker: CreateWorker, name?: string): Promise<string> {
    return (await this.client(name).on(where).create(worker)).worker_id;
  }

  /** What the remote runtime itself says that a worker is. */
  async truth(worker: string): Promise<State> {
    const runtime = RuntimeClient.direct({ baseUrl: this.#runtime.url, token: secret, transport: "sse" });
    const folded = new Folded();
    for await (const update of runtime.follow(worker)) {
      folded.update(update);
      if (update.type === "ready" && folded.state !== undefined) return folded.state;
    }
    throw new Error("the runtime said nothing");
  }

  /** Writes a file of the workspace, as an editor does. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.#folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  killBackend(): Promise<void> {
    return this.#backend.kill();
  }

  startBackend(): Promise<void> {
    return this.#backend.start();
  }

  killRuntime(): Promise<void> {
    return this.#runtime.kill();
  }

  startRuntime(): Promise<void> {
    return this.#runtime.start();
  }

  async stop(): Promise<void> {
    await this.#backend.kill();
    await this.#runtime.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function profiles(folder: string, recordings: Readonly<Record<string, string>>): Promise<string> {
  const demo = JSON.stringify(resolve("../examples/sessions/demo.jsonl"));
  const made = [
    `default_profile = "echo"`,
    `[profiles.echo]\nexecutor = "echo"\nwords_per_delta = 1\npause = "1ms"`,
    `[profiles.demo]\nexecutor = "replay"\nfile = ${demo}\nspeed = 30\napprovals = "ask"\ndescription = "Plays a recorded session"`,
    `[profiles.agent]\nexecutor = "process"\ncommand = [${JSON.stringify(process.execPath)}, ${JSON.stringify(join(folder, "agent.mjs"))}]\nmode = "json-lines"\nlifetime = "kept"`,
  ];
  for (const [name, text] of Object.entries(recordings)) {
    await writeFile(join(folder, `${name}.jsonl`), text);
    made.push(`[profiles.${name}]\nexecutor = "replay"\nfile = ${JSON.stringify(join(folder, `${name}.jsonl`))}\nspeed = "max"`);
  }
  return made.join("\n\n");
}

/** Waits until it is so. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    if (await isSo()) return;
    if (performance.now() > deadline) throw new Error(`it did not come to this: ${what}`);
    await sleep(20);
  }
}

/** A recording of one run with these events. */
export function recording(events: readonly unknown[]): string {
  const at = "2026-01-01T00:00:00.000Z";
  const run_id = "r_01k7zzzzzz0000000000000001";
  const lines: unknown[] = [{ yoi_recording: 1 }, { offset_ms: 0, event: { type: "run_started", run_id, trigger: "input", at } }];
  for (const event of events) lines.push({ offset_ms: 0, event });
  lines.push({ offset_ms: 0, event: { type: "run_finished", run_id, outcome: "completed", at } });
  return `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** A network in front of a server that can stop carrying what its connections hold, without ending them. */
export class Network {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  url = "";

  static async start(target: string): Promise<Network> {
    const network = new Network(new URL(target));
    network.#server.listen(0, "127.0.0.1");
    await once(network.#server, "listening");
    network.url = `http://127.0.0.1:${(network.#server.address() as AddressInfo).port}`;
    return network;
  }

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const socket of pair) {
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#pairs.delete(pair);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  /** From now on nothing goes through any connection that is open; new ones work. */
  freeze(): number {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
    return this.#pairs.size;
  }

  /** Breaks every connection that is open. */
  cut(): void {
    for (const [near] of this.#pairs) near.destroy();
  }

  stop(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}
