//! `yoi-plugin-pack`: what the scripts need of this crate, as a small program.
//!
//! Owns its command line. Must not grow: people use `yoi plugin`.

use plugin_pack::{Options, componentize, componentize_as, new, pack};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: yoi-plugin-pack <command>

  componentize IN OUT [WORLD]    make a component of a core module
  pack FOLDER CODE INTO [WORLD]  make a package of a plugin's folder and its code
  new FOLDER NAME                begin a plugin
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out a command. Says no if there is none of these words.
fn run(args: &[&str]) -> Result<bool, Box<dyn Error>> {
    match args {
        ["componentize", from, to, world @ ..] if world.len() < 2 => {
            let core = std::fs::read(from)?;
            let component = match world.first() {
                Some(world) => componentize_as(&core, world.parse()?)?,
                None => componentize(&core)?,
            };
            std::fs::write(to, component)?;
        }
        ["pack", folder, code, into, world @ ..] if world.len() < 2 => {
            let world = world.first().map(|world| world.parse()).transpose()?;
            let options = Options { code: Some(code.into()), into: Some(into.into()), world };
            pack(Path::new(folder), &options)?;
        }
        ["new", folder, name] => {
            new(Path::new(folder), name)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
