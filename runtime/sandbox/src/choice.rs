//! Which backend makes workers.

use std::sync::Arc;

use tracing::warn;

use crate::backend::Backend;
use crate::docker::Docker;
use crate::error::SandboxError;
use crate::fast::{Fast, FastConfig};
use crate::preference::Preference;

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
