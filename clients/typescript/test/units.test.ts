// The small machines that a stream is made of, each by itself.

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, test } from "node:test";
import { Endpoint } from "../src/endpoint.js";
import { YoiError, codeInfo, diagnosticOf, problemOf } from "../src/error.js";
import { Backoff } from "../src/follow/backoff.js";
import { closed, refused } from "../src/follow/ending.js";
import { followQuery } from "../src/follow/options.js";
import { Position, REMEMBERED } from "../src/follow/position.js";
import { readUpdate, readWorkspaceUpdate } from "../src/follow/update.js";
import { CODES, type Code, type KnownCode } from "../src/generated/protocol.js";
import { Settings } from "../src/options.js";
import { normalTime } from "../src/time.js";
import { SseParser } from "../src/transport/sse.js";
import { Random } from "./random.js";

const KNOWN = Object.keys(CODES) as KnownCode[];

describe("back-off", () => {
  test("grows from 100 ms to 10 s and begins anew", () => {
    for (const random of [0, 0.001, 1 / 3, 1]) {
      const backoff = new Backoff();
      const waits = Array.from({ length: 100 }, () => backoff.next(random, undefined));
      waits.forEach((wait, n) => assert.ok(n === 0 || wait >= (waits[n - 1] ?? 0), waits.join()));
      const [first, last] = [waits[0] ?? 0, waits[99] ?? 0];
      assert.ok(first >= 100 && first <= 200 && last >= 5_000 && last <= 10_000);
      backoff.reset();
      assert.equal(backoff.next(random, undefined), first);
    }
  });

  test("waits as long as asked within reason", () => {
    assert.equal(new Backoff().next(0, 3_000), 3_000);
    assert.equal(new Backoff().next(0, Number.MAX_VALUE), 60_000);
    assert.equal(new Backoff().next(1, 1), 200);
  });
});

describe("position", () => {
  test("drops what came before and stays small", () => {
    const position = new Position("start");
    assert.equal(position.event("start"), false);
    for (let n = 0; n < 10_000; n += 1) {
      assert.equal(position.event(String(n)), true);
      assert.equal(position.event(String(n)), false);
    }
    assert.equal(position.cursor, "9999");
    assert.equal(position.size, REMEMBERED);
    // the oldest are those that were forgotten
    assert.equal(position.event(String(10_000 - REMEMBERED)), false);
    assert.equal(position.event(String(9_999 - REMEMBERED)), true);
  });

  test("a snapshot begins anew", () => {
    const position = new Position();
    position.event("a");
    position.event("b");
    position.snapshot("b");
    assert.equal(position.cursor, "b");
    assert.equal(position.event("a"), true);
    position.forget();
    assert.equal(position.cursor, undefined);
    position.reached("head");
    position.reached(null);
    assert.equal(position.cursor, "head");
  });
});

