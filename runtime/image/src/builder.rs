//! Building an image, and finding what was built.

use std::fs::File;
use std::io::BufWriter;

use bytes::Bytes;
use tar::Builder;

use crate::Images;
use crate::apt::Apt;
use crate::archive;
use crate::bootstrap::{self, Bootstrapped};
use crate::catalog::Environment;
use crate::contents::{Contents, LOCK_FILE, MANIFEST_FILE};
use crate::engine::{
    Build, BuiltImage, Engine, LABEL_BASE, LABEL_ENVIRONMENT, LABEL_IMAGE, LABEL_LOCK,
    LABEL_MANIFEST, LABEL_WORKER, ListedImage, Match,
};
use crate::error::Error;
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::pip;
use crate::progress::{Progress, Reporter, stage};
use crate::registry;
use crate::worker::{self, WorkerLayer};

/// How much of a hash goes into a tag.
const SHORT: usize = 12;

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

// === impl Base ===

impl Base {
    /// Decides what `Auto` means on this machine.
    fn decide(self, environment: &Environment, reporter: Reporter<'_>) -> Self {
        let Some(debian) = &environment.definition.debian else { return Self::Registry };
        if self != Self::Auto {
            return self;
        }
        match bootstrap::possible(debian) {
            Ok(()) => Self::Bootstrap,
            Err(reason) => {
                let detail = format!("building on the registry's base image ({reason})");
                stage(reporter, "bootstrap", &detail);
                Self::Registry
            }
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bootstrap => "bootstrap",
            Self::Registry => "registry",
        }
    }
}

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
        if !options.rebuild
            && let Some(image) = self.find(&engine, &environment, &layer, options).await?
        {
            stage(reporter, "found", "the image is there, with the same lock and worker layer");
            return Ok(image.built(false));
        }
        let architecture = engine.architecture().await?;
        if let Some(lock) = &environment.lock
            && lock.architecture != architecture
        {
            let locked = lock.architecture.clone();
            return Err(Error::Architecture { name: name.to_owned(), locked, engine: architecture });
        }

        let base = options.base.decide(&environment, reporter);
        let tag = format!("launchpod/{name}-env:{}-{}", short(&environment.hash), base.label());
        let mut contents = None;
        if !options.rebuild && engine.find(&tag).await?.is_some() {
            stage(reporter, "manifest", "reading the environment that is there");
            let found = engine.contents(&tag).await?;
            let usable = !options.locked || found.lock.as_ref() == environment.lock.as_ref();
            contents = usable.then_some(found);
        }
        let contents = match contents {
            Some(contents) => contents,
            None => {
                self.make_environment(&engine, &environment, &architecture, base, &tag, options, reporter)
                    .await?
            }
        };
        let lock = contents.effective_lock(environment.lock.as_ref(), &architecture);
        let image = Final { environment: &environment, layer: &layer, base, lock, contents, tag: &tag };
        stage(reporter, "worker", "adding the worker layer");
        image.build(&engine, reporter).await
    }

    /// All images built by this program or others like it, newest first.
    ///
    /// # Errors
    /// When the engine can't be asked.
    pub async fn list(&self) -> Result<Vec<ListedImage>, Error> {
        let layer = WorkerLayer::new(&self.catalog);
        let mut images = Engine::new(&self.docker).list().await?;
        for image in &mut images {
            image.matches = self.compare(image, &layer);
        }
        Ok(images)
    }

    /// The image that workers of `name` are made from: the newest one that is what this program
    /// would build.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] when there is none, [`Error::Stale`] when there are only others.
    pub async fn resolve(&self, name: &str) -> Result<BuiltImage, Error> {
        self.catalog.environment(name)?;
        let images = self.list().await?.into_iter().filter(|image| image.name == name);
        let mut stale = None;
        for image in images {
            let reason = match image.matches {
                Match::Current | Match::Drifted => return Ok(image.built(false)),
                Match::OtherWorker => "it has another worker layer than this program's",
                Match::OtherEnvironment | Match::Unknown => "it has another lock than this program's",
            };
            stale.get_or_insert(reason);
        }
        let name = name.to_owned();
        Err(stale.map_or(Error::NotBuilt { name: name.clone() }, |reason| Error::Stale { name, reason }))
    }

    /// Every file of an image, given by an ID or tag, without running anything of it.
    ///
    /// # Errors
    /// When the engine has no such image or can't be asked.
    pub async fn manifest(&self, image: &str) -> Result<Manifest, Error> {
        Ok(Engine::new(&self.docker).contents(image).await?.manifest)
    }

    /// Chooses the packages of `name` anew; [`Lock::to_text`] is the new `lock.toml` of its
    /// folder.
    ///
    /// Debian packages and wheels are the newest that the host's sources have and the definition
    /// admits. An environment of conda's is locked to what its image holds, so it is built first.
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
            let found = contents.effective_lock(None, &architecture);
            return Ok(registry::conda_lock(&found));
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

    async fn find(
        &self,
        engine: &Engine<'_>,
        environment: &Environment,
        layer: &WorkerLayer,
        options: BuildOptions,
    ) -> Result<Option<ListedImage>, Error> {
        let images = engine.list().await?.into_iter();
        let mut images = images.filter(|image| image.name == environment.name);
        Ok(images.find(|image| match self.compare(image, layer) {
            Match::Current => options.base == Base::Auto || image.base == options.base.label(),
            Match::Drifted => !options.locked,
            _ => false,
        }))
    }

    fn compare(&self, image: &ListedImage, layer: &WorkerLayer) -> Match {
        match self.catalog.environment(&image.name) {
            Err(_) => Match::Unknown,
            Ok(environment) if environment.hash != image.environment_hash => Match::OtherEnvironment,
            Ok(_) if layer.hash != image.worker_hash => Match::OtherWorker,
            Ok(Environment { lock: Some(lock), .. }) if lock.hash() != image.lock_hash => Match::Drifted,
            Ok(_) => Match::Current,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what build() has found out, in one place")]
    async fn make_environment(
        &self,
        engine: &Engine<'_>,
        environment: &Environment,
        architecture: &str,
        base: Base,
        tag: &str,
        options: BuildOptions,
        reporter: Reporter<'_>,
    ) -> Result<Contents, Error> {
        if let (Base::Bootstrap, Some(debian)) = (base, &environment.definition.debian) {
            let made =
                bootstrap::bootstrap(environment, debian, options.locked, &self.cache, reporter).await?;
            import(engine, made, environment.definition.source_date_epoch, tag, reporter).await?;
        } else {
            registry::build(engine, environment, architecture, tag, &self.cache, reporter).await?;
        }
        stage(reporter, "manifest", "reading back what the environment holds");
        let contents = engine.contents(tag).await?;
        if let Some(wanted) = &environment.lock
            && base == Base::Registry
        {
            for change in wanted.changes(&contents.effective_lock(Some(wanted), architecture)) {
                reporter(Progress::Warning(&format!("the base image differs from the lock: {change}")));
            }
        }
        Ok(contents)
    }
}

/// Packs a root file system and gives it to the engine.
async fn import(
    engine: &Engine<'_>,
    made: Bootstrapped,
    epoch: u64,
    tag: &str,
    reporter: Reporter<'_>,
) -> Result<(), Error> {
    stage(reporter, "import", "handing the environment to the engine");
    let (root, archive) = (made.root(), made.scratch().join("root.tar"));
    let to = archive.clone();
    let packed = tokio::task::spawn_blocking(move || {
        archive::pack(&root, epoch, BufWriter::new(File::create(to)?))
    });
    packed
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(Error::io("packing the root file system"))?;
    let (repository, version) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
    engine.import(&archive, repository, version).await
}

/// The image that workers are made from, about to be built on its environment.
struct Final<'a> {
    environment: &'a Environment,
    layer: &'a WorkerLayer,
    base: Base,
    lock: Lock,
    contents: Contents,
    tag: &'a str,
}

