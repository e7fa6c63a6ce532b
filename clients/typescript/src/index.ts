// A typed client of a yoi workspace, that reconnects and resumes.
//
// Owns what the package offers. It keeps no state beyond one stream, and prints nothing: folding is the
// reader's choice, with `Folded`.

export * from "./generated/protocol.js";
export { YoiError, codeInfo, type ErrorKind } from "./error.js";
export { apply, initialState } from "./fold.js";
export { Folded, FoldedWorkspace } from "./folded.js";
export { Follow } from "./follow/follow.js";
export type { FollowOptions } from "./follow/options.js";
export type {
  DiagnosticUpdate,
  DisconnectedUpdate,
  EventUpdate,
  HeartbeatUpdate,
  LinkUpdate,
  ReadyUpdate,
  ReconnectedUpdate,
  Update,
  WorkspaceUpdate,
} from "./follow/update.js";
export { Malformed, checkEvent, checkWorkspaceEvent } from "./forms.js";
export type { CallOptions } from "./http.js";
export type { ClientOptions, Timeouts, Transport } from "./options.js";
export { Workers, type Page, type WorkerFilter } from "./pages.js";
export { RuntimeClient, type TranscriptQuery } from "./runtime.js";
export { TicketsClient, type TicketFilter } from "./tickets.js";
export type { WebSocketConstructor, WebSocketLike } from "./transport/websocket.js";
export { applyWorkspace, initialWorkspace } from "./workspace.js";
export { WorkspaceClient, type FollowWorkspaceOptions } from "./workspace-client.js";
