//! The folder that tools are confined to.
//!
//! Owns every path that a tool names: it is opened relative to the folder's own handle, so that
//! neither `..`, nor an absolute path, nor a symbolic link, nor one that is put there between the
//! looking and the opening leads out of it. Must not follow a path in any other way.

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Why a tool cannot do what it was asked to do with a path.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It is not within the working folder.
    #[error("{0} is outside of the working folder; only files within it can be reached")]
    Outside(String),
    /// There is nothing of this name.
    #[error("{0} does not exist")]
    Missing(String),
    /// It is not a plain file.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// It is larger than a tool reads.
    #[error("{path} has {bytes} bytes; at most {most} are read")]
    TooLarge {
        /// The path.
        path: String,
        /// Its size.
        bytes: u64,
        /// The bound.
        most: u64,
    },
    /// It is not text.
    #[error("{0} is not text in UTF-8")]
    NotText(String),
    /// The system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// A folder, and nothing around it. Cloning it shares the handle.
#[derive(Clone, Debug)]
pub struct Workdir {
    dir: Arc<Dir>,
    root: PathBuf,
}

impl Workdir {
    /// Opens the folder.
    ///
    /// # Errors
    /// When it does not exist or cannot be opened.
    pub fn open(root: &Path) -> io::Result<Workdir> {
        let root = std::fs::canonicalize(root)?;
        Ok(Workdir { dir: Arc::new(Dir::open_ambient_dir(&root, ambient_authority())?), root })
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A handle of it.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The path as it is from the folder: an absolute one within it is taken as well. `..` may
    /// stand in it where it stays within.
    ///
    /// # Errors
    /// When it leads out, by its words alone. What leads out by a link is found when it is opened.
    pub fn relative(&self, path: &str) -> Result<PathBuf, PathError> {
        let outside = || PathError::Outside(path.to_owned());
        let given = Path::new(path);
        let given = if given.is_absolute() { given.strip_prefix(&self.root).map_err(|_| outside())? } else { given };
        let mut relative = PathBuf::new();
        for component in given.components() {
            match component {
                Component::Normal(name) => relative.push(name),
                Component::CurDir => {}
                Component::ParentDir if relative.pop() => {}
                _ => return Err(outside()),
            }
        }
        Ok(if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative })
    }

    /// The text of a file of at most `most` bytes.
    ///
    /// # Errors
    /// When it is outside, is no file, is larger, or is not text.
    pub fn read(&self, path: &str, most: u64) -> Result<String, PathError> {
        let bytes = self.read_bytes(path, most)?;
        String::from_utf8(bytes).map_err(|_| PathError::NotText(path.to_owned()))
    }

    fn read_bytes(&self, path: &str, most: u64) -> Result<Vec<u8>, PathError> {
        let file = self.open_file(&self.relative(path)?, path)?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|source| told(path, source))?;
        if bytes.len() as u64 > most {
            let bytes = self.dir.metadata(self.relative(path)?).map_or(most + 1, |metadata| metadata.len());
            return Err(PathError::TooLarge { path: path.to_owned(), bytes, most });
        }
        Ok(bytes)
    }

    /// Opens a plain file for reading. Pipes and devices are not waited for.
    pub(crate) fn open_file(&self, relative: &Path, named: &str) -> Result<cap_std::fs::File, PathError> {
        use cap_std::fs::OpenOptionsExt;
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        let file = self.dir.open_with(relative, &options).map_err(|source| told(named, source))?;
        let metadata = file.metadata().map_err(|source| told(named, source))?;
        if metadata.is_file() { Ok(file) } else { Err(PathError::NotAFile(named.to_owned())) }
    }

    /// Replaces a file, or makes it with the folders on the way to it. Whoever reads it at the same
    /// time finds the old text or the new one whole. Permissions stay.
    ///
    /// # Errors
    /// When it is outside or cannot be written.
    pub fn write(&self, path: &str, text: &str) -> Result<(), PathError> {
        let relative = self.relative(path)?;
        let fail = |source| told(path, source);
        let (Some(name), parent) = (relative.file_name(), relative.parent()) else {
            return Err(PathError::NotAFile(path.to_owned()));
        };
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.dir.create_dir_all(parent).map_err(fail)?;
        let folder = self.dir.open_dir(parent).map_err(fail)?;
        // a link stays one: what it leads to, within the folder, is written
        if folder.symlink_metadata(name).is_ok_and(|metadata| metadata.is_symlink()) {
            let mut file =
                self.dir.open_with(&relative, OpenOptions::new().write(true).truncate(true)).map_err(fail)?;
            return file.write_all(text.as_bytes()).map_err(fail);
        }
        let existing = folder.metadata(name).ok();
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            return Err(PathError::NotAFile(path.to_owned()));
        }
        let beside = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
        let made = (|| {
            let mut file = folder.open_with(&beside, OpenOptions::new().write(true).create(true).truncate(true))?;
            file.write_all(text.as_bytes())?;
            if let Some(existing) = existing {
                file.set_permissions(existing.permissions())?;
            }
            folder.rename(&beside, &folder, name)
        })();
        made.map_err(|source| {
            let _ = folder.remove_file(&beside);
            told(path, source)
        })
    }
}

