// Made from crates/protocol by `cargo run -p xtask -- generate`. Do not edit.
// docs/wire.md says what these mean.

/** One frame of a stream. */
export type Frame =
  | EventFrame
  | ReadyFrame
  | HeartbeatFrame
  | LinkFrame
  | DiagnosticFrame;

/** What existed when the connection attached has been delivered. */
export interface ReadyFrame {
  kind: "ready";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** The worker's runtime; absent on the runtime's own stream. */
  runtime_id?: RuntimeId;
  /** Whose stream. */
  worker_id: WorkerId;
}

/** The server lost or found the runtime. */
export interface LinkFrame {
  kind: "link";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** The worker's runtime. */
  runtime_id?: RuntimeId;
  /** Whose stream. */
  worker_id: WorkerId;
  /** How it is now. */
  state: LinkState;
  /** Whether events were lost. */
  lost: boolean;
}

/** Something is wrong. */
export interface DiagnosticFrame {
  kind: "diagnostic";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** The worker's runtime; absent on the runtime's own stream. */
  runtime_id?: RuntimeId;
  /** Whose stream; absent where the name asked for is no id. */
  worker_id?: WorkerId;
  /** What. */
  diagnostic: Diagnostic;
}

/** A runtime, unique in its workspace; from configuration. */
export type RuntimeId = string;

/** A worker, unique in its runtime: `w_` and a ULID of 26 lower-case characters. */
export type WorkerId = string;

/** An event of any type. */
export type AnyEvent = Event | UnknownEvent;

/** An event of a type that this version knows. */
export type Event =
  | SnapshotEvent
  | StatusChangedEvent
  | RunStartedEvent
  | UserMessageEvent
  | BlockStartedEvent
  | BlockDeltaEvent
  | BlockFinishedEvent
  | ToolResultEvent
  | PlanUpdatedEvent
  | ApprovalRequestedEvent
  | ApprovalResolvedEvent
  | UsageUpdatedEvent
  | RetryScheduledEvent
  | RunFinishedEvent
  | NoticeEvent
  | ExtensionEvent;

/** The state at this position. */
export interface SnapshotEvent extends State {
  type: "snapshot";
  /** When it was made. */
  at: Timestamp;
}

/** The worker's status is another. */
export interface StatusChangedEvent {
  type: "status_changed";
  /** The new one. */
  status: Status;
  /** Why. */
  reason?: string;
  /** When it was made. */
  at: Timestamp;
}

/** A run begins. */
export interface RunStartedEvent {
  type: "run_started";
  /** Which. */
  run_id: RunId;
  /** What began it. */
  trigger: Trigger;
  /** When it was made. */
  at: Timestamp;
}

/** Accepted input. */
export interface UserMessageEvent {
  type: "user_message";
  /** The run it belongs to. */
  run_id: RunId;
  /** Names its transcript entry. */
  entry_id: string;
  /** What was said. */
  content: Part[];
  /** Bytes of text cut from `content`; the transcript endpoint has them. */
  omitted_bytes?: number;
  /** When it was made. */
  at: Timestamp;
}

/** A streamed unit opens. */
export interface BlockStartedEvent {
  type: "block_started";
  /** Names it, and then its transcript entry. */
  block_id: string;
  /** The run it belongs to. */
  run_id: RunId;
  /** What it holds. */
  kind: BlockKind;
  /** The tool call it spells. */
  call_id?: string;
  /** The tool called. */
  tool?: string;
  /** For people. */
  title?: string;
  /** When it was made. */
  at: Timestamp;
}

/** The next piece of a block. */
export interface BlockDeltaEvent {
  type: "block_delta";
  /** Which block. */
  block_id: string;
  /** Text, reasoning, or tool arguments. */
  text: string;
  /** When it was made. */
  at: Timestamp;
}

/** A block becomes a transcript entry. */
export interface BlockFinishedEvent {
  type: "block_finished";
  /** Which block. */
  block_id: string;
  /** How it ended. */
  status: BlockStatus;
  /** When it was made. */
  at: Timestamp;
}

/** What a tool answered. */
export interface ToolResultEvent {
  type: "tool_result";
  /** The call it answers. */
  call_id: string;
  /** The answer. */
  content: Part[];
  /** Whether the tool failed. */
  is_error: boolean;
  /** Bytes of text cut from `content`; the transcript endpoint has them. */
  omitted_bytes?: number;
  /** When it was made. */
  at: Timestamp;
}

/** The agent's own to-do list, whole. */
export interface PlanUpdatedEvent {
  type: "plan_updated";
  /** Its items. */
  items: PlanItem[];
  /** When it was made. */
  at: Timestamp;
}

/** A person is asked. */
export interface ApprovalRequestedEvent extends Approval {
  type: "approval_requested";
  /** When it was made. */
  at: Timestamp;
}

/** A person answered, or nobody will. */
export interface ApprovalResolvedEvent {
  type: "approval_resolved";
  /** Which question. */
  approval_id: string;
  /** The option chosen, or `cancelled`. */
  outcome: string;
  /** When it was made. */
  at: Timestamp;
}

/** The worker's totals. */
export interface UsageUpdatedEvent extends Usage {
  type: "usage_updated";
  /** When it was made. */
  at: Timestamp;
}

/** The provider failed and will be asked again. */
export interface RetryScheduledEvent {
  type: "retry_scheduled";
  /** The run it belongs to. */
  run_id: RunId;
  /** Which try comes next, from 2. */
  attempt: number;
  /** Milliseconds until then. */
  wait_ms: number;
  /** What failed. */
  reason: string;
  /** When it was made. */
  at: Timestamp;
}

/** A run is over. */
export interface RunFinishedEvent {
  type: "run_finished";
  /** Which. */
  run_id: RunId;
  /** How it ended. */
  outcome: Outcome;
  /** Why, where it failed. */
  error?: RunError;
  /** When it was made. */
  at: Timestamp;
}

/** What an operator should know. */
export interface NoticeEvent {
  type: "notice";
  /** How much it matters. */
  level: Level;
  /** A word for programs. */
  code: string;
  /** For people. */
  message: string;
  /** Names its transcript entry. */
  entry_id?: string;
  /** When it was made. */
  at: Timestamp;
}

/** Anything that a plugin or executor adds. */
export interface ExtensionEvent {
  type: "extension";
  /** Whose. */
  namespace: string;
  /** What. */
  value: unknown;
  /** When it was made. */
  at: Timestamp;
}

/** What a worker is: the members of its detail that events do not change. */
export interface WorkerInfo {
  /** Its identity in its runtime. */
  worker_id: WorkerId;
  /** For people; never an authority. */
  display_name: string;
  /** The profile it was made with. */
  profile: string;
  /** Names and values given when it was made. */
  labels: Record<string, string>;
  /** When it was made. */
  created_at: Timestamp;
}

