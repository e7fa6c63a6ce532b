//! `yoi doctor`.
//!
//! Owns the order of the checks, and how what they find is told. A check that cannot be made is
//! not made: what comes before it says why.

mod checks;
mod configuration;
mod finding;
#[cfg(test)]
mod tests;

pub use checks::is_loopback;

use crate::clock;
use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::server::Server;
use finding::Verdict;
use serde_json::json;
use std::path::Path;

/// Checks everything, from near to far.
pub async fn run(connection: &ConnectionArgs, output: Output) -> Result<(), Failure> {
    let mut findings = configuration::check(Path::new("."));
    match connection.options() {
        Err(failure) => findings.push(checks::unusable(&failure)),
        Ok(options) => {
            let before = clock::now();
            let reached = Server::reach_with(options).await;
            let after = clock::now();
            findings.extend(checks::reached(&connection.url, &reached));
            if let Ok(server) = &reached {
                findings.extend(checks::server(server, before, after));
                match server.runtimes().await {
                    Ok(runtimes) if runtimes.is_empty() => findings.push(checks::no_runtime()),
                    Ok(runtimes) => {
                        let (now, asker) = (checks::server_time(server, after), checks::asker(server));
                        findings.extend(runtimes.iter().flat_map(|runtime| checks::runtime(runtime, now, asker)));
                    }
                    Err(failure) => findings.push(checks::failed("runtimes", &failure)),
                }
            }
        }
    }
    let failed = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
    match output.form {
        Form::Json => output.json(&json!({ "ok": failed == 0, "checks": findings }))?,
        Form::Text => output.text(&findings.iter().map(|finding| finding.words(output.look)).collect::<String>())?,
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Checks(failed)) }
}
