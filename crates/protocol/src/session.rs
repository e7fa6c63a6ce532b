//! Who is asking: signing in, and what the server says of the session (`docs/wire.md`, "Signing in").
//!
//! Owns the bodies. Must not hold how tokens are kept or checked.

use crate::open::open_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

open_enum!(
    /// How a request said who it is from.
    Authentication {
        /// Nobody has to: the server is on loopback and has no principals.
        Open = "open",
        /// By a bearer token.
        Token = "token",
        /// By the cookie of a sign-in.
        Cookie = "cookie",
    }
);

open_enum!(
    /// What a principal may do.
    Role {
        /// Watch.
        Viewer = "viewer",
        /// Watch and drive.
        Operator = "operator",
        /// Everything.
        Admin = "admin",
    }
);

open_enum!(
    /// Something that a principal may do with a worker.
    Affordance {
        /// Watch its stream.
        Observe = "observe",
        /// Page through its transcript.
        Transcript = "transcript",
        /// Say something to it.
        Input = "input",
        /// End its run.
        Cancel = "cancel",
        /// Answer its questions.
        Approve = "approve",
        /// End it.
        Stop = "stop",
        /// Start it again.
        Resume = "resume",
        /// Remove it.
        Delete = "delete",
    }
);

/// `POST /api/session`: a token, for a cookie.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "codegen", derive(Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The principal's token.
    pub token: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn(…)")
    }
}

/// `GET /api/session`: who the server takes the caller for, and what server it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct SessionInfo {
    /// The principal's name.
    pub principal: String,
    /// What it may do.
    pub role: Role,
    /// How the request said so.
    pub authentication: Authentication,
    /// When the credential ends; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The server's version.
    pub server_version: String,
    /// The server's clock.
    pub server_time: Timestamp,
}
