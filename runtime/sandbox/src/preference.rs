//! Which backend is to make workers.

use std::str::FromStr;

use serde::Deserialize;

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
