// The WebSocket that Node brings: `node --experimental-websocket` up to version 21.

import { follow, protocols } from "./scenario.mjs";

const job = JSON.parse(process.argv[2]);
const open = (url) => new WebSocket(url, protocols(job));
console.log(JSON.stringify(await follow(open, job, console.log)));
