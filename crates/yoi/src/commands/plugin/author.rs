//! `yoi plugin new` and `yoi plugin pack`.
//!
//! Owns what is said of both. What is written is `plugin_pack`'s business.

use super::trouble;
use crate::args::PackArgs;
use crate::failure::Failure;
use crate::output::{Form, Output};
use plugin_pack::{NewError, Options, WorldError};
use serde_json::json;
use std::path::PathBuf;
use yoi_tui::clean;

/// Begins a plugin.
pub fn new(output: Output, name: &str, dir: Option<PathBuf>) -> Result<(), Failure> {
    let folder = dir.unwrap_or_else(|| PathBuf::from(name));
    let files = plugin_pack::new(&folder, name).map_err(|error| match error {
        NewError::Io { path, source } => trouble::io("cannot write", &path, source),
        error => trouble::unusable(error),
    })?;
    if output.form == Form::Json {
        return output.json(&json!({ "id": name, "folder": folder, "files": files }));
    }
    let lines: Vec<String> = files.iter().map(|file| format!("{}\n", file.display())).collect();
    output.text(&clean::text(&lines.concat()))?;
    for line in [
        format!("hint: in {}:", folder.display()),
        "hint:   cargo test".to_owned(),
        "hint:   cargo build --release --target wasm32-unknown-unknown".to_owned(),
        "hint:   yoi plugin pack".to_owned(),
        "hint:   yoi plugin run package".to_owned(),
    ] {
        output.tell(&line);
    }
    Ok(())
}

/// Makes a package.
pub fn pack(output: Output, args: PackArgs) -> Result<(), Failure> {
    let world =
        args.world.as_deref().map(str::parse).transpose().map_err(|error: WorldError| trouble::unusable(error))?;
    let options = Options { code: args.code, into: args.into, world };
    let package = plugin_pack::pack(&args.dir, &options).map_err(|error| match error {
        plugin_pack::PackError::Io { path, source } => trouble::io("cannot read or write", &path, source),
        error => trouble::broken(error),
    })?;
    for remark in &package.remarks {
        output.tell(&format!("warning: {remark}"));
    }
    let plugin = package.manifest.plugin();
    if output.form == Form::Json {
        return output.json(&json!({
            "plugin": plugin,
            "folder": package.folder,
            "digest": package.digest,
            "component_bytes": package.component_bytes,
            "notes": package.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    output.tell(&format!("{} {}: {} bytes, {}", plugin.id, plugin.version, package.component_bytes, package.digest));
    output.text(&clean::text(&format!("{}\n", package.folder.display())))
}
