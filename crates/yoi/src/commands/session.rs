//! `yoi login`, `yoi logout` and `yoi whoami`.
//!
//! Owns where a new token comes from, and that none is kept which the server did not take.

use crate::clock;
use crate::connection::{ConnectionArgs, secret};
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Form, Output};
use crate::render;
use crate::server::Server;
use protocol::{Authentication, Code, Problem};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;
use std::io::{BufRead, Read, stdin};
use yoi_client::{Error, Secret};

/// More than any token has.
const MAX_TOKEN_BYTES: u64 = 64 << 10;

/// Checks a token with the server and keeps it.
pub async fn login(connection: &ConnectionArgs, output: Output) -> Result<(), Failure> {
    let token = match connection.token_of_file()? {
        Some(token) => token,
        None => ask(output).await?,
    };
    interrupt::ends_the_process();
    let options = connection.options_with(Some(token.clone()))?;
    let server = Server::reach_with(options).await?;
    let url = &connection.url;
    let session = match &server {
        Server::Backend(_, session) => session,
        Server::Runtime(_, info) => {
            // it took the token, which is all that it knows of us
            let credentials = Credentials::of_this_user();
            let path = credentials.keep(url, &token, info.runtime_id.as_str(), clock::now())?;
            output.tell(&format!(
                "the runtime {} at {url} takes the token; it is in {}",
                info.runtime_id,
                path.display()
            ));
            return match output.form {
                Form::Json => output.json(&json!({ "runtime_id": info.runtime_id })),
                Form::Text => Ok(()),
            };
        }
    };
    if session.authentication == Authentication::Open {
        output.tell(&format!("{url} asks nobody who they are: no token is needed, and none was kept"));
    } else {
        let credentials = Credentials::of_this_user();
        let path = credentials.keep(url, &token, &session.principal, clock::now())?;
        output.tell(&format!("signed in to {url} as {} ({})", session.principal, session.role));
        output.tell(&format!("the token is in {}", path.display()));
    }
    match output.form {
        Form::Json => output.json(session),
        Form::Text => Ok(()),
    }
}

/// Forgets the token of the server.
pub fn logout(connection: &ConnectionArgs, output: Output) -> Result<(), Failure> {
    let forgotten = Credentials::of_this_user().forget(&connection.url)?;
    let words = if forgotten { "the token is forgotten" } else { "no token was kept" };
    output.tell(&format!("{}: {words}", connection.url));
    if forgotten {
        output.tell("hint: It is good until it is taken back on the server.");
    }
    match output.form {
        Form::Json => output.json(&json!({ "url": connection.url, "forgotten": forgotten })),
        Form::Text => Ok(()),
    }
}

/// Shows who the server takes us for.
pub fn whoami(server: &Server, output: Output) -> Result<(), Failure> {
    match server {
        Server::Backend(_, session) => match output.form {
            Form::Json => output.json(session),
            Form::Text => output.text(&render::session(session)),
        },
        Server::Runtime(_, info) => {
            let detail = format!("this server is the runtime {} itself, which tells nobody apart", info.runtime_id);
            Err(Error::Problem(Box::new(Problem::new(Code::UnsupportedOperation, detail))).into())
        }
    }
}

/// The token from stdin, not shown where somebody types it.
async fn ask(output: Output) -> Result<Secret, Failure> {
    let hidden = Hidden::new();
    if hidden.is_some() {
        output.ask("Token: ");
    }
    let typed = hidden.is_some();
    let read = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        let mut input = stdin().lock().take(MAX_TOKEN_BYTES);
        let read = if typed { input.read_until(b'\n', &mut text) } else { input.read_to_end(&mut text) };
        read.map(|_| text)
    });
    let read = tokio::select! {
        biased;
        // not the end of the process at once: the terminal is to show again what is typed
        () = interrupt::pressed() => Err(Failure::Interrupted),
        read = read => {
            let read = read.unwrap_or_else(|panicked| Err(panicked.into()));
            read.map_err(|source| Failure::Io { what: "cannot read stdin".to_owned(), source })
        }
    };
    if hidden.is_some() {
        output.ask("\n");
    }
    drop(hidden);
    secret(&read?, "stdin")
}

/// While it is there, the terminal does not show what is typed.
struct Hidden {
    before: Termios,
}

impl Hidden {
    /// Nothing where stdin is no terminal.
    fn new() -> Option<Hidden> {
        let before = tcgetattr(stdin()).ok()?;
        let mut without = before.clone();
        without.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Flush, &without).ok()?;
        Some(Hidden { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}
