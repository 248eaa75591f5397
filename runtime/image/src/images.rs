//! The images there are, and whether this program would build the same.

use crate::Images;
use crate::built::{BuiltImage, ListedImage, Match};
use crate::catalog::Environment;
use crate::engine::Engine;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::plan::{Base, BuildOptions};
use crate::worker::WorkerLayer;

// === impl Images ===

impl Images {
    /// All images built by this program or others like it, newest first.
    ///
    /// # Errors
    /// When the engine can't be asked.
    pub async fn list(&self) -> Result<Vec<ListedImage>, Error> {
        self.compared(&Engine::new(&self.docker), &WorkerLayer::new(&self.catalog)).await
    }

    /// The image that workers of `name` are made from: the newest one that is what this program
    /// would build.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] when there is none, [`Error::Stale`] when there are only others.
    pub async fn resolve(&self, name: &str) -> Result<BuiltImage, Error> {
        self.catalog.environment(name)?;
        let mut stale = None;
        for image in self.list().await?.into_iter().filter(|image| image.name == name) {
            let reason = match image.matches {
                Match::Current | Match::Drifted => return Ok(image.built(false)),
                Match::OtherWorker => "it has another worker layer than this program's",
                Match::OtherEnvironment | Match::Unknown => {
                    "it has another lock than this program's"
                }
            };
            stale.get_or_insert(reason);
        }
        let name = name.to_owned();
        Err(match stale {
            Some(reason) => Error::Stale { name, reason },
            None => Error::NotBuilt { name },
        })
    }

    /// Every file of an image, given by an ID or tag, without running anything of it.
    ///
    /// # Errors
    /// When the engine has no such image or can't be asked.
    pub async fn manifest(&self, image: &str) -> Result<Manifest, Error> {
        Ok(Engine::new(&self.docker).contents(image).await?.manifest)
    }

    /// The image that a build with these options would only make again.
    pub(crate) async fn find(
        &self,
        engine: &Engine<'_>,
        name: &str,
        layer: &WorkerLayer,
        options: BuildOptions,
    ) -> Result<Option<ListedImage>, Error> {
        let mut images = self.compared(engine, layer).await?.into_iter();
        Ok(images.find(|image| {
            let base = options.base == Base::Auto || image.base == options.base.label();
            let matches = match image.matches {
                Match::Current => true,
                Match::Drifted => !options.locked,
                _ => false,
            };
            image.name == name && base && matches
        }))
    }

    async fn compared(
        &self,
        engine: &Engine<'_>,
        layer: &WorkerLayer,
    ) -> Result<Vec<ListedImage>, Error> {
        let mut images = engine.list().await?;
        for image in &mut images {
            image.matches = self.compare(image, layer);
        }
        Ok(images)
    }

    fn compare(&self, image: &ListedImage, layer: &WorkerLayer) -> Match {
        match self.catalog.environment(&image.name) {
            Err(_) => Match::Unknown,
            Ok(found) if found.hash != image.environment_hash => Match::OtherEnvironment,
            Ok(_) if layer.hash != image.worker_hash => Match::OtherWorker,
            Ok(Environment { lock: Some(lock), .. }) if lock.hash() != image.lock_hash => {
                Match::Drifted
            }
            Ok(_) => Match::Current,
        }
    }
}