/** A moment: RFC 3339 in UTC with milliseconds, such as `2026-11-21T05:54:00.123Z`. */
export type Timestamp = string;

/**
 * What a worker is doing.
 * - `"idle"`: Ready for input.
 * - `"running"`: A run is under way.
 * - `"waiting"`: A run waits for a person.
 * - `"stopping"`: A run is being ended.
 * - `"stopped"`: Takes no input until it is resumed.
 * - `"failed"`: Cannot go on; `reason` says why.
 */
export type Status = "idle" | "running" | "waiting" | "stopping" | "stopped" | "failed" | (string & {});

/** The run under way. */
export interface Run {
  /** Which. */
  run_id: RunId;
  /** What began it. */
  trigger: Trigger;
}

/** One run of a worker: `r_` and a ULID of 26 lower-case characters. */
export type RunId = string;

/**
 * What began a run.
 * - `"input"`: Input from a person or a program.
 * - `"resume"`: The worker was resumed.
 * - `"plugin"`: A plugin.
 */
export type Trigger = "input" | "resume" | "plugin" | (string & {});

/** One entry of the transcript. Which members it has depends on its kind. */
export interface Entry {
  /** Names it among the worker's. */
  entry_id?: string;
  /** The run it belongs to. */
  run_id?: RunId;
  /** What it is. */
  kind: EntryKind;
  /** Of a block: its text. */
  text?: string;
  /** Of a block: how it ended. */
  status?: BlockStatus;
  /** Of a tool call or result: the call. */
  call_id?: string;
  /** Of a tool call: the tool. */
  tool?: string;
  /** Of a block: for people. */
  title?: string;
  /** Of a message or tool result: what it says. */
  content?: Part[];
  /** Of a tool result: whether the tool failed. */
  is_error?: boolean;
  /** Of a notice: how much it matters. */
  level?: Level;
  /** Of a notice: a word for programs. */
  code?: string;
  /** Of a notice: for people. */
  message?: string;
  /** Bytes of text left out here. */
  omitted_bytes?: number;
  /** When the event that made it was made. */
  at: Timestamp;
}

/**
 * What a transcript entry is.
 * - `"text"`: A finished text block.
 * - `"thinking"`: A finished block of reasoning.
 * - `"tool_call"`: A finished tool call.
 * - `"user_message"`: Input.
 * - `"tool_result"`: What a tool answered.
 * - `"notice"`: A notice.
 */
export type EntryKind = "text" | "thinking" | "tool_call" | "user_message" | "tool_result" | "notice" | (string & {});

/**
 * How a block ended.
 * - `"complete"`: It is whole.
 * - `"interrupted"`: It was cut off.
 */
export type BlockStatus = "complete" | "interrupted" | (string & {});

/** One part of `content[]`. */
export type Part = KnownPart | UnknownPart;

/** The parts that this version knows. */
export type KnownPart =
  | TextPart
  | ImagePart
  | ResourcePart
  | DiffPart
  | TerminalPart;

/** Text. */
export interface TextPart {
  type: "text";
  /** The text. */
  text: string;
}

/** A picture. */
export interface ImagePart {
  type: "image";
  /** Its media type (RFC 6838), such as `image/png`. */
  mime_type: string;
  /** Its bytes in base64 (RFC 4648 §4). */
  data?: string;
  /** Where it is instead. */
  uri?: string;
}

/** A reference. */
export interface ResourcePart {
  type: "resource";
  /** What it refers to. */
  uri: string;
}

/** A change to a file. */
export interface DiffPart {
  type: "diff";
  /** The file, relative to the working folder. */
  path: string;
  /** Before; absent for a new file. */
  old?: string;
  /** After; absent for a removed one. */
  new?: string;
}

/** Output of a terminal. */
export interface TerminalPart {
  type: "terminal";
  [member: string]: unknown;
}

/** A part of a type that this version does not know; kept and passed on. */
export interface UnknownPart {
  type: string;
  [member: string]: unknown;
}

/**
 * How much a notice matters.
 * - `"debug"`: For those who look closely.
 * - `"info"`: Good to know.
 * - `"warning"`: Something to look at.
 * - `"error"`: Something is broken.
 */
export type Level = "debug" | "info" | "warning" | "error" | (string & {});

/** A block that is being streamed. */
export interface OpenBlock {
  /** Which. */
  block_id: string;
  /** The run it belongs to. */
  run_id: RunId;
  /** What it holds. */
  kind: BlockKind;
  /** The tool call it spells. */
  call_id?: string;
  /** The tool called. */
  tool?: string;
  /** For people. */
  title?: string;
  /** What has come so far; its end where it is long. */
  text: string;
  /** Bytes of text left out before it. */
  omitted_bytes?: number;
}

/**
 * What a streamed block holds.
 * - `"text"`: The answer.
 * - `"thinking"`: Reasoning.
 * - `"tool_call"`: The arguments of a tool call.
 */
export type BlockKind = "text" | "thinking" | "tool_call" | (string & {});

/** A question to a person, not answered yet. */
export interface Approval {
  /** Names it among the worker's. */
  approval_id: string;
  /** What is asked. */
  title: string;
  /** The answers to choose from. */
  options: string[];
  /** The tool call it is about. */
  call_id?: string;
}

/** One item of the agent's own to-do list. */
export interface PlanItem {
  /** What is to be done. */
  content: string;
  /** How far it is. */
  status: PlanStatus;
}

/**
 * How far an item of the plan is.
 * - `"pending"`: Not begun.
 * - `"in_progress"`: Under way.
 * - `"completed"`: Done.
 */
export type PlanStatus = "pending" | "in_progress" | "completed" | (string & {});

/** What the worker has used since it was made. */
export interface Usage {
  /** Tokens read by the model. */
  input_tokens: number;
  /** Tokens written by the model. */
  output_tokens: number;
}

/** The state of a worker at a position: what a snapshot carries. */
export interface State {
  /** What the worker is. */
  worker: WorkerInfo;
  /** What it is doing. */
  status: Status;
  /** The run under way. */
  run: Run | null;
  /** The newest entries, oldest first. */
  transcript: Entry[];
  /** Blocks being streamed, oldest first. */
  open_blocks: OpenBlock[];
  /** Questions not answered yet, oldest first. */
  approvals: Approval[];
  /** The agent's own to-do list. */
  plan: PlanItem[];
  /** Totals. */
  usage: Usage;
  /**
   * Whether anything was left out whole, such as older entries. What is left out of a text is
   * told by `omitted_bytes` where it was.
   */
  truncated: boolean;
}

/**
 * How a run ended.
 * - `"completed"`: It did what it was to do.
 * - `"cancelled"`: Somebody cancelled it.
 * - `"failed"`: It failed; `error` says why.
 * - `"limit"`: It reached a limit of time, turns or tokens.
 */
