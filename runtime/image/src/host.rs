//! Running the host's programs: apt-get, mmdebstrap, pip. They get the user's environment
//! (proxies, certificates and the like are theirs) and speak English to us.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// A program of the host could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The program is not there.
    #[error("{program} is not installed: {way_out}")]
    Missing {
        /// The program.
        program: String,
        /// How to get it.
        way_out: &'static str,
    },
    /// The program could not be started.
    #[error("{program} could not be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The program ended with an error.
    #[error("{program} failed while {purpose} ({status}): {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it was to do.
        purpose: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last lines it wrote.
        output: String,
    },
}

/// A program, with the way to get it.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    way_out: &'static str,
}

pub(crate) const APT_GET: Program =
    Program { name: "apt-get", way_out: "use a Debian host, or `--base registry`" };
pub(crate) const APT_CACHE: Program = Program { name: "apt-cache", ..APT_GET };
pub(crate) const DPKG_DEB: Program = Program { name: "dpkg-deb", ..APT_GET };
pub(crate) const MMDEBSTRAP: Program =
    Program { name: "mmdebstrap", way_out: "run `apt-get install mmdebstrap`" };
pub(crate) const CHROOT: Program =
    Program { name: "chroot", way_out: "install coreutils, or use `--base registry`" };
pub(crate) const PYTHON: Program = Program {
    name: "python3",
    way_out: "install Python 3 with pip (`apt-get install python3-pip`)",
};

/// How much of a failed program's output an error carries.
const TAIL_LINES: usize = 15;

// === impl Program ===

impl Program {
    /// A command of this program.
    pub(crate) fn command(self) -> HostCommand {
        let mut command = Command::new(self.name);
        command.env("LC_ALL", "C.UTF-8").env("DEBIAN_FRONTEND", "noninteractive");
        command.stdin(Stdio::null()).kill_on_drop(true);
        HostCommand { program: self, command }
    }

    /// Whether it is on the path.
    pub(crate) fn is_there(self) -> bool {
        std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(self.name).is_file())
        })
    }
}

/// A command about to run.
pub(crate) struct HostCommand {
    program: Program,
    command: Command,
}

// === impl HostCommand ===

impl HostCommand {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts from an empty environment instead of the user's.
    pub(crate) fn env_clear(mut self) -> Self {
        self.command.env_clear();
        self
    }

    pub(crate) fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Runs it to its end and gives what it wrote to its standard output.
    pub(crate) async fn run(mut self, purpose: &str) -> Result<String, HostError> {
        let program = self.program.name.to_owned();
        let output = self.command.output().await.map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                HostError::Missing { program: program.clone(), way_out: self.program.way_out }
            } else {
                HostError::Start { program: program.clone(), source }
            }
        })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        // apt-get and pip explain themselves on either.
        let both = text + &String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = both.lines().collect();
        let output_tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        Err(HostError::Failed {
            program,
            purpose: purpose.to_owned(),
            status: output.status,
            output: output_tail,
        })
    }
}

/// Whether this process may install packages and make root file systems.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Installs a missing program of Debian's; root only.
pub(crate) async fn install(package: &str) -> Result<(), HostError> {
    APT_GET.command().arg("update").run("reading the lists of packages").await?;
    APT_GET
        .command()
        .args(["install", "--yes", "--no-install-recommends", package])
        .run(&format!("installing {package}"))
        .await
        .map(drop)
}
