//! A recording as it is read, line by line.
//!
//! Owns the open file and the number of the line. Must not hold more than one line.

use super::options::Recording;
use super::recording::{self, LineError, MAX_LINE_BYTES, RecordedEvent, RecordingError};
use crate::executor::lines::{Line, Lines};
use bytes::Bytes;
use std::io;
use tokio::io::AsyncRead;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be opened.
    #[error("the recording cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// It cannot be read on.
    #[error("the recording cannot be read: {0}")]
    Read(#[source] io::Error),
    /// It is not in the form of a recording.
    #[error("the recording does not parse: {0}")]
    Form(#[from] RecordingError),
}

impl ReplayError {
    /// A word for programs: the `reason` of a run that fails with it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            ReplayError::Open(_) | ReplayError::Read(_) => "recording_unreadable",
            ReplayError::Form(_) => "recording_invalid",
        }
    }
}

/// An open recording, its header read.
pub(super) struct Source {
    lines: Lines<Box<dyn AsyncRead + Send + Unpin>>,
    /// The number of the line read last.
    line: u64,
}

impl Source {
    /// Opens a recording and reads its header.
    pub(super) async fn open(recording: &Recording) -> Result<Source, ReplayError> {
        let reader: Box<dyn AsyncRead + Send + Unpin> = match recording {
            Recording::File(path) => Box::new(tokio::fs::File::open(path).await.map_err(ReplayError::Open)?),
            Recording::BuiltIn(text) => Box::new(text.as_bytes()),
        };
        let mut source = Source { lines: Lines::new(reader, MAX_LINE_BYTES), line: 0 };
        let Some(header) = source.next_line().await? else {
            return Err(RecordingError { line: 1, problem: LineError::Empty }.into());
        };
        recording::read_header(&header)?;
        Ok(source)
    }

    /// The next event; none at the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<RecordedEvent>, ReplayError> {
        loop {
            let Some(line) = self.next_line().await? else { return Ok(None) };
            if !line.trim_ascii().is_empty() {
                return Ok(Some(recording::parse_line(&line, self.line)?));
            }
        }
    }

    async fn next_line(&mut self) -> Result<Option<Bytes>, ReplayError> {
        let line = self.lines.next().await.map_err(ReplayError::Read)?;
        self.line += 1;
        match line {
            None => Ok(None),
            Some(Line::Whole(line)) => Ok(Some(line)),
            Some(Line::TooLong(_)) => Err(RecordingError { line: self.line, problem: LineError::TooLong }.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(recording: Recording) -> ReplayError {
        match Source::open(&recording).await {
            Ok(mut source) => loop {
                match source.next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("no error"),
                    Err(error) => return error,
                }
            },
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn says_what_is_wrong_and_where() {
        let missing = error(Recording::File("/nowhere/at/all.jsonl".into())).await;
        assert_eq!(missing.reason(), "recording_unreadable");
        assert!(!missing.to_string().contains("/nowhere"), "{missing}");

        assert!(error(Recording::BuiltIn("")).await.to_string().contains("empty"));
        assert!(error(Recording::BuiltIn("{}\n")).await.to_string().contains("line 1"));
        let bad = "{\"yoi_recording\":1}\n\n{\"offset_ms\":0,\"event\":{\"type\":\"x\"}}\nbad\n";
        let bad = error(Recording::BuiltIn(bad)).await;
        assert!(bad.to_string().contains("line 4"), "{bad}");
        assert_eq!(bad.reason(), "recording_invalid");
    }

    #[tokio::test]
    async fn refuses_a_line_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.jsonl");
        let mut text = b"{\"yoi_recording\":1}\n".to_vec();
        text.resize(text.len() + MAX_LINE_BYTES + 10, b'x');
        std::fs::write(&path, text).unwrap();
        let long = error(Recording::File(path)).await;
        assert!(long.to_string().contains("line 2: longer than"), "{long}");
    }
}
