"""Python's `websockets`, as most programs use it."""

import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def follow(url, nowhere, headers, token):
    """Follows `url` to the end of a run, leaving twice on the way; then asks for what is nowhere."""
    got = {"text": "", "snapshots": 0, "readies": 0, "drops": 0, "pongs": 0}
    # who shows a token speaks the version that goes with it
    offer = {"additional_headers": headers, "subprotocols": token and ["yoi.v1"], "proxy": None}
    cursor, leave_at, over = None, 700, False
    while not over:
        at = url if cursor is None else f"{url}?cursor={cursor}"
        # `None`: messages as long as they are
        with connect(at, max_size=None, **offer) as socket:
            got["extensions"] = ", ".join(extension.name for extension in socket.protocol.extensions)
            got["protocol"] = socket.subprotocol or ""
            pong = socket.ping("are you there")
            for message in socket:
                frame = json.loads(message)
                if frame["kind"] == "diagnostic":
                    raise SystemExit(message)
                if frame["kind"] == "ready":
                    got["readies"] += 1
                    if got["readies"] == 1:
                        print("ready", flush=True)
                if frame["kind"] != "event":
                    continue
                cursor, event = frame["cursor"], frame["event"]
                got["snapshots"] += event["type"] == "snapshot"
                if event["type"] == "block_delta":
                    got["text"] += event["text"]
                over = event["type"] == "run_finished"
                if over:
                    break
                if got["text"].count(" ") >= leave_at and got["drops"] < 2:
                    leave_at += 700
                    got["drops"] += 1
                    break
            got["pongs"] += pong.wait(10)
            if over:
                socket.close(3456, "enough")
                closed = socket.protocol
                got["closed"] = {"code": closed.close_rcvd.code, "reason": closed.close_sent.reason, "clean": True}
            else:
                # away with it in the middle, without a word
                socket.close_socket()
    got["nowhere"] = ask(nowhere, offer)
    return got


def ask(nowhere, offer):
    """What is told of a worker that does not exist."""
    codes = []
    with connect(nowhere, **offer) as socket:
        try:
            while True:
                codes.append(json.loads(socket.recv(10))["diagnostic"]["code"])
        except ConnectionClosed as closed:
            frame = closed.rcvd
    return {"code": frame.code, "reason": frame.reason, "clean": closed_cleanly(socket), "codes": codes}


def closed_cleanly(socket):
    """Whether both sent a close frame."""
    return socket.protocol.close_rcvd is not None and socket.protocol.close_sent is not None


if __name__ == "__main__":
    print(json.dumps(follow(**json.loads(sys.argv[1]))))
