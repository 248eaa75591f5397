//! An environment's definition: the file `image.toml` of its folder.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What an environment is to hold. The lock says what exactly it holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// One line for people.
    pub description: String,
    /// The interpreter's path in the image.
    pub python: String,
    /// The interpreter's `major.minor`, which wheels are chosen for.
    #[serde(default)]
    pub python_version: String,
    /// The modification time of every file in the environment, in seconds since 1970.
    pub source_date_epoch: u64,
    /// The environment variables of every process in the image.
    pub environment: BTreeMap<String, String>,
    /// What comes from Debian.
    pub debian: Option<Debian>,
    /// What comes as wheels.
    pub wheels: Option<Wheels>,
    /// What comes from conda channels, on a public base image.
    pub conda: Option<Conda>,
}

/// Debian's part of an environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debian {
    /// The release's code name; its `-updates` and `-security` suites count too.
    pub suite: String,
    /// The minor version of that release's C library 2.x.
    pub glibc_minor: u32,
    /// The packages asked for, beside those marked Essential.
    pub packages: Vec<String>,
    /// The image to start from with `--base registry`, pinned by digest.
    pub base: String,
}

/// The Python packages of an environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheels {
    /// Requirements as pip reads them.
    pub requirements: Vec<String>,
}

/// An environment of conda's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conda {
    /// The image to start from, pinned by digest.
    pub base: String,
    /// Match specifications as conda reads them.
    pub packages: Vec<String>,
}