export type Outcome = "completed" | "cancelled" | "failed" | "limit" | (string & {});

/** Why a run failed. */
export interface RunError {
  /** A word for programs, such as `interrupted`, `exit_status` or `time_limit`. */
  reason: string;
  /** For people. */
  message: string;
}

/** An event of a type that this version does not know; it changes nothing in the fold. */
export interface UnknownEvent {
  type: string;
  [member: string]: unknown;
}

/** One event on its way. */
export interface EventFrame {
  kind: "event";
  /** Names this event; resume after it with it. */
  cursor: string;
  /** The worker's runtime; absent on the runtime's own stream. */
  runtime_id?: RuntimeId;
  /** Whose event. */
  worker_id: WorkerId;
  /** The event, byte for byte as it was made; an `AnyEvent`. */
  event: AnyEvent;
}

/**
 * Whether the server reaches the runtime.
 * - `"up"`: It does.
 * - `"down"`: It does not, now.
 */
export type LinkState = "up" | "down" | (string & {});

/** That nothing happened for a while, and how things stand. */
export interface HeartbeatFrame {
  kind: "heartbeat";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** The worker's runtime; absent on the runtime's own stream. */
  runtime_id?: RuntimeId;
  /** Whose stream. */
  worker_id: WorkerId;
  /** What the worker is doing, as far as known. */
  worker: Status;
  /** Whether the server reaches the runtime. */
  link: LinkState;
  /** How many events this socket is behind the newest. */
  lag_events: number;
  /** The oldest cursor that can be resumed from. */
  oldest: string | null;
}

/** What a stream says when something is wrong. */
export interface Diagnostic {
  /** What went wrong, for programs. */
  code: Code;
  /** What went wrong, for people. */
  message: string;
  /** Of `cursor_expired`: why. */
  reason?: ExpiredReason;
  /** Whether trying again may succeed. */
  retryable: boolean;
  /** Milliseconds to wait before that. */
  retry_after_ms?: number;
  /** What to do. */
  action: Action;
}

/**
 * What went wrong, as programs know it.
 * - `"cursor_unknown"`: The cursor was never issued here, was altered, or belongs to another worker
 * - `"cursor_expired"`: The events after the cursor are no longer kept, or belong to a lost tail
 * - `"lagged"`: The connection fell behind what is kept; a snapshot follows
 * - `"read_only_stream"`: The client sent data on a stream that only the server writes
 * - `"slow_consumer"`: The socket took nothing for too long
 * - `"credential_expired"`: The credential ended or was revoked while watching
 * - `"bad_request"`: A query parameter does not parse
 * - `"worker_not_found"`: There is no such worker
 * - `"worker_deleted"`: The worker was deleted while it was watched
 * - `"runtime_not_found"`: There is no such runtime in this workspace
 * - `"approval_not_found"`: There is no such open approval
 * - `"profile_not_found"`: There is no such profile on this runtime
 * - `"not_found"`: There is nothing at this path
 * - `"not_visible"`: Policy forbids observing it
 * - `"runtime_unavailable"`: The runtime cannot be reached now
 * - `"runtime_auth_failed"`: The runtime refused the backend's credential
 * - `"runtime_timeout"`: The runtime did not answer in time
 * - `"runtime_protocol_error"`: The runtime's answer does not follow the protocol
 * - `"runtime_tls_failed"`: The runtime could not be trusted, or TLS with it failed otherwise
 * - `"upstream_disconnected"`: The stream from the runtime broke; it is resumed by itself
 * - `"upstream_malformed"`: A frame from the runtime does not parse; the stream is synchronised anew
 * - `"going_away"`: The server is shutting down
 * - `"invalid_input"`: The request is not in the form asked for
 * - `"unauthenticated"`: The request carries no valid credential
 * - `"forbidden"`: The credential does not allow this
 * - `"origin_not_allowed"`: The request comes from a web page of another origin
 * - `"upgrade_required"`: This path speaks WebSocket
 * - `"rate_limited"`: This principal sends more requests than it may
 * - `"method_not_allowed"`: The path does not take this method
 * - `"worker_busy"`: The worker is in the middle of a run
 * - `"worker_stopped"`: The worker is stopped
 * - `"worker_exists"`: A worker with this id exists and was made with other settings
 * - `"ticket_not_found"`: There is no such ticket, or it has no such relation
 * - `"ticket_blocked"`: The ticket waits for others
 * - `"ticket_transition"`: The ticket's state does not lead there
 * - `"ticket_changed"`: Somebody has changed the ticket since it was read
 * - `"ticket_busy"`: Somebody else writes the tickets
 * - `"ticket_malformed"`: The ticket's files are not in their form
 * - `"payload_too_large"`: The body is larger than this server takes
 * - `"unsupported_operation"`: This worker or runtime cannot do that
 * - `"store_unavailable"`: The runtime's store takes no writes
 * - `"overloaded"`: The server has as many of these as it takes
 * - `"internal"`: The server failed
 */
export type Code = "cursor_unknown" | "cursor_expired" | "lagged" | "read_only_stream" | "slow_consumer" | "credential_expired" | "bad_request" | "worker_not_found" | "worker_deleted" | "runtime_not_found" | "approval_not_found" | "profile_not_found" | "not_found" | "not_visible" | "runtime_unavailable" | "runtime_auth_failed" | "runtime_timeout" | "runtime_protocol_error" | "runtime_tls_failed" | "upstream_disconnected" | "upstream_malformed" | "going_away" | "invalid_input" | "unauthenticated" | "forbidden" | "origin_not_allowed" | "upgrade_required" | "rate_limited" | "method_not_allowed" | "worker_busy" | "worker_stopped" | "worker_exists" | "ticket_not_found" | "ticket_blocked" | "ticket_transition" | "ticket_changed" | "ticket_busy" | "ticket_malformed" | "payload_too_large" | "unsupported_operation" | "store_unavailable" | "overloaded" | "internal" | (string & {});

/**
 * Why a cursor expired.
 * - `"retention"`: Its events are older than what is kept.
 * - `"epoch"`: It is of a tail that was lost.
 */
export type ExpiredReason = "retention" | "epoch" | (string & {});

/**
 * What the receiver of a diagnostic does next.
 * - `"wait"`: Nothing: the server goes on by itself.
 * - `"resume"`: Connect again with the last cursor.
 * - `"resnapshot"`: Drop what is held and take the snapshot that follows, or connect without a cursor.
 * - `"sign_in"`: Get a new credential, then resume.
 * - `"stop"`: Give up.
 */
export type Action = "wait" | "resume" | "resnapshot" | "sign_in" | "stop" | (string & {});

