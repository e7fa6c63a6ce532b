//! The tokens that `yoi login` keeps.
//!
//! Owns the file, who may read it, and that a token goes to no server but its own. A token is
//! never shown.

use crate::failure::Failure;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use yoi_client::Secret;

/// In the user's configuration folder.
const FOLDER: &str = "yoi";
const FILE: &str = "credentials.toml";
const HEADING: &str = "# Written by `yoi login`; `yoi logout` takes entries out. Keep it to yourself.\n\n";

/// The file of tokens; nowhere where this user has no folder for it.
#[derive(Clone, Debug)]
pub struct Credentials {
    path: Option<PathBuf>,
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// By the server's URL.
    #[serde(default)]
    servers: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    token: String,
    principal: String,
    saved_at: Timestamp,
}

impl Credentials {
    /// Those of this user.
    pub fn of_this_user() -> Credentials {
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
        let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
        Credentials { path: config.map(|config| config.join(FOLDER).join(FILE)) }
    }

    /// The token for a server; nothing where none is kept.
    pub fn token(&self, url: &str) -> Result<Option<Secret>, Failure> {
        let Some(entry) = self.read()?.servers.remove(&key(url)) else { return Ok(None) };
        Secret::new(&entry.token).map(Some).map_err(|error| self.unusable(&error.to_string()))
    }

    /// Keeps a token for a server, in place of one that is kept. Says where.
    pub fn keep(&self, url: &str, token: &Secret, principal: &str, now: Timestamp) -> Result<&Path, Failure> {
        let mut kept = self.read()?;
        let entry = Entry { token: token.expose().to_owned(), principal: principal.to_owned(), saved_at: now };
        kept.servers.insert(key(url), entry);
        self.write(&kept)
    }

    /// Forgets the token of a server. Says whether there was one.
    pub fn forget(&self, url: &str) -> Result<bool, Failure> {
        let mut kept = self.read()?;
        let found = kept.servers.remove(&key(url)).is_some();
        if found {
            self.write(&kept)?;
        }
        Ok(found)
    }

    fn read(&self) -> Result<Kept, Failure> {
        let Some(path) = &self.path else { return Ok(Kept::default()) };
        let mut file = match File::open(path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Kept::default());
            }
            opened => opened.map_err(|source| failed("cannot read", path, source))?,
        };
        let metadata = file.metadata().map_err(|source| failed("cannot read", path, source))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Failure::Usage {
                message: format!("{} may be read by others", path.display()),
                hint: format!(
                    "Run `chmod 600 {}`, and replace its tokens if others may have read them.",
                    path.display()
                ),
            });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|source| failed("cannot read", path, source))?;
        // the error's own text would show the line, with the token in it
        toml::from_str(&text).map_err(|error| self.unusable(error.message()))
    }

    fn write(&self, kept: &Kept) -> Result<&Path, Failure> {
        let Some(path) = &self.path else {
            return Err(Failure::Usage {
                message: "there is no folder to keep a token in".to_owned(),
                hint: "Set HOME or XDG_CONFIG_HOME, or give the token in YOI_TOKEN each time.".to_owned(),
            });
        };
        let text = toml::to_string(kept).map_err(|error| self.unusable(&error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.map_err(|source| failed("cannot make", folder, source))?;
        // beside it and renamed: a reader sees the old or the new, and nobody else ever any
        let part = folder.join(format!("{FILE}.{}.part", std::process::id()));
        let _ = std::fs::remove_file(&part);
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).and_then(|mut file| {
            file.write_all(format!("{HEADING}{text}").as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&part, path)
        });
        written.map_err(|source| {
            let _ = std::fs::remove_file(&part);
            failed("cannot write", path, source)
        })?;
        Ok(path)
    }

    fn unusable(&self, reason: &str) -> Failure {
        let path = self.path.as_deref().unwrap_or(Path::new(FILE)).display();
        Failure::Usage {
            message: format!("{path} is not usable: {}", reason.lines().next().unwrap_or_default()),
            hint: "Take it away and sign in again with `yoi login`.".to_owned(),
        }
    }
}

/// One spelling of a URL: without the slash at its end, its scheme and host in lower case.
fn key(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    format!("{}://{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}

fn failed(what: &str, path: &Path, source: std::io::Error) -> Failure {
    Failure::Io { what: format!("{what} {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    fn at(folder: &Path) -> Credentials {
        Credentials { path: Some(folder.join("deep").join(FOLDER).join(FILE)) }
    }

    #[test]
    fn a_token_is_kept_for_its_server_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let credentials = at(folder.path());
        let (one, two) = ("https://Yoi.example/a/", "http://127.0.0.1:7070");
        assert!(credentials.token(one).unwrap().is_none());
        assert!(!credentials.forget(one).unwrap());
        assert!(!credentials.path.as_deref().unwrap().exists());
        credentials.keep(one, &secret("hunter1"), "ada", Timestamp::from_millis(0)).unwrap();
        credentials.keep(two, &secret("hunter2"), "bob", Timestamp::from_millis(0)).unwrap();
        credentials.keep(one, &secret("hunter3"), "ada", Timestamp::from_millis(0)).unwrap();
        let path = credentials.path.as_deref().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
        assert_eq!(credentials.token("HTTPS://yoi.example/a").unwrap(), Some(secret("hunter3")));
        for other in ["https://yoi.example/A", "https://yoi.example", "http://yoi.example/a", "https://yoi.example:1/a"]
        {
            assert!(credentials.token(other).unwrap().is_none(), "{other}");
        }
        assert!(credentials.forget(one).unwrap());
        assert!(credentials.token(one).unwrap().is_none());
        assert_eq!(credentials.token(two).unwrap(), Some(secret("hunter2")));
        insta::assert_snapshot!(std::fs::read_to_string(path).unwrap(), @r#"
        # Written by `yoi login`; `yoi logout` takes entries out. Keep it to yourself.

        [servers."http://127.0.0.1:7070"]
        token = "hunter2"
        principal = "bob"
        saved_at = "1970-01-01T00:00:00.000Z"
        "#);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_damaged_is_refused_without_a_word_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let credentials = at(folder.path());
        credentials.keep("http://h", &secret("hunter2"), "ada", Timestamp::from_millis(0)).unwrap();
        let path = credentials.path.as_deref().unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let words = credentials.token("http://h").unwrap_err().words().unwrap();
        assert!(words.contains("may be read by others") && words.contains("chmod 600"), "{words}");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in [
            "[servers.\"http://h\"]\ntoken = hunter2\n",
            "hunter2 = 1",
            "[servers.\"http://h\"]\ntoken = \"hunt er2\"\nprincipal = \"a\"\nsaved_at = \"1970-01-01T00:00:00.000Z\"",
        ] {
            std::fs::write(path, damaged).unwrap();
            let words = credentials.token("http://h").unwrap_err().words().unwrap();
            assert!(words.contains("yoi login") && !words.contains("hunt er2"), "{words}");
            assert!(damaged.starts_with("hunter2") || !words.contains("hunter2"), "{words}");
        }
    }

    #[test]
    fn who_has_no_folder_has_no_tokens() {
        let nowhere = Credentials { path: None };
        assert!(nowhere.token("http://h").unwrap().is_none());
        let error = nowhere.keep("http://h", &secret("x"), "ada", Timestamp::from_millis(0)).unwrap_err();
        assert_eq!(error.exit_status(), 2);
    }
}
