export type TicketId = string;
export type TicketState = string;

export interface TicketProblem {
  code: string;
  message: string;
  file: string;
  line?: number | null;
  remedy?: string | null;
}

export interface TicketSummary {
  ticket_id: TicketId;
  title: string;
  state: TicketState;
  created_at: string;
  updated_at: string;
  assignee?: string | null;
  readiness?: string | null;
  risk_flags: string[];
  queued_by?: string | null;
  queued_at?: string | null;
  blocked: boolean;
  waiting_on: TicketId[];
}

export interface TicketList {
  tickets: TicketSummary[];
  problems: TicketProblem[];
}

export interface TicketEvent {
  kind: string;
  author: string;
  at: string;
  heading?: string | null;
  body: string;
  from?: TicketState | null;
  to?: TicketState | null;
  reason?: string | null;
}

export interface OutgoingRelation {
  kind: string;
  target: TicketId;
  note?: string | null;
}

export interface IncomingRelation {
  kind: string;
  source: TicketId;
  note?: string | null;
}

export interface TicketRelations {
  outgoing: OutgoingRelation[];
  incoming: IncomingRelation[];
}

export type TicketPlanRecord = Record<string, unknown>;

export interface TicketDetail extends TicketSummary {
  body: string;
  events: TicketEvent[];
  relations: TicketRelations;
  plan: TicketPlanRecord[];
  resolution?: string | null;
  next: TicketState[];
  revision: string;
  problems: TicketProblem[];
}

export interface CreateTicket {
  title: string;
  body?: string;
  assignee?: string;
  risk_flags?: string[];
  idempotency_key?: string;
}

export interface NewTicketEvent {
  kind: "comment" | "decision";
  heading?: string;
  body: string;
  idempotency_key?: string;
}

export interface MoveTicket {
  to: TicketState;
  reason: string;
  resolution?: string;
  revision?: string;
  idempotency_key?: string;
}

export interface NewTicketRelation {
  kind: string;
  target: TicketId;
  note?: string;
}