/** An error of the REST API: a problem document (RFC 9457, `application/problem+json`). */
export interface Problem {
  /** `urn:yoi:error:` and the code. */
  type: string;
  /** The code's summary. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What went wrong this time, for people. */
  detail: string;
  /** What went wrong, for programs. */
  code: Code;
  /** Whether trying again may succeed. */
  retryable: boolean;
  /** What to do. */
  action: Action;
  /** Milliseconds to wait before trying again. */
  retry_after_ms?: number;
}

/** `POST …/workers`: what to make. */
export interface CreateWorker {
  /** For people; the profile's name where absent. At most 200 characters. */
  display_name?: string;
  /** The id to give it: sending the same request again is then the same worker. */
  worker_id?: WorkerId;
  /** One of the runtime's profiles; its default where absent. */
  profile?: string;
  /** At most 32, names of at most 63 characters of `[A-Za-z0-9._/-]`, values of at most 256. */
  labels?: Record<string, string>;
  /** The folder to work in, absolute, on the runtime's machine. */
  workdir?: string;
}

/** `POST …/input`: what to say. */
export interface SendInput {
  /** At least one part. */
  content: Part[];
  /** However often the same key is sent, one run is started. At most 128 characters. */
  idempotency_key?: string;
}

/** `POST …/approvals/{approval_id}`: the answer. */
export interface ResolveApproval {
  /** One of the approval's options. */
  option: string;
}

/** Input was accepted, and is as durable as the store makes it. */
export interface InputAccepted {
  /** The run it began. */
  run_id: RunId;
}

/** One worker, as lists and detail show it. */
export interface WorkerDetail {
  /** Its identity in its runtime. */
  worker_id: WorkerId;
  /** For people; never an authority. */
  display_name: string;
  /** The profile it was made with. */
  profile: string;
  /** Names and values given when it was made. */
  labels: Record<string, string>;
  /** When it was made. */
  created_at: Timestamp;
  /** The runtime it is on; absent on the runtime's own API. */
  runtime_id?: RuntimeId;
  /** What it is doing. */
  status: Status;
  /** The run under way. */
  run: Run | null;
  /** Questions not answered yet. */
  approvals: Approval[];
  /** Totals. */
  usage: Usage;
  /** The newest event; resume after it with it. */
  cursor: string | null;
  /** How many events its log has had. */
  events: number;
  /** When the newest event was made. */
  updated_at: Timestamp;
  /** The folder it works in. */
  workdir?: string;
  /** What whoever asked may do with it; absent on the runtime's own API. */
  affordances?: Affordance[];
}

/**
 * Something that a principal may do with a worker.
 * - `"observe"`: Watch its stream.
 * - `"transcript"`: Page through its transcript.
 * - `"input"`: Say something to it.
 * - `"cancel"`: End its run.
 * - `"approve"`: Answer its questions.
 * - `"stop"`: End it.
 * - `"resume"`: Start it again.
 * - `"delete"`: Remove it.
 */
export type Affordance = "observe" | "transcript" | "input" | "cancel" | "approve" | "stop" | "resume" | "delete" | (string & {});

/** One page of workers, in the order of their ids. */
export interface WorkerList {
  /** The workers. */
  workers: WorkerDetail[];
  /** Pass as `page` for the next page; absent on the last. */
  next_page?: string;
  /** What could not be listed. */
  diagnostics?: Diagnostic[];
}

/** One page of a transcript. */
export interface TranscriptPage {
  /** Oldest first. */
  entries: Entry[];
  /** Pass as `before` for the page before this one; absent on the oldest. */
  before?: string;
}

/** `GET …/runtime`: what a runtime is and how it is. */
export interface RuntimeInfo {
  /** Its identity, from its configuration. */
  runtime_id: RuntimeId;
  /** The program's version. */
  version: string;
  /** `ready` or `stopping`. */
  status: string;
  /** What it can do, such as `observe.ws`, `observe.sse`, `store.files`. */
  capabilities: string[];
  /** What workers can be made with. */
  profiles: Profile[];
  /** The profile of a worker that names none. */
  default_profile: string;
  /** How many of what. */
  counts: Counts;
  /** Its store. */
  store: StoreInfo;
  /** What its operator should know. */
  diagnostics: Diagnostic[];
  /** When it was started. */
  started_at: Timestamp;
  /** Now, by its own clock. */
  time?: Timestamp;
}

/** A profile that workers can be made with. */
export interface Profile {
  /** Its name. */
  name: string;
  /** What runs: `echo`, `replay`, `process`. */
  executor: string;
  /** For people. */
  description?: string;
}

/** How many workers there are. */
export interface Counts {
  /** In all. */
  workers: number;
  /** In the middle of a run. */
  running: number;
  /** Watching now. */
  watchers: number;
}

/** What keeps the logs. */
export interface StoreInfo {
  /** `memory` or `files`. */
  kind: string;
  /** `always`, `interval` or `never`; absent in memory. */
  durability?: string;
  /** Bytes kept, as far as known. */
  bytes: number;
  /** Whether it takes writes. */
  healthy: boolean;
}

/** `GET /api/runtimes`: every runtime of the workspace, in the order of their ids. */
export interface RuntimeList {
  /** The runtimes. */
  runtimes: RuntimeRow[];
}

/** A runtime, as the backend knows it. */
export interface RuntimeRow {
  /** Its identity, from the workspace's configuration. */
  runtime_id: RuntimeId;
  /** Where it runs. */
  kind: RuntimeKind;
  /** Whether the backend reaches it. */
  link: LinkState;
  /** `ready` or `stopping`, when it was asked last; absent until it has answered once. */
  status?: string;
  /** Its program's version. */
  version?: string;
  /** What it can do. */
  capabilities: string[];
  /** What workers can be made with. */
  profiles: Profile[];
  /** The profile of a worker that names none. */
  default_profile?: string;
  /** How many of what. */
  counts?: Counts;
  /** Its store. */
  store?: StoreInfo;
  /** When it answered last: how old the rest of this row is. Absent until it has. */
  checked_at?: Timestamp;
  /** What its own clock said then: `checked_at` is by the backend's. */
  time?: Timestamp;
  /** When it was started. */
  started_at?: Timestamp;
  /** Why it is not reached, and what its operator should know. */
  diagnostics: Diagnostic[];
}

/**
 * Where a runtime runs.
 * - `"embedded"`: In the backend's own process.
 * - `"remote"`: In a process of its own.
 */
export type RuntimeKind = "embedded" | "remote" | (string & {});

/** `GET /api/plugins`: the plugins of the workspace's own runtime, in the order of their ids. */
export interface PluginList {
  /** The runtime that they run beside; absent where the workspace has none of its own. */
  runtime_id?: RuntimeId;
  /** The plugins. */
  plugins: PluginRow[];
  /** What is wrong with the file of grants: then nothing is granted to any of them. */
  problem?: string;
}

