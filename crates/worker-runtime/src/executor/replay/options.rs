//! What a replay plays, and how.
//!
//! Owns the options and their limits. Must not open files.

use std::path::PathBuf;
use std::time::Duration;

/// Where a recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recording {
    /// In a file, read while it is played.
    File(PathBuf),
    /// In the program itself.
    BuiltIn(&'static str),
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// As it was recorded.
    #[default]
    Recorded,
    /// So many times as fast; more than 0.
    Factor(f64),
    /// Without any pause.
    AsFastAsPossible,
}

/// Who answers the questions of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approvals {
    /// The recording, at its own time, unless a person answers before.
    #[default]
    Recorded,
    /// A person only: the play waits. It goes on as recorded, whatever the answer.
    Ask,
}

/// The options of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// What is played.
    pub recording: Recording,
    /// How fast.
    pub speed: Speed,
    /// The longest pause between two events, after `speed`; none for no such limit.
    pub max_pause: Option<Duration>,
    /// Who answers questions.
    pub approvals: Approvals,
}

/// Why these options do not make a replay.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReplayOptionsError {
    /// A factor that is no speed.
    #[error("the speed of a replay is a number greater than 0, not {0}")]
    Speed(f64),
    /// No file is named.
    #[error("the file of a replay is empty")]
    NoFile,
}

impl ReplayOptions {
    /// Plays `recording` as it was recorded.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        ReplayOptions { recording, speed: Speed::Recorded, max_pause: None, approvals: Approvals::Recorded }
    }

    /// Whether these options make a replay; opens nothing.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn validate(&self) -> Result<(), ReplayOptionsError> {
        if let Speed::Factor(factor) = self.speed
            && !(factor.is_finite() && factor > 0.0)
        {
            return Err(ReplayOptionsError::Speed(factor));
        }
        match &self.recording {
            Recording::File(path) if path.as_os_str().is_empty() => Err(ReplayOptionsError::NoFile),
            _ => Ok(()),
        }
    }

    /// The pause to make for a recorded one.
    pub(super) fn pause(&self, recorded: Duration) -> Duration {
        let pause = match self.speed {
            Speed::Recorded => recorded,
            Speed::AsFastAsPossible => Duration::ZERO,
            Speed::Factor(factor) => {
                Duration::try_from_secs_f64(recorded.as_secs_f64() / factor).unwrap_or(Duration::ZERO)
            }
        };
        pause.min(self.max_pause.unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_follow_speed_and_cap() {
        let mut options = ReplayOptions::new(Recording::BuiltIn(""));
        let second = Duration::from_secs(1);
        for (speed, max_ms, expected_ms) in [
            (Speed::Recorded, None, 1000),
            (Speed::Factor(2.0), None, 500),
            (Speed::Factor(0.5), None, 2000),
            (Speed::Factor(0.5), Some(1500), 1500),
            (Speed::AsFastAsPossible, Some(1500), 0),
            (Speed::Factor(0.0), None, 0),
            (Speed::Factor(f64::NAN), None, 0),
        ] {
            options.speed = speed;
            options.max_pause = max_ms.map(Duration::from_millis);
            assert_eq!(options.pause(second).as_millis(), expected_ms, "{speed:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_speed() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let options = ReplayOptions { speed: Speed::Factor(factor), ..ReplayOptions::new(Recording::BuiltIn("")) };
            assert!(options.validate().unwrap_err().to_string().contains("greater than 0"));
        }
        let options = ReplayOptions::new(Recording::File(PathBuf::new()));
        assert_eq!(options.validate(), Err(ReplayOptionsError::NoFile));
        assert_eq!(ReplayOptions::new(Recording::File("a".into())).validate(), Ok(()));
    }
}
