// A workspace: who asks, its runtimes, all their workers, and its stream.
//
// Owns the requests that are of no one runtime. Must not retry.

import { BACKEND_PATH } from "./endpoint.js";
import { Follow } from "./follow/follow.js";
import type { FollowOptions } from "./follow/options.js";
import { readWorkspaceUpdate, type WorkspaceUpdate } from "./follow/update.js";
import type { PluginList, RuntimeId, RuntimeList, RuntimeRow, SessionInfo, SignIn, WorkerList } from "./generated/protocol.js";
import { call, command, type CallOptions } from "./http.js";
import { Settings, type ClientOptions } from "./options.js";
import { Workers, type Page, type WorkerFilter } from "./pages.js";
import { RuntimeClient, listWorkers } from "./runtime.js";
import { TicketsClient } from "./tickets.js";

/** How to follow a workspace: deltas are of workers. */
export type FollowWorkspaceOptions = Omit<FollowOptions, "coalesce">;

/** A workspace, through its backend. */
export class WorkspaceClient {
  /** The tickets of the workspace. */
  readonly tickets: TicketsClient;
  readonly #settings: Settings;

  /** Makes a client; nothing is connected yet. Throws a `YoiError` where an option is not usable. */
  constructor(options: ClientOptions = {}) {
    this.#settings = new Settings(options, BACKEND_PATH);
    this.tickets = new TicketsClient(this.#settings);
  }

  /** Whom the server takes the caller for, and what server it is. */
  session(options?: CallOptions): Promise<SessionInfo> {
    return call(this.#settings, { method: "GET", url: this.#url(["session"]) }, options);
  }

  /** Gives a token for a cookie, which the browser keeps and no script sees. */
  signIn(token: string, options?: CallOptions): Promise<SessionInfo> {
    const body: SignIn = { token };
    return call(this.#settings, { method: "POST", url: this.#url(["session"]), body }, options);
  }

  /** Gives the cookie up. */
  signOut(options?: CallOptions): Promise<void> {
    return command(this.#settings, { method: "DELETE", url: this.#url(["session"]) }, options);
  }

  /** Every runtime of the workspace, in the order of their ids. */
  async runtimes(options?: CallOptions): Promise<RuntimeRow[]> {
    const url = this.#url(["runtimes"]);
    return (await call<RuntimeList>(this.#settings, { method: "GET", url }, options)).runtimes;
  }

  /** One runtime. */
  runtime(runtime: RuntimeId, options?: CallOptions): Promise<RuntimeRow> {
    return call(this.#settings, { method: "GET", url: this.#url(["runtimes", runtime]) }, options);
  }

  /** The plugins of the workspace's own runtime: what each may reach, and how it does. */
  plugins(options?: CallOptions): Promise<PluginList> {
    return call(this.#settings, { method: "GET", url: this.#url(["plugins"]) }, options);
  }

  /** One page of the workers of all runtimes. A runtime that is away is a diagnostic in it. */
  list(filter: WorkerFilter = {}, page: Page = {}, options?: CallOptions): Promise<WorkerList> {
    return listWorkers(this.#settings, filter, page, options);
  }

  /** All workers of all runtimes, page by page of at most `limit`. */
  workers(filter: WorkerFilter = {}, limit?: number, options?: CallOptions): Workers {
    return new Workers((page) => this.list(filter, { limit, page }, options));
  }

  /** The workers of one runtime. */
  on(runtime: RuntimeId): RuntimeClient {
    const path = this.#settings.endpoint.path(["runtimes", runtime]);
    return new RuntimeClient(this.#settings.at(path));
  }

  /** The stream of the workspace: its runtimes, and its workers in short. */
  followWorkspace(options: FollowWorkspaceOptions = {}): Follow<WorkspaceUpdate> {
    return new Follow({ settings: this.#settings, path: ["events"], probe: ["session"] }, readWorkspaceUpdate, options);
  }

  #url(segments: readonly string[]): URL {
    return this.#settings.endpoint.url(segments);
  }
}