/** A plugin, as the workspace's runtime knows it. */
export interface PluginRow {
  /** Its id; of a package that is broken, the name of its folder. */
  plugin_id: string;
  /** For people. */
  name?: string;
  /** As its author counts. */
  version?: string;
  /** For people. */
  description?: string;
  /** How its package stands to what is granted. */
  standing: PluginStanding;
  /** What it is doing; absent where nothing of it was ever to run. */
  state?: PluginState;
  /** What went wrong last. */
  last_error?: string;
  /** The worker whose stream tells what it emits and how it does, once it has told anything. */
  worker_id?: WorkerId;
  /** How many WebSockets it has open. */
  connections: number;
  /** The tools that can be called now. */
  tools: string[];
  /** Targets that it requests and is not granted. */
  missing: number;
  /** What a reviewer looks at twice: `broad`, `loopback`, `private`. */
  marks: string[];
  /** What `yoi plugin show` says of what it may reach: plain text in lines of at most 80 columns. */
  review?: string;
  /** What is wrong with its package. */
  problems?: string[];
}

/**
 * How a plugin's package stands to what the workspace grants.
 * - `"unknown"`: The workspace says nothing of it.
 * - `"disabled"`: It is not to run.
 * - `"enabled"`: It may run, with what is granted.
 * - `"suspended"`: Its package asks for more than somebody has looked at.
 * - `"broken"`: Its package cannot be used.
 */
export type PluginStanding = "unknown" | "disabled" | "enabled" | "suspended" | "broken" | (string & {});

/**
 * What a plugin is doing.
 * - `"disabled"`: The workspace has not enabled it.
 * - `"suspended"`: Somebody has to look at its package.
 * - `"starting"`: It is compiled, or starts.
 * - `"running"`: It runs, or its tools can be called.
 * - `"backing_off"`: It crashed, and is started again after a while.
 * - `"failed"`: It cannot be started, or crashed too often.
 * - `"stopped"`: It has ended.
 */
export type PluginState = "disabled" | "suspended" | "starting" | "running" | "backing_off" | "failed" | "stopped" | (string & {});

/** `GET /api/tickets`: tickets, oldest first. */
export interface TicketList {
  /** Those that were asked for. */
  tickets: TicketSummary[];
  /** What could not be read. It hides no ticket but its own. */
  problems: TicketProblem[];
}

/** A ticket in short. */
export interface TicketSummary {
  /** Which. */
  ticket_id: TicketId;
  /** What it is about, in a line. */
  title: string;
  /** Where it is. */
  state: TicketState;
  /** When it was made, as it is written; empty where that is not. */
  created_at: string;
  /** When it was last changed, as it is written. */
  updated_at: string;
  /** Who does it. */
  assignee?: string;
  /** How far it has been thought through. */
  readiness?: string;
  /** What to be careful about. */
  risk_flags: string[];
  /** Who queued it. */
  queued_by?: string;
  /** When that was. */
  queued_at?: string;
  /** Whether it waits for others. What is done waits for nobody. */
  blocked: boolean;
  /** For which: those that are not done, cannot be read, or are not there. */
  waiting_on: TicketId[];
}

/** A ticket, unique in its workspace: the millisecond of its making, as 13 Crockford digits. */
export type TicketId = string;

/**
 * Where a ticket is.
 * - `"planning"`: It is being found out what is to be done.
 * - `"ready"`: It is known what is to be done.
 * - `"queued"`: Somebody wants it done, and it waits for whoever does it.
 * - `"inprogress"`: It is being done.
 * - `"done"`: It has been done.
 * - `"closed"`: Nothing more happens to it.
 */
export type TicketState = "planning" | "ready" | "queued" | "inprogress" | "done" | "closed" | (string & {});

/** Something that is wrong with the files of a ticket. */
export interface TicketProblem {
  /** What kind of thing, for programs. */
  code: string;
  /** What is wrong. */
  message: string;
  /** The file, from the folder of the tickets. */
  file: string;
  /** The line, from 1. */
  line?: number;
  /** What would mend it. */
  remedy?: string;
}

/** `GET /api/tickets/{ticket_id}`: a ticket with everything that its record says. */
export interface TicketDetail {
  /** Which. */
  ticket_id: TicketId;
  /** What it is about, in a line. */
  title: string;
  /** Where it is. */
  state: TicketState;
  /** When it was made, as it is written; empty where that is not. */
  created_at: string;
  /** When it was last changed, as it is written. */
  updated_at: string;
  /** Who does it. */
  assignee?: string;
  /** How far it has been thought through. */
  readiness?: string;
  /** What to be careful about. */
  risk_flags: string[];
  /** Who queued it. */
  queued_by?: string;
  /** When that was. */
  queued_at?: string;
  /** Whether it waits for others. What is done waits for nobody. */
  blocked: boolean;
  /** For which: those that are not done, cannot be read, or are not there. */
  waiting_on: TicketId[];
  /** What is to be done, in Markdown. */
  body: string;
  /** What happened, oldest first. */
  events: TicketEvent[];
  /** How it stands to others. */
  relations: TicketRelations;
  /**
   * What whoever hands out work has decided about it: `id`, `kind`, `author`, `at` and what else
   * applies.
   */
  plan: Record<string, unknown>[];
  /** What came of it. */
  resolution?: string;
  /** The states that it may go to now. */
  next: TicketState[];
  /** Names what the record is now: a change can be made on the condition that it still is. */
  revision: string;
  /** What is wrong with its record. */
  problems: TicketProblem[];
}

/** Something that happened to a ticket. */
export interface TicketEvent {
  /** What, as one word: `create`, `state_changed`, `decision`, `comment` and others. */
  kind: string;
  /** Who did it. */
  author: string;
  /** When. */
  at: string;
  /** What stands over the body. */
  heading?: string;
  /** What was said, in Markdown. */
  body: string;
  /** The state that it left. */
  from?: string;
  /** The state that it led to. */
  to?: string;
  /** Why, in a line. */
  reason?: string;
  /** What a review or a report comes to. */
  status?: string;
  /** The kind of the relation that it is about. */
  relation?: string;
  /** The other ticket of that relation. */
  target?: string;
}

/** How a ticket stands to others, and others to it. */
export interface TicketRelations {
  /** What its own record says. */
  outgoing: TicketOutgoing[];
  /** What the records of others say of it. */
  incoming: TicketIncoming[];
}

/** What a ticket's own record says of another. */
export interface TicketOutgoing {
  /** How it stands to it. */
  kind: TicketRelationKind;
  /** To which. */
  target: TicketId;
  /** Why. */
  note?: string;
}

