// Where things are: the base URL, and the paths on it.
//
// Owns the making of URLs. Must not know what travels over them, nor the token.

import { YoiError } from "./error.js";

/** The path of the API of a runtime itself. */
export const RUNTIME_PATH = "/v1";
/** The path of the API of a backend. */
export const BACKEND_PATH = "/api";

/** Names and values, in order; those without a value are left out. */
export type Query = readonly (readonly [name: string, value: string | number | undefined])[];

/** A server, and a base path on it. */
export class Endpoint {
  readonly #base: URL;
  readonly #basePath: string;

  constructor(baseUrl: string, basePath: string) {
    let base: URL;
    try {
      base = new URL(baseUrl);
    } catch {
      // never repeated in the message: it might hold credentials
      throw YoiError.invalidUrl("it does not parse; it looks like http://127.0.0.1:7070");
    }
    if (base.protocol !== "http:" && base.protocol !== "https:") {
      throw YoiError.invalidUrl("its scheme is neither http nor https");
    }
    if (base.username !== "" || base.password !== "") {
      throw YoiError.invalidUrl("it holds credentials; pass the token apart");
    }
    if (base.search !== "" || base.hash !== "") throw YoiError.invalidUrl("it has a query or fragment");
    this.#base = base;
    this.#basePath = basePath;
  }

  /** The base URL as it was given. */
  get baseUrl(): string {
    return this.#base.href;
  }

  /** Host and port, for people. */
  get authority(): string {
    const port = this.#base.port || (this.#base.protocol === "https:" ? "443" : "80");
    return `${this.#base.hostname}:${port}`;
  }

  /** The base path and what is below it; segments are escaped. */
  path(segments: readonly string[]): string {
    const below = segments.map((segment) => {
      // these would climb, however they are escaped
      if (segment === "" || segment === "." || segment === "..") {
        throw YoiError.invalidOption("an id is empty or made of dots");
      }
      return `/${encodeURIComponent(segment)}`;
    });
    return `${this.#basePath}${below.join("")}`;
  }

  /** The URL of a path. */
  url(segments: readonly string[], query: Query = []): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}${this.path(segments)}`;
    for (const [name, value] of query) {
      if (value !== undefined) url.searchParams.append(name, String(value));
    }
    return url;
  }

  /** The same for a WebSocket. */
  webSocketUrl(segments: readonly string[], query: Query = []): URL {
    const url = this.url([...segments, "ws"], query);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }
}
