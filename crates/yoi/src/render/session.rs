//! Who the server takes us for, as text.
//!
//! Owns the rows and their order.

use super::table::pairs;
use protocol::SessionInfo;

/// Everything about a session.
pub fn session(session: &SessionInfo) -> String {
    let mut rows = vec![
        ("principal", session.principal.clone()),
        ("role", session.role.to_string()),
        ("signed in by", session.authentication.to_string()),
    ];
    rows.extend(session.expires_at.map(|at| ("until", at.to_string())));
    rows.push(("server", session.server_version.clone()));
    pairs(&rows)
}
