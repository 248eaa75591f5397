//! The image that workers are made from: its environment's image, the worker layer on top of it,
//! and how a container of it starts.

use bollard::models::{ContainerCreateBody, HostConfig};
use bytes::Bytes;
use tar::Builder;

use crate::archive;
use crate::built::{
    BuiltImage, LABEL_BASE, LABEL_ENVIRONMENT, LABEL_IMAGE, LABEL_LOCK, LABEL_MANIFEST,
    LABEL_WORKER,
};
use crate::catalog::Environment;
use crate::contents::{LOCK_FILE, MANIFEST_FILE};
use crate::engine::{Build, Engine};
use crate::error::Error;
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::plan::Base;
use crate::progress::Reporter;
use crate::worker::{self, WorkerLayer};

/// How much of a hash goes into a tag.
const SHORT: usize = 12;

/// An image about to be built on its environment's.
pub(crate) struct Layered<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) layer: &'a WorkerLayer,
    pub(crate) base: Base,
    /// What the environment holds.
    pub(crate) lock: Lock,
    pub(crate) manifest: Manifest,
    /// The environment's image.
    pub(crate) tag: &'a str,
}

/// The tag of a name's image that was built, or found current, last.
pub(crate) fn latest_tag(name: &str) -> String {
    format!("launchpod/{name}:latest")
}

/// The tag of the image that holds the environment alone.
pub(crate) fn environment_tag(environment: &Environment, base: Base) -> String {
    format!("launchpod/{}-env:{}-{}", environment.name, short(&environment.hash), base.label())
}

// === impl Layered ===

impl Layered<'_> {
    /// Builds the image under two tags: `latest`, and one that names its contents.
    pub(crate) async fn build(
        self,
        engine: &Engine<'_>,
        reporter: Reporter<'_>,
    ) -> Result<BuiltImage, Error> {
        let name = self.environment.name.clone();
        let (lock_hash, manifest_hash) = (self.lock.hash(), self.manifest.hash());
        let worker_hash = self.layer.hash.clone();
        let labels = [
            (LABEL_IMAGE, name.as_str()),
            (LABEL_LOCK, &lock_hash),
            (LABEL_WORKER, &worker_hash),
            (LABEL_ENVIRONMENT, &self.environment.hash),
            (LABEL_MANIFEST, &manifest_hash),
            (LABEL_BASE, self.base.label()),
        ];
        let context = self.context().map_err(Error::io("making the build's context"))?;
        let exact = format!("launchpod/{name}:{}-{}", short(&lock_hash), short(&worker_hash));
        let tags = [exact.as_str()];
        let arguments = [].into();
        let build =
            Build { name: &name, stage: "worker", tags: &tags, arguments, network: Some("none") };
        engine.build(build, Bytes::from(context), reporter).await?;
        engine.configure(self.configuration(&exact, &labels), &exact).await?;
        engine.tag(&exact, &latest_tag(&name)).await?;
        // The controller's own image begins with it (images/controller).
        engine.tag(self.tag, &latest_tag(&format!("{name}-env"))).await?;
        let id =
            engine.find(&exact).await?.ok_or_else(|| Error::NotBuilt { name: name.clone() })?;
        Ok(BuiltImage { name, id, lock_hash, worker_hash, manifest_hash, fresh: true })
    }

    fn context(&self) -> std::io::Result<Vec<u8>> {
        let epoch = self.environment.definition.source_date_epoch;
        let mut tar = Builder::new(Vec::new());
        archive::append(&mut tar, "Dockerfile", 0o644, epoch, self.dockerfile().as_bytes())?;
        let mut add = |path: &str, mode, bytes: &[u8]| {
            archive::append(&mut tar, &format!("layer/{path}"), mode, epoch, bytes)
        };
        add(LOCK_FILE, 0o444, self.lock.to_text().as_bytes())?;
        add(MANIFEST_FILE, 0o444, self.manifest.to_text().as_bytes())?;
        for file in &self.layer.files {
            add(&file.path, file.mode, &file.bytes)?;
        }
        tar.into_inner()
    }

    fn dockerfile(&self) -> String {
        // As finish.py does for the environment: by hash, and the same every time.
        let python = &self.environment.definition.python;
        let mut compile = vec!["/usr/bin/env", "-i", "PYTHONHASHSEED=0", python];
        compile.extend(["-B", "-X", "utf8", "-s", "-P", "-m", "compileall", "-f", "-q"]);
        compile.extend(["--invalidation-mode", "checked-hash"]);
        compile.extend(["/opt/launchpod/worker", "/opt/launchpod/sdk"]);
        format!("FROM {}\nCOPY layer/ /\nRUN {}\n", self.tag, serde_json::Value::from(compile))
    }

    /// How a container of the image starts. Lines of the Dockerfile would each cost the classic builder
    /// as much as all of this.
    fn configuration(&self, image: &str, labels: &[(&str, &str)]) -> ContainerCreateBody {
        let definition = &self.environment.definition;
        let variables =
            definition.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ContainerCreateBody {
            image: Some(image.to_owned()),
            env: Some(variables.collect()),
            labels: Some(labels.collect()),
            working_dir: Some(worker::DIRECTORY.to_owned()),
            user: Some(worker::USER.to_owned()),
            entrypoint: Some(worker::entrypoint(&definition.python)),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        }
    }
}

fn short(hash: &str) -> &str {
    hash.get(..SHORT).unwrap_or(hash)
}
