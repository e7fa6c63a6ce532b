// Where one is.
//
// Owns the page's address and its history. Must not know what pages show.

export type Route =
  | { readonly page: "overview" }
  | { readonly page: "plugins" }
  | { readonly page: "settings" }
  | { readonly page: "tickets"; readonly ticket: string | undefined }
  | { readonly page: "worker"; readonly runtime: string; readonly worker: string; readonly entry: string | undefined }
  | { readonly page: "nowhere" };

/** The address of a worker's page, or of an entry on it. */
export function workerPath(runtime: string, worker: string, entry?: string): string {
  const path = `/workers/${encodeURIComponent(runtime)}/${encodeURIComponent(worker)}`;
  return entry === undefined ? path : `${path}#${encodeURIComponent(entry)}`;
}

/** The address of a ticket's page. */
export function ticketPath(ticket: string): string {
  return `/tickets/${encodeURIComponent(ticket)}`;
}

/** What an address means. */
export function read(pathname: string, hash: string): Route {
  const decoded = (text: string): string | undefined => {
    try {
      return decodeURIComponent(text);
    } catch {
      return undefined;
    }
  };
  const [, first, second, third, more] = pathname.split("/");
  if (more !== undefined) return { page: "nowhere" };
  if (first === "" && second === undefined) return { page: "overview" };
  if (first === "plugins" && second === undefined) return { page: "plugins" };
  if (first === "settings" && second === undefined) return { page: "settings" };
  if (first === "tickets" && third === undefined) {
    const ticket = second === undefined || second === "" ? undefined : decoded(second);
    return second && ticket === undefined ? { page: "nowhere" } : { page: "tickets", ticket };
  }
  const [runtime, worker] = [decoded(second ?? ""), decoded(third ?? "")];
  if (first === "workers" && runtime && worker) {
    const entry = hash.length > 1 ? decoded(hash.slice(1)) : undefined;
    return { page: "worker", runtime, worker, entry };
  }
  return { page: "nowhere" };
}

class Place {
  route = $state.raw<Route>(read(location.pathname, location.hash));

  constructor() {
    addEventListener("popstate", () => this.#read());
    addEventListener("hashchange", () => this.#read());
  }

  /** Goes to an address of this page. */
  go(path: string): void {
    history.pushState(null, "", path);
    this.#read();
  }

  #read(): void {
    this.route = read(location.pathname, location.hash);
  }
}

export const place = new Place();

/** Follows links within the page without loading it anew. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.target !== "" || link.origin !== location.origin || link.hasAttribute("download")) return;
  if (link.getAttribute("href")?.startsWith("#") === true) return;
  event.preventDefault();
  place.go(link.pathname + link.hash);
}
