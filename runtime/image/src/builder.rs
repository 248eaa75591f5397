//! Building an image: the environment when it isn't there, and the worker layer on top of it.

use std::fs::File;
use std::io::BufWriter;

use crate::Images;
use crate::archive;
use crate::bootstrap::{self, Bootstrapped};
use crate::built::BuiltImage;
use crate::cache;
use crate::catalog::Environment;
use crate::contents::Contents;
use crate::engine::Engine;
use crate::error::Error;
use crate::layered::{self, Layered};
use crate::plan::{Base, BuildOptions, EnvironmentBuild};
use crate::progress::{Progress, Reporter, stage};
use crate::registry;
use crate::worker::WorkerLayer;

// === impl Images ===

impl Images {
    /// Builds the image `name`, or finds that it is there already.
    ///
    /// # Errors
    /// See [`Error`]; each names what to do about it.
    pub async fn build(
        &self,
        name: &str,
        options: BuildOptions,
        reporter: Reporter<'_>,
    ) -> Result<BuiltImage, Error> {
        let environment = self.catalog.environment(name)?;
        let layer = WorkerLayer::new(&self.catalog);
        let engine = Engine::new(&self.docker);
        if let Some(image) = self.found(&engine, name, &layer, options, reporter).await? {
            return Ok(image);
        }
        // Two programs that start together need one image, not two.
        let (cache, file) = (self.cache.clone(), name.to_owned());
        let _alone = tokio::task::spawn_blocking(move || cache::exclusive(&cache, &file))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(Error::io("waiting for another build"))?;
        if let Some(image) = self.found(&engine, name, &layer, options, reporter).await? {
            return Ok(image);
        }
        let architecture = engine.architecture().await?;
        if let Some(lock) = &environment.lock
            && lock.architecture != architecture
        {
            let (name, locked) = (name.to_owned(), lock.architecture.clone());
            return Err(Error::Architecture { name, locked, engine: architecture });
        }

        let base = decide(options.base, &environment, reporter);
        let tag = layered::environment_tag(&environment, base);
        let build = EnvironmentBuild {
            engine: &engine,
            environment: &environment,
            architecture: &architecture,
            tag: &tag,
            locked: options.locked,
            cache: &self.cache,
            reporter,
        };
        let contents = match build.found(options.rebuild).await? {
            Some(contents) => contents,
            None => build.make(base).await?,
        };
        let lock = contents.effective_lock(environment.lock.as_ref(), &architecture);
        let manifest = contents.environment_manifest();
        stage(reporter, "worker", "adding the worker layer");
        Layered { environment: &environment, layer: &layer, base, lock, manifest, tag: &tag }
            .build(&engine, reporter)
            .await
    }

    async fn found(
        &self,
        engine: &Engine<'_>,
        name: &str,
        layer: &WorkerLayer,
        options: BuildOptions,
        reporter: Reporter<'_>,
    ) -> Result<Option<BuiltImage>, Error> {
        if options.rebuild {
            return Ok(None);
        }
        let image = self.find(engine, name, layer, options).await?;
        if let Some(image) = &image {
            stage(reporter, "found", "the image is there, with the same lock and worker layer");
            // A program with another worker layer may have taken the tag.
            engine.tag(&image.id, &layered::latest_tag(name)).await?;
        }
        Ok(image.map(|image| image.built(false)))
    }
}

// === impl EnvironmentBuild ===

impl EnvironmentBuild<'_> {
    /// What the environment's image holds, when there is one that will do.
    async fn found(&self, rebuild: bool) -> Result<Option<Contents>, Error> {
        if rebuild || self.engine.find(self.tag).await?.is_none() {
            return Ok(None);
        }
        stage(self.reporter, "manifest", "reading the environment that is there");
        let contents = self.engine.contents(self.tag).await?;
        let exact = contents.lock.as_ref() == self.environment.lock.as_ref();
        Ok((exact || !self.locked).then_some(contents))
    }

    /// Makes the environment's image.
    async fn make(&self, base: Base) -> Result<Contents, Error> {
        if let (Base::Bootstrap, Some(debian)) = (base, &self.environment.definition.debian) {
            let made = bootstrap::bootstrap(self, debian).await?;
            self.import(made).await?;
        } else {
            registry::build(self).await?;
        }
        stage(self.reporter, "manifest", "reading back what the environment holds");
        let contents = self.engine.contents(self.tag).await?;
        if let Some(wanted) = &self.environment.lock
            && base == Base::Registry
        {
            let found = contents.effective_lock(Some(wanted), self.architecture);
            let (locked, extra): (Vec<_>, Vec<_>) =
                wanted.changes(&found).into_iter().partition(|change| change.old.is_some());
            for change in locked {
                let text = format!("the image differs from the lock: {change}");
                (self.reporter)(Progress::Warning(&text));
            }
            let detail = format!("the base image brought {} more packages", extra.len());
            stage(self.reporter, "manifest", &detail);
        }
        Ok(contents)
    }

    /// Packs a root file system and gives it to the engine.
    async fn import(&self, made: Bootstrapped) -> Result<(), Error> {
        stage(self.reporter, "import", "handing the environment to the engine");
        let epoch = self.environment.definition.source_date_epoch;
        let (root, archive) = (made.root(), made.scratch().join("root.tar"));
        let to = archive.clone();
        tokio::task::spawn_blocking(move || {
            archive::pack(&root, epoch, BufWriter::new(File::create(to)?))
        })
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(Error::io("packing the root file system"))?;
        self.engine.import(&archive, self.tag).await
    }
}

/// Decides what [`Base::Auto`] means on this machine.
fn decide(base: Base, environment: &Environment, reporter: Reporter<'_>) -> Base {
    let Some(debian) = &environment.definition.debian else { return Base::Registry };
    if base != Base::Auto {
        return base;
    }
    match bootstrap::possible(debian) {
        Ok(()) => Base::Bootstrap,
        Err(reason) => {
            let detail = format!("building on the registry's base image ({reason})");
            stage(reporter, "bootstrap", &detail);
            Base::Registry
        }
    }
}
