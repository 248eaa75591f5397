//! Making a lock anew.

use crate::Images;
use crate::apt::Apt;
use crate::engine::Engine;
use crate::error::Error;
use crate::lock::Lock;
use crate::pip;
use crate::progress::{Reporter, stage};

// === impl Images ===

impl Images {
    /// Chooses the packages of `name` anew; [`Lock::to_text`] is the new `lock.toml` of its
    /// folder.
    ///
    /// Debian packages and wheels are the newest that the host's sources have and the definition
    /// admits. An environment of conda's is locked to what its image holds, so it is built first
    /// (without a lock, for conda to choose anew).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn lock(&self, name: &str, reporter: Reporter<'_>) -> Result<Lock, Error> {
        let environment = self.catalog.environment(name)?;
        let definition = &environment.definition;
        let engine = Engine::new(&self.docker);
        let architecture = engine.architecture().await?;
        if definition.conda.is_some() {
            let built = self.resolve(name).await?;
            let contents = engine.contents(&built.id).await?;
            return Ok(contents.effective_lock(None, &architecture));
        }
        let scratch = tempfile::tempdir().map_err(Error::io("making a folder"))?;
        let mut packages = Vec::new();
        if let Some(debian) = &definition.debian {
            stage(reporter, "lock", "choosing Debian packages");
            let apt = Apt::prepare(&scratch.path().join("apt"), debian, &[]).await?;
            packages = apt.resolve(debian).await?;
        }
        pip::ensure(reporter).await?;
        stage(reporter, "lock", "choosing wheels");
        let wheels = pip::resolve(definition, &architecture, scratch.path()).await?;
        Ok(Lock::new(architecture, packages, wheels, Vec::new()))
    }
}
