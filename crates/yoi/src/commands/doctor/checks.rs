//! What is checked of the server, and of each runtime.
//!
//! Owns the rules. Pure but for what it is given, so that a test can show each of them anything.

use super::finding::Finding;
use crate::failure::Failure;
use crate::server::Server;
use protocol::{Authentication, Diagnostic, LinkState, RuntimeRow, SessionInfo, Timestamp};
use yoi_client::Error;

/// A difference between two clocks that matters.
const CLOCK_MS: i64 = 5_000;
const BY_NTP: &str = "Set both clocks by NTP.";
/// A credential that ends so soon is worth a word.
const EXPIRES_SOON_MS: i64 = 7 * 24 * 3600 * 1000;
const OURS: &str = env!("CARGO_PKG_VERSION");

/// That the settings of the connection are not usable.
pub fn unusable(failure: &Failure) -> Finding {
    failed("settings", failure)
}

/// That a check ended with a failure.
pub fn failed(check: &str, failure: &Failure) -> Finding {
    Finding::fail(check, failure.to_string(), failure.hint().unwrap_or_else(|| "Try again.".to_owned()))
}

/// That there is nothing to run workers.
pub fn no_runtime() -> Finding {
    let hint = "Add one to the server's configuration, or let it run its own.";
    Finding::warn("runtimes", "this workspace has no runtime", hint)
}

/// Whether the server answered, and how it was reached.
pub fn reached(url: &str, reached: &Result<Server, Error>) -> Vec<Finding> {
    let encrypted = url.starts_with("https://");
    let trusted = || Finding::ok("tls", "the server's certificate is trusted");
    let answered = || Finding::ok("server", format!("{url} answers"));
    let mut findings = match reached {
        Ok(Server::Backend(..)) => vec![answered()],
        Ok(Server::Runtime(_, info)) => {
            vec![Finding::ok("server", format!("{url} answers; it is the runtime {} itself", info.runtime_id))]
        }
        Err(error @ Error::Tls { .. }) => return vec![told("tls", error)],
        // refused by the server, which therefore is there
        Err(error @ Error::Problem(problem)) if [401, 403].contains(&problem.status) => {
            vec![answered(), told("token", error)]
        }
        Err(error) => return vec![told("server", error)],
    };
    if encrypted {
        findings.insert(1, trusted());
    } else if !is_loopback(url) {
        let hint = "Use https, or reach the server through an encrypted tunnel.";
        findings.insert(1, Finding::warn("tls", "what is sent, the token too, can be read on the way", hint));
    }
    findings
}

fn told(check: &str, error: &Error) -> Finding {
    failed(check, &Failure::Client(error.clone()))
}

/// Whether a server of this URL is on this machine.
pub fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// Sign-in, version and clock of the server, which was asked between two of our times.
pub fn server(server: &Server, before: Timestamp, after: Timestamp) -> Vec<Finding> {
    match server {
        Server::Backend(_, session) => vec![
            signed_in(session),
            version("version", "the server", &session.server_version),
            clock(session.server_time, before, after),
        ],
        // its version and clock are looked at with the runtime's
        Server::Runtime(..) => vec![Finding::ok("token", "the runtime takes it, or asks for none")],
    }
}

/// Now, by the server's clock where that is known.
pub fn server_time(server: &Server, after: Timestamp) -> Timestamp {
    match server {
        Server::Backend(_, session) => session.server_time,
        Server::Runtime(..) => after,
    }
}

/// Whose clock runtimes are compared with: of whoever asked them.
pub fn asker(server: &Server) -> &'static str {
    match server {
        Server::Backend(..) => "the server's",
        Server::Runtime(..) => "this machine's",
    }
}

fn signed_in(session: &SessionInfo) -> Finding {
    let SessionInfo { principal, role, .. } = session;
    if session.authentication == Authentication::Open {
        return Finding::ok("token", format!("none is needed; everybody is {principal} ({role})"));
    }
    let words = format!("signed in as {principal} ({role})");
    match session.expires_at {
        Some(at) if at.as_millis() - session.server_time.as_millis() < EXPIRES_SOON_MS => Finding::warn(
            "token",
            format!("{words}, until {at}"),
            "Ask whoever administers the server for a new token.",
        ),
        _ => Finding::ok("token", words),
    }
}