describe("endings", () => {
  test("every close code of the table is obeyed", () => {
    const withClose = KNOWN.filter((code) => CODES[code].closeCode !== null);
    assert.ok(withClose.length >= 12);
    for (const code of withClose) {
      const { closeCode, action } = codeInfo(code);
      const next = closed({ code: closeCode ?? 0 }, diagnosticOf(code, "m"));
      assert.equal(next.error.code, code);
      const want = action === "stop" || action === "sign_in" ? "stop" : action;
      assert.equal(next.then, want, code);
      // over server-sent events the diagnostic stands for the code, where it came last
      assert.equal(closed({}, diagnosticOf(code, "m"), true).then, want, code);
      assert.equal(closed({}, diagnosticOf(code, "m"), false).then, "resume", code);
    }
  });

  test("a bare close is read by its code", () => {
    const cases: [number, string][] = [
      [4404, "stop"],
      [4401, "stop"],
      [4409, "resnapshot"],
      [4410, "resnapshot"],
      ...[1000, 1001, 1005, 1006, 1011, 1012, 4429, 4999].map((code): [number, string] => [code, "resume"]),
    ];
    for (const [code, want] of cases) assert.equal(closed({ code }, undefined).then, want, String(code));
    const { then, error } = closed({}, undefined);
    assert.deepEqual([then, error.kind], ["resume", "disconnected"]);
    // a diagnostic of another code does not stand for this one, and one of none for no ending
    assert.equal(closed({ code: 4404 }, diagnosticOf("lagged", "earlier")).error.code, "worker_not_found");
    assert.equal(closed({}, diagnosticOf("lagged", "last"), true).error.kind, "disconnected");
    assert.match(closed({ code: 4999, reason: "odd" }, undefined).error.message, /odd \(closed with 4999\)/);
  });

  test("a refused connection is tried again where that may help", () => {
    const then = (code: Code): string => refused(YoiError.problem(problemOf(code, ""))).then;
    for (const code of ["unauthenticated", "forbidden", "not_found", "runtime_protocol_error"]) assert.equal(then(code), "stop");
    for (const code of ["runtime_unavailable", "overloaded", "going_away", "internal", "of_tomorrow"]) {
      assert.equal(then(code), "resume");
    }
    assert.equal(then("cursor_expired"), "resnapshot");
    assert.equal(refused(YoiError.tls("h:1", "CERT_HAS_EXPIRED")).then, "stop");
    assert.equal(refused(YoiError.protocol("x")).then, "stop");
    assert.equal(refused(YoiError.invalidOption("x")).then, "stop");
    assert.equal(refused(YoiError.connect("h:1", "refused")).then, "resume");
    assert.equal(refused(YoiError.timeout("x")).then, "resume");
  });
});

describe("errors", () => {
  test("what follows comes from the table", () => {
    for (const code of KNOWN) {
      const info = CODES[code];
      for (const error of [YoiError.problem(problemOf(code, "detail")), YoiError.diagnostic(diagnosticOf(code, "message"))]) {
        assert.equal(error.exitStatus, info.exitStatus, code);
        assert.equal(error.retryable, info.retryable, code);
        assert.equal(error.action, info.action, code);
        assert.equal(error.remedy, info.remedy, code);
        assert.equal(error.toProblem().code, code);
      }
    }
  });

  test("the server's own words win over the table's", () => {
    const problem = { ...problemOf("worker_busy", "d"), retryable: false, action: "stop", retry_after_ms: 5 };
    const error = YoiError.problem(problem);
    assert.deepEqual([error.retryable, error.action, error.retryAfterMs], [false, "stop", 5]);
    // a code of tomorrow, and one that is a member of every object
    for (const code of ["of_tomorrow", "constructor", "toString"]) assert.equal(codeInfo(code).exitStatus, 1);
  });

  test("local failures have codes too", () => {
    const connect = YoiError.connect("host:1", "refused");
    assert.deepEqual([connect.exitStatus, connect.retryable], [5, true]);
    const tls = YoiError.tls("host:1", "unknown issuer");
    assert.deepEqual([tls.exitStatus, tls.retryable, tls.toProblem().retryable], [5, false, false]);
    assert.equal(YoiError.protocol("x").exitStatus, 7);
    assert.equal(YoiError.invalidUrl("x").exitStatus, 2);
  });
});

