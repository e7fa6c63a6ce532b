// Node's `ws`, the package.

import { createRequire } from "node:module";
import { follow, protocols } from "./scenario.mjs";

const [job, modules] = [JSON.parse(process.argv[2]), process.argv[3]];
const { WebSocket } = createRequire(`${modules}/`)("ws");

const open = (url) => {
  const socket = new WebSocket(url, protocols(job));
  // what a page cannot do: a ping, whose answer is waited for by `ws` itself
  socket.on("open", () => socket.ping("are you there"));
  socket.on("pong", (payload) => (pongs += payload.toString() === "are you there"));
  return socket;
};
let pongs = 0;
const got = await follow(open, job, console.log);
console.log(JSON.stringify({ ...got, pongs }));
