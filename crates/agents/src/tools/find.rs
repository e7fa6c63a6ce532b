//! Finding files by name and by what is in them.
//!
//! Owns the two tools and the walk through the folder, which follows no link and leaves `.git` out.
//! Must not open a path but through the working folder.

use super::bounds::{self, ANSWER_BYTES};
use super::workdir::Workdir;
use super::{Answer, Refused};
use globset::{GlobBuilder, GlobMatcher};
use regex::RegexBuilder;
use serde::Deserialize;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// The most files that are named in one answer.
const FOUND: usize = 1000;
/// The most entries that one walk looks at.
const LOOKED_AT: usize = 200_000;
/// The most levels of folders.
const DEPTH: usize = 64;
/// The most bytes of a file that is searched.
const SEARCHED_BYTES: u64 = 4 << 20;
/// The most bytes that a compiled expression takes.
const EXPRESSION_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Glob {
    pattern: String,
    #[serde(default)]
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grep {
    pattern: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    glob: Option<String>,
    #[serde(default)]
    ignore_case: bool,
}

/// How a walk ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    All,
    Bound,
    Cancelled,
}

fn matcher(pattern: &str) -> Result<GlobMatcher, Refused> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| Refused(format!("`{pattern}` is no pattern: {error}")))
}

impl Glob {
    pub(super) fn run(self, workdir: &Workdir, cancel: &CancellationToken) -> Result<Answer, Refused> {
        let matcher = matcher(&self.pattern)?;
        let mut found = Vec::new();
        let end = walk(workdir, self.path.as_deref(), cancel, &mut |path, within| {
            if matcher.is_match(within) {
                found.push(path.display().to_string());
            }
            found.len() < FOUND
        })?;
        found.sort();
        Ok(Answer::text(told(found, end, "no file has such a name")))
    }
}

impl Grep {
    pub(super) fn run(self, workdir: &Workdir, cancel: &CancellationToken) -> Result<Answer, Refused> {
        let mut builder = RegexBuilder::new(&self.pattern);
        builder.case_insensitive(self.ignore_case).size_limit(EXPRESSION_BYTES);
        let expression =
            builder.build().map_err(|error| Refused(format!("`{}` is no expression: {error}", self.pattern)))?;
        let glob = self.glob.as_deref().map(matcher).transpose()?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        let end = walk(workdir, self.path.as_deref(), cancel, &mut |path, within| {
            let name = path.file_name().map(Path::new);
            if glob.as_ref().is_some_and(|glob| !glob.is_match(within) && !name.is_some_and(|name| glob.is_match(name)))
            {
                return true;
            }
            let Some(text) = text_of(workdir, path) else { return true };
            for (number, line) in text.lines().enumerate().filter(|(_, line)| expression.is_match(line)) {
                let line = format!("{}:{}:{}", path.display(), number + 1, bounds::line(line));
                bytes += line.len() + 1;
                if found.len() >= FOUND || bytes > ANSWER_BYTES {
                    return false;
                }
                found.push(line);
            }
            true
        })?;
        Ok(Answer::text(told(found, end, "no line matches")))
    }
}

fn text_of(workdir: &Workdir, path: &Path) -> Option<String> {
    let file = workdir.open_file(path, "").ok()?;
    let mut bytes = Vec::new();
    file.take(SEARCHED_BYTES).read_to_end(&mut bytes).ok()?;
    // what holds a zero byte is no text
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn told(found: Vec<String>, end: End, nothing: &str) -> String {
    let mut said = if found.is_empty() { nothing.to_owned() } else { found.join("\n") };
    match end {
        End::All => {}
        End::Bound => said.push_str("\n[there may be more: narrow it down]"),
        End::Cancelled => said.push_str("\n[cut off: the run was cancelled]"),
    }
    said
}

/// Hands each plain file to `each`, with its path from the working folder and from where the walk
/// begins, until that has enough.
fn walk(
    workdir: &Workdir,
    from: Option<&str>,
    cancel: &CancellationToken,
    each: &mut dyn FnMut(&Path, &Path) -> bool,
) -> Result<End, Refused> {
    let start = workdir.relative(from.unwrap_or("."))?;
    let start = if start == Path::new(".") { PathBuf::new() } else { start };
    if workdir.dir().metadata(named(&start)).is_ok_and(|metadata| metadata.is_file()) {
        let name = start.file_name().map(PathBuf::from).unwrap_or_default();
        each(&start, &name);
        return Ok(End::All);
    }
    if let Err(error) = workdir.dir().read_dir(named(&start)) {
        let path = from.unwrap_or(".");
        return Err(Refused(format!("{path} cannot be searched: {error}")));
    }
    let mut folders = vec![(start.clone(), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = folders.pop() {
        // one that cannot be read is as good as empty
        let Ok(entries) = workdir.dir().read_dir(named(&folder)) else { continue };
        let mut entries: Vec<_> = entries.flatten().take(LOOKED_AT).collect();
        entries.sort_by_key(cap_std::fs::DirEntry::file_name);
        let mut below = Vec::new();
        for entry in entries {
            looked += 1;
            if looked > LOOKED_AT {
                return Ok(End::Bound);
            }
            if cancel.is_cancelled() {
                return Ok(End::Cancelled);
            }
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && entry.file_name() != ".git" && depth < DEPTH {
                below.push((path, depth + 1));
            } else if kind.is_file() {
                let within = path.strip_prefix(&start).unwrap_or(&path);
                if !each(&path, within) {
                    return Ok(End::Bound);
                }
            }
        }
        folders.extend(below.into_iter().rev());
    }
    Ok(End::All)
}

fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}