/**
 * How a ticket stands to another. The second five are how the other says it.
 * - `"depends_on"`: It may not be begun before the other is done.
 * - `"blocks"`: The other may not be begun before it is done.
 * - `"related"`: They have to do with each other.
 * - `"supersedes"`: It takes the place of the other.
 * - `"duplicate_of"`: It is the other, once more.
 * - `"dependency_of"`: The other may not be begun before it is done: the other says so.
 * - `"blocked_by"`: It may not be begun before the other is done: the other says so.
 * - `"superseded_by"`: The other takes its place.
 * - `"duplicated_by"`: The other is it, once more.
 */
export type TicketRelationKind = "depends_on" | "blocks" | "related" | "supersedes" | "duplicate_of" | "dependency_of" | "blocked_by" | "superseded_by" | "duplicated_by" | (string & {});

/** What another ticket's record says of a ticket. */
export interface TicketIncoming {
  /** What that makes of this one: `blocked_by`, `dependency_of` and others. */
  kind: TicketRelationKind;
  /** Which says it. */
  source: TicketId;
  /** Why. */
  note?: string;
}

/** `POST /api/tickets`: what is to be made. */
export interface CreateTicket {
  /** What it is about: one line of at most 512 bytes. */
  title: string;
  /** What is to be done, in Markdown; at most 256 KiB. */
  body?: string;
  /** Who does it. */
  assignee?: string;
  /** What to be careful about; at most 64. */
  risk_flags?: string[];
  /** However often the same key is sent, one ticket is made. At most 200 bytes. */
  idempotency_key?: string;
}

/** `POST …/events`: what is to be said. */
export interface NewTicketEvent {
  /**
   * As one word: `comment`, `decision`, `plan`, `review` and others. Those that requests of
   * their own make, such as `state_changed`, cannot be said.
   */
  kind: string;
  /** What stands over it, one line; the words of the kind where absent. */
  heading?: string;
  /** In Markdown; at most 256 KiB. */
  body: string;
  /** However often the same key is sent, it is said once. At most 200 bytes. */
  idempotency_key?: string;
}

/** `POST …/state`: where a ticket is to go. */
export interface MoveTicket {
  /** Which state. */
  to: TicketState;
  /** Why, in a line; needed to go back. */
  reason?: string;
  /** What came of it, in Markdown; needed for `closed`, and for nothing else. */
  resolution?: string;
  /** The revision that was looked at: where the ticket is another one now, nothing is done. */
  revision?: string;
  /** However often the same key is sent, it is done once. At most 200 bytes. */
  idempotency_key?: string;
}

/** `POST …/relations`: how a ticket stands to another. */
export interface NewTicketRelation {
  /** One of `depends_on`, `blocks`, `related`, `supersedes` and `duplicate_of`. */
  kind: TicketRelationKind;
  /** To which. */
  target: TicketId;
  /** Why; at most 1,024 bytes. */
  note?: string;
}

/** One frame of a workspace's stream, as a client reads it. */
export type WorkspaceFrame =
  | EventWorkspaceFrame
  | ReadyWorkspaceFrame
  | HeartbeatWorkspaceFrame
  | DiagnosticWorkspaceFrame;

/** Something happened. */
export interface EventWorkspaceFrame extends WorkspaceEventFrame {
  kind: "event";
}

/** What existed when the connection attached has been delivered. */
export interface ReadyWorkspaceFrame {
  kind: "ready";
  /** What this socket has been sent so far. */
  cursor: string | null;
}

/** That nothing happened for a while. */
export interface HeartbeatWorkspaceFrame {
  kind: "heartbeat";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** How many events this socket is behind the newest. */
  lag_events: number;
  /** The oldest cursor that can be resumed from. */
  oldest: string | null;
}

/** Something is wrong. */
export interface DiagnosticWorkspaceFrame {
  kind: "diagnostic";
  /** What this socket has been sent so far. */
  cursor: string | null;
  /** What. */
  diagnostic: Diagnostic;
}

/** What happened in a workspace. Tagged by `type` on the wire. */
export type WorkspaceEvent = KnownWorkspaceEvent | UnknownWorkspaceEvent;

/** Of a type that this version knows. */
export type KnownWorkspaceEvent =
  | SnapshotWorkspaceEvent
  | RuntimeUpdatedWorkspaceEvent
  | RuntimeRemovedWorkspaceEvent
  | WorkerCreatedWorkspaceEvent
  | WorkerUpdatedWorkspaceEvent
  | WorkerDeletedWorkspaceEvent
  | TicketsChangedWorkspaceEvent;

/** Of a type that this version does not know: ignore it. */
export interface UnknownWorkspaceEvent {
  type: string;
  [member: string]: unknown;
}

/** The types of `WorkspaceEvent` that this version knows. */
export const WORKSPACE_EVENT_TYPES = [
  "snapshot",
  "runtime_updated",
  "runtime_removed",
  "worker_created",
  "worker_updated",
  "worker_deleted",
  "tickets_changed",
] as const;

/** Whether this version knows its type. Narrow with it before switching on `type`. */
export function isKnownWorkspaceEvent(event: WorkspaceEvent): event is KnownWorkspaceEvent {
  return (WORKSPACE_EVENT_TYPES as readonly string[]).includes(event.type);
}

/** Everything, at this position. */
export interface SnapshotWorkspaceEvent extends WorkspaceState {
  type: "snapshot";
}

/** A runtime is new, came, went, or reports something else than before. */
export interface RuntimeUpdatedWorkspaceEvent {
  type: "runtime_updated";
  /** As it is now. */
  runtime: RuntimeRow;
}

/** A runtime was taken out of the workspace, with its workers. */
export interface RuntimeRemovedWorkspaceEvent {
  type: "runtime_removed";
  /** Which. */
  runtime_id: RuntimeId;
}

/** A worker is new. */
export interface WorkerCreatedWorkspaceEvent {
  type: "worker_created";
  /** As it is now. */
  worker: WorkerSummary;
}

/** A worker's row changed. */
export interface WorkerUpdatedWorkspaceEvent {
  type: "worker_updated";
  /** As it is now. */
  worker: WorkerSummary;
}

/** A worker is gone. */
export interface WorkerDeletedWorkspaceEvent {
  type: "worker_deleted";
  /** Its runtime. */
  runtime_id: RuntimeId;
  /** Which. */
  worker_id: WorkerId;
}

/** Tickets are not as they were, by whomever: look at them again. */
export interface TicketsChangedWorkspaceEvent {
  type: "tickets_changed";
  /** Which, at most 100; none where any may be another. */
  ticket_ids: TicketId[];
}