describe("endpoint and options", () => {
  test("paths stand after the base", () => {
    for (const [base, root] of [
      ["http://127.0.0.1:7070", "http://127.0.0.1:7070"],
      ["https://yoi.example/some/where/", "https://yoi.example/some/where"],
      ["http://[::1]:8080/", "http://[::1]:8080"],
    ] as const) {
      const endpoint = new Endpoint(base, "/v1");
      assert.equal(endpoint.url(["runtime"]).href, `${root}/v1/runtime`);
      assert.equal(endpoint.url(["approvals", "a/../b?c"]).href, `${root}/v1/approvals/a%2F..%2Fb%3Fc`);
      assert.equal(endpoint.webSocketUrl(["events"], [["cursor", "c"], ["mode", undefined]]).href, `${root.replace("http", "ws")}/v1/events/ws?cursor=c`);
      for (const climbing of ["..", ".", ""]) {
        assert.throws(() => endpoint.url(["approvals", climbing]), (error: YoiError) => error.kind === "invalid_option");
      }
    }
    assert.equal(new Endpoint("https://yoi.example", "").authority, "yoi.example:443");
  });

  test("a bad base is refused and not repeated", () => {
    for (const bad of ["127.0.0.1:7070", "ftp://host", "http://me:hunter2@host", "http://host/?token=hunter2", "http://host/#hunter2", "hunter2", ""]) {
      assert.throws(
        () => new Endpoint(bad, "/v1"),
        (error: YoiError) => error.kind === "invalid_url" && !inspect(error).includes("hunter2"),
      );
    }
    assert.throws(() => new Settings({}, "/api"), /`baseUrl` is missing/);
  });

  test("the token is not shown, and stands in neither cookie nor URL", () => {
    const settings = new Settings({ baseUrl: "http://127.0.0.1:1", token: "hunter2" }, "/api");
    assert.ok(!inspect(settings, { depth: 9, showHidden: true }).includes("hunter2"));
    assert.ok(!JSON.stringify(settings).includes("hunter2"));
    assert.equal(settings.credentials, "omit");
    assert.deepEqual(settings.at("/v1").subprotocols(), ["yoi.v1", "yoi.token.aHVudGVyMg"]);
    const odd = new Settings({ baseUrl: "http://127.0.0.1:1", token: "~~~???>>>" }, "/api");
    assert.match(odd.subprotocols()[1] ?? "", /^yoi\.token\.[A-Za-z0-9_-]+$/);
    assert.equal(Buffer.from((odd.subprotocols()[1] ?? "").slice(10), "base64url").toString(), "~~~???>>>");
    assert.throws(() => new Settings({ baseUrl: "http://127.0.0.1:1", token: "a\nb" }, "/api"), /header/);
    const cookie = new Settings({ baseUrl: "http://127.0.0.1:1" }, "/api");
    assert.deepEqual([cookie.credentials, cookie.subprotocols(), cookie.authorization()], ["same-origin", [], {}]);
  });

  test("a stream's query says only what is not the default", () => {
    const query = (options: Parameters<typeof followQuery>[0], cursor?: string): string =>
      new Endpoint("http://h", "").url([], followQuery(options, cursor)).search;
    assert.equal(query({}), "");
    assert.equal(query({}, "a_b-1"), "?cursor=a_b-1");
    const options = { mode: "live", onGap: "close", coalesce: "off" } as const;
    assert.equal(query(options), "?mode=live&on_gap=close&coalesce=off");
    assert.equal(query(options, "c"), "?cursor=c&on_gap=close&coalesce=off");
    assert.equal(query({ mode: "auto" }, "c"), "?cursor=c&mode=auto");
  });
});

