// Markdown as elements.
//
// Owns the step from Markdown to a page's nodes, made one by one: no text of a worker's ever becomes markup, and HTML
// in it is shown as the text it is. While a text is streamed, only its last block is made anew. Must not load
// anything, nor keep a text.

import { lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { highlighted } from "./code.js";
import { shown } from "./shown.js";

/** Nesting beyond this is shown as text. */
const MAX_DEPTH = 24;
/** A paragraph that is longer is shown in pieces, so that a delta costs a piece and not the whole. */
const PIECE_LENGTH = 8_192;
/** A code block is laid out in pieces of about so many characters. */
const CHUNK_LENGTH = 4_096;

/** Whether more of a text is to come. */
export type Ending = "open" | "whole";

/** A text in an element, which follows it as it grows. */
export class Rendering {
  readonly #host: HTMLElement;
  /** The text up to here is in nodes that stay. */
  #settled = "";
  /** The nodes of what comes after it. */
  #open: ChildNode[] = [];
  /** The open code block, which only grows. */
  #code: { readonly block: CodeBlock; readonly lang: string } | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** Shows `text`, of which what was shown before is mostly a beginning. */
  show(text: string, ending: Ending): void {
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    if (!text.startsWith(this.#settled)) this.#begin();
    const rest = text.slice(this.#settled.length);
    let tokens = lex(rest);
    if (tokens === undefined || tokens.reduce((sum, token) => sum + token.raw.length, 0) !== rest.length) {
      // never seen; but what cannot be cut into blocks is still to be read
      this.#begin();
      this.#code = undefined;
      this.#replaceOpen(tokens === undefined ? [plain(text)] : blocks(tokens, 0));
      return;
    }
    if (ending === "open") {
      const last = tokens.findLastIndex((token) => token.type !== "space");
      for (const token of tokens.slice(0, Math.max(last, 0))) this.#settle(token);
      tokens = tokens.slice(Math.max(last, 0));
      const open = tokens[0];
      if (open?.type === "code" && "lang" in open) {
        this.#growCode(open as Tokens.Code);
        return;
      }
      if (open?.type === "paragraph" && open.raw.length > PIECE_LENGTH) {
        for (const token of pieces(open).slice(0, -1)) this.#settle(token);
        tokens = lex(text.slice(this.#settled.length)) ?? [];
      }
    }
    this.#code = undefined;
    this.#replaceOpen(blocks(tokens.flatMap(pieces), 0));
    if (ending === "whole") void highlightAll(this.#host);
  }

  #begin(): void {
    this.#settled = "";
    this.#open = [];
    this.#code = undefined;
    this.#host.replaceChildren();
  }

  #settle(token: Token): void {
    this.#code = undefined;
    this.#replaceOpen([]);
    this.#host.append(...blocks([token], 0));
    this.#settled += token.raw;
  }

  #replaceOpen(nodes: ChildNode[]): void {
    for (const node of this.#open) node.remove();
    this.#host.append(...nodes);
    this.#open = nodes;
  }

  #growCode({ lang = "", text }: Tokens.Code): void {
    if (this.#code === undefined || this.#code.lang !== lang || !this.#code.block.grow(text)) {
      const block = new CodeBlock(lang);
      block.grow(text);
      this.#code = { block, lang };
      this.#replaceOpen([block.element]);
    }
  }
}

/** The text in an element of its own, once. */
export function rendered(text: string): HTMLElement {
  const host = element("div");
  new Rendering(host).show(text, "whole");
  return host;
}

function lex(text: string): Token[] | undefined {
  try {
    return lexer(text);
  } catch {
    // nesting so deep that it exhausts the stack
    return undefined;
  }
}

/** A code block, cut into pieces that are laid out by themselves. */
export class CodeBlock {
  readonly element: HTMLElement;
  readonly #code: HTMLElement;
  #text = "";
  #last: Text | undefined;

  constructor(lang: string) {
    const name = shown(lang.split(/[\s,{]/, 1)[0] ?? "").slice(0, 32);
    this.#code = element("code");
    if (name !== "") this.#code.dataset["lang"] = name;
    const pre = element("pre");
    pre.append(this.#code);
    // it may scroll sideways, and a keyboard is to reach that
    pre.tabIndex = 0;
    this.element = element("div", "code");
    if (name !== "") {
      const label = element("div", "code-lang");
      label.textContent = name;
      this.element.append(label);
    }
    this.element.append(pre);
  }

  /** Shows `text`. False where it is no longer version of what is shown. */
  grow(text: string): boolean {
    if (!text.startsWith(this.#text)) return false;
    let more = shown(text.slice(this.#text.length));
    this.#text = text;
    while (more !== "") {
      if (this.#last === undefined) {
        const chunk = element("span", "chunk");
        this.#last = document.createTextNode("");
        chunk.append(this.#last);
        this.#code.append(chunk);
      }
      const room = CHUNK_LENGTH - this.#last.length;
      const end = more.indexOf("\n", Math.max(room, 0));
      this.#last.appendData(end === -1 ? more : more.slice(0, end + 1));
      if (end === -1) break;
      more = more.slice(end + 1);
      this.#last = undefined;
    }
    return true;
  }
}

/** Colours what has a language that is known. */
async function highlightAll(host: HTMLElement): Promise<void> {
  for (const code of host.querySelectorAll<HTMLElement>("code[data-lang]")) {
    const nodes = await highlighted(code.textContent, code.dataset["lang"] ?? "");
    if (nodes !== undefined) code.replaceChildren(...nodes);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, className?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className !== undefined) made.className = className;
  return made;
}

function plain(text: string): HTMLElement {
  const made = element("p", "plain");
  made.textContent = shown(text);
  return made;
}

function blocks(tokens: readonly Token[], depth: number): ChildNode[] {
  return tokens.flatMap((token) => block(token as MarkedToken, depth));
}

function holding(name: keyof HTMLElementTagNameMap, nodes: readonly ChildNode[]): HTMLElement {
  const made = element(name);
  made.append(...nodes);
  return made;
}

function block(token: MarkedToken, depth: number): ChildNode[] {
  if (depth > MAX_DEPTH) return [plain(token.raw)];
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading": {
      // the page has its own first and second level
      const made = holding(`h${Math.min(token.depth + 2, 6)}` as "h3", inline(token.tokens, depth));
      made.className = `h-${token.depth}`;
      return [made];
    }
    case "paragraph":
      return [holding("p", inline(token.tokens, depth))];
    case "text":
      return token.tokens === undefined ? [text(token.text)] : inline(token.tokens, depth);
    case "code": {
      const code = new CodeBlock(token.lang ?? "");
      code.grow(token.text);
      return [code.element];
    }
    case "blockquote":
      return [holding("blockquote", blocks(token.tokens, depth + 1))];
    case "list": {
      const list = holding(token.ordered ? "ol" : "ul", token.items.map((item) => listItem(item, depth)));
      if (list instanceof HTMLOListElement && typeof token.start === "number") list.start = token.start;
      return [list];
    }
    case "table":
      return [table(token, depth)];
    case "hr":
      return [element("hr")];
    case "html":
      return [plain(token.raw.replace(/\n+$/, ""))];
    default:
      return inline([token], depth);
  }
}

/** A paragraph that is very long, in several: browsers lay out each by itself. */
function pieces(token: Token): Token[] {
  if (token.type !== "paragraph" || token.raw.length <= PIECE_LENGTH) return [token];
  const cut: Token[] = [];
  for (let from = 0; from < token.raw.length; ) {
    const space = token.raw.lastIndexOf(" ", from + PIECE_LENGTH);
    let to = space > from && from + PIECE_LENGTH < token.raw.length ? space + 1 : from + PIECE_LENGTH;
    // never within a character
    const unit = token.raw.charCodeAt(to - 1);
    if (unit >= 0xd800 && unit < 0xdc00) to -= 1;
    cut.push(...(lex(token.raw.slice(from, to)) ?? []));
    from = to;
  }
  return cut;
}

function listItem(item: Tokens.ListItem, depth: number): HTMLElement {
  const made = holding("li", blocks(item.tokens.filter((token) => token.type !== "checkbox"), depth + 1));
  if (item.task) {
    made.className = "task";
    made.prepend(text(item.checked === true ? "☑ " : "☐ "));
  }
  return made;
}

function table(token: Tokens.Table, depth: number): HTMLElement {
  const cells = (name: "th" | "td", row: readonly Tokens.TableCell[]): HTMLElement => {
    return holding("tr", row.map((cell) => {
      const made = holding(name, inline(cell.tokens, depth + 1));
      if (cell.align === "right" || cell.align === "center") made.className = `align-${cell.align}`;
      return made;
    }));
  };
  const made = element("table");
  made.append(
    holding("thead", [cells("th", token.header)]),
    holding("tbody", token.rows.map((row) => cells("td", row))),
  );
  const around = element("div", "table");
  around.tabIndex = 0;
  around.setAttribute("role", "group");
  around.setAttribute("aria-label", "Table");
  around.append(made);
  return around;
}

function inline(tokens: readonly Token[], depth: number): ChildNode[] {
  return tokens.flatMap((token) => inlineOne(token as MarkedToken, depth + 1));
}

function inlineOne(token: MarkedToken, depth: number): ChildNode[] {
  if (depth > MAX_DEPTH) return [text(token.raw)];
  switch (token.type) {
    case "text":
      return token.tokens === undefined ? [text(token.text)] : inline(token.tokens, depth);
    case "escape":
      return [document.createTextNode(shown(token.text))];
    case "strong":
      return [holding("strong", inline(token.tokens, depth))];
    case "em":
      return [holding("em", inline(token.tokens, depth))];
    case "del":
      return [holding("del", inline(token.tokens, depth))];
    case "codespan": {
      const made = element("code");
      made.textContent = shown(token.text);
      return [made];
    }
    case "br":
      return [element("br")];
    case "link":
      return [link(token.href, inline(token.tokens, depth))];
    case "image":
      // never loaded: the page asks nobody but its own server
      return [link(token.href, [text(token.text === "" ? "picture" : `picture: ${token.text}`)])];
    default:
      return "tokens" in token && token.tokens !== undefined
        ? inline(token.tokens, depth)
        : [document.createTextNode(shown(token.raw))];
  }
}

/** A link that opens by itself, without telling where from; what is no link to the web is text. */
export function link(href: string, nodes: readonly ChildNode[]): ChildNode {
  let url: URL | undefined;
  try {
    url = new URL(href);
  } catch {
    url = undefined;
  }
  if (url === undefined || !["http:", "https:", "mailto:"].includes(url.protocol)) {
    const made = holding("span", nodes);
    made.className = "no-link";
    made.title = shown(href).slice(0, 500);
    return made;
  }
  const made = element("a");
  made.href = url.href;
  made.rel = "noopener noreferrer nofollow";
  made.target = "_blank";
  made.title = shown(url.href).slice(0, 500);
  made.append(...nodes);
  return made;
}

/** The references that people and models write; any other stays as it is. */
const REFERENCES: Readonly<Record<string, string>> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…", mdash: "—", ndash: "–",
  copy: "©", reg: "®", times: "×", rarr: "→", larr: "←", middot: "·", bull: "•", deg: "°", euro: "€",
};

function text(source: string): Text {
  const resolved = source.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-z]{2,8}));/g, (found, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(REFERENCES, name) ? (REFERENCES[name] ?? found) : found;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : "\ufffd";
  });
  return document.createTextNode(shown(resolved));
}