/** A worker in short. */
export interface WorkerSummary {
  /** The runtime it is on. */
  runtime_id: RuntimeId;
  /** Its identity there. */
  worker_id: WorkerId;
  /** For people. */
  display_name: string;
  /** The profile it was made with. */
  profile: string;
  /** Names and values given when it was made. */
  labels: Record<string, string>;
  /** What it does, as last known: see its runtime's `link`. */
  status: Status;
  /** How many questions wait for a person. */
  approvals: number;
  /** Totals. */
  usage: Usage;
  /** When it was made. */
  created_at: Timestamp;
  /** When it last said something. */
  updated_at: Timestamp;
}

/** All runtimes and workers, each in the order of their ids. */
export interface WorkspaceState {
  /** The runtimes. */
  runtimes: RuntimeRow[];
  /** The workers. */
  workers: WorkerSummary[];
}

/** One event of a workspace on its way. */
export interface WorkspaceEventFrame {
  /** Names this event; resume after it with it. */
  cursor: string;
  /** The event; `WorkspaceEventFrame::read` reads it. */
  event: WorkspaceEvent;
}

/** `GET /api/session`: who the server takes the caller for, and what server it is. */
export interface SessionInfo {
  /** The principal's name. */
  principal: string;
  /** What it may do. */
  role: Role;
  /** How the request said so. */
  authentication: Authentication;
  /** When the credential ends; absent where it does not. */
  expires_at?: Timestamp;
  /** The server's version. */
  server_version: string;
  /** The server's clock. */
  server_time: Timestamp;
}

/**
 * What a principal may do.
 * - `"viewer"`: Watch.
 * - `"operator"`: Watch and drive.
 * - `"admin"`: Everything.
 */
export type Role = "viewer" | "operator" | "admin" | (string & {});

/**
 * How a request said who it is from.
 * - `"open"`: Nobody has to: the server is on loopback and has no principals.
 * - `"token"`: By a bearer token.
 * - `"cookie"`: By the cookie of a sign-in.
 */
export type Authentication = "open" | "token" | "cookie" | (string & {});

/** `POST /api/session`: a token, for a cookie. */
export interface SignIn {
  /** The principal's token. */
  token: string;
}

// Constants.

/** The types of events that this version knows. */
export const EVENT_TYPES = [
  "snapshot",
  "status_changed",
  "run_started",
  "user_message",
  "block_started",
  "block_delta",
  "block_finished",
  "tool_result",
  "plan_updated",
  "approval_requested",
  "approval_resolved",
  "usage_updated",
  "retry_scheduled",
  "run_finished",
  "notice",
  "extension",
] as const;

/** The types of parts that this version knows. */
export const PART_TYPES = [
  "text",
  "image",
  "resource",
  "diff",
  "terminal",
] as const;

/** Whether this version knows the event's type. Narrow with it before switching on `type`. */
export function isKnownEvent(event: AnyEvent): event is Event {
  return (EVENT_TYPES as readonly string[]).includes(event.type);
}

/** Whether this version knows the part's type. Narrow with it before switching on `type`. */
export function isKnownPart(part: Part): part is KnownPart {
  return (PART_TYPES as readonly string[]).includes(part.type);
}

/** The most bytes of one event frame, those of `snapshot` events aside. */
export const MAX_FRAME_BYTES = 262144;

/** The most bytes of an event's own JSON: a frame's bound less its envelope. */
export const MAX_EVENT_BYTES = 261632;

/** The bounds of a folded state; docs/wire.md says what each bounds. */
export const BOUNDS = {
  transcriptEntries: 200,
  transcriptWeight: 1048576,
  textBytes: 262144,
  openBlocks: 64,
  openBlocksWeight: 262144,
  openTextBytes: 1048576,
  approvals: 64,
  approvalsWeight: 262144,
  planItems: 256,
  planWeight: 262144,
  usageWeight: 16384,
  workerWeight: 65536,
  workerNameBytes: 1024,
  depth: 64,
  snapshotBytes: 8388608,
} as const;

/** What follows from a code. */
export interface CodeInfo {
  /** The HTTP status of a problem document with it. */
  readonly httpStatus: number;
  /** The WebSocket close code that follows it, where the connection ends. */
  readonly closeCode: number | null;
  /** The exit status of a command that ends with it. */
  readonly exitStatus: number;
  /** Whether trying again may succeed. */
  readonly retryable: boolean;
  /** What to do. */
  readonly action: Action;
  /** A short summary, the same for every occurrence. */
  readonly title: string;
  /** What a person does about it. */
  readonly remedy: string;
}

/** A code that this version knows. */
export type KnownCode = keyof typeof CODES;

