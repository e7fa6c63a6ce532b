// Who is looking.
//
// Owns the client of the workspace, and signing in and out. Must not keep a token: the browser keeps a cookie that no
// script sees.

import { WorkspaceClient, YoiError, type SessionInfo } from "@yoi/client";

export const workspace = new WorkspaceClient();

type Phase = "asking" | "out" | "in" | "unreachable";

class Session {
  phase = $state<Phase>("asking");
  info = $state.raw<SessionInfo | undefined>();
  /** Why the last sign-in ended, or why the server cannot be asked. */
  reason = $state.raw<YoiError | undefined>();

  /** Whether this principal may do more than watch, as far as its role tells. */
  get mayDrive(): boolean {
    return this.info !== undefined && this.info.role !== "viewer";
  }

  /** Asks the server. */
  async ask(): Promise<void> {
    try {
      this.info = await workspace.session();
      this.phase = "in";
      this.reason = undefined;
    } catch (error) {
      if (!(error instanceof YoiError)) throw error;
      if (error.action === "sign_in") this.phase = "out";
      else {
        this.reason = error;
        this.phase = "unreachable";
      }
    }
  }

  async signIn(token: string): Promise<void> {
    this.info = await workspace.signIn(token);
    this.reason = undefined;
    this.phase = "in";
  }

  async signOut(): Promise<void> {
    await workspace.signOut();
    this.info = undefined;
    this.reason = undefined;
    this.phase = "out";
  }

  /** The credential has ended while one watched. */
  ended(reason: YoiError): void {
    this.reason = reason;
    this.info = undefined;
    this.phase = "out";
  }
}

export const session = new Session();
