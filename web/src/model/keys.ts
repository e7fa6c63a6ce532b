// Keys that do something anywhere on the page.
//
// Owns telling them from typing, and sequences of two. Must not take a key from a text box or from the browser.

import { preferences } from "./preferences.svelte.js";

/** How long the second key of a sequence may take. */
const SEQUENCE_MS = 1_200;

export class Keys {
  readonly #actions = new Map<string, () => void>();
  readonly #target: Document;
  #first: { key: string; at: number } | undefined;

  constructor(target: Document) {
    this.#target = target;
    target.addEventListener("keydown", this.#pressed);
  }

  /** Does `action` on a key, such as `?`, or on two after each other, such as `g o`. */
  on(keys: string, action: () => void): void {
    this.#actions.set(keys, action);
  }

  close(): void {
    this.#target.removeEventListener("keydown", this.#pressed);
  }

  readonly #pressed = (event: KeyboardEvent): void => {
    if (!preferences.singleKeys || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null) return;
    const now = Date.now();
    const first = this.#first !== undefined && now - this.#first.at < SEQUENCE_MS ? `${this.#first.key} ` : "";
    this.#first = undefined;
    const action = this.#actions.get(first + event.key) ?? this.#actions.get(event.key);
    if (action !== undefined) {
      event.preventDefault();
      action();
      return;
    }
    if ([...this.#actions.keys()].some((keys) => keys.startsWith(`${event.key} `))) this.#first = { key: event.key, at: now };
  };
}
