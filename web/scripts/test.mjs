// Runs the tests that `tsc` has built, file by file: a browser and a workspace for each, never two at once.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const folder = new URL("../build/web/test/", import.meta.url).pathname;
const files = readdirSync(folder).filter((name) => name.endsWith(".test.js")).sort();
const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? files : files.filter((name) => wanted.some((word) => name.startsWith(word)));
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-force-exit", "--test-reporter=spec", ...chosen.map((name) => folder + name)],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
