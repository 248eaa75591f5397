//! The image that workers are made from: its environment's image, the worker layer on top of it,
//! and how a container of it starts.

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
        let context = self
            .context(&self.dockerfile(&labels))
            .map_err(Error::io("making the build's context"))?;
        let exact = format!("launchpod/{name}:{}-{}", short(&lock_hash), short(&worker_hash));
        let latest = latest_tag(&name);
        let tags = [exact.as_str(), latest.as_str()];
        let arguments = [].into();
        let build =
            Build { name: &name, stage: "worker", tags: &tags, arguments, network: Some("none") };
        engine.build(build, Bytes::from(context), reporter).await?;
        // The controller's own image begins with it (images/controller).
        engine.tag(self.tag, &latest_tag(&format!("{name}-env"))).await?;
        let id =
            engine.find(&exact).await?.ok_or_else(|| Error::NotBuilt { name: name.clone() })?;
        Ok(BuiltImage { name, id, lock_hash, worker_hash, manifest_hash, fresh: true })
    }

    fn context(&self, dockerfile: &str) -> std::io::Result<Vec<u8>> {
        let epoch = self.environment.definition.source_date_epoch;
        let mut tar = Builder::new(Vec::new());
        archive::append(&mut tar, "Dockerfile", 0o644, epoch, dockerfile.as_bytes())?;
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

    fn dockerfile(&self, labels: &[(&str, &str)]) -> String {
        let definition = &self.environment.definition;
        let python = &definition.python;
        // As finish.py does for the environment: by hash, and the same every time.
        let mut compile = vec!["/usr/bin/env", "-i", "PYTHONHASHSEED=0", python];
        compile.extend(["-B", "-X", "utf8", "-s", "-P", "-m", "compileall", "-f", "-q"]);
        compile.extend(["--invalidation-mode", "checked-hash"]);
        compile.extend(["/opt/launchpod/worker", "/opt/launchpod/sdk"]);
        let variables = definition.environment.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        // Each line costs the classic builder a second.
        [
            format!("FROM {}", self.tag),
            "COPY layer/ /".to_owned(),
            format!("RUN {}", list(&compile)),
            format!("ENV {}", pairs(variables)),
            format!("LABEL {}", pairs(labels.iter().copied())),
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
    let items = items.iter().map(|item| serde_json::Value::from(item.as_ref()).to_string());
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn pairs<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let items = items.map(|(name, value)| format!("{name}={}", quote(value)));
    items.collect::<Vec<_>>().join(" ")
}

/// A value that a Dockerfile takes as it is: no variables, no escapes.
fn quote(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    format!("\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_a_dockerfile() {
        assert_eq!(quote(r#"a "b" $c \d"#), r#""a \"b\" \$c \\d""#);
        assert_eq!(list(&["/bin/x", "a\"b"]), r#"["/bin/x", "a\"b"]"#);
        assert_eq!(pairs([("A", "1"), ("B", "2 3")].into_iter()), r#"A="1" B="2 3""#);
    }
}
