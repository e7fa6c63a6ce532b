//! The one table of codes: what went wrong, and everything that follows from it.
//!
//! Owns, for each code, its HTTP status, close code, exit status, whether to try again and what
//! to do. The documentation, the TypeScript constants and every error type read it here.

use crate::open::open_enum;

/// Whether the same request may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Trying again may succeed.
    Yes,
    /// It will fail the same way.
    No,
}

open_enum!(
    /// What the receiver of a diagnostic does next.
    Action {
        /// Nothing: the server goes on by itself.
        Wait = "wait",
        /// Connect again with the last cursor.
        Resume = "resume",
        /// Drop what is held and take the snapshot that follows, or connect without a cursor.
        Resnapshot = "resnapshot",
        /// Get a new credential, then resume.
        SignIn = "sign_in",
        /// Give up.
        Stop = "stop",
    }
);

/// What follows from a code.
#[derive(Clone, Debug)]
pub struct CodeInfo {
    /// The HTTP status of a problem document with it (RFC 9110 §15).
    pub http_status: u16,
    /// The WebSocket close code that follows it (RFC 6455 §7.4), where the connection ends.
    pub close_code: Option<u16>,
    /// The exit status of a command that ends with it.
    pub exit_status: u8,
    /// Whether to try again.
    pub retry: Retry,
    /// What to do.
    pub action: Action,
    /// A short summary, the same for every occurrence.
    pub title: &'static str,
    /// What a person does about it.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $http:literal, $close:expr, $exit:literal, $retry:ident, $action:ident, $title:literal, $remedy:literal;)+) => {
        open_enum!(
            /// What went wrong, as programs know it.
            Code {
                $(#[doc = $title] $variant = $text,)+
            }
        );

        impl Code {
            /// What follows from this code. A code that this version does not know is an error
            /// of the other side that may pass.
            #[must_use]
            pub fn info(&self) -> CodeInfo {
                match self {
                    $(Code::$variant => CodeInfo {
                        http_status: $http,
                        close_code: $close,
                        exit_status: $exit,
                        retry: Retry::$retry,
                        action: Action::$action,
                        title: $title,
                        remedy: $remedy,
                    },)+
                    Code::Other(_) => CodeInfo {
                        http_status: 500,
                        close_code: None,
                        exit_status: 1,
                        retry: Retry::Yes,
                        action: Action::Resume,
                        title: "An error that this version does not know",
                        remedy: "Read its message; a newer version of this program may know more.",
                    },
                }
            }
        }
    };
}

