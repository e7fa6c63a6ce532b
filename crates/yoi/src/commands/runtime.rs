//! `yoi runtime list` and `yoi runtime show`.
//!
//! Owns nothing but the way from the calls to stdout.

use crate::clock;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::render;
use crate::server::Server;
use protocol::{RuntimeId, RuntimeList, Timestamp};

/// Lists the workspace's runtimes.
pub async fn list(server: &Server, output: Output) -> Result<(), Failure> {
    let runtimes = server.runtimes().await?;
    match output.form {
        Form::Json => output.json(&RuntimeList { runtimes: runtimes.clone() })?,
        Form::Text => output.text(&render::runtimes(&runtimes, now(server), output.look))?,
    }
    for runtime in &runtimes {
        for diagnostic in &runtime.diagnostics {
            output.tell(&format!("warning: {}: {} ({})", runtime.runtime_id, diagnostic.message, diagnostic.code));
        }
    }
    Ok(())
}

/// Shows what a runtime is and how it is.
pub async fn show(server: &Server, output: Output, runtime: Option<&RuntimeId>) -> Result<(), Failure> {
    let runtime = server.runtime_row(runtime).await?;
    match output.form {
        Form::Json => output.json(&runtime),
        Form::Text => output.text(&render::runtime(&runtime, now(server))),
    }
}

/// Now, by the clock that the rows' ages are told by.
fn now(server: &Server) -> Timestamp {
    match server {
        Server::Backend(_, session) => session.server_time,
        Server::Runtime(..) => clock::now(),
    }
}
