// The highlighter and the languages it knows.
//
// Owns their choice. Must not be part of what a page loads first.

import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const known = createLowlight({
  bash, cpp, css, diff, go, ini, java, json, python, rust, shell, sql, typescript, xml, yaml,
});
known.registerAlias({
  typescript: ["js", "javascript", "jsx", "mjs", "ts", "tsx", "svelte"],
  bash: ["sh", "zsh"],
  cpp: ["c", "h", "cc", "hpp"],
  ini: ["toml", "conf"],
  xml: ["html", "svg"],
  yaml: ["yml"],
  rust: ["rs"],
  python: ["py"],
});

type Tree = ReturnType<typeof known.highlight>["children"][number];

/** The nodes of coloured code; nothing where its language is not known. */
export function highlight(code: string, lang: string): Node[] | undefined {
  if (!known.registered(lang)) return undefined;
  return known.highlight(lang, code).children.map(node);
}

function node(tree: Tree): Node {
  if (tree.type === "text") return document.createTextNode(tree.value);
  if (tree.type !== "element") return document.createTextNode("");
  const made = document.createElement("span");
  const names = tree.properties["className"];
  if (Array.isArray(names)) made.className = names.join(" ");
  made.append(...tree.children.map(node));
  return made;
}