codes! {
    CursorUnknown = "cursor_unknown", 409, Some(4409), 6, Yes, Resnapshot,
        "The cursor was never issued here, was altered, or belongs to another worker",
        "Connect without a cursor.";
    CursorExpired = "cursor_expired", 410, Some(4410), 6, Yes, Resnapshot,
        "The events after the cursor are no longer kept, or belong to a lost tail",
        "Connect without a cursor; `reason` says whether retention or a lost tail is why.";
    Lagged = "lagged", 409, None, 6, Yes, Resnapshot,
        "The connection fell behind what is kept; a snapshot follows",
        "Take the snapshot that follows in place of what you hold.";
    ReadOnlyStream = "read_only_stream", 400, Some(4405), 2, No, Stop,
        "The client sent data on a stream that only the server writes",
        "Send commands over REST.";
    SlowConsumer = "slow_consumer", 503, Some(4429), 5, Yes, Resume,
        "The socket took nothing for too long",
        "Read faster, or connect again with the last cursor when ready.";
    CredentialExpired = "credential_expired", 401, Some(4401), 4, Yes, SignIn,
        "The credential ended or was revoked while watching",
        "Sign in again, then resume with the last cursor.";
    BadRequest = "bad_request", 400, Some(4400), 2, No, Stop,
        "A query parameter does not parse",
        "Correct the parameter that the message names.";
    WorkerNotFound = "worker_not_found", 404, Some(4404), 3, No, Stop,
        "There is no such worker",
        "List the workers and check the id.";
    WorkerDeleted = "worker_deleted", 404, Some(4404), 3, No, Stop,
        "The worker was deleted while it was watched",
        "Nothing: its log is gone.";
    RuntimeNotFound = "runtime_not_found", 404, Some(4404), 3, No, Stop,
        "There is no such runtime in this workspace",
        "List the runtimes and check the id.";
    ApprovalNotFound = "approval_not_found", 404, None, 3, No, Stop,
        "There is no such open approval",
        "It may have been answered already; look at the worker.";
    ProfileNotFound = "profile_not_found", 404, None, 3, No, Stop,
        "There is no such profile on this runtime",
        "Choose one of the profiles that the runtime lists, or add it to its configuration.";
    NotFound = "not_found", 404, None, 3, No, Stop,
        "There is nothing at this path",
        "Check the path and the method against the documentation.";
    NotVisible = "not_visible", 403, Some(4403), 4, No, Stop,
        "Policy forbids observing it",
        "Ask whoever administers the workspace.";
    RuntimeUnavailable = "runtime_unavailable", 503, None, 5, Yes, Wait,
        "The runtime cannot be reached now",
        "Wait: it is tried again by itself. Check that the runtime is up.";
    RuntimeAuthFailed = "runtime_auth_failed", 502, None, 4, Yes, Wait,
        "The runtime refused the backend's credential",
        "Correct the runtime's token in the workspace's configuration.";
    RuntimeTimeout = "runtime_timeout", 504, None, 5, Yes, Wait,
        "The runtime did not answer in time",
        "Try again; look at the runtime's load if it goes on.";
    RuntimeProtocolError = "runtime_protocol_error", 502, None, 7, No, Stop,
        "The runtime's answer does not follow the protocol",
        "Compare the versions of both sides.";
    RuntimeTlsFailed = "runtime_tls_failed", 502, None, 5, No, Wait,
        "The runtime could not be trusted, or TLS with it failed otherwise",
        "Compare the runtime's certificate with the authority or pin in the workspace's configuration.";
    UpstreamDisconnected = "upstream_disconnected", 502, None, 5, Yes, Wait,
        "The stream from the runtime broke; it is resumed by itself",
        "Wait.";
    UpstreamMalformed = "upstream_malformed", 502, None, 7, Yes, Wait,
        "A frame from the runtime does not parse; the stream is synchronised anew",
        "Wait; compare the versions of both sides if it goes on.";
    GoingAway = "going_away", 503, Some(1001), 5, Yes, Resume,
        "The server is shutting down",
        "Connect again with the last cursor in a moment.";
    InvalidInput = "invalid_input", 400, None, 2, No, Stop,
        "The request is not in the form asked for",
        "Correct what the message names.";
    Unauthenticated = "unauthenticated", 401, None, 4, No, SignIn,
        "The request carries no valid credential",
        "Send `Authorization: Bearer <token>`.";
    Forbidden = "forbidden", 403, None, 4, No, Stop,
        "The credential does not allow this",
        "Ask whoever administers it.";
    OriginNotAllowed = "origin_not_allowed", 403, None, 4, No, Stop,
        "The request comes from a web page of another origin",
        "Open the console from this server, or add the page's origin to `origins` in the configuration.";
    UpgradeRequired = "upgrade_required", 426, None, 2, No, Stop,
        "This path speaks WebSocket",
        "Send a WebSocket handshake of version 13, or use the path without `/ws`.";
    RateLimited = "rate_limited", 429, None, 5, Yes, Wait,
        "This principal sends more requests than it may",
        "Wait as long as the answer says, then try again.";
    MethodNotAllowed = "method_not_allowed", 405, None, 2, No, Stop,
        "The path does not take this method",
        "Use one of the methods in the `Allow` header.";
    WorkerBusy = "worker_busy", 409, None, 8, Yes, Wait,
        "The worker is in the middle of a run",
        "Wait for the run to end, or cancel it.";
    WorkerStopped = "worker_stopped", 409, None, 8, No, Stop,
        "The worker is stopped",
        "Resume it first.";
    WorkerExists = "worker_exists", 409, None, 8, No, Stop,
        "A worker with this id exists and was made with other settings",
        "Choose another id, or leave it out.";
    TicketNotFound = "ticket_not_found", 404, None, 3, No, Stop,
        "There is no such ticket, or it has no such relation",
        "List the tickets and check the id.";
    TicketBlocked = "ticket_blocked", 409, None, 8, No, Stop,
        "The ticket waits for others",
        "Finish those that the message names first, or remove the relation.";
    TicketTransition = "ticket_transition", 409, None, 8, No, Stop,
        "The ticket's state does not lead there",
        "Look at the ticket: `next` has the states that it may go to now.";
    TicketChanged = "ticket_changed", 409, None, 8, No, Stop,
        "Somebody has changed the ticket since it was read",
        "Look at it again, and send the request with its new revision.";
    TicketBusy = "ticket_busy", 503, None, 5, Yes, Wait,
        "Somebody else writes the tickets",
        "Try again; where it goes on, `yoi ticket` names the process that hangs.";
    TicketMalformed = "ticket_malformed", 422, None, 1, No, Stop,
        "The ticket's files are not in their form",
        "Mend what the message names; `yoi ticket doctor` says more.";
    PayloadTooLarge = "payload_too_large", 413, None, 2, No, Stop,
        "The body is larger than this server takes",
        "Send less; the message names the limit.";
    UnsupportedOperation = "unsupported_operation", 422, None, 2, No, Stop,
        "This worker or runtime cannot do that",
        "Look at the runtime's capabilities.";
    StoreUnavailable = "store_unavailable", 503, None, 5, Yes, Wait,
        "The runtime's store takes no writes",
        "Look at the disk's space and health; `GET /v1/runtime` tells the last error.";
    Overloaded = "overloaded", 503, None, 5, Yes, Wait,
        "The server has as many of these as it takes",
        "Try again later; the message names the limit.";
    Internal = "internal", 500, Some(1011), 1, Yes, Resume,
        "The server failed",
        "Try again; report it with the time if it goes on.";
}

impl Code {
    /// The HTTP status of a problem document with this code.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        self.info().http_status
    }

    /// Whether trying again may succeed.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.info().retry == Retry::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole() {
        let names: BTreeSet<_> = Code::KNOWN.iter().map(|c| c.as_str().to_owned()).collect();
        assert_eq!(names.len(), Code::KNOWN.len(), "a name stands twice");
        for code in Code::KNOWN {
            let info = code.info();
            assert!((400..600).contains(&info.http_status), "{code}");
            assert!(info.close_code.is_none_or(|c| c == 1001 || c == 1011 || (4400..4500).contains(&c)), "{code}");
            assert!((1..64).contains(&info.exit_status), "{code}");
            assert!(info.title.len() > 10 && info.remedy.ends_with('.'), "{code}");
            assert_eq!(&Code::from(code.as_str()), code);
        }
        assert_eq!(Code::from("of_tomorrow"), Code::Other("of_tomorrow".into()));
    }
}
