//! `yoi plugin run`.
//!
//! Owns one host with one plugin, in this process, from its start to its end. What the plugin may
//! reach is what it is granted, as everywhere. Must not grant.

mod printer;

use super::package::Found;
use super::trouble;
use super::workspace::Workspace;
use crate::args::RunArgs;
use crate::exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Form, Output, Verbosity};
use manifest::{Enablement, Grants, Standing};
use plugin_host::{Host, Options, Plan, State, ToolCall, ToolError};
use printer::Printer;
use protocol::Code;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use yoi_settings::LogFormat;

/// Outputs that wait to be printed.
const QUEUE: usize = 64;
/// How often a look is taken whether it still runs.
const LOOK: Duration = Duration::from_millis(100);
/// More time than a plugin has for `stop`, so that the host cuts it off and not we.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a plugin, or calls a tool of it.
pub fn run(output: Output, workspace: &Workspace, args: &RunArgs) -> Result<(), Failure> {
    let found = workspace.find(&args.plugin.plugin)??;
    let interfaces = found.interfaces()?;
    let grants = match &args.grants {
        Some(file) => Workspace::granted_by(file)?,
        None => workspace.granted()?.grants,
    };
    let grants = in_force(&found, grants)?;
    let has_service = interfaces.exports.contains("service");
    if args.tool.is_none() && !has_service {
        let hint = "`--tool NAME JSON` calls one of its tools.";
        return Err(trouble::usage(format!("`{}` offers tools only; there is nothing to run", found.id()), hint));
    }
    yoi_settings::logging::set_up(
        if output.form == Form::Json { LogFormat::Json } else { LogFormat::Text },
        if output.verbosity == Verbosity::Quiet { "error" } else { "warn,yoi::plugin=info" },
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Io { what: "cannot start".to_owned(), source })?;
    let result = runtime.block_on(Box::pin(host(output, workspace, args, &found, grants)));
    runtime.shutdown_background();
    result
}

async fn host(
    output: Output,
    workspace: &Workspace,
    args: &RunArgs,
    found: &Found,
    grants: Grants,
) -> Result<(), Failure> {
    let (sink, outputs) = mpsc::channel(QUEUE);
    let printer = Printer { output, is_answer_awaited: args.tool.is_some() };
    let mut printing = tokio::spawn(printer.print(outputs));
    let host = Host::start(Options::new(workspace.root(), Arc::new(sink)))
        .map_err(|error| trouble::trouble(exit::ERROR, Code::Internal, error, None))?;
    let config = args.config.iter().map(|config| (found.id().to_owned(), config.as_str().into())).collect();
    let plan = Plan { packages: vec![found.package.clone()], grants: Some(Arc::new(grants)), configs: config };
    let result = tokio::select! {
        () = interrupt::pressed() => Ok(None),
        printed = &mut printing => printed.unwrap_or(Ok(())).map(|()| None),
        ended = work(&host, plan, found, args) => ended,
    };
    let [.., stop] = found.manifest().limits().deadlines();
    let _ = host.shutdown(stop + GRACE).await;
    // the host held the other end of the queue: what is in it is printed, and that is all
    drop(host);
    if !printing.is_finished() {
        let _ = tokio::time::timeout(GRACE, printing).await;
    }
    match result? {
        Some(answer) => printer.answer(&answer),
        None => Ok(()),
    }
}

/// Starts the plugin; then calls the tool, or waits until it has ended.
async fn work(host: &Host, plan: Plan, found: &Found, args: &RunArgs) -> Result<Option<String>, Failure> {
    host.apply(plan).await;
    if let Some([tool, arguments]) = args.tool.as_deref() {
        failed(host)?;
        let call =
            ToolCall { plugin: found.id().to_owned(), tool: tool.clone(), arguments: arguments.clone(), caller: None };
        return host.call(call).await.map(Some).map_err(|error| of_tool(host, tool, error));
    }
    loop {
        failed(host)?;
        if host.statuses().iter().all(|status| status.state == State::Stopped) {
            return Ok(None);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What is granted, if it is in force. A plugin that asks for nothing reaches nothing: it needs no grant.
fn in_force(found: &Found, grants: Grants) -> Result<Grants, Failure> {
    let (manifest, digest) = (found.manifest(), found.package.digest());
    let enablement = Enablement::new(manifest, &digest, grants.plugin(found.id()));
    let asks_nothing = super::targets::requested(manifest).is_empty();
    match enablement.standing() {
        Standing::Current | Standing::Updated => Ok(grants),
        Standing::Unknown | Standing::Suspended if asks_nothing => {
            let text = format!("[plugins.{}]\nenabled = true\ndigest = \"{digest}\"\n", found.id());
            Grants::parse(&text).map_err(trouble::unusable)
        }
        standing => {
            let (status, words) = match standing {
                Standing::Disabled => (exit::DISABLED, "is disabled"),
                Standing::Suspended => (exit::SUSPENDED, "is suspended: it asks for more than was looked at"),
                _ => (exit::UNGRANTED, "is not granted anything in this workspace"),
            };
            let hint = "`yoi plugin show` says what it asks for, `grant` grants it; or name a file with --grants.";
            let message = format!("`{}` {words}", found.id());
            Err(trouble::trouble(status, Code::Forbidden, message, Some(hint.to_owned())))
        }
    }
}

/// The failure of a plugin that has failed.
fn failed(host: &Host) -> Result<(), Failure> {
    for status in host.statuses() {
        if status.state == State::Failed {
            let error = status.last_error.unwrap_or_default();
            let (error, hint) = match error.split_once("\nhint: ") {
                Some((error, hint)) => (error.to_owned(), Some(hint.to_owned())),
                None => (error, None),
            };
            return Err(trouble::trouble(exit::RUN, Code::Internal, format!("the plugin has failed: {error}"), hint));
        }
    }
    Ok(())
}

fn of_tool(host: &Host, tool: &str, error: ToolError) -> Failure {
    if error != ToolError::Unknown {
        return trouble::trouble(exit::RUN, Code::InvalidInput, format!("{tool}: {error}"), None);
    }
    let names: Vec<String> = host.tools().into_iter().map(|(_, tool)| tool.name).collect();
    let hint = if names.is_empty() { "It has none.".to_owned() } else { format!("It has {}.", names.join(", ")) };
    trouble::not_found(format!("there is no tool `{tool}`"), hint)
}
