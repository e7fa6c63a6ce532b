//! The secrets that seal cursors and sign-ins.
//!
//! Owns their file: 64 hexadecimal digits a line, the current secret first, older ones after it,
//! which still open what they sealed. It is made at the first start, for its owner alone, and never
//! printed. Backends that share it understand each other's cursors and sign-ins.

use event_log::{CursorKey, Sealer};
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;
use yoi_access::{SessionKey, Sessions};

/// The most bytes of the file.
const MAX_BYTES: u64 = 64 << 10;

/// The secrets of a workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    current: [u8; 32],
    older: Vec<[u8; 32]>,
}

/// Why there are no secrets. Repeats none of them.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or made.
    #[error("{path}, which seals cursors, cannot be {what}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What was tried.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A line is not a secret.
    #[error("{path}:{line}: is not 64 hexadecimal digits; take the line out, or move the file away to begin anew")]
    Line {
        /// The file.
        path: String,
        /// The line's number.
        line: usize,
    },
    /// There is no line.
    #[error("{path} holds no secret; move it away to begin anew")]
    Empty {
        /// The file.
        path: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

impl Secrets {
    /// Reads the file, and makes it where it is not there. Also tells what its owner should know.
    ///
    /// # Errors
    /// When it cannot be read or made, or holds something else.
    pub fn open(path: &Path) -> Result<(Secrets, Option<String>), SecretsError> {
        match read(path)? {
            Some(found) => Ok(found),
            None => {
                make(path)?;
                // what is there now, which another backend may have made
                read(path)?.ok_or_else(|| SecretsError::Empty { path: path.display().to_string() })
            }
        }
    }

    /// What seals cursors.
    #[must_use]
    pub fn cursors(&self) -> Sealer {
        Sealer::new(CursorKey::from(self.current), self.older.iter().copied().map(CursorKey::from).collect())
    }

    /// What seals sign-ins.
    #[must_use]
    pub fn sessions(&self, lifetime: Duration) -> Sessions {
        Sessions::new(SessionKey::derive(&self.current), self.older.iter().map(SessionKey::derive).collect(), lifetime)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets(.., {} older)", self.older.len())
    }
}

fn failed(path: &Path, what: &'static str) -> impl Fn(io::Error) -> SecretsError {
    let path = path.display().to_string();
    move |source| SecretsError::Io { path: path.clone(), what, source }
}

/// The secrets of a file; nothing where it is not there.
fn read(path: &Path) -> Result<Option<(Secrets, Option<String>)>, SecretsError> {
    let failed = failed(path, "read");
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let warning = exposure(path, &file.metadata().map_err(&failed)?);
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(&failed)?;
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || SecretsError::Line { path: path.display().to_string(), line: number + 1 };
        all.push(secret(line.trim()).ok_or_else(wrong)?);
    }
    let mut all = all.into_iter();
    let current = all.next().ok_or_else(|| SecretsError::Empty { path: path.display().to_string() })?;
    Ok(Some((Secrets { current, older: all.collect() }, warning)))
}

fn secret(line: &str) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    if line.len() != 2 * secret.len() || !line.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in secret.iter_mut().zip((0..line.len()).step_by(2)) {
        *byte = u8::from_str_radix(line.get(at..at + 2)?, 16).ok()?;
    }
    Some(secret)
}

fn random_hex<const N: usize>() -> Result<String, SecretsError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|_| SecretsError::Random)?;
    let mut text = String::new();
    for byte in random {
        // writing to a string does not fail
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Makes the file with one secret; leaves one that is there by now. It appears whole or not at
/// all, so that of two backends that start at once both have the same.
fn make(path: &Path) -> Result<(), SecretsError> {
    let failed = failed(path, "made");
    let mut line = random_hex::<32>()?;
    line.push('\n');
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), std::fs::create_dir_all).map_err(&failed)?;
    let mut part = path.as_os_str().to_owned();
    // not by the process's number: those who share a folder may each have the same
    part.push(format!(".{}.part", random_hex::<8>()?));
    let part = Path::new(&part);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(part).and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        match std::fs::hard_link(part, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    // whether or not it was linked, it is of no use
    let _ = std::fs::remove_file(part);
    written.map_err(failed)
}

#[cfg(unix)]
fn exposure(path: &Path, metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let path = path.display();
    (metadata.permissions().mode() & 0o077 != 0).then(|| {
        format!("other users of this machine can read {path}, which seals cursors and sign-ins; run `chmod 600 {path}`")
    })
}

#[cfg(not(unix))]
fn exposure(_path: &Path, _metadata: &std::fs::Metadata) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::{Epoch, Position, Seq};
    use std::os::unix::fs::PermissionsExt;

    fn position() -> Position {
        Position { epoch: Epoch(1), seq: Seq(2) }
    }

    #[test]
    fn are_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".yoi/cursor_keys");
        let (made, warning) = Secrets::open(&path).unwrap();
        assert_eq!(warning, None);
        assert_eq!(Secrets::open(&path).unwrap().0, made);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.len(), 65);
        assert!(!format!("{made:?}").contains(&text[..8]));
        let other = Secrets::open(&folder.path().join("other")).unwrap().0;
        assert_ne!(other, made);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(Secrets::open(&path).unwrap().1.unwrap().contains("chmod 600"));
    }

    #[test]
    fn many_who_start_at_once_share_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursor_keys");
        let begin = std::sync::Barrier::new(8);
        let made: Vec<_> = std::thread::scope(|scope| {
            let open = || {
                begin.wait();
                Secrets::open(&path).unwrap().0
            };
            let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(made.iter().all(|secrets| *secrets == made[0]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn older_ones_still_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursor_keys");
        let old = Secrets::open(&path).unwrap().0;
        let cursor = old.cursors().seal(b"w", position());
        let rotated = format!("{}\n\n{}", "ab".repeat(32), std::fs::read_to_string(&path).unwrap());
        std::fs::write(&path, rotated).unwrap();
        let new = Secrets::open(&path).unwrap().0;
        assert_eq!(new.cursors().open(b"w", cursor.as_str()), Ok(position()));
        assert_ne!(new.cursors().seal(b"w", position()), cursor);
        assert!(old.cursors().open(b"w", new.cursors().seal(b"w", position()).as_str()).is_err());
    }

    #[test]
    fn what_is_no_secret_is_told_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursor_keys");
        let good = "ab".repeat(32);
        for (text, words) in [
            (format!("{good}\nhunter2"), ":2: is not 64"),
            (format!("{good}0"), ":1: is not 64"),
            (format!("+{}", &good[1..]), ":1: is not 64"),
            ("é".repeat(32), ":1: is not 64"),
            ("\n\n".to_owned(), "holds no secret"),
        ] {
            std::fs::write(&path, text).unwrap();
            let told = Secrets::open(&path).unwrap_err().to_string();
            assert!(told.contains(words) && !told.contains("hunter") && !told.contains("abab"), "{told}");
        }
        assert!(matches!(Secrets::open(folder.path()), Err(SecretsError::Io { what: "read", .. })));
        let file = folder.path().join("cursor_keys/x");
        assert!(matches!(Secrets::open(&file), Err(SecretsError::Io { .. })));
    }
}
