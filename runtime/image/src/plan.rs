//! How an image is to be built.

use std::path::Path;

use crate::catalog::Environment;
use crate::engine::Engine;
use crate::progress::Reporter;

/// Where an environment's Debian comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// Bootstrapped when this machine can, else from a registry.
    #[default]
    Auto,
    /// Made on this machine from the host's package sources; needs root on the Debian release of
    /// the environment.
    Bootstrap,
    /// The public base image that the definition names by digest, pulled by the engine.
    Registry,
}

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildOptions {
    /// Where Debian comes from.
    pub base: Base,
    /// Fails when the Debian mirror no longer has a version of the lock, instead of taking the
    /// newer one with a warning.
    pub locked: bool,
    /// Builds everything, also what is there already.
    pub rebuild: bool,
}

/// An environment about to be built.
pub(crate) struct EnvironmentBuild<'a> {
    pub(crate) engine: &'a Engine<'a>,
    pub(crate) environment: &'a Environment,
    /// The engine's, by Debian's name.
    pub(crate) architecture: &'a str,
    /// The tag that its image gets.
    pub(crate) tag: &'a str,
    /// Whether newer versions than the lock's are an error.
    pub(crate) locked: bool,
    /// Where downloads are kept.
    pub(crate) cache: &'a Path,
    pub(crate) reporter: Reporter<'a>,
}

// === impl Base ===

impl Base {
    /// The value of the image's label.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bootstrap => "bootstrap",
            Self::Registry => "registry",
        }
    }
}
