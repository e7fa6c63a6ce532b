// What a person has chosen for this browser.
//
// Owns its keeping in the browser's storage. Must not keep anything of a workspace, and never a token.

export type Theme = "system" | "light" | "dark";

function stored(name: string): string | undefined {
  try {
    return localStorage.getItem(`yoi.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`yoi.${name}`, value);
  } catch {
    // it holds for as long as the page does
  }
}

class Preferences {
  #theme = $state<Theme>("system");
  #singleKeys = $state(true);

  constructor() {
    const theme = stored("theme");
    if (theme === "light" || theme === "dark") this.#theme = theme;
    this.#singleKeys = stored("keys") !== "off";
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    store("theme", theme);
    // `public/theme.js` does the same before the page is painted
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }

  /** Whether keys without a modifier do something outside of text boxes. */
  get singleKeys(): boolean {
    return this.#singleKeys;
  }

  set singleKeys(on: boolean) {
    this.#singleKeys = on;
    store("keys", on ? "on" : "off");
  }
}

export const preferences = new Preferences();
