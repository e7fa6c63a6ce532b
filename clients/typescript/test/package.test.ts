// The package as others get it.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const text = (path: string): Promise<string> => readFile(path, "utf8");

test("offers its entry by name, with types, and needs nothing at run time", async () => {
  const name: string = "@yoi/client";
  const entry = (await import(name)) as Record<string, unknown>;
  for (const offered of ["WorkspaceClient", "RuntimeClient", "Follow", "Folded", "FoldedWorkspace", "YoiError", "apply", "applyWorkspace", "BOUNDS", "CODES"]) {
    assert.ok(offered in entry, offered);
  }
  assert.match(await text("dist/index.d.ts"), /WorkspaceClient/);
  const manifest = JSON.parse(await text("package.json")) as Record<string, unknown>;
  assert.ok(!("dependencies" in manifest) && !("peerDependencies" in manifest));
});

test("imports nothing that a browser has not", async () => {
  const files = (await readdir("dist", { recursive: true })).filter((file) => file.endsWith(".js"));
  assert.ok(files.length > 15);
  for (const file of files) {
    for (const [, from] of (await text(`dist/${file}`)).matchAll(/\bfrom\s+"([^"]+)"|\bimport\s*\(/g)) {
      assert.match(from ?? "a dynamic import", /^\.{1,2}\//, file);
    }
  }
});

test("the lockfile names no registry", async () => {
  const lock = await text("package-lock.json");
  assert.doesNotMatch(lock, /"resolved"|https?:\/\//);
  assert.match(lock, /"integrity"/);
});