/** The table of codes. */
export const CODES = {
  cursor_unknown: {
    httpStatus: 409,
    closeCode: 4409,
    exitStatus: 6,
    retryable: true,
    action: "resnapshot",
    title: "The cursor was never issued here, was altered, or belongs to another worker",
    remedy: "Connect without a cursor.",
  },
  cursor_expired: {
    httpStatus: 410,
    closeCode: 4410,
    exitStatus: 6,
    retryable: true,
    action: "resnapshot",
    title: "The events after the cursor are no longer kept, or belong to a lost tail",
    remedy: "Connect without a cursor; `reason` says whether retention or a lost tail is why.",
  },
  lagged: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 6,
    retryable: true,
    action: "resnapshot",
    title: "The connection fell behind what is kept; a snapshot follows",
    remedy: "Take the snapshot that follows in place of what you hold.",
  },
  read_only_stream: {
    httpStatus: 400,
    closeCode: 4405,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "The client sent data on a stream that only the server writes",
    remedy: "Send commands over REST.",
  },
  slow_consumer: {
    httpStatus: 503,
    closeCode: 4429,
    exitStatus: 5,
    retryable: true,
    action: "resume",
    title: "The socket took nothing for too long",
    remedy: "Read faster, or connect again with the last cursor when ready.",
  },
  credential_expired: {
    httpStatus: 401,
    closeCode: 4401,
    exitStatus: 4,
    retryable: true,
    action: "sign_in",
    title: "The credential ended or was revoked while watching",
    remedy: "Sign in again, then resume with the last cursor.",
  },
  bad_request: {
    httpStatus: 400,
    closeCode: 4400,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "A query parameter does not parse",
    remedy: "Correct the parameter that the message names.",
  },
  worker_not_found: {
    httpStatus: 404,
    closeCode: 4404,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is no such worker",
    remedy: "List the workers and check the id.",
  },
  worker_deleted: {
    httpStatus: 404,
    closeCode: 4404,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "The worker was deleted while it was watched",
    remedy: "Nothing: its log is gone.",
  },
  runtime_not_found: {
    httpStatus: 404,
    closeCode: 4404,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is no such runtime in this workspace",
    remedy: "List the runtimes and check the id.",
  },
  approval_not_found: {
    httpStatus: 404,
    closeCode: null,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is no such open approval",
    remedy: "It may have been answered already; look at the worker.",
  },
  profile_not_found: {
    httpStatus: 404,
    closeCode: null,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is no such profile on this runtime",
    remedy: "Choose one of the profiles that the runtime lists, or add it to its configuration.",
  },
  not_found: {
    httpStatus: 404,
    closeCode: null,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is nothing at this path",
    remedy: "Check the path and the method against the documentation.",
  },
  not_visible: {
    httpStatus: 403,
    closeCode: 4403,
    exitStatus: 4,
    retryable: false,
    action: "stop",
    title: "Policy forbids observing it",
    remedy: "Ask whoever administers the workspace.",
  },
  runtime_unavailable: {
    httpStatus: 503,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "The runtime cannot be reached now",
    remedy: "Wait: it is tried again by itself. Check that the runtime is up.",
  },
  runtime_auth_failed: {
    httpStatus: 502,
    closeCode: null,
    exitStatus: 4,
    retryable: true,
    action: "wait",
    title: "The runtime refused the backend's credential",
    remedy: "Correct the runtime's token in the workspace's configuration.",
  },
  runtime_timeout: {
    httpStatus: 504,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "The runtime did not answer in time",
    remedy: "Try again; look at the runtime's load if it goes on.",
  },
  runtime_protocol_error: {
    httpStatus: 502,
    closeCode: null,
    exitStatus: 7,
    retryable: false,
    action: "stop",
    title: "The runtime's answer does not follow the protocol",
    remedy: "Compare the versions of both sides.",
  },
  runtime_tls_failed: {
    httpStatus: 502,
    closeCode: null,
    exitStatus: 5,
    retryable: false,
    action: "wait",
    title: "The runtime could not be trusted, or TLS with it failed otherwise",
    remedy: "Compare the runtime's certificate with the authority or pin in the workspace's configuration.",
  },
  upstream_disconnected: {
    httpStatus: 502,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "The stream from the runtime broke; it is resumed by itself",
    remedy: "Wait.",
  },
  upstream_malformed: {
    httpStatus: 502,
    closeCode: null,
    exitStatus: 7,
    retryable: true,
    action: "wait",
    title: "A frame from the runtime does not parse; the stream is synchronised anew",
    remedy: "Wait; compare the versions of both sides if it goes on.",
  },
  going_away: {
    httpStatus: 503,
    closeCode: 1001,
    exitStatus: 5,
    retryable: true,
    action: "resume",
    title: "The server is shutting down",
    remedy: "Connect again with the last cursor in a moment.",
  },
  invalid_input: {
    httpStatus: 400,
    closeCode: null,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "The request is not in the form asked for",
    remedy: "Correct what the message names.",
  },
  unauthenticated: {
    httpStatus: 401,
    closeCode: null,
    exitStatus: 4,
    retryable: false,
    action: "sign_in",
    title: "The request carries no valid credential",
    remedy: "Send `Authorization: Bearer <token>`.",
  },
  forbidden: {
    httpStatus: 403,
    closeCode: null,
    exitStatus: 4,
    retryable: false,
    action: "stop",
    title: "The credential does not allow this",
    remedy: "Ask whoever administers it.",
  },
  origin_not_allowed: {
    httpStatus: 403,
    closeCode: null,
    exitStatus: 4,
    retryable: false,
    action: "stop",
    title: "The request comes from a web page of another origin",
    remedy: "Open the console from this server, or add the page's origin to `origins` in the configuration.",
  },
  upgrade_required: {
    httpStatus: 426,
    closeCode: null,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "This path speaks WebSocket",
    remedy: "Send a WebSocket handshake of version 13, or use the path without `/ws`.",
  },
  rate_limited: {
    httpStatus: 429,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "This principal sends more requests than it may",
    remedy: "Wait as long as the answer says, then try again.",
  },
  method_not_allowed: {
    httpStatus: 405,
    closeCode: null,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "The path does not take this method",
    remedy: "Use one of the methods in the `Allow` header.",
  },
  worker_busy: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: true,
    action: "wait",
    title: "The worker is in the middle of a run",
    remedy: "Wait for the run to end, or cancel it.",
  },
  worker_stopped: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: false,
    action: "stop",
    title: "The worker is stopped",
    remedy: "Resume it first.",
  },
  worker_exists: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: false,
    action: "stop",
    title: "A worker with this id exists and was made with other settings",
    remedy: "Choose another id, or leave it out.",
  },
  ticket_not_found: {
    httpStatus: 404,
    closeCode: null,
    exitStatus: 3,
    retryable: false,
    action: "stop",
    title: "There is no such ticket, or it has no such relation",
    remedy: "List the tickets and check the id.",
  },
  ticket_blocked: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: false,
    action: "stop",
    title: "The ticket waits for others",
    remedy: "Finish those that the message names first, or remove the relation.",
  },
  ticket_transition: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: false,
    action: "stop",
    title: "The ticket's state does not lead there",
    remedy: "Look at the ticket: `next` has the states that it may go to now.",
  },
  ticket_changed: {
    httpStatus: 409,
    closeCode: null,
    exitStatus: 8,
    retryable: false,
    action: "stop",
    title: "Somebody has changed the ticket since it was read",
    remedy: "Look at it again, and send the request with its new revision.",
  },
  ticket_busy: {
    httpStatus: 503,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "Somebody else writes the tickets",
    remedy: "Try again; where it goes on, `yoi ticket` names the process that hangs.",
  },
  ticket_malformed: {
    httpStatus: 422,
    closeCode: null,
    exitStatus: 1,
    retryable: false,
    action: "stop",
    title: "The ticket's files are not in their form",
    remedy: "Mend what the message names; `yoi ticket doctor` says more.",
  },
  payload_too_large: {
    httpStatus: 413,
    closeCode: null,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "The body is larger than this server takes",
    remedy: "Send less; the message names the limit.",
  },
  unsupported_operation: {
    httpStatus: 422,
    closeCode: null,
    exitStatus: 2,
    retryable: false,
    action: "stop",
    title: "This worker or runtime cannot do that",
    remedy: "Look at the runtime's capabilities.",
  },
  store_unavailable: {
    httpStatus: 503,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "The runtime's store takes no writes",
    remedy: "Look at the disk's space and health; `GET /v1/runtime` tells the last error.",
  },
  overloaded: {
    httpStatus: 503,
    closeCode: null,
    exitStatus: 5,
    retryable: true,
    action: "wait",
    title: "The server has as many of these as it takes",
    remedy: "Try again later; the message names the limit.",
  },
  internal: {
    httpStatus: 500,
    closeCode: 1011,
    exitStatus: 1,
    retryable: true,
    action: "resume",
    title: "The server failed",
    remedy: "Try again; report it with the time if it goes on.",
  },
} as const satisfies Record<string, CodeInfo>;