describe("frames", () => {
  const worker_id = "w_01k7zzzzzz0000000000000007";
  const at = "2026-01-01T00:00:00Z";

  test("what is malformed is told, what is unknown is not", () => {
    const event = (event: unknown): string => JSON.stringify({ kind: "event", cursor: "c", worker_id, event });
    const isMalformed = (error: YoiError): boolean => error.kind === "protocol";
    for (const bad of [
      "[]", "null", "3", "{}", '{"kind":3}', '{"kind":"event"}', '{"kind":"ready","cursor":3}',
      JSON.stringify({ kind: "ready", cursor: "c", worker_id: "w_1" }),
      JSON.stringify({ kind: "link", cursor: null, worker_id, state: "up" }),
      event(undefined), event([]), event({}), event({ type: 1 }),
      event({ type: "block_delta", block_id: "b", at }),
      event({ type: "block_delta", block_id: "b", text: "x" }),
      event({ type: "block_delta", block_id: "b", text: "x", at: "yesterday" }),
      event({ type: "status_changed", status: "x".repeat(65), at }),
      event({ type: "run_started", run_id: "r_01", trigger: "input", at }),
      event({ type: "tool_result", call_id: "c", content: [{ text: "no type" }], is_error: false, at }),
      event({ type: "tool_result", call_id: "c", content: [{ type: "text" }], is_error: false, at }),
      event({ type: "usage_updated", input_tokens: -1, at }),
      event({ type: "extension", namespace: "n", at }),
    ]) {
      assert.throws(() => readUpdate(bad), isMalformed, bad);
    }
    for (const good of [
      event({ type: "of_tomorrow" }),
      event({ type: "constructor", status: 3 }),
      event({ type: "usage_updated", at }),
      event({ type: "status_changed", status: "of_tomorrow", reason: null, more: 1, at: "2026-01-01t02:00:00.1+02:00" }),
      event({ type: "tool_result", call_id: "c", content: [{ type: "hologram" }], is_error: false, at }),
      event({ type: "extension", namespace: "n", value: null, at }),
    ]) {
      assert.equal(readUpdate(good)?.type, "event", good);
    }
    assert.equal(readUpdate('{"kind":"of_tomorrow"}'), undefined);
    assert.equal(readUpdate('{"kind":"toString"}'), undefined);
    assert.throws(() => readWorkspaceUpdate('{"kind":"event","cursor":"c","event":{"type":"runtime_removed"}}'), isMalformed);
    assert.equal(readWorkspaceUpdate('{"kind":"event","cursor":"c","event":{"type":"of_tomorrow","x":1}}')?.type, "event");
    assert.equal(readWorkspaceUpdate('{"kind":"ready"}')?.type, "ready");
  });

  test("a time has one spelling", () => {
    for (const [text, want] of [
      ["2026-11-21T05:54:00.123Z", "2026-11-21T05:54:00.123Z"],
      ["2026-11-21T05:54:00Z", "2026-11-21T05:54:00.000Z"],
      ["2026-11-21t05:54:00.1239999z", "2026-11-21T05:54:00.123Z"],
      ["2026-11-21T05:54:60.5Z", "2026-11-21T05:54:59.500Z"],
      ["2026-11-21T05:54:00+05:30", "2026-11-21T00:24:00.000Z"],
      ["1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z"],
      ["1969-12-31T23:59:59Z", undefined],
      ["2026-02-30T00:00:00Z", undefined],
      ["2026-11-21T24:00:00Z", undefined],
      ["2026-11-21 05:54:00Z", undefined],
      ["2026-11-21T05:54:00", undefined],
      ["9999-12-31T00:00:00Z", undefined],
    ] as const) {
      assert.equal(normalTime(text), want, text);
    }
  });
});

describe("server-sent events", () => {
  test("are read alike however they are cut", () => {
    const long = "漢🙂".repeat(5000);
    const text = `: hello\r\nid: 1\r\nevent: event\r\ndata: {"a":1}\r\n\r\ndata:two\ndata: lines\n\n\n: only\n\ndata: ${long}\n\nevent: x\n\ndata\r\rdata: unfinished`;
    const want = ['{"a":1}', "two\nlines", long, ""];
    assert.deepEqual(new SseParser().push(text), want);
    const random = new Random(7);
    for (let round = 0; round < 50; round += 1) {
      const parser = new SseParser();
      const events: string[] = [];
      for (let at = 0; at < text.length; ) {
        const next = at + 1 + random.below(round % 2 === 0 ? 3 : 4000);
        events.push(...parser.push(text.slice(at, next)));
        at = next;
      }
      assert.deepEqual(events, want, `round ${round}`);
    }
  });

  test("have an end", () => {
    const parser = new SseParser();
    assert.throws(() => {
      for (let n = 0; n < 100; n += 1) parser.push(`data: ${"x".repeat(1 << 20)}\n`);
    }, /a frame of more than/);
  });
});