// === impl Final ===

impl Final<'_> {
    async fn build(self, engine: &Engine<'_>, reporter: Reporter<'_>) -> Result<BuiltImage, Error> {
        let name = &self.environment.name;
        let manifest = self.contents.environment_manifest();
        let (lock_hash, manifest_hash) = (self.lock.hash(), manifest.hash());
        let worker_hash = self.layer.hash.clone();
        let labels = [
            (LABEL_IMAGE, name.as_str()),
            (LABEL_LOCK, &lock_hash),
            (LABEL_WORKER, &worker_hash),
            (LABEL_ENVIRONMENT, &self.environment.hash),
            (LABEL_MANIFEST, &manifest_hash),
            (LABEL_BASE, self.base.label()),
        ];
        let context = self
            .context(&manifest, &self.dockerfile(&labels))
            .map_err(Error::io("making the build's context"))?;
        let exact = format!("launchpod/{name}:{}-{}", short(&lock_hash), short(&worker_hash));
        let latest = format!("launchpod/{name}:latest");
        let tags = [exact.as_str(), latest.as_str()];
        let build = Build { name, tags: &tags, arguments: [].into(), network: Some("none") };
        engine.build(build, Bytes::from(context), reporter).await?;
        let id = engine.find(&exact).await?.ok_or_else(|| Error::NotBuilt { name: name.clone() })?;
        let name = name.clone();
        Ok(BuiltImage { name, id, lock_hash, worker_hash, manifest_hash, fresh: true })
    }

    fn context(&self, manifest: &Manifest, dockerfile: &str) -> std::io::Result<Vec<u8>> {
        let epoch = self.environment.definition.source_date_epoch;
        let mut tar = Builder::new(Vec::new());
        archive::append(&mut tar, "Dockerfile", 0o644, epoch, dockerfile.as_bytes())?;
        let mut add = |path: &str, mode, bytes: &[u8]| {
            archive::append(&mut tar, &format!("layer/{path}"), mode, epoch, bytes)
        };
        add(LOCK_FILE, 0o444, self.lock.to_text().as_bytes())?;
        add(MANIFEST_FILE, 0o444, manifest.to_text().as_bytes())?;
        for file in &self.layer.files {
            add(&file.path, file.mode, &file.bytes)?;
        }
        tar.into_inner()
    }

    fn dockerfile(&self, labels: &[(&str, &str)]) -> String {
        let definition = &self.environment.definition;
        let python = &definition.python;
        let mut compile = vec!["/usr/bin/env", "-i", "PYTHONHASHSEED=0", python];
        compile.extend(["-B", "-X", "utf8", "-s", "-P", "-m", "compileall", "-f", "-q"]);
        compile.extend(["--invalidation-mode", "checked-hash", "/opt/launchpod/worker"]);
        let pairs = |items: &mut dyn Iterator<Item = (&str, &str)>| {
            let items: Vec<String> = items.map(|(name, value)| format!("{name}={}", quote(value))).collect();
            items.join(" ")
        };
        let mut environment = definition.environment.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        // Each line costs the classic builder a second.
        [
            format!("FROM {}", self.tag),
            "COPY layer/ /".to_owned(),
            format!("RUN {}", list(&compile)),
            format!("ENV {}", pairs(&mut environment)),
            format!("LABEL {}", pairs(&mut labels.iter().copied())),
            format!("WORKDIR {}", worker::DIRECTORY),
            format!("USER {}", worker::USER),
            format!("ENTRYPOINT {}\n", list(&worker::entrypoint(python))),
        ]
        .join("\n")
    }
}

fn short(hash: &str) -> &str {
    hash.get(..SHORT).unwrap_or(hash)
}

/// A list of strings as a Dockerfile's JSON form.
fn list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<String> =
        items.iter().map(|item| serde_json::Value::from(item.as_ref()).to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// A value that a Dockerfile takes as it is: no variables, no escapes.
fn quote(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_a_dockerfile() {
        assert_eq!(quote(r#"a "b" $c \d"#), r#""a \"b\" \$c \\d""#);
        assert_eq!(list(&["/bin/x", "a\"b"]), r#"["/bin/x", "a\"b"]"#);
    }
}