fn clock(server: Timestamp, before: Timestamp, after: Timestamp) -> Finding {
    match apart(server, before, after) {
        Some(by) => Finding::warn("clock", format!("the server's clock is {by} this machine's"), BY_NTP),
        None => Finding::ok("clock", "the server's clock and this machine's agree"),
    }
}

/// How far a clock is off that was read at some moment between two others; nothing where that does not matter.
fn apart(clock: Timestamp, before: Timestamp, after: Timestamp) -> Option<String> {
    let ahead = clock.as_millis() - after.as_millis();
    let behind = before.as_millis() - clock.as_millis();
    let (by, word) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    (by > CLOCK_MS).then(|| format!("{} s {word}", by / 1000))
}

fn version(check: &str, whose: &str, theirs: &str) -> Finding {
    let message = format!("{whose} is {theirs}, this command {OURS}");
    if compatible(OURS, theirs) {
        return Finding::ok(check, message);
    }
    Finding::warn(check, message, "Bring both to the same version; what one does not know of the other is left out.")
}

/// Versions speak the same where what semantic versioning holds stable is the same: the first
/// number, or as long as that is 0, the second.
fn compatible(ours: &str, theirs: &str) -> bool {
    fn stable(version: &str) -> Option<(u64, Option<u64>)> {
        let mut numbers = version.split(['.', '-', '+']).map(|number| number.parse().ok());
        match numbers.next()?? {
            0 => Some((0, Some(numbers.next()??))),
            major => Some((major, None)),
        }
    }
    stable(ours).is_some_and(|ours| stable(theirs) == Some(ours))
}

/// Link, version, clock and store of a runtime, and what it says itself.
pub fn runtime(row: &RuntimeRow, now: Timestamp, asker: &str) -> Vec<Finding> {
    let id = &row.runtime_id;
    let check = format!("runtime {id}");
    let told = |diagnostic: &Diagnostic| format!("{} ({})", diagnostic.message, diagnostic.code);
    if row.link != LinkState::Up {
        // the first diagnostic is why; the rest of the row is of another time
        let why = row.diagnostics.first();
        let message = why.map_or("no reason was given".to_owned(), told);
        let hint = why.map_or("Look at the server's log.", |d| d.code.info().remedy);
        return vec![Finding::fail(&check, format!("it is not reached: {message}"), hint)];
    }
    let status = row.status.as_deref().unwrap_or("of unknown status");
    let mut findings = vec![Finding::ok(&check, format!("it is reached, and {status}"))];
    for diagnostic in &row.diagnostics {
        findings.push(Finding::warn(&check, told(diagnostic), diagnostic.code.info().remedy));
    }
    if let Some(theirs) = &row.version {
        findings.push(version(&check, "it", theirs));
    }
    findings.extend(runtime_clock(row, now, asker).map(|message| Finding::warn(&check, message, BY_NTP)));
    if let Some(store) = &row.store {
        findings.push(if store.healthy {
            Finding::ok(&check, format!("its store takes writes ({})", store.kind))
        } else {
            Finding::fail(&check, "its store takes no writes", "Look at the space and health of its disk.")
        });
    }
    findings
}

/// How a runtime's clock is off; nothing where it is not, as far as can be seen.
fn runtime_clock(row: &RuntimeRow, now: Timestamp, asker: &str) -> Option<String> {
    // `checked_at` is when the answer came, which has not taken long: a probe that does is given up
    if let (Some(theirs), Some(asked)) = (row.time, row.checked_at) {
        return apart(theirs, asked, asked).map(|by| format!("its clock is {by} {asker}"));
    }
    // one that does not say what time it is: nothing of it may be of the future
    let ahead = row.started_at?.as_millis() - now.as_millis();
    (ahead > CLOCK_MS)
        .then(|| format!("its clock is at least {} s ahead: it says that it was started then", ahead / 1000))
}
