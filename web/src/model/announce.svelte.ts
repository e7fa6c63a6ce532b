// What a screen reader is told.
//
// Owns the page's one live region. Must be told of changes that matter, never of each piece of a text.

class Announcer {
  words = $state("");

  say(words: string): void {
    // the same words again are to be heard again
    this.words = this.words === words ? `${words}\u00a0` : words;
  }
}

export const announcer = new Announcer();
