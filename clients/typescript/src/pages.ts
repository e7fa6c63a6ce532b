// Lists of workers, page by page.
//
// Owns going from one page to the next. Must not know where the pages come from.

import { YoiError } from "./error.js";
import type { Status, WorkerDetail, WorkerList } from "./generated/protocol.js";

/** Which workers to list. */
export interface WorkerFilter {
  /** Only those of this status. */
  readonly status?: Status | undefined;
  /** Only those with all of these labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Only those of this runtime. Of the workers of all runtimes only. */
  readonly runtime?: string | undefined;
}

/** Which part of a list. */
export interface Page {
  /** The most rows; the server's default where absent. */
  readonly limit?: number | undefined;
  /** `next_page` of the page before; the first page where absent. */
  readonly page?: string | undefined;
}

/** All workers that a filter lets pass: `for await (const worker of …)`. Each loop begins anew. */
export class Workers implements AsyncIterable<WorkerDetail> {
  readonly #page: (page: string | undefined) => Promise<WorkerList>;

  /** @internal */
  constructor(page: (page: string | undefined) => Promise<WorkerList>) {
    this.#page = page;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WorkerDetail, void, undefined> {
    for await (const page of this.pages()) yield* page.workers;
  }

  /** The same in pages, with the diagnostics of what could not be listed. */
  async *pages(): AsyncGenerator<WorkerList, void, undefined> {
    let next: string | undefined;
    do {
      const page = await this.#page(next);
      if (page.next_page !== undefined && page.next_page === next) {
        throw YoiError.protocol("a page of which the next is itself");
      }
      yield page;
      next = page.next_page;
    } while (next !== undefined);
  }
}
