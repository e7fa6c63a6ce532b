//! `yoi record`.
//!
//! Owns the file: written event by event as FILE.part, renamed to FILE at the end.

use super::connection::Connection;
use super::recording::Lines;
use super::rest::{Rest, Verdict};
use crate::args::RecordArgs;
use crate::clock;
use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::server::{Found, Server};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use yoi_client::{Coalesce, FollowOptions, Update};

/// Records a worker's events until it is at rest, deleted, or Ctrl-C.
pub async fn record(connection: &ConnectionArgs, output: Output, args: RecordArgs) -> Result<(), Failure> {
    // one for all: a new one would not know of what was pressed before it
    let mut pressed = std::pin::pin!(interrupt::pressed());
    let looked = async {
        let server = Server::reach(connection).await?;
        let Found { on, worker } = server.find(&args.worker.worker).await?;
        let detail = on.worker(worker).await?;
        Ok::<_, Failure>((on, worker, detail))
    };
    let (on, worker, detail) = tokio::select! {
        biased;
        () = &mut pressed => return Err(Failure::Interrupted),
        looked = looked => looked?,
    };
    let mut sink = Sink::open(&args.file, args.force, output)?;
    sink.line(Lines::header(Some(&detail.worker), clock::now()))?;
    let options = FollowOptions { cursor: args.from_cursor, coalesce: Coalesce::Off, ..FollowOptions::default() };
    let mut follow = on.follow(worker, options);
    let (mut lines, mut rest, mut events) = (Lines::default(), Rest::default(), 0_u64);
    let mut connection = Connection::new(on.runtime_id().cloned());
    let result = loop {
        let update = tokio::select! {
            biased;
            () = &mut pressed => break Err(Failure::Interrupted),
            update = follow.next() => update,
        };
        let update = match update {
            Some(Ok(update)) => update,
            Some(Err(error)) => break Err(error.into()),
            None => break Ok(()),
        };
        if let Update::Event(received) = &update {
            sink.line(lines.event(received))?;
            events += 1;
        }
        if let Some(words) = connection.words(&update) {
            output.tell(&words);
        }
        if args.until_idle {
            match rest.update(&update, &on, &follow).await {
                Ok(Verdict::GoOn) => {}
                Ok(Verdict::Rest(result)) => break result,
                Err(failure) => break Err(failure),
            }
        }
    };
    // however it ended: what there is, is whole
    sink.finish()?;
    output.tell(&format!("{events} events are in {}", args.file.display()));
    result
}

/// Where the lines go.
enum Sink {
    Stdout(Output),
    File { file: File, part: PathBuf, target: PathBuf },
}

impl Sink {
    fn open(target: &Path, force: bool, output: Output) -> Result<Sink, Failure> {
        if target == Path::new("-") {
            return Ok(Sink::Stdout(output));
        }
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        for (path, what) in [(target, "it exists"), (&part, "a recording into it goes on, or was killed")] {
            if !force && path.symlink_metadata().is_ok() {
                return Err(Failure::Usage {
                    message: format!("will not replace {}: {what}", path.display()),
                    hint: "Choose another name, or replace it with `--force`.".to_owned(),
                });
            }
        }
        let mut options = OpenOptions::new();
        if force {
            options.write(true).create(true).truncate(true)
        } else {
            options.write(true).create_new(true)
        };
        let file = options.open(&part).map_err(|source| failed("cannot create", &part, source))?;
        Ok(Sink::File { file, part, target: target.to_owned() })
    }

    fn line(&mut self, line: serde_json::Result<String>) -> Result<(), Failure> {
        let line = line.map_err(|e| Failure::Io { what: "cannot write an event".to_owned(), source: e.into() })?;
        match self {
            Sink::Stdout(output) => output.text(&line),
            // one write for each line, no buffer in between: a killed recording ends with a whole one
            Sink::File { file, part, .. } => {
                file.write_all(line.as_bytes()).map_err(|source| failed("cannot write", part, source))
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        let Sink::File { file, part, target } = self else { return Ok(()) };
        file.sync_all().map_err(|source| failed("cannot write", &part, source))?;
        std::fs::rename(&part, &target).map_err(|source| failed("cannot make", &target, source))
    }
}

fn failed(what: &str, path: &Path, source: std::io::Error) -> Failure {
    Failure::Io { what: format!("{what} {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Look;
    use crate::output::{Form, Verbosity};

    #[test]
    fn a_file_appears_whole_and_nothing_is_replaced_unasked() {
        let output = Output { form: Form::Text, look: Look::Plain, verbosity: Verbosity::Quiet };
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("r.jsonl");
        let part = dir.path().join("r.jsonl.part");
        let mut sink = Sink::open(&target, false, output).unwrap();
        sink.line(Ok("one\n".to_owned())).unwrap();
        assert_eq!(std::fs::read_to_string(&part).unwrap(), "one\n");
        assert!(!target.exists());
        assert_eq!(Sink::open(&target, false, output).err().unwrap().exit_status(), 2);
        sink.finish().unwrap();
        assert!(!part.exists());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "one\n");
        assert!(Sink::open(&target, false, output).is_err());
        Sink::open(&target, true, output).unwrap().finish().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "");
    }
}
