//! Work trees and branches.
//!
//! Owns the calls of `git`: a program with arguments, no shell, its output bounded and its time too.
//! Nothing that is in a work tree is believed: where its repository is, is asked of the repository
//! of the workspace, and no hook, pager, external diff or file-system monitor is run. A call that nobody waits
//! for any more goes on to its end, so that none leaves half a work tree. Must not push, merge, or
//! take a branch away.

mod command;
mod nested;

use command::{Command, Output};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes of lists of commits and statistics.
const TOLD: usize = 16 * 1024;
/// How long a work tree may be in the making by somebody else.
const MAKING: Duration = Duration::from_secs(10);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// What is left out of everything that is committed or looked for: the live records are the workspace's.
const RECORDS: &str = ":(exclude,top).yoi/tickets";

/// Why git did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no such program, or it cannot be run.
    #[error("`git` cannot be run: {0}")]
    NotRun(std::io::Error),
    /// The folder is in no work tree.
    #[error("`{0}` is in no work tree of git")]
    NoRepository(String),
    /// There is no such branch.
    #[error("there is no branch `{0}`")]
    NoBranch(String),
    /// Something is where a work tree is to be.
    #[error("{0}")]
    InTheWay(String),
    /// It took too long.
    #[error("`git {0}` took too long")]
    TimedOut(String),
    /// It failed.
    #[error("`git {what}` failed: {why}")]
    Failed {
        /// What was asked.
        what: String,
        /// What it said.
        why: String,
    },
    /// A folder could not be made or read.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was to be done with which.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A repository, as it is seen from a workspace.
#[derive(Clone, Debug)]
pub struct Git {
    /// The workspace's own work tree.
    root: PathBuf,
    /// The repository, which all work trees share.
    common: PathBuf,
    /// The workspace from the root of its work tree.
    prefix: PathBuf,
    limit: Duration,
}

/// What became of changes that a worker did not commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There were none.
    Nothing,
    /// They are committed.
    Committed,
    /// The work tree is not on its branch, so they are left as they are.
    NotOnBranch,
    /// There are repositories in it, whose settings are not to be followed; they are left as they are.
    Nested,
}

/// A work tree that git knows.
#[derive(Debug, Default)]
struct Known {
    path: PathBuf,
    branch: Option<String>,
    locked: Option<String>,
    is_prunable: bool,
}

impl GitError {
    /// What a person does about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            GitError::NotRun(_) => "Install git, or put it on the PATH.",
            GitError::NoRepository(_) => "Make one with `git init`, and commit something.",
            GitError::NoBranch(_) => "Name another with `--base`, or make its first commit.",
            GitError::InTheWay(_) => "Look at what is there, and move it or take it away.",
            GitError::TimedOut(_) => "Look whether another git hangs there; then start again.",
            GitError::Failed { .. } | GitError::Io { .. } => "Mend what it says, and start again.",
        }
    }
}

impl Git {
    /// The repository that a workspace is in.
    ///
    /// # Errors
    /// When it is in none, or git cannot be run.
    pub async fn open(workspace: &Path) -> Result<Git, GitError> {
        Git::open_with(workspace, crate::Limits::default().git).await
    }

    /// The same with another bound on each call.
    ///
    /// # Errors
    /// See [`Git::open`].
    pub async fn open_with(workspace: &Path, limit: Duration) -> Result<Git, GitError> {
        let shown = || workspace.display().to_string();
        let asked = ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir", "--show-prefix"];
        let output = Command::new(workspace, limit).args(asked).run().await?;
        if !output.is_good {
            return Err(GitError::NoRepository(shown()));
        }
        let mut lines = output.stdout.lines();
        let (Some(root), Some(common)) = (lines.next(), lines.next()) else {
            return Err(GitError::NoRepository(shown()));
        };
        let prefix = lines.next().unwrap_or_default().into();
        Ok(Git { root: root.into(), common: common.into(), prefix, limit })
    }

    /// The branch that the workspace is on; nothing where it is on none.
    ///
    /// # Errors
    /// When git cannot be run.
    pub async fn current_branch(&self) -> Result<Option<String>, GitError> {
        let output = self.git().args(["symbolic-ref", "--quiet", "HEAD"]).run().await?;
        Ok(output.stdout.trim().strip_prefix("refs/heads/").map(str::to_owned))
    }

    /// The workspace in another work tree.
    pub(crate) fn workspace_in(&self, worktree: &Path) -> PathBuf {
        worktree.join(&self.prefix)
    }

    /// The commit that a branch is at; nothing where there is no such branch.
    pub(crate) async fn commit_of(&self, branch: &str) -> Result<Option<String>, GitError> {
        let name = format!("refs/heads/{branch}^{{commit}}");
        let output = self.git().args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(name).run().await?;
        Ok(output.is_good.then(|| output.stdout.trim().to_owned()).filter(|commit| is_commit(commit)))
    }

