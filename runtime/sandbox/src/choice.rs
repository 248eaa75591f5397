//! Which backend makes workers.

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use tracing::warn;

use crate::backend::Backend;
use crate::docker::Docker;
use crate::error::SandboxError;
use crate::fast::{Fast, FastConfig};

/// Which backend makes workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// The fast one where the host allows it, else Docker. The log says why not.
    #[default]
    Auto,
    /// Docker alone.
    Docker,
    /// The fast one alone: without it there is no worker.
    Fast,
}

// === impl Preference ===

impl FromStr for Preference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Preference::Auto),
            "docker" => Ok(Preference::Docker),
            "fast" => Ok(Preference::Fast),
            _ => Err("not one of auto, docker, fast".to_owned()),
        }
    }
}

/// The backend that is preferred, or what stands in for it.
///
/// # Errors
/// The fast one alone may be, and the host doesn't allow it.
pub fn choose(docker: Docker, config: FastConfig) -> Result<Arc<dyn Backend>, SandboxError> {
    let preference = config.preference;
    if preference == Preference::Docker {
        return Ok(Arc::new(docker));
    }
    match Fast::new(docker, config) {
        Ok(fast) => Ok(Arc::new(fast)),
        Err((_, reason)) if preference == Preference::Fast => Err(SandboxError::NoTemplate(reason)),
        Err((docker, reason)) => {
            warn!(reason, "no fast backend, Docker makes the workers");
            Ok(Arc::new(docker))
        }
    }
}
