// What time it is, for what shows ages.
//
// Owns one timer for the whole page. Must not be used for anything that has to be exact.

class Now {
  ms = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.ms = Date.now();
    }, 1_000);
  }
}

export const now = new Now();
