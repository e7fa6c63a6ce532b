// The plugins of the workspace, as they were asked for last.
//
// Owns asking, again and again while somebody looks. Must not grant: that is for people, at a terminal.

import { YoiError, type PluginList } from "@yoi/client";
import { session, workspace } from "./session.svelte.js";

/** Milliseconds between two questions. */
const EVERY = 3000;

export class Plugins {
  list = $state.raw<PluginList | undefined>();
  /** Why there is no newer list. */
  reason = $state.raw<YoiError | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor() {
    void this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    try {
      const list = await workspace.plugins();
      if (this.#closed) return;
      this.list = list;
      this.reason = undefined;
    } catch (error) {
      if (!(error instanceof YoiError)) throw error;
      if (this.#closed) return;
      if (error.action === "sign_in") return session.ended(error);
      this.reason = error;
      // asking again makes nobody see more
      if (error.code === "forbidden") return;
    }
    this.#timer = setTimeout(() => void this.#ask(), EVERY);
  }
}