    /// Whether everything of one commit is in another.
    pub(crate) async fn contains(&self, all: &str, part: &str) -> Result<bool, GitError> {
        let output = self.git().args(["merge-base", "--is-ancestor", part, all]).run().await?;
        match output.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(output.failed("merge-base")),
        }
    }

    /// Where two commits part; nothing where they have nothing in common.
    pub(crate) async fn fork_of(&self, a: &str, b: &str) -> Result<Option<String>, GitError> {
        let output = self.git().args(["merge-base", a, b]).run().await?;
        Ok(output.is_good.then(|| output.stdout.trim().to_owned()).filter(|commit| is_commit(commit)))
    }

    /// Whether a work tree is on this branch, with changes that are not committed. What git does not
    /// know yet is no change.
    pub(crate) async fn is_dirty(&self, branch: &str) -> Result<bool, GitError> {
        let head = self.git().args(["symbolic-ref", "--quiet", "HEAD"]).run().await?;
        if head.stdout.trim() != format!("refs/heads/{branch}") {
            return Ok(false);
        }
        let asked = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", "--", ".", RECORDS];
        let output = self.git().args(asked).run().await?.good("status")?;
        Ok(!output.stdout.trim().is_empty())
    }

    /// Makes a work tree of a branch, and the branch where there is none, or finds both.
    pub(crate) async fn prepare(
        &self,
        branch: &str,
        folder: &Path,
        name: &str,
        start: &str,
    ) -> Result<PathBuf, GitError> {
        let folder = made(&self.root.join(&self.prefix).join(folder)).await?;
        let path = folder.join(name);
        let Some(shown) = path.to_str().map(str::to_owned) else {
            return Err(GitError::InTheWay(format!("`{}` is not Unicode", path.display())));
        };
        let begun = tokio::time::Instant::now();
        let mut failures = 0;
        loop {
            let known = self.worktrees().await?;
            if let Some(tree) = known.iter().find(|tree| tree.path == path) {
                if tree.locked.as_deref() == Some("initializing") {
                    // somebody is making it, or was killed at it
                    if begun.elapsed() < MAKING {
                        tokio::time::sleep(LOOK).await;
                    } else {
                        self.git().args(["worktree", "remove", "--force", "--force", "--"]).arg(&*shown).run().await?;
                    }
                    continue;
                }
                if tree.is_prunable || tokio::fs::symlink_metadata(path.join(".git")).await.is_err() {
                    self.git().args(["worktree", "prune"]).run().await?.good("worktree prune")?;
                    failures += 1;
                    if failures > 3 {
                        return Err(GitError::InTheWay(format!("`{shown}` is a work tree that is damaged")));
                    }
                    continue;
                }
                if tree.branch.as_deref() == Some(branch) {
                    return Ok(path);
                }
                return Err(GitError::InTheWay(format!("`{shown}` is a work tree that is not on `{branch}`")));
            }
            if let Some(other) = known.iter().find(|tree| tree.branch.as_deref() == Some(branch) && !tree.is_prunable) {
                let words = format!("`{branch}` is checked out in `{}`", other.path.display());
                return Err(GitError::InTheWay(words));
            }
            let add = self.git().args(["worktree", "add", "--quiet"]);
            let add = match self.commit_of(branch).await? {
                Some(_) => add.args(["--", &shown, branch]),
                None => add.args(["--no-track", "-b", branch, "--", &shown, start]),
            };
            let output = add.run().await?;
            if output.is_good {
                continue;
            }
            failures += 1;
            if failures > 3 {
                return Err(match output.failed("worktree add") {
                    GitError::Failed { why, .. } if why.contains("already exists") => {
                        GitError::InTheWay(format!("something is at `{shown}`: {why}"))
                    }
                    error => error,
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How many commits a branch has after a start.
    pub(crate) async fn count(&self, start: &str, branch: &str) -> Result<usize, GitError> {
        let range = format!("{start}..refs/heads/{branch}");
        let output = self.git().args(["rev-list", "--count", "--end-of-options"]).arg(range).run().await?;
        let output = output.good("rev-list")?;
        Ok(output.stdout.trim().parse().unwrap_or(0))
    }

    /// The newest commits of a branch after a start, a line each.
    pub(crate) async fn commits(&self, start: &str, branch: &str) -> Result<String, GitError> {
        let range = format!("{start}..refs/heads/{branch}");
        let log = self.git().args(["log", "--no-color", "--no-decorate", "--no-show-signature", "--max-count=50"]);
        let output = log.args(["--format=%h %s", "--end-of-options"]).arg(range).run().await?.good("log")?;
        Ok(crate::text::beginning(&output.stdout, TOLD))
    }

    /// Which files a branch changed since a start, and how much.
    pub(crate) async fn stat(&self, start: &str, branch: &str) -> Result<String, GitError> {
        let range = format!("{start}...refs/heads/{branch}");
        let diff = self.git().args(["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"]);
        let output = diff.args(["--stat=100,60,100", "--end-of-options"]).arg(range).run().await?.good("diff")?;
        Ok(crate::text::beginning(&output.stdout, TOLD))
    }

    /// Commits what a worker left in its work tree.
    pub(crate) async fn keep(&self, worktree: &Path, branch: &str, message: &str) -> Result<Kept, GitError> {
        let Some(own) = self.own_folder(worktree).await? else { return Ok(Kept::NotOnBranch) };
        let git = || Command::new(worktree, self.limit).within(&own, worktree);
        let head = git().args(["symbolic-ref", "--quiet", "HEAD"]).run().await?;
        let asked = ["status", "--porcelain", "--ignore-submodules=all", "--", ".", RECORDS];
        // a repository within it would have git follow that one's settings
        if nested::has_repository(worktree.to_owned()).await {
            return Ok(Kept::Nested);
        }
        if git().args(asked).run().await?.good("status")?.stdout.trim().is_empty() {
            return Ok(Kept::Nothing);
        }
        if head.stdout.trim() != format!("refs/heads/{branch}") {
            return Ok(Kept::NotOnBranch);
        }
        git().args(["add", "--all", "--", ".", RECORDS]).run().await?.good("add")?;
        let author = ["-c", "user.name=yoi-orchestrator", "-c", "user.email=yoi-orchestrator@localhost"];
        let commit = ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--cleanup=verbatim", "--message"];
        let output = git().args(author).args(commit).arg(message).run().await?;
        // what there was is in no commit only where there was nothing but records
        if output.is_good { Ok(Kept::Committed) } else { Err(output.failed("commit")) }
    }

    /// The folder that the repository has for a work tree. The work tree says where that is, too, and
    /// is not asked: whoever works there could have written it.
    async fn own_folder(&self, worktree: &Path) -> Result<Option<PathBuf>, GitError> {
        let folder = self.common.join("worktrees");
        let io = |source| GitError::Io { what: format!("look for the work tree `{}`", worktree.display()), source };
        let mut entries = tokio::fs::read_dir(&folder).await.map_err(io)?;
        let wanted = tokio::fs::canonicalize(worktree).await.map_err(io)?;
        while let Some(entry) = entries.next_entry().await.map_err(io)? {
            let said = tokio::fs::read_to_string(entry.path().join("gitdir")).await.unwrap_or_default();
            // absolute, or from that folder
            let file = entry.path().join(said.trim_end_matches('\n'));
            let Some(folder) = file.parent() else { continue };
            if tokio::fs::canonicalize(folder).await.is_ok_and(|folder| folder == wanted) {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    }

    async fn worktrees(&self) -> Result<Vec<Known>, GitError> {
        let output = self.git().args(["worktree", "list", "--porcelain", "-z"]).run().await?.good("worktree list")?;
        let mut known: Vec<Known> = Vec::new();
        for line in output.stdout.split('\0') {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            if word == "worktree" {
                known.push(Known { path: rest.into(), ..Known::default() });
            }
            let Some(tree) = known.last_mut() else { continue };
            match word {
                "branch" => tree.branch = rest.strip_prefix("refs/heads/").map(str::to_owned),
                "locked" => tree.locked = Some(rest.to_owned()),
                "prunable" => tree.is_prunable = true,
                _ => {}
            }
        }
        Ok(known)
    }

    fn git(&self) -> Command {
        Command::new(&self.root, self.limit)
    }
}

/// The folder of work trees, made where it is not there, which git does not look into.
async fn made(folder: &Path) -> Result<PathBuf, GitError> {
    let io = |source| GitError::Io { what: format!("make `{}`", folder.display()), source };
    tokio::fs::create_dir_all(folder).await.map_err(io)?;
    let folder = tokio::fs::canonicalize(folder).await.map_err(io)?;
    let ignore = folder.join(".gitignore");
    if tokio::fs::symlink_metadata(&ignore).await.is_err() {
        tokio::fs::write(&ignore, "*\n").await.map_err(io)?;
    }
    Ok(folder)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Output {
    fn good(self, what: &str) -> Result<Output, GitError> {
        if self.is_good { Ok(self) } else { Err(self.failed(what)) }
    }

    fn failed(&self, what: &str) -> GitError {
        let why = crate::text::line(&self.stderr, 500);
        GitError::Failed { what: what.to_owned(), why: if why.is_empty() { "it does not say why".into() } else { why } }
    }
}
