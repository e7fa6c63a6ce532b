//! What serving is made of.
//!
//! Owns the choice between a workspace's settings and a runtime's. What is done with them are
//! `yoi_workspace_server`'s and `worker_runtime::cli`'s business.

use std::path::Path;
use std::process::ExitCode;
pub use worker_runtime::cli::{ServeArgs as RuntimeArgs, config_show as runtime_config_show, serve as serve_runtime};
pub use yoi_workspace_server::{ServeArgs, serve};

/// Shows every setting of `serve`, and where it comes from.
pub fn config_show(args: &ServeArgs, json: bool) -> ExitCode {
    match yoi_workspace_server::reports(args, Path::new(".")) {
        Ok((backend, runtime)) => yoi_settings::show(&[&backend, &runtime], &[], json),
        Err(problems) => problems.print(),
    }
}
