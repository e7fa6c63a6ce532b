// The workers of one runtime: a method for each request (docs/wire.md, "Driving"), and their streams.
//
// Owns the parameters. Must not retry: a caller knows what may be sent twice.

import { RUNTIME_PATH } from "./endpoint.js";
import { Follow } from "./follow/follow.js";
import type { FollowOptions } from "./follow/options.js";
import { readUpdate, type Update } from "./follow/update.js";
import type {
  CreateWorker,
  InputAccepted,
  ResolveApproval,
  RuntimeInfo,
  RuntimeRow,
  SendInput,
  TranscriptPage,
  WorkerDetail,
  WorkerId,
  WorkerList,
} from "./generated/protocol.js";
import { call, command, type CallOptions } from "./http.js";
import { Settings, type ClientOptions } from "./options.js";
import { Workers, type Page, type WorkerFilter } from "./pages.js";

/** Which part of a transcript. */
export interface TranscriptQuery {
  /** The most entries; the server's default where absent. */
  readonly limit?: number | undefined;
  /** `before` of the page after; the newest page where absent. */
  readonly before?: string | undefined;
}

/** The workers of one runtime. */
export class RuntimeClient {
  readonly #settings: Settings;
  readonly #info: readonly string[];

  /** @internal */
  constructor(settings: Settings, info: readonly string[] = []) {
    this.#settings = settings;
    this.#info = info;
  }

  /** A client of a runtime itself, with no backend between: for programs on the runtime's own machine. */
  static direct(options: ClientOptions): RuntimeClient {
    return new RuntimeClient(new Settings(options, RUNTIME_PATH), ["runtime"]);
  }

  /** What the runtime is and how it is: from itself, or as its backend knows it. */
  info(options?: CallOptions): Promise<RuntimeInfo | RuntimeRow> {
    return call(this.#settings, { method: "GET", url: this.#url(this.#info) }, options);
  }

  /** One page of workers, in the order of their ids. */
  list(filter: WorkerFilter = {}, page: Page = {}, options?: CallOptions): Promise<WorkerList> {
    return listWorkers(this.#settings, filter, page, options);
  }

  /** All workers, page by page of at most `limit`. */
  workers(filter: WorkerFilter = {}, limit?: number, options?: CallOptions): Workers {
    return new Workers((page) => this.list(filter, { limit, page }, options));
  }

  /** Makes a worker. With a `worker_id` of the caller's it may be sent again. */
  create(worker: CreateWorker = {}, options?: CallOptions): Promise<WorkerDetail> {
    return call(this.#settings, { method: "POST", url: this.#url(["workers"]), body: worker }, options);
  }

  /** One worker. */
  worker(worker: WorkerId, options?: CallOptions): Promise<WorkerDetail> {
    return call(this.#settings, { method: "GET", url: this.#worker(worker) }, options);
  }

  /** Removes a stopped worker and its log. */
  delete(worker: WorkerId, options?: CallOptions): Promise<void> {
    return command(this.#settings, { method: "DELETE", url: this.#worker(worker) }, options);
  }

  /** Says something to a worker. With an `idempotency_key` it may be sent again. */
  input(worker: WorkerId, input: SendInput | string, options?: CallOptions): Promise<InputAccepted> {
    const body: SendInput = typeof input === "string" ? { content: [{ type: "text", text: input }] } : input;
    return call(this.#settings, { method: "POST", url: this.#worker(worker, "input"), body }, options);
  }

  /** Ends the run under way. */
  cancel(worker: WorkerId, options?: CallOptions): Promise<void> {
    return command(this.#settings, { method: "POST", url: this.#worker(worker, "cancel") }, options);
  }

  /** Ends the worker; its log stays. */
  stop(worker: WorkerId, options?: CallOptions): Promise<void> {
    return command(this.#settings, { method: "POST", url: this.#worker(worker, "stop") }, options);
  }

  /** Starts a stopped worker again from its log. */
  resume(worker: WorkerId, options?: CallOptions): Promise<void> {
    return command(this.#settings, { method: "POST", url: this.#worker(worker, "resume") }, options);
  }

  /** Answers a question that a worker asks. */
  approve(worker: WorkerId, approvalId: string, answer: ResolveApproval, options?: CallOptions): Promise<void> {
    const url = this.#worker(worker, "approvals", approvalId);
    return command(this.#settings, { method: "POST", url, body: answer }, options);
  }

  /** A page of a worker's transcript, the newest first page. */
  transcript(worker: WorkerId, query: TranscriptQuery = {}, options?: CallOptions): Promise<TranscriptPage> {
    const url = this.#settings.endpoint.url(
      ["workers", worker, "transcript"],
      [
        ["limit", query.limit],
        ["before", query.before],
      ],
    );
    return call(this.#settings, { method: "GET", url }, options);
  }

  /** The stream of a worker, over as many connections as it takes. */
  follow(worker: WorkerId, options: FollowOptions = {}): Follow<Update> {
    const probe = ["workers", worker];
    return new Follow({ settings: this.#settings, path: [...probe, "events"], probe }, readUpdate, options);
  }

  #url(segments: readonly string[]): URL {
    return this.#settings.endpoint.url(segments);
  }

  #worker(worker: WorkerId, ...segments: string[]): URL {
    return this.#url(["workers", worker, ...segments]);
  }
}

/** One page of workers, of one runtime or of all. */
export function listWorkers(
  settings: Settings,
  filter: WorkerFilter,
  page: Page,
  options: CallOptions | undefined,
): Promise<WorkerList> {
  const labels = Object.entries(filter.labels ?? {}).map(([name, value]) => ["label", `${name}=${value}`] as const);
  const url = settings.endpoint.url(
    ["workers"],
    [["status", filter.status], ...labels, ["runtime", filter.runtime], ["limit", page.limit], ["page", page.page]],
  );
  return call(settings, { method: "GET", url }, options);
}