/// The words for what the system says. A path that a link leads out of the folder is refused by
/// the system with a permission, which needs other words.
fn told(path: &str, source: io::Error) -> PathError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => PathError::Missing(path),
        io::ErrorKind::PermissionDenied if source.raw_os_error().is_none() => PathError::Outside(path),
        _ if source.raw_os_error() == Some(rustix::io::Errno::XDEV.raw_os_error()) => PathError::Outside(path),
        _ => PathError::Io { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;

    fn folder() -> (tempfile::TempDir, Workdir) {
        let around = tempfile::tempdir().unwrap();
        std::fs::write(around.path().join("secret"), "outside").unwrap();
        let root = around.path().join("work");
        std::fs::create_dir(&root).unwrap();
        let workdir = Workdir::open(&root).unwrap();
        (around, workdir)
    }

    #[test]
    fn no_path_and_no_link_leads_out() {
        let (around, workdir) = folder();
        let root = workdir.root().to_owned();
        symlink("../secret", root.join("link")).unwrap();
        symlink(around.path(), root.join("up")).unwrap();
        symlink("/etc/passwd", root.join("absolute")).unwrap();
        symlink("../new", root.join("dangling")).unwrap();
        for path in ["../secret", "/etc/passwd", "a/../../secret", "link", "up/secret", "absolute"] {
            let said = workdir.read(path, 100).unwrap_err();
            assert!(matches!(said, PathError::Outside(_)), "{path}: {said:?}");
        }
        for path in ["../new", "link", "up/new", "dangling", "up/deep/new"] {
            assert!(workdir.write(path, "x").is_err(), "{path}");
        }
        assert_eq!(std::fs::read_to_string(around.path().join("secret")).unwrap(), "outside");
        assert!(!around.path().join("new").exists() && !around.path().join("deep").exists());
    }

    #[test]
    fn files_within_are_read_and_written_whole() {
        use std::os::unix::fs::PermissionsExt;
        let (_around, workdir) = folder();
        workdir.write("a/b/c.txt", "one").unwrap();
        let whole = workdir.root().join("a/b/c.txt");
        std::fs::set_permissions(&whole, std::fs::Permissions::from_mode(0o750)).unwrap();
        symlink("c.txt", workdir.root().join("a/b/inner")).unwrap();
        workdir.write("a/b/inner", "two").unwrap();
        workdir.write(whole.to_str().unwrap(), "three").unwrap();
        assert_eq!(workdir.read("a/x/../b/inner", 10).unwrap(), "three");
        assert_eq!(std::fs::metadata(&whole).unwrap().permissions().mode() & 0o777, 0o750);
        assert!(matches!(workdir.read("a/b/c.txt", 4), Err(PathError::TooLarge { bytes: 5, .. })));
        assert!(matches!(workdir.read("a", 10), Err(PathError::NotAFile(_))));
        assert!(matches!(workdir.read("nothing", 10), Err(PathError::Missing(_))));
        assert!(matches!(workdir.write("a", "x"), Err(PathError::NotAFile(_))));
        assert!(matches!(workdir.write(".", "x"), Err(PathError::NotAFile(_))));
        let left: Vec<_> = std::fs::read_dir(workdir.root().join("a/b")).unwrap().flatten().collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn a_link_that_is_put_there_meanwhile_leads_nowhere() {
        let (around, workdir) = folder();
        let root = workdir.root().to_owned();
        std::fs::create_dir(around.path().join("target")).unwrap();
        let swapper = std::thread::spawn({
            let (root, target) = (root.clone(), around.path().join("target"));
            move || {
                for _ in 0..300 {
                    let _ = std::fs::create_dir(root.join("d"));
                    let _ = std::fs::rename(root.join("d"), root.join("old"));
                    let _ = symlink(&target, root.join("d"));
                    let _ = std::fs::remove_file(root.join("d"));
                    let _ = std::fs::remove_dir_all(root.join("old"));
                }
            }
        });
        while !swapper.is_finished() {
            let _ = workdir.write("d/file", "x");
        }
        swapper.join().unwrap();
        assert_eq!(std::fs::read_dir(around.path().join("target")).unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_within(path in "(\\.\\.?|a|b|/){0,8}") {
            let (_around, workdir) = folder();
            if let Ok(relative) = workdir.relative(&path) {
                prop_assert!(relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir)));
            }
        }
    }
}
