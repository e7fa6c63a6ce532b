// What every client with the interface of a browser's WebSocket does. Uses nothing else: the
// function is also handed to a page, as its text.

/// The subprotocols of a client that shows its token by them; none where there is no token.
export function protocols({ token }) {
  return token === null ? [] : ["yoi.v1", `yoi.token.${Buffer.from(token).toString("base64url")}`];
}

/// Follows `url` to the end of a run, leaving twice on the way; then asks for what is nowhere.
export async function follow(open, { url, nowhere }, say) {
  const got = { text: "", snapshots: 0, readies: 0, drops: 0, closed: null, nowhere: null, extensions: null, protocol: null };
  let cursor = null;
  let next = 700;
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = open(cursor === null ? url : `${url}?cursor=${cursor}`);
      let left = false;
      socket.onopen = () => {
        got.extensions = socket.extensions;
        got.protocol = socket.protocol;
      };
      socket.onmessage = ({ data }) => {
        if (left) return;
        const frame = JSON.parse(data);
        if (frame.kind === "diagnostic") return reject(new Error(data));
        if (frame.kind === "ready") {
          got.readies += 1;
          if (got.readies === 1) say("ready");
        }
        if (frame.kind !== "event") return;
        cursor = frame.cursor;
        if (frame.event.type === "snapshot") got.snapshots += 1;
        if (frame.event.type === "block_delta") got.text += frame.event.text;
        // away with it in the middle, without a word where that can be
        const deltas = got.text.split(" ").length - 1;
        if (deltas >= next && got.drops < 2) {
          [left, next] = [true, next + 700];
          got.drops += 1;
          socket.terminate ? socket.terminate() : socket.close();
          resolve(false);
        }
        if (frame.event.type === "run_finished") socket.close(3456, "enough");
      };
      socket.onclose = ({ code, reason, wasClean }) => {
        if (left) return;
        got.closed = { code, reason, clean: wasClean };
        resolve(true);
      };
    });
  while (!(await one()));
  got.nowhere = await new Promise((resolve) => {
    const socket = open(nowhere);
    const codes = [];
    socket.onmessage = ({ data }) => codes.push(JSON.parse(data).diagnostic.code);
    socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, clean: wasClean, codes });
  });
  return got;
}
