//! `yoi watch`: the console, or a worker line by line.
//!
//! Owns which of the two it is, and what the console is opened with. What the console does is
//! `yoi_tui`'s, what the lines are is `stream`'s.

use crate::args::WatchArgs;
use crate::failure::Failure;
use crate::look::Look;
use crate::output::{Form, Output};
use crate::server::Server;
use crate::stream;
use std::io::{IsTerminal, stdin, stdout};
use yoi_tui::{Colour, Options};

/// How a person watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On the whole screen.
    Console,
    /// Line by line.
    Lines,
}

/// What the command line and the terminal ask for.
pub fn mode(args: &WatchArgs, output: Output) -> Result<Mode, Failure> {
    choose(args, output.form, Terminal::of_this_process())
}

/// The same for `yoi` and nothing more: it is the console or nothing.
pub fn bare(output: Output) -> Result<Mode, Failure> {
    let message = "`yoi` alone is the console, which needs a terminal".to_owned();
    let hint = "`yoi --help` lists the commands.".to_owned();
    mode(&WatchArgs::default(), output).map_err(|_| Failure::Usage { message, hint })
}

/// Opens the console, on the worker that was named or on the list.
pub async fn open(server: &Server, output: Output, args: WatchArgs) -> Result<(), Failure> {
    let client = match server {
        Server::Backend(client, _) => client,
        Server::Runtime(_, info) if args.worker.is_none() => {
            return Err(Failure::Usage {
                message: format!(
                    "the console needs a backend, and this server is the runtime {} itself",
                    info.runtime_id
                ),
                hint: "Serve a workspace with `yoi serve`, or name a worker to follow it line by line.".to_owned(),
            });
        }
        Server::Runtime(_, info) => {
            let id = &info.runtime_id;
            output.tell(&format!(
                "the console needs a backend, and this server is the runtime {id} itself: following line by line"
            ));
            crate::interrupt::ends_the_process();
            return lines(server, output, args).await;
        }
    };
    let mut options = Options::new(yoi_tui::client_backend(client.clone()));
    options.colour = match output.look {
        Look::Colored => Colour::Sixteen,
        Look::Plain => Colour::None,
    };
    if let Some(name) = &args.worker {
        let found = server.find(name).await?;
        options.selected = found.on.runtime_id().cloned().map(|runtime| (runtime, found.worker));
    }
    Ok(yoi_tui::run(options).await?)
}

/// Follows the worker that was named, line by line.
pub async fn lines(server: &Server, output: Output, args: WatchArgs) -> Result<(), Failure> {
    let Some(name) = &args.worker else { return Err(which()) };
    let found = server.find(name).await?;
    stream::watch(&found, output, args).await
}

/// Whether there is a terminal for a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    /// stdin and stdout are one that can be drawn on.
    Whole,
    /// They are not.
    None,
}

impl Terminal {
    fn of_this_process() -> Terminal {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        if stdin().is_terminal() && stdout().is_terminal() && !dumb { Terminal::Whole } else { Terminal::None }
    }
}

fn choose(args: &WatchArgs, form: Form, terminal: Terminal) -> Result<Mode, Failure> {
    let WatchArgs { worker, plain, from_cursor, until_idle, raw } = args;
    let lines = *plain || *until_idle || *raw || from_cursor.is_some() || form == Form::Json;
    match (lines || terminal == Terminal::None, worker) {
        (false, _) => Ok(Mode::Console),
        (true, Some(_)) => Ok(Mode::Lines),
        (true, None) => Err(which()),
    }
}

fn which() -> Failure {
    Failure::Usage {
        message: "which worker? Only the console, on a terminal and without other options, can do without one"
            .to_owned(),
        hint: "`yoi worker list` shows them; `yoi watch WORKER` follows one.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_and_nothing_that_asks_for_lines_is_the_console() {
        let worker = || Some("far/w_01jd3v5k9m8q2r4t6w8y0a1c3e".parse().unwrap());
        let none = || WatchArgs { worker: None, plain: false, from_cursor: None, until_idle: false, raw: false };
        let chosen = |args: &WatchArgs, form, terminal| choose(args, form, terminal).ok();
        for args in [none(), WatchArgs { worker: worker(), ..none() }] {
            assert_eq!(chosen(&args, Form::Text, Terminal::Whole), Some(Mode::Console));
        }
        for (lines, form) in [
            (WatchArgs { plain: true, ..none() }, Form::Text),
            (WatchArgs { until_idle: true, ..none() }, Form::Text),
            (WatchArgs { raw: true, ..none() }, Form::Text),
            (WatchArgs { from_cursor: Some("c".to_owned()), ..none() }, Form::Text),
            (none(), Form::Json),
        ] {
            assert_eq!(chosen(&lines, form, Terminal::Whole), None, "{lines:?}");
            let named = WatchArgs { worker: worker(), ..lines };
            assert_eq!(chosen(&named, form, Terminal::Whole), Some(Mode::Lines), "{named:?}");
        }
        assert_eq!(chosen(&none(), Form::Text, Terminal::None), None);
        assert_eq!(chosen(&WatchArgs { worker: worker(), ..none() }, Form::Text, Terminal::None), Some(Mode::Lines));
    }
}
